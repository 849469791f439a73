"""Confirm: a person stands in for a start that moved back, or for a record that somebody restored from the bin.

What can go wrong: a date corrected by mistake erases somebody, so a start that moved back by more than a year
leaves its record undetermined until a person confirms it. Confirming notes the starts as they are read now, and
nothing else; the next run decides by them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.decision.history import NOTHING_REMEMBERED, Remembered, write_starts
from hubspot_retention.core.decision.model import Decision, Outcome, ReasonCode, StartValue
from hubspot_retention.core.portal import MergedInto
from hubspot_retention.core.record import ObjectType, RecordRef
from hubspot_retention.errors import BlockedError, UsageError
from hubspot_retention.workflow.explain import memory_of
from hubspot_retention.workflow.fresh import FreshContact, FreshDeal, FreshReader, Memory
from hubspot_retention.workflow.ports import RecordSource, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What a person confirmed: the starts as they are now, and whether the record had been restored.

    `then`: what the record would be decided to be, had nothing been remembered of it.
    """

    record: RecordRef
    starts: tuple[tuple[str, StartValue], ...]
    moved: tuple[str, ...]
    restored: bool
    then: Decision


class Confirmer:
    """Writes down what a named person confirms."""

    def __init__(
        self, source: RecordSource, store: Store, fresh: FreshReader, actor: str, now: Callable[[], datetime]
    ) -> None:
        self._source = source
        self._store = store
        self._fresh = fresh
        self._actor = actor
        self._now = now

    def confirm(self, record: RecordRef) -> Confirmation:
        """Confirm a contact or deal. Raises UsageError if nothing waits for that, BlockedError if it is held."""
        if record.object_type not in (ObjectType.CONTACT, ObjectType.DEAL):
            raise UsageError(f"{record}: rules decide contacts and deals, so only those can be confirmed")
        at = self._now()
        portal = self._source.identity().portal_id
        self._source.require_properties()
        memory = memory_of(self._store, record)
        decision = self._decision(record, memory, at)
        before = _remembered(record, memory)
        moved = tuple(reason.matter for reason in decision.reasons if reason.code is ReasonCode.START_MOVED_BACK)
        if decision.outcome is Outcome.HELD:
            raise BlockedError(f"{record} is held: its starts are not looked at, so there is nothing to confirm yet")
        if not moved and not before.archived_by_us:
            raise UsageError(f"{record}: no start of it moved back and nobody restored it: there is nothing to confirm")
        confirmed = before._replace(starts=write_starts(decision.starts), archived_by_us=False)
        with self._store.transaction() as tx:
            tx.note(record.object_type, [(record.record_id, confirmed)])
            tx.audit(
                Entry(
                    subject=Subject.START,
                    verb=Verb.CONFIRMED,
                    at=at,
                    portal_id=portal,
                    record=str(record),
                    actor=self._actor,
                    code="restored-stays" if before.archived_by_us else "start-moved-back",
                    facts=tuple((name, _written(value)) for name, value in sorted(decision.starts)),
                )
            )
        return Confirmation(
            record=record,
            starts=decision.starts,
            moved=moved,
            restored=before.archived_by_us,
            then=self._decision(record, memory_of(self._store, record), at),
        )

    def _decision(self, record: RecordRef, memory: Memory, at: datetime) -> Decision:
        ids = [record.record_id]
        found = (
            self._fresh.contacts(ids, memory, at)[record.record_id]
            if record.object_type is ObjectType.CONTACT
            else self._fresh.deals(ids, memory, at)[record.record_id]
        )
        match found:
            case FreshContact() | FreshDeal():
                return found.decision
            case MergedInto(winner):
                raise UsageError(f"{record} was merged: confirm {RecordRef(record.object_type, winner)} instead")
            case _:
                raise UsageError(f"{record} is not in view: there is nothing to confirm")


def _remembered(record: RecordRef, memory: Memory) -> Remembered:
    known = memory.contacts if record.object_type is ObjectType.CONTACT else memory.deals
    return known.get(record.record_id, NOTHING_REMEMBERED)


def _written(value: StartValue) -> str:
    return value.isoformat() if isinstance(value, date) else value.value
