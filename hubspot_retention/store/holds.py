"""The register of holds."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, insert, literal, select, update

from hubspot_retention.core.hold import Hold, HoldRegister
from hubspot_retention.core.record import RecordId, RecordRef
from hubspot_retention.store import schema
from hubspot_retention.store.encoding import (
    TYPE_NUMBERS,
    TYPES,
    from_micros,
    from_micros_or_none,
    to_micros,
    to_micros_or_none,
)
from hubspot_retention.store.prepared import Prepared
from hubspot_retention.store.private_text import keep_text
from hubspot_retention.store.service_schema import merged
from hubspot_retention.store.session import Rows


class HoldRows(Rows):
    """Holds."""

    def place_hold(self, hold: Hold, reason: str) -> Hold:
        """Store a hold (its `hold_id` is given by the store); the reason goes into a table of its own."""
        session = self._open_session
        placed = session.row(
            _PLACE,
            object_type=TYPE_NUMBERS[hold.record.object_type],
            record_id=hold.record.record_id,
            matter=hold.matter,
            placed_by=hold.placed_by,
            placed_at=to_micros(hold.placed_at),
            review_on=hold.review_on,
            released_at=to_micros_or_none(hold.released_at),
            released_by=None,
            reason_commitment=keep_text(session, reason, hold.placed_at),
        )
        return _hold_of(placed)

    def release_hold(self, hold_id: int, at: datetime, by: str) -> Hold | None:
        """Release a hold in force; `None` if there is none of that number."""
        row = self._open_session.row(_RELEASE, hold=hold_id, released_at=to_micros(at), released_by=by)
        return None if row is None else _hold_of(row)

    def holds(self, *, released: bool = False) -> Sequence[tuple[Hold, str]]:
        """Holds in force (or all) with their reasons; a reason that was erased is empty."""
        here = schema.hold.outerjoin(
            schema.private_text, schema.private_text.c.commitment == schema.hold.c.reason_commitment
        )
        statement = select(schema.hold, schema.private_text.c.text).select_from(here).order_by(schema.hold.c.hold_id)
        if not released:
            statement = statement.where(schema.hold.c.released_at.is_(None))
        return [(_hold_of(row), row.text or "") for row in self._connection.execute(statement)]

    def hold_commitment(self, hold_id: int) -> str | None:
        """The commitment to a hold's reason, for the audit entry; `None` if there is no such hold."""
        commitment: str | None = self._open_session.scalar(_COMMITMENT, hold=hold_id)
        return commitment

    def hold_register(self) -> HoldRegister:
        """The matters in force, by the record they were placed on and by every record that it has become since."""
        register: dict[RecordRef, tuple[str, ...]] = {}
        for type_number, record_id, matter, is_own in self._open_session.rows(_BINDING):
            record = RecordRef(TYPES[type_number], RecordId(record_id))
            matters = register.get(record, ())
            if is_own or matter not in matters:
                register[record] = (*matters, matter)
        return register


def _binding() -> Select[Any]:
    """What each hold in force binds. A union, so that merges that go round in a circle come to an end."""
    here = schema.hold.c
    columns = (here.object_type, here.record_id, here.matter, here.hold_id, literal(1).label("is_own"))
    bound = select(*columns).where(here.released_at.is_(None)).cte("bound", recursive=True)
    went_on = and_(merged.c.object_type == bound.c.object_type, merged.c.loser == bound.c.record_id)
    followed = select(bound.c.object_type, merged.c.winner, bound.c.matter, bound.c.hold_id, literal(0))
    bound = bound.union(followed.join(merged, went_on))
    found = select(bound.c.object_type, bound.c.record_id, bound.c.matter, bound.c.is_own)
    return found.order_by(bound.c.hold_id, bound.c.is_own.desc(), bound.c.record_id)


_BINDING = Prepared(_binding())
_HERE = schema.hold.c.hold_id == bindparam("hold")
_PLACE = Prepared(
    insert(schema.hold).returning(schema.hold), [each.name for each in schema.hold.c if not each.primary_key]
)
_RELEASE = Prepared(
    update(schema.hold).where(_HERE, schema.hold.c.released_at.is_(None)).returning(schema.hold),
    ["released_at", "released_by"],
)
_COMMITMENT = Prepared(select(schema.hold.c.reason_commitment).where(_HERE))


def _hold_of(row: Any) -> Hold:
    return Hold(
        hold_id=row.hold_id,
        record=RecordRef(TYPES[row.object_type], RecordId(row.record_id)),
        matter=row.matter,
        placed_by=row.placed_by,
        placed_at=from_micros(row.placed_at),
        review_on=row.review_on,
        released_at=from_micros_or_none(row.released_at),
    )
