"""How core values lie in columns: instants as microseconds, object types as small numbers that sort alike."""

from datetime import UTC, datetime, timedelta
from typing import Final

from hubspot_retention.core.record import ObjectType

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

TYPE_NUMBERS: Final = {
    ObjectType.CALL: 10,
    ObjectType.COMPANY: 20,
    ObjectType.CONTACT: 30,
    ObjectType.DEAL: 40,
    ObjectType.EMAIL: 50,
    ObjectType.MEETING: 60,
    ObjectType.NOTE: 70,
    ObjectType.TASK: 80,
    ObjectType.TICKET: 90,
}
"""Stored: never renumber. In the order of the names, as records are ordered; gaps are for types to come."""

TYPES: Final = {number: object_type for object_type, number in TYPE_NUMBERS.items()}


def to_micros(at: datetime) -> int:
    """Microseconds since 1970 in UTC. Raises TypeError for an instant without a time zone."""
    return (at - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The instant, in UTC."""
    return _EPOCH + timedelta(microseconds=micros)


def to_micros_or_none(at: datetime | None) -> int | None:
    """As `to_micros`; nothing stays nothing."""
    return None if at is None else (at - _EPOCH) // _MICROSECOND


def from_micros_or_none(micros: int | None) -> datetime | None:
    """As `from_micros`; nothing stays nothing."""
    return None if micros is None else _EPOCH + timedelta(microseconds=micros)


def as_bytes(value: object) -> bytes:
    """What stands in a column of bytes. SQLite keeps whatever a hand puts there, and verification must name it."""
    return value if isinstance(value, bytes) else str(value).encode()
