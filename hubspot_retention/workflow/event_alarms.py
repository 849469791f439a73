"""Alarms of what has happened to a record: found, and over."""

from dataclasses import replace
from datetime import datetime

from hubspot_retention.core.alarm import AlarmKind, AlarmRecord
from hubspot_retention.core.record import RecordRef
from hubspot_retention.workflow.ports import Transaction


def alarm_about(tx: Transaction, record: RecordRef, kind: AlarmKind = AlarmKind.FOREIGN_DELETION) -> AlarmRecord | None:
    """The alarm about a record that is open."""
    known = tx.alarm(kind, str(record))
    return known if known is not None and known.settled_at is None else None


def is_over_unseen(known: AlarmRecord) -> bool:
    """Whether an alarm is over because a person said so, or its time was: nobody saw that what it tells of is over
    (`settle`)."""
    return known.settled_at is not None and known.last_seen_at < known.settled_at


def settle(tx: Transaction, known: AlarmRecord | None, now: datetime) -> None:
    """It is over, if there is one."""
    if known is not None:
        tx.save_alarm(replace(known, settled_at=now, last_seen_at=now))


def person_is_gone(tx: Transaction, record: RecordRef, now: datetime) -> None:
    """A record is gone: that an erased person is back as it is over. What was told of it counts no more: if the record
    comes back, however it went, that is told anew."""
    known = tx.alarm(AlarmKind.ERASED_PERSON_BACK, str(record))
    if known is not None:
        tx.save_alarm(replace(known, settled_at=known.settled_at or now, last_seen_at=now, facts=()))
