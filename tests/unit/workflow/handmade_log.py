"""A log that was written by hand, entry by entry, and anchors that say what they are told to: to shorten it. A person
approved the policy."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from hubspot_retention.core.audit.anchor import Doubt
from hubspot_retention.core.audit.checkpoint import Checkpoint
from hubspot_retention.core.audit.cut import Cut, checkpoint_of
from hubspot_retention.core.audit.entry import Entry, read_entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.audit.verify import VerifyReport
from hubspot_retention.core.audit.whole import StoredCheckpoint
from hubspot_retention.core.policy.parse import parse_policy
from hubspot_retention.store.database import SqlStore
from hubspot_retention.workflow.shorten import Shortened, Shortener
from tests.builders import at
from tests.contract.store.test_checkpoints import LINE, signed_of
from tests.documents import CLIENTI, clienti

NOW = at("2026-11-22T09:00")
OVER = at("2021-11-22T08:59:59")
"""Until then the period of five years is over for what was written, to the second."""


class _Damaged:
    """A log in which something was found."""

    intact = False


@dataclass(slots=True)
class Log:
    """A log by hand. `shown`: how much of it each anchor has been shown; `found`: what they doubt. `marked`: how much
    was kept when the anchors were shown it again. `verified`: how often the whole of it was read."""

    store: SqlStore
    shown: int | None = None
    found: tuple[Doubt, ...] = ()
    policy: Any = field(default_factory=clienti)
    marked: list[list[int]] = field(default_factory=list)
    verified: int = 0
    is_intact: bool = True

    def __post_init__(self) -> None:
        self.approve(CLIENTI.read_text())

    def approve(self, text: str) -> None:
        """A person approves a policy; nothing is written of it."""
        with self.store.transaction() as tx:
            tx.approve_policy(parse_policy(text).digest, text, NOW, "anna")

    def write(
        self, *instants: datetime, subject: Subject = Subject.RUN, verb: Verb = Verb.STARTED, **more: Any
    ) -> None:
        """Entries of those instants; each is signed."""
        for instant in instants:
            with self.store.transaction() as tx:
                tx.audit(Entry(subject=subject, verb=verb, at=instant, **more))
            self.sign()

    def write_unsigned(self, *instants: datetime) -> None:
        """Entries that nobody signed."""
        for instant in instants:
            with self.store.transaction() as tx:
                tx.audit(Entry(subject=Subject.RUN, verb=Verb.FINISHED, at=instant))

    def sign(self) -> None:
        """What the log is now is signed."""
        with self.store.transaction() as tx:
            tx.save_checkpoint(signed_of(self.store))

    def shorten(self, now: datetime = NOW) -> Shortened:
        """What the self-check does."""
        return Shortener(self.store, cast(Any, self), self.policy, self._verify).run(now)

    def kept(self) -> list[int]:
        """The numbers of what is kept."""
        return [entry.seq for entry in self.store.entries()]

    def told(self) -> Entry:
        """The newest entry."""
        return read_entry(list(self.store.entries())[-1].body)

    def _verify(self) -> VerifyReport:
        self.verified += 1
        return self.store.verify_log() if self.is_intact else cast(Any, _Damaged)

    # Anchoring

    def doubts(self) -> tuple[Doubt, ...]:
        return self.found

    def least_shown(self) -> int | None:
        return self.shown

    def sign_cut(self, cut: Cut, now: datetime) -> StoredCheckpoint:
        text: Checkpoint = checkpoint_of(cut, "log.example.dk")
        return StoredCheckpoint(size=cut.size, edge=cut.edge, note=f"{text.text()}\n{LINE}", at=now)

    def mark(self) -> None:
        self.marked.append(self.kept())
