"""Who was erased here and is back: made anew by an import or an integration, or restored.

What can go wrong: an import brings back everybody who asked to go, and nobody hears of it. So the address of each
contact that is read, by a full sweep or because something told of it, is looked for among the tombstones. Who writes or
fills in a form after they were erased is welcome; anybody else is reported, once in the log and as an alarm. What is
decided about the contact stays the policy's business alone.

The truth is what stands in the portal: what could not be looked for this time is found by the next sweep. So keys that
cannot be read stop no sweep; they stop every erasure (`bootstrap.people`), and that is told.
"""

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import structlog

from hubspot_retention.core.alarm import Alarm, AlarmKind, AlarmLevel
from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.portal import Address, SeenContact
from hubspot_retention.core.record import ObjectType, PortalId, RecordRef
from hubspot_retention.core.tombstone import Tombstone
from hubspot_retention.errors import UsageError
from hubspot_retention.workflow.ports import Store, Transaction
from hubspot_retention.workflow.standing import SERVICE
from hubspot_retention.workflow.watch import raise_alarm

Signs = Callable[[Address], tuple[str, ...]]
"""The pseudonyms that may have stood for an address."""

_BETWEEN: Final = ", "
_MARK_DIGITS: Final = 16
"""So much of a pseudonym is held for each tombstone, 8 bytes. Two people who share it cost a question to the store."""

_log = structlog.get_logger("hubspot_retention.returned")


class Lookout:
    """Looks for contacts among those who were gone when it was made."""

    def __init__(self, store: Store, portal: PortalId, signs: Signs, marks: Mapping[str, "array[int]"]) -> None:
        self._store = store
        self._portal = portal
        self._signs = signs
        self._marks = marks

    @property
    def has_work(self) -> bool:
        """Whether anybody was erased. If not, nothing is computed, and nobody's address is asked for."""
        return bool(self._marks)

    def look(self, seen: Iterable[SeenContact], now: datetime) -> None:
        """Report whoever is back. Not to be called in a transaction."""
        if not self.has_work:
            return
        known = self._knows
        found = {
            sign: contact
            for contact in seen
            if contact.address is not None
            for sign in self._signs(contact.address)
            if known(sign)
        }
        if found:
            self._report(found, now)

    def _knows(self, sign: str) -> bool:
        epoch, mark = _mark_of(sign)
        marks = self._marks[epoch]
        place = bisect_left(marks, mark)
        return place < len(marks) and marks[place] == mark

    def _report(self, found: Mapping[str, SeenContact], now: datetime) -> None:
        with self._store.transaction() as tx:
            for stone in tx.tombstones_of(sorted(found)):
                seen = found[stone.pseudonym].observation
                if stone.is_disturbed(seen.enquiry, now):
                    _tell(tx, stone, RecordRef(ObjectType.CONTACT, seen.record_id), self._portal, now)


@dataclass(frozen=True, slots=True)
class Returned:
    """Makes lookouts. `signing`: by the keys that are there now, the pseudonyms of some epochs; `None` where nobody is
    remembered. It raises UsageError where the keys cannot be read."""

    store: Store
    signing: Callable[[Collection[str]], Signs] | None = None

    def lookout(self, portal: PortalId) -> Lookout:
        """For those who are gone by now."""
        marks: defaultdict[str, array[int]] = defaultdict(lambda: array("Q"))
        signs: Signs = _nobody
        if self.signing is not None:
            with self.store.transaction() as tx:
                for epoch, mark in map(_mark_of, tx.pseudonyms_of_gone()):
                    marks[epoch].append(mark)
            try:
                signs = self.signing(marks.keys())
            except UsageError as error:
                _log.warning("tombstones.unreadable", code=type(error).__name__)
                marks.clear()
        return Lookout(self.store, portal, signs, {epoch: array("Q", sorted(each)) for epoch, each in marks.items()})


def _nobody(_: Address) -> tuple[str, ...]:
    return ()


def _mark_of(sign: str) -> tuple[str, int]:
    epoch, _, digits = sign.partition(":")
    return epoch, int(digits[:_MARK_DIGITS], 16)


def _tell(tx: Transaction, stone: Tombstone, record: RecordRef, portal: PortalId, now: datetime) -> None:
    """Once of each contact, as long as it is there, and each of the people who were erased: what is said in its alarm
    was told."""
    erased_as = str(RecordRef(ObjectType.CONTACT, stone.record_id))
    known = tx.alarm(AlarmKind.ERASED_PERSON_BACK, str(record))
    named = "" if known is None else dict(known.facts).get("erased_as", "")
    told = tuple(named.split(_BETWEEN)) if named else ()
    if erased_as in told:
        return
    assert stone.erased_at is not None
    erased_at = ("erased_at", stone.erased_at.isoformat(timespec="seconds"))
    entry = Entry(subject=Subject.TOMBSTONE, verb=Verb.HIT, at=now, portal_id=portal, actor=SERVICE)
    tx.audit(
        replace(entry, record=str(record), facts=(("erased_as", erased_as), erased_at, ("subject", stone.pseudonym)))
    )
    facts = (("erased_as", _BETWEEN.join((*told, erased_as))), erased_at)
    raise_alarm(
        tx,
        Alarm(kind=AlarmKind.ERASED_PERSON_BACK, about=str(record), level=AlarmLevel.WARNING, at=now, facts=facts),
    )
