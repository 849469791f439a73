"""Identifiers of portals and records. A bare string cannot reach a disposal (reliability S8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NewType

PortalId = NewType("PortalId", int)
RecordId = NewType("RecordId", int)


_LARGEST_ID: Final = (1 << 63) - 1
"""HubSpot's ids, and the columns that hold them, are numbers of 64 bits with a sign."""
_MOST_DIGITS: Final = 19


class ObjectType(StrEnum):
    """HubSpot's object types, by the names its API uses in paths."""

    CONTACT = "contacts"
    COMPANY = "companies"
    DEAL = "deals"
    TICKET = "tickets"
    NOTE = "notes"
    EMAIL = "emails"
    CALL = "calls"
    MEETING = "meetings"
    TASK = "tasks"


ENGAGEMENT_TYPES = (ObjectType.NOTE, ObjectType.EMAIL, ObjectType.CALL, ObjectType.MEETING, ObjectType.TASK)


TYPE_IDS: Final[Mapping[ObjectType, str]] = {
    ObjectType.CONTACT: "0-1",
    ObjectType.COMPANY: "0-2",
    ObjectType.DEAL: "0-3",
    ObjectType.TICKET: "0-5",
    ObjectType.TASK: "0-27",
    ObjectType.NOTE: "0-46",
    ObjectType.MEETING: "0-47",
    ObjectType.CALL: "0-48",
    ObjectType.EMAIL: "0-49",
}
"""HubSpot's object type ids ("Object type IDs", read 2026-11)."""

_TYPES: Final = {item.value: item for item in ObjectType}


@dataclass(frozen=True, slots=True, order=True)
class RecordRef:
    """One CRM object, written `contacts/101`."""

    object_type: ObjectType
    record_id: RecordId

    def __str__(self) -> str:
        return f"{self.object_type.value}/{self.record_id}"

    @classmethod
    def parse(cls, text: str) -> "RecordRef":
        """Read `contacts/101`. Raises ValueError saying what was expected: also of a number that no record can have."""
        kind, _, number = text.partition("/")
        is_number = number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS
        if kind not in _TYPES or not is_number or not 0 < int(number) <= _LARGEST_ID:
            raise ValueError(f"{text!r} is no record: expected for instance contacts/101 ({', '.join(_TYPES)})")
        return cls(_TYPES[kind], RecordId(int(number)))
