"""A log that is years old, signed every half year, with a file and a witness as anchors; the policy, which a person
approved, keeps five."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hubspot_retention.core.audit.entry import Entry, read_entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.audit.verify import VerifyReport
from hubspot_retention.evidence import standalone
from hubspot_retention.evidence.anchor_file import FileAnchor
from hubspot_retention.evidence.cut_signed import verify_signed
from hubspot_retention.evidence.keys import SigningKey
from hubspot_retention.evidence.sealing import exported
from hubspot_retention.store.database import SqlStore
from hubspot_retention.workflow.anchoring import Anchoring, AnchorPlan
from hubspot_retention.workflow.shorten import Shortened, Shortener
from tests.faults.world import CLIENTI, policy_of
from tests.unit.evidence.anchored import LOG, a_witness

BEGIN = datetime(2016, 11, 25, 12, tzinfo=UTC)
DAY = timedelta(days=1)
TEXT = CLIENTI.read_text(encoding="utf-8")
POLICY = policy_of(TEXT)
YEARS = 3_652
"""Ten years, in days."""


class Stand:
    """An installation that nothing happens in but what a test says."""

    def __init__(self, folder: Path, store: SqlStore, key: SigningKey = LOG, *, witnessed: bool = True) -> None:
        self.folder, self.store, self.present = folder, store, BEGIN
        self.keys: tuple[SigningKey, ...] = (key,)
        self._witnessed = witnessed

    def anchoring(self) -> Anchoring:
        """What keeps its anchors."""
        key, *former = self.keys
        file = FileAnchor(self.folder / "anchor.jsonl", key.public, [each.public for each in former])
        witness = [a_witness(self.folder, lambda: self.present)] if self._witnessed else []
        plan = AnchorPlan(
            anchors=[file, *witness],
            key=key,
            former=former,
            origin=key.name,
            stop_after=DAY * 30,
            instance="a",
        )
        return Anchoring(self.store, plan, lambda: self.present)

    def tell(self, subject: Subject, verb: Verb, record: str | None = None, /, **facts: Any) -> None:
        """An entry."""
        entry = Entry(subject=subject, verb=verb, at=self.present, record=record, facts=tuple(facts.items()))
        with self.store.transaction() as tx:
            tx.audit(entry)

    def live(self, days: int, every: int = 180) -> None:
        """Time passes; now and then a record goes and the anchors are shown the log."""
        with self.store.transaction() as tx:
            tx.approve_policy(POLICY.digest, TEXT, self.present, "anna")
        for day in range(0, days, every):
            for verb in (Verb.INTENDED, Verb.SENT, Verb.DONE):
                self.tell(Subject.DISPOSAL, verb, f"contacts/{1000 + (self.present - BEGIN).days}")
            self.anchoring().require()
            self.present += timedelta(days=min(every, days - day))

    def verified(self) -> VerifyReport:
        """By the log's keys."""
        return verify_signed(self.store, [key.public for key in self.keys])

    def shorten(self) -> Shortened:
        """What the self-check does."""
        anchoring = self.anchoring()
        anchoring.require()
        return Shortener(self.store, anchoring, POLICY, self.verified).run(self.present)

    def first(self) -> datetime:
        """When the oldest entry was written."""
        return read_entry(next(self.store.entries()).body).at

    def export(self, *, key: SigningKey = LOG, anchors: tuple[str, ...] = ()) -> int:
        """The exit code of the standalone verifier for what is exported now."""
        log = self.folder / "log.jsonl"
        log.write_text("".join(exported(self.store)))
        files = [self.folder / f"{number}.anchor" for number in range(len(anchors))]
        for path, note in zip(files, anchors, strict=True):
            path.write_text(note)
        outside = [word for path in files for word in ("--anchor", str(path))]
        return standalone.main(["export", str(log), "--key", str(key.public), *outside])

    def notes(self) -> list[str]:
        """What the file outside holds."""
        return [json.loads(line) for line in (self.folder / "anchor.jsonl").read_text().splitlines()]
