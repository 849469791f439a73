"""The items of plans: added in portions, read in pages by key.

So a million of them neither fill the memory nor are disturbed by what changes meanwhile.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, bindparam, func, literal, select, tuple_

from hubspot_retention.core.plan.model import Action, ItemState, Plan, PlanItem
from hubspot_retention.core.plan.query import ItemFilter, ItemOrder
from hubspot_retention.core.record import RecordRef
from hubspot_retention.store.encoding import TYPE_NUMBERS
from hubspot_retention.store.errors import StoreError
from hubspot_retention.store.item_row import ItemRow, from_row, to_row
from hubspot_retention.store.plans import PlanRows
from hubspot_retention.store.prepared import change_by_key, insertion, upsertion
from hubspot_retention.store.schema import plan, plan_item
from hubspot_retention.store.session import Session

_PAGE = 500
_STATES = (
    select(plan_item.c.state, func.count())
    .where(plan_item.c.plan_no == bindparam("plan"), plan_item.c.action != Action.NONE.value)
    .group_by(plan_item.c.state)
)


class ItemRows(PlanRows):
    """Items."""

    def add_items(self, plan_id: str, items: Sequence[PlanItem]) -> None:
        """Store items of a plan."""
        self._write_items(insertion(plan_item, self._connection.dialect), plan_id, items)

    def replace_items(self, plan_id: str, items: Sequence[PlanItem]) -> None:
        """Store items again under their record: bundles and blocks found later."""
        self._write_items(upsertion(plan_item, self._connection.dialect), plan_id, items)

    def _write_items(self, sql: str, plan_id: str, items: Sequence[PlanItem]) -> None:
        number = self._plan_number(plan_id)
        if items:
            self._connection.exec_driver_sql(sql, [to_row(number, item) for item in items])

    def items(self, plan_id: str, wanted: ItemFilter) -> Iterator[PlanItem]:
        """Items of a plan in the filter's order; streamed, also beyond the end of this transaction."""
        return _stream(self._session, self._plan_number(plan_id), wanted)

    def items_of_record(self, record: RecordRef) -> Sequence[tuple[Plan, PlanItem]]:
        """Every plan that holds a record, newest first."""
        statement = (
            select(plan_item)
            .join(plan, plan.c.plan_no == plan_item.c.plan_no)
            .where(plan_item.c.object_type == TYPE_NUMBERS[record.object_type])
            .where(plan_item.c.record_id == record.record_id)
        )
        rows = [cast(ItemRow, tuple(row)) for row in self._connection.execute(statement)]
        items = {row[0]: from_row(row) for row in rows}
        plans = select(plan).where(plan.c.plan_no.in_(items)).order_by(plan.c.plan_no.desc())
        return [(self._plan_of(row), items[row.plan_no]) for row in self._connection.execute(plans)]

    def count_states(self, plan_id: str) -> Mapping[ItemState, int]:
        """Items with an action, by state."""
        rows = self._connection.execute(_STATES, {"plan": self._plan_number(plan_id)})
        return {ItemState(state): count for state, count in rows}

    def set_item_state(self, plan_id: str, record: RecordRef, state: ItemState, code: str = "") -> None:
        """How far an item has come."""
        sql = change_by_key(plan_item, ("state", "state_code"), self._connection.dialect)
        key = (self._plan_number(plan_id), TYPE_NUMBERS[record.object_type], record.record_id)
        if self._connection.exec_driver_sql(sql, (state.value, code, *key)).rowcount != 1:
            raise StoreError(f"plan {plan_id} has no item {record}")


def _stream(session: Session, plan_no: int, wanted: ItemFilter) -> Iterator[PlanItem]:
    by_deadline = wanted.order is ItemOrder.DEADLINE
    keys = _keys(wanted)
    statement = _first_page(wanted)
    page = _fetch(session, statement, plan_no)
    while page:
        yield from map(from_row, page)
        if len(page) < _PAGE:
            return
        last = page[-1]
        key = (last[7], last[1], last[2]) if by_deadline else (last[1], last[2])
        page = _fetch(session, statement.where(tuple_(*keys) > tuple_(*map(literal, key))), plan_no)


def _fetch(session: Session, statement: Select[Any], plan_no: int) -> list[ItemRow]:
    with session.read() as connection:
        return [cast(ItemRow, tuple(row)) for row in connection.execute(statement, {"plan": plan_no})]


def _keys(wanted: ItemFilter) -> list[ColumnElement[Any]]:
    names = ("deadline", "object_type", "record_id")
    return [plan_item.c[name] for name in (names if wanted.order is ItemOrder.DEADLINE else names[1:])]


@lru_cache(maxsize=64)
def _first_page(wanted: ItemFilter) -> Select[Any]:
    """Built once for each filter: a disposal asks with a handful of them, again and again."""
    return select(plan_item).where(*_conditions(wanted)).order_by(*_keys(wanted)).limit(_PAGE)


def _conditions(wanted: ItemFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [plan_item.c.plan_no == bindparam("plan")]
    if wanted.actions:
        conditions.append(plan_item.c.action.in_([action.value for action in wanted.actions]))
    if wanted.outcomes:
        conditions.append(plan_item.c.outcome.in_([outcome.value for outcome in wanted.outcomes]))
    if wanted.object_types:
        conditions.append(plan_item.c.object_type.in_([TYPE_NUMBERS[kind] for kind in wanted.object_types]))
    if wanted.states:
        conditions.append(plan_item.c.state.in_([state.value for state in wanted.states]))
    return conditions
