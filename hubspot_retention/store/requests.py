"""The register of data-subject requests."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, insert, literal, select, update

from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.core.request import RequestEnd, RequestKind, SubjectRequest
from hubspot_retention.store import schema
from hubspot_retention.store.encoding import (
    TYPE_NUMBERS,
    from_micros,
    from_micros_or_none,
    to_micros,
    to_micros_or_none,
)
from hubspot_retention.store.prepared import Prepared
from hubspot_retention.store.service_schema import merged
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

    def requests(self, *, followed: bool = True) -> Sequence[SubjectRequest]:
        """All requests of the register, in the order they were stored. `followed`: one whose contact was merged away
        stands there once more under each contact it was merged into, with its own number.
        """
        found = [_request_of(row) for row in self._open_session.named(_ALL)]
        if not followed:
            return found
        winners: dict[int, list[RecordId]] = {}
        for request_id, winner in self._open_session.rows(_FOLLOWED):
            winners.setdefault(request_id, []).append(RecordId(winner))
        return [
            replace(request, contact_id=contact_id)
            for request in found
            for contact_id in (request.contact_id, *winners.get(request.request_id, ()))
        ]


def _followed() -> Select[Any]:
    """Each request with the contacts that its own one became. A union, so that merges in a circle come to an end."""
    asked, further = schema.request.c, merged.alias()
    first = and_(merged.c.object_type == TYPE_NUMBERS[ObjectType.CONTACT], merged.c.loser == asked.contact_id)
    became = select(asked.request_id, merged.c.winner).join_from(schema.request, merged, first)
    reached = became.cte("reached", recursive=True)
    went_on = and_(further.c.object_type == TYPE_NUMBERS[ObjectType.CONTACT], further.c.loser == reached.c.winner)
    reached = reached.union(select(reached.c.request_id, further.c.winner).join(further, went_on))
    own = select(literal(1)).where(asked.request_id == reached.c.request_id, asked.contact_id == reached.c.winner)
    found = select(reached.c.request_id, reached.c.winner).where(~own.exists())
    return found.order_by(reached.c.request_id, reached.c.winner)


_ALL = Prepared(select(schema.request).order_by(schema.request.c.request_id))
_FOLLOWED = Prepared(_followed())


def _request_of(row: Any) -> SubjectRequest:
    return SubjectRequest(
        request_id=row.request_id,
        contact_id=RecordId(row.contact_id),
        kind=RequestKind(row.kind),
        received_at=from_micros(row.received_at),
        recorded_by=row.recorded_by,
        closed_at=from_micros_or_none(row.closed_at),
        end=None if row.ended is None else RequestEnd(row.ended),
    )
