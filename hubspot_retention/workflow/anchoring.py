"""Anchoring: show the outside what the log is, and dispose of nothing while the log is not what the outside saw.

What can go wrong: a backup is restored, a second instance runs from a copy, the wrong volume is mounted; each has a
log that verifies, and each has forgotten holds. So before anything is disposed of the anchors are read, and the log
must extend what they saw. Then they are shown a new entry at once: of two copies of one log the second to come is
behind. An anchor that cannot be read closes the gate at the start; later, only when it was not reached for too long.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from hubspot_retention.core.audit.anchor import Anchored, AnchorError, Doubt, Grows, Reading, doubts
from hubspot_retention.core.audit.checkpoint import Checkpoint, Signs, sign
from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.audit.whole import StoredCheckpoint
from hubspot_retention.errors import BlockedError
from hubspot_retention.workflow.log_tree import LogTree
from hubspot_retention.workflow.ports import Store

_log = structlog.get_logger("hubspot_retention.anchors")

_WORDS: Final[Mapping[Doubt, str]] = {
    Doubt.BEHIND: "the audit log is shorter than its anchor saw it: an old backup, another database, or a second "
    "instance of the service",
    Doubt.FORKED: "the audit log is not the one that its anchor saw: a restored backup that went on, or a second "
    "instance of the service",
    Doubt.LOST: "an anchor has lost what it was shown: the wrong volume, or a witness that was set up anew",
    Doubt.UNREADABLE: "no anchor can be read, so nobody knows whether the audit log is the newest",
    Doubt.OLD: "no anchor could be shown the audit log for too long",
}
FOR_A_PERSON: Final = frozenset((Doubt.BEHIND, Doubt.FORKED, Doubt.LOST))
"""What only a person can settle, with `audit recover`; the others are over once an anchor is reached."""


class Anchor(Protocol):
    """Somebody outside who keeps what the log was: three signed lines, nothing of what is in it."""

    @property
    def name(self) -> str:
        """A code that tells it from the others."""

    def latest(self) -> Checkpoint | None:
        """What it last saw of this log, `None` for nothing. Raises AnchorError."""

    def show(self, note: str, log: Grows) -> str:
        """Have it keep a newer checkpoint, if the log extends what it saw; answers the signature lines that it gave
        for it, if it gives any. Raises AnchorError."""

    def show_anew(self, note: str) -> None:
        """Have it keep a checkpoint in place of what it saw, after a person decided so. Raises AnchorError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorPlan:
    """Who is shown the log, by whose key, and how old the newest anchor may be before disposals stop. `instance`: a
    code that no other process has, without which two copies of a log could grow alike."""

    anchors: Sequence[Anchor]
    key: Signs
    origin: str
    stop_after: timedelta
    instance: str


