"""Warnings of owners: one row a record, written for what will be due soon by a rule that has owners warned."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, func, select

from hubspot_retention.core.owner_warning import OwnerWarning, WarningState
from hubspot_retention.core.plan.model import Action
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.store import schema
from hubspot_retention.store.encoding import (
    TYPE_NUMBERS,
    TYPES,
    from_micros,
    from_micros_or_none,
    to_micros,
    to_micros_or_none,
)
from hubspot_retention.store.prepared import id_list, lookup, upsertion
from hubspot_retention.store.service_schema import owner_warning
from hubspot_retention.store.session import Rows

_here: Final = owner_warning.c
_DISPOSALS: Final = (Action.ARCHIVE.value, Action.ERASE.value)
_LOOKUP: Final = lookup(owner_warning)
_SAVE: Final = upsertion(owner_warning)


class OwnerWarningRows(Rows):
    """Warnings of owners."""

    def owner_warnings_of(self, object_type: ObjectType, ids: Sequence[RecordId]) -> Mapping[RecordId, OwnerWarning]:
        """What is known of the warnings for records; one that has none is not in the answer."""
        session = self._open_session
        rows = session.rows(_LOOKUP, type=TYPE_NUMBERS[object_type], ids=id_list(ids, session.dialect))
        return {row[1]: _warning_of(*row) for row in rows}

    def save_owner_warnings(self, warnings: Sequence[OwnerWarning]) -> None:
        """Write down warnings, each in place of what stood there of its record."""
        self._open_session.change_each(_SAVE, [_row(each) for each in warnings])

    def owner_warnings_wanted(self, object_type: ObjectType, limit: int) -> Sequence[OwnerWarning]:
        """Warnings that are wanted: first those that nobody looked at yet, then those that were looked at longest ago;
        of these what is due last first, for that there is still time."""
        statement = select(owner_warning).where(
            _here.state == WarningState.WANTED.value, _here.object_type == TYPE_NUMBERS[object_type]
        )
        statement = statement.order_by(
            _here.settled_at.asc().nulls_first(), _here.due_at.desc(), _here.record_id
        ).limit(limit)
        return [_warning_of(*row) for row in self._connection.execute(statement)]

    def count_owners_told(self, plan_id: str, rule: str, before: datetime) -> int:
        """Of how many records that a plan disposes of by a rule the owner was told before an instant."""
        item = schema.plan_item.c
        told = (_here.rule == rule, _here.state == WarningState.TOLD.value, _here.settled_at <= to_micros(before))
        joined = schema.plan_item.join(
            owner_warning, (item.object_type == _here.object_type) & (item.record_id == _here.record_id)
        ).join(schema.plan, schema.plan.c.plan_no == item.plan_no)
        disposed = (schema.plan.c.plan_id == plan_id, item.action.in_(_DISPOSALS))
        return self._connection.scalar(select(func.count()).select_from(joined).where(*disposed, *told)) or 0

    def forget_owner_warnings(self, before: datetime) -> int:
        """Take away those that were settled, and whose record was due, before an instant; answers how many."""
        over = (_here.settled_at < to_micros(before), _here.due_at < to_micros(before))
        return self._connection.execute(delete(owner_warning).where(*over)).rowcount


def _row(said: OwnerWarning) -> tuple[Any, ...]:
    return (
        TYPE_NUMBERS[said.record.object_type],
        said.record.record_id,
        to_micros(said.due_at),
        said.state.value,
        said.rule,
        said.owner,
        to_micros_or_none(said.settled_at),
    )


def _warning_of(
    kind: int, record_id: int, due_at: int, state: str, rule: str, owner: str, settled_at: int | None
) -> OwnerWarning:
    return OwnerWarning(
        record=RecordRef(TYPES[kind], RecordId(record_id)),
        due_at=from_micros(due_at),
        state=WarningState(state),
        rule=rule,
        owner=owner,
        settled_at=from_micros_or_none(settled_at),
    )
