"""The request register: what people asked for under chapter III of the GDPR, and what each kind changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hubspot_retention.core.facts.contact import NO_REQUESTS, Requests
from hubspot_retention.core.record import RecordId


class RequestKind(StrEnum):
    """GDPR articles 15, 16, 17, 20 and 21."""

    ACCESS = "access"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    PORTABILITY = "portability"
    OBJECTION = "objection"


RESTRICTING = frozenset((RequestKind.ACCESS, RequestKind.PORTABILITY, RequestKind.OBJECTION))
"""While one of these is open the record must not change or go: what is asked for must still be there."""


class RequestEnd(StrEnum):
    """How a request ended."""

    ANSWERED = "answered"
    REFUSED = "refused"
    TAKEN_BACK = "taken-back"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectRequest:
    """One request of the register; instants in UTC."""

    request_id: int
    contact_id: RecordId
    kind: RequestKind
    received_at: datetime
    recorded_by: str
    closed_at: datetime | None = None
    end: RequestEnd | None = None


def requests_of(register: Sequence[SubjectRequest]) -> Requests:
    """What the register says of one contact: the earliest open erasure request counts; a closed one's instant
    no longer does, not even in the contact's property."""
    erasures = [r for r in register if r.kind is RequestKind.ERASURE]
    restricts = any(r.kind in RESTRICTING and r.closed_at is None for r in register)
    closed = frozenset(r.received_at for r in erasures if r.closed_at is not None)
    opened = min((r.received_at for r in erasures if r.closed_at is None), default=None)
    found = Requests(opened, closed, restricts)
    return NO_REQUESTS if found == NO_REQUESTS else found