class Anchoring:
    """Keeps the anchors of one log. The verdict of the last look is kept in memory; the thread that works looks."""

    def __init__(self, store: Store, plan: AnchorPlan, now: Callable[[], datetime]) -> None:
        self._store = store
        self._plan = plan
        self._now = now
        self._tree = LogTree(store)
        self._doubts: tuple[Doubt, ...] = (Doubt.UNREADABLE,)
        self._is_known = False
        self._anchored_at: datetime | None = None

    def look(self) -> tuple[Doubt, ...]:
        """Read the anchors; answers what is doubtful about the log now."""
        known = self._known()
        readings = [self._read(anchor, known.get(anchor.name)) for anchor in self._plan.anchors]
        found = doubts(readings, self._tree.end().size, self._tree.root_at)
        if not (self._is_known and found == (Doubt.UNREADABLE,)):
            self._doubts = found
            self._is_known = found != (Doubt.UNREADABLE,)
        return self.doubts()

    def doubts(self) -> tuple[Doubt, ...]:
        """What was doubtful at the last look, and whether that anybody was reached is too long ago by now."""
        age = self.age()
        is_old = self._is_known and age is not None and age > self._plan.stop_after
        return (*self._doubts, *([Doubt.OLD] if is_old else []))

    def age(self) -> timedelta | None:
        """How long ago an anchor was last shown the log; `None`: never, as far as the database knows."""
        return None if self._anchored_at is None else self._now() - self._anchored_at

    def stands(self) -> bool:
        """Whether records may be disposed of, as far as this process knows."""
        return not self.doubts() and self._anchored_at is not None

    def require(self) -> None:
        """Look, and show the anchors where the log stands. Raises BlockedError if the log is doubtful."""
        self.look()
        self.mark()
        found = self.doubts() or (() if self._anchored_at is not None else (Doubt.UNREADABLE,))
        if found:
            raise BlockedError(in_words(found))

    def mark(self) -> None:
        """Show every anchor a new entry of the log, unless the log is doubtful; what came of it is stored."""
        if self._doubts:
            return
        known, now = self._known(), self._now()
        facts = (("instance", self._plan.instance),)
        entry = Entry(subject=Subject.ANCHOR, verb=Verb.SENT, at=now, actor="service", facts=facts)
        signed = self.sign(entry)
        rows, lines = [], ""
        for anchor in self._plan.anchors:
            try:
                lines += anchor.show(signed.note, self._tree)
                rows.append(Anchored(name=anchor.name, size=signed.size, root=signed.root, at=now))
            except AnchorError as error:
                _log.warning("anchor.failed", anchor=anchor.name, code=error.doubt.value, why=str(error))
                rows.append(replace(known.get(anchor.name, Anchored(name=anchor.name)), error=error.doubt.value))
                if error.doubt is not Doubt.UNREADABLE:
                    self._doubts = (*self._doubts, error.doubt)
        with self._store.transaction() as tx:
            tx.save_anchored(rows)
            tx.save_checkpoint(replace(signed, note=signed.note + lines))
        self._known()

    def sign(self, entry: Entry) -> StoredCheckpoint:
        """Append an entry, and sign what the log is with it; what was signed is stored."""
        with self._store.transaction() as tx:
            tx.audit(entry)
        edge = self._tree.end()
        note = sign(Checkpoint(self._plan.origin, edge.size, edge.root()), [self._plan.key])
        signed = StoredCheckpoint(size=edge.size, edge=edge.encoded(), note=note, at=entry.at)
        with self._store.transaction() as tx:
            tx.save_checkpoint(signed)
        return signed

    def show_anew(self, signed: StoredCheckpoint) -> Mapping[str, str]:
        """Have every anchor begin anew with a log that a person brought back; answers who would not, and why."""
        refused: dict[str, str] = {}
        for anchor in self._plan.anchors:
            row = Anchored(name=anchor.name, size=signed.size, root=signed.root, at=self._now())
            try:
                anchor.show_anew(signed.note)
            except AnchorError as error:
                refused[anchor.name] = str(error)
            else:
                with self._store.transaction() as tx:
                    tx.save_anchored([row])
        return refused

    def _known(self) -> Mapping[str, Anchored]:
        """What the database says that the present anchors were shown, and when the newest of them was."""
        names = {anchor.name for anchor in self._plan.anchors}
        with self._store.transaction() as tx:
            rows = {row.name: row for row in tx.anchored() if row.name in names}
        self._anchored_at = max((row.at for row in rows.values() if row.at is not None), default=None)
        return rows

    def _read(self, anchor: Anchor, known: Anchored | None) -> Reading:
        is_known = known is not None and known.at is not None
        try:
            return Reading(name=anchor.name, checkpoint=anchor.latest(), is_known=is_known)
        except AnchorError as error:
            _log.warning("anchor.unreadable", anchor=anchor.name, why=str(error))
            return Reading(name=anchor.name, is_unreadable=True, is_known=is_known)


def in_words(found: Sequence[Doubt]) -> str:
    """Why nothing is disposed of, and what to do."""
    what = (
        "If this database is to go on, a named person brings it back: `audit recover` with every hold that it may lack."
        if not FOR_A_PERSON.isdisjoint(found)
        else "Let an anchor be reached again."
    )
    return f"nothing is disposed of: {'; '.join(_WORDS[doubt] for doubt in found)}. {what}"
