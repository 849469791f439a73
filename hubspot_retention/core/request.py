"""The request register: what people asked for under chapter III of the GDPR, and what each kind changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hubspot_retention.core.facts.contact import NO_REQUESTS, Requests
from hubspot_retention.core.facts.observation import ContactObservation
from hubspot_retention.core.record import RecordId


class RequestKind(StrEnum):
    """GDPR articles 15, 16, 17, 20 and 21, and the withdrawal of consent of article 7(3)."""

    ACCESS = "access"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    PORTABILITY = "portability"
    OBJECTION = "objection"
    WITHDRAWAL = "withdrawal"


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


def _of_kind(register: Sequence[SubjectRequest], kind: RequestKind) -> tuple[datetime | None, frozenset[datetime]]:
    """When the earliest open request of a kind was received, and when those were that are closed."""
    found = [request for request in register if request.kind is kind]
    opened = min((request.received_at for request in found if request.closed_at is None), default=None)
    return opened, frozenset(request.received_at for request in found if request.closed_at is not None)


def requests_of(register: Sequence[SubjectRequest]) -> Requests:
    """What the register says of one contact: the earliest open request of a kind counts; a closed one's instant
    no longer does, not even in the contact's property."""
    if not register:
        return NO_REQUESTS
    erasure_at, erasures_closed = _of_kind(register, RequestKind.ERASURE)
    withdrawn_at, withdrawals_closed = _of_kind(register, RequestKind.WITHDRAWAL)
    restricts = any(request.kind in RESTRICTING and request.closed_at is None for request in register)
    return Requests(erasure_at, erasures_closed, restricts, withdrawn_at, withdrawals_closed)


@dataclass(frozen=True, slots=True)
class RequestRegister:
    """The request register, to be asked contact by contact."""

    by_contact: Mapping[RecordId, tuple[SubjectRequest, ...]] = field(default_factory=dict)

    @classmethod
    def of_all(cls, register: Iterable[SubjectRequest]) -> "RequestRegister":
        """The register of all requests."""
        found: dict[RecordId, tuple[SubjectRequest, ...]] = {}
        for request in register:
            found[request.contact_id] = (*found.get(request.contact_id, ()), request)
        return cls(found)

    def of(self, contact: ContactObservation) -> Requests:
        """What stands in it of a contact; a request on a merged-away id binds the winner."""
        if not self.by_contact:
            return NO_REQUESTS
        ids = (contact.record_id, *contact.merged_ids)
        return requests_of([request for record_id in ids for request in self.by_contact.get(record_id, ())])
