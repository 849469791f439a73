"""The inbox: events as they came, each once, until somebody has looked at what they are about."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Dialect, Executable, Row, and_, delete, func, or_, select, update

from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.core.webhook.event import Event, StoredEvent
from hubspot_retention.core.webhook.heard import MOVES
from hubspot_retention.store.encoding import TYPE_NUMBERS, TYPES, from_micros, to_micros
from hubspot_retention.store.prepared import Prepared, inserting
from hubspot_retention.store.service_schema import SAME_EVENT, inbox
from hubspot_retention.store.session import Rows

_LATER: Final = ("event_no", "handled_at", "outcome")
_COLUMNS: Final = tuple(column.name for column in inbox.c if column.name not in _LATER)
_MARKED_AT_ONCE: Final = 500
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[tuple[str, int], ...]).decode


def _adding(dialect: Dialect) -> Executable:
    found: Executable = inserting(inbox, dialect).inline().on_conflict_do_nothing(index_elements=list(SAME_EVENT))
    return found


_ADD: Final = Prepared(_adding, _COLUMNS)
_LAST: Final = Prepared(select(func.max(inbox.c.event_no)))


class InboxRows(Rows):
    """Events."""

    def add_events(self, events: Sequence[Event], received_at: datetime) -> int:
        """Put events into the inbox; answers how many were new. One that is there already is left as it is."""
        at = to_micros(received_at)
        return self._open_session.change_each(_ADD, [_row(event, at) for event in events])

    def events_to_handle(self, limit: int) -> Sequence[StoredEvent]:
        """The oldest events that nobody handled yet."""
        statement = select(inbox).where(inbox.c.handled_at.is_(None)).order_by(inbox.c.event_no).limit(limit)
        return [_event_of(row) for row in self._connection.execute(statement)]

    def last_event(self) -> int:
        """The number of the newest event, handled or not; 0 where there is none."""
        return self._open_session.scalar(_LAST) or 0

    def events_since(
        self, number: int, records: Collection[RecordRef], properties: Collection[str]
    ) -> Sequence[StoredEvent]:
        """The events with a higher number, handled or not, that are about one of the records, change one of the
        properties, or move something: of all that pours in, what can matter to records in hand."""
        if self.last_event() <= number:
            return []
        about = [
            and_(inbox.c.object_type == TYPE_NUMBERS[kind], inbox.c.object_id.in_(ids))
            for kind, ids in _by_type(records).items()
        ]
        moves = [inbox.c.event_type.like(f"%.{kind.value}") for kind in MOVES]
        matters = or_(*about, *moves, inbox.c.property_name.in_(list(properties)))
        statement = select(inbox).where(inbox.c.event_no > number, matters).order_by(inbox.c.event_no)
        return [_event_of(row) for row in self._connection.execute(statement)]

    def mark_handled(self, numbers: Sequence[int], at: datetime, outcome: str) -> None:
        """Events were handled; `outcome` is a code."""
        change = update(inbox).values(handled_at=to_micros(at), outcome=outcome)
        for start in range(0, len(numbers), _MARKED_AT_ONCE):
            part = numbers[start : start + _MARKED_AT_ONCE]
            self._connection.execute(change.where(inbox.c.event_no.in_(part)))

    def events_waiting(self) -> int:
        """How many events nobody handled yet."""
        statement = select(func.count(inbox.c.event_no)).where(inbox.c.handled_at.is_(None))
        return self._connection.execute(statement).scalar_one()

    def forget_events(self, before: datetime) -> int:
        """Take out what was handled before an instant; answers how many. What is forgotten would be new again."""
        return self._connection.execute(delete(inbox).where(inbox.c.handled_at < to_micros(before))).rowcount


def _by_type(records: Collection[RecordRef]) -> dict[ObjectType, list[RecordId]]:
    found: dict[ObjectType, list[RecordId]] = {}
    for record in records:
        found.setdefault(record.object_type, []).append(record.record_id)
    return found


def _row(event: Event, received_at: int) -> tuple[Any, ...]:
    return (
        event.portal_id,
        event.subscription_id,
        event.event_id,
        event.event_type,
        None if event.object_type is None else TYPE_NUMBERS[event.object_type],
        event.object_id,
        event.property_name,
        to_micros(event.occurred_at),
        event.change_source,
        event.source_id,
        _encode(event.others).decode(),
        received_at,
    )


def _event_of(row: Row[tuple[object, ...]]) -> StoredEvent:
    event = Event(
        portal_id=row.portal_id,
        subscription_id=row.subscription_id,
        event_id=row.event_id,
        event_type=row.event_type,
        object_type=None if row.object_type is None else TYPES[row.object_type],
        object_id=row.object_id,
        occurred_at=from_micros(row.occurred_at),
        property_name=row.property_name,
        change_source=row.change_source,
        source_id=row.source_id,
        others=_decode(row.others),
    )
    return StoredEvent(row.event_no, event, from_micros(row.received_at))
