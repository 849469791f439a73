"""Calls whose answer was lost and whose record was still there afterwards: they may take effect yet."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select

from hubspot_retention.core.record import RecordId, RecordRef
from hubspot_retention.store.encoding import TYPE_NUMBERS, TYPES, to_micros
from hubspot_retention.store.prepared import upsertion
from hubspot_retention.store.schema import late_call
from hubspot_retention.store.session import Rows

_here = late_call.c


class LateCallRows(Rows):
    """Calls that may take effect yet."""

    def note_late_call(self, plan_id: str, record: RecordRef, at: datetime) -> None:
        """A record was still there after a call whose answer was lost: the call may take effect yet."""
        row = (TYPE_NUMBERS[record.object_type], record.record_id, plan_id, to_micros(at))
        self._connection.exec_driver_sql(upsertion(late_call, self._connection.dialect), [row])

    def forget_late_call(self, record: RecordRef) -> None:
        """The record is gone: nothing more can happen to it."""
        this = (_here.object_type == TYPE_NUMBERS[record.object_type], _here.record_id == record.record_id)
        self._connection.execute(delete(late_call).where(*this))

    def late_calls(self, since: datetime) -> Sequence[tuple[str, RecordRef]]:
        """The records that were still there since an instant, with the plan of the call, in the order of records.
        Older ones are over, and are forgotten."""
        self._connection.execute(delete(late_call).where(_here.at < to_micros(since)))
        rows = self._connection.execute(select(late_call).order_by(_here.object_type, _here.record_id))
        return [(row.plan_id, RecordRef(TYPES[row.object_type], RecordId(row.record_id))) for row in rows]
