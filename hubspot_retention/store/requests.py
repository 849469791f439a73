"""The register of data-subject requests."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, insert, select, update

from hubspot_retention.core.record import RecordId
from hubspot_retention.core.request import RequestEnd, RequestKind, SubjectRequest
from hubspot_retention.store import schema
from hubspot_retention.store.encoding import from_micros, from_micros_or_none, to_micros, to_micros_or_none
from hubspot_retention.store.session import Rows


class RequestRows(Rows):
    """Requests."""

    def add_request(self, request: SubjectRequest) -> SubjectRequest:
        """Store a request (its `request_id` is given by the store)."""
        statement = insert(schema.request).values(
            contact_id=request.contact_id,
            kind=request.kind.value,
            received_at=to_micros(request.received_at),
            recorded_by=request.recorded_by,
            closed_at=to_micros_or_none(request.closed_at),
            ended=None if request.end is None else request.end.value,
        )
        return _request_of(self._connection.execute(statement.returning(schema.request)).one())

    def close_request(self, request_id: int, at: datetime, end: RequestEnd) -> SubjectRequest | None:
        """Close an open request; `None` if there is none of that number."""
        statement = (
            update(schema.request)
            .where(schema.request.c.request_id == request_id, schema.request.c.closed_at.is_(None))
            .values(closed_at=to_micros(at), ended=end.value)
            .returning(schema.request)
        )
        row = self._connection.execute(statement).one_or_none()
        return None if row is None else _request_of(row)

    def requests(self) -> Sequence[SubjectRequest]:
        """All requests of the register, in the order they were stored."""
        return [
            _request_of(row)
            for row in self._connection.execute(select(schema.request).order_by(schema.request.c.request_id))
        ]


def _request_of(row: Row[tuple[object, ...]]) -> SubjectRequest:
    return SubjectRequest(
        request_id=row.request_id,
        contact_id=RecordId(row.contact_id),
        kind=RequestKind(row.kind),
        received_at=from_micros(row.received_at),
        recorded_by=row.recorded_by,
        closed_at=from_micros_or_none(row.closed_at),
        end=None if row.ended is None else RequestEnd(row.ended),
    )
