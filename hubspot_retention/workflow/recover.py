"""Recover: a named person brings back a database whose log is not what the anchors saw.

What can go wrong: a restored backup has forgotten holds that were placed since, and goes on. So nothing goes on by
itself: whoever brings it back hands in every hold that may be missing and says why; the entry that tells of it is
signed with the log, and from then on the anchors know the log as it is.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from hubspot_retention.core.audit.anchor import Doubt
from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.record import RecordRef
from hubspot_retention.errors import BlockedError, UsageError
from hubspot_retention.workflow.anchoring import FOR_A_PERSON, Anchoring, in_words
from hubspot_retention.workflow.ports import Store
from hubspot_retention.workflow.review import Registrar


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn:
    """A hold that must be in force afterwards."""

    record: RecordRef
    matter: str
    reason: str
    review_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What was done: holds that were placed, those that were there, and which anchors do not take the log, and why."""

    placed: int
    known: int
    refused: Mapping[str, str]


class Recoverer:
    """Brings a database back, in the name of a person."""

    def __init__(self, store: Store, anchoring: Anchoring, actor: str, now: Callable[[], datetime]) -> None:
        self._store = store
        self._anchoring = anchoring
        self._actor = actor
        self._now = now

    def run(self, why: str, holds: Sequence[HandedIn]) -> Recovery:
        """Place the holds that are missing, write the recovery down, and show the anchors. Raises UsageError if nothing
        is doubtful, BlockedError if that cannot be told."""
        found = self._anchoring.look()
        settled = [doubt for doubt in found if doubt in FOR_A_PERSON]
        if not settled:
            if Doubt.UNREADABLE in found:
                raise BlockedError(in_words(found))
            raise UsageError("there is nothing to bring back: the audit log extends what its anchors saw")
        placed = self._place(holds)
        known, now = len(holds) - placed, self._now()
        # Together: once what the anchors saw is forgotten the gate may open, and the log must tell by whose word.
        with self._store.transaction() as tx:
            commitment = tx.keep_words(why, now)
            tx.forget_anchored()
            entry = Entry(
                subject=Subject.RECOVERY,
                verb=Verb.CONFIRMED,
                at=now,
                actor=self._actor,
                code=settled[0].value,
                facts=(("holds_placed", placed), ("holds_known", known), ("why", commitment)),
            )
            tx.audit(entry)
        refused = self._anchoring.show_anew(self._anchoring.sign_end(now))
        return Recovery(placed=placed, known=known, refused=refused)

    def _place(self, holds: Sequence[HandedIn]) -> int:
        """Two holds on one record for one matter are two: the release of one leaves the other in force."""
        with self._store.transaction() as tx:
            register = tx.hold_register()
        there = Counter((record, matter) for record, matters in register.items() for matter in matters)
        registrar, placed = Registrar(self._store, self._actor), 0
        for hold in holds:
            if there[hold.record, hold.matter]:
                there[hold.record, hold.matter] -= 1
            else:
                registrar.place_hold(hold.record, hold.matter, hold.reason, hold.review_on, self._now())
                placed += 1
        return placed
