"""Calls whose answer was lost and whose record was still there afterwards: they may take effect yet."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select

from hubspot_retention.core.record import RecordId, RecordRef
from hubspot_retention.store.encoding import TYPE_NUMBERS, TYPES, to_micros
from hubspot_retention.store.prepared import Prepared, upsertion
from hubspot_retention.store.schema import late_call
from hubspot_retention.store.session import Rows

_here = late_call.c
_SAVE = upsertion(late_call)
_OF = (_here.object_type == bindparam("type"), _here.record_id == bindparam("id"))
_FORGET = Prepared(delete(late_call).where(*_OF))
_SINCE = Prepared(select(late_call).where(_here.at >= bindparam("since")).order_by(_here.object_type, _here.record_id))
_PLAN = Prepared(select(_here.plan_id).where(*_OF, _here.at >= bindparam("since")))


class LateCallRows(Rows):
    """Calls that may take effect yet."""

    def note_late_call(self, plan_id: str, record: RecordRef, at: datetime) -> None:
        """A record was still there after a call whose answer was lost: the call may take effect yet."""
        row = (TYPE_NUMBERS[record.object_type], record.record_id, plan_id, to_micros(at))
        self._open_session.change_each(_SAVE, [row])

    def forget_late_call(self, record: RecordRef) -> None:
        """The record is gone: nothing more can happen to it."""
        self._open_session.change(_FORGET, **_key(record))

    def late_calls(self, since: datetime) -> Sequence[tuple[str, RecordRef]]:
        """The records that were still there since an instant, with the plan of the call, in the order of records."""
        found = self._open_session.named(_SINCE, since=to_micros(since))
        return [(row.plan_id, _record_of(row)) for row in found]

    def late_call(self, record: RecordRef, since: datetime) -> str | None:
        """The plan of the call, of a record that was still there since an instant."""
        found: str | None = self._open_session.scalar(_PLAN, **_key(record), since=to_micros(since))
        return found

    def forget_late_calls(self, before: datetime) -> Sequence[RecordRef]:
        """Take away those of records that were still there before an instant; answers the records."""
        over = _here.at < to_micros(before)
        order = (_here.object_type, _here.record_id)
        found = [_record_of(row) for row in self._connection.execute(select(late_call).where(over).order_by(*order))]
        self._connection.execute(delete(late_call).where(over))
        return found


def _key(record: RecordRef) -> dict[str, int]:
    return {"type": TYPE_NUMBERS[record.object_type], "id": record.record_id}


def _record_of(row: Any) -> RecordRef:
    return RecordRef(TYPES[row.object_type], RecordId(row.record_id))
