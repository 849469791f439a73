"""The items of plans: added in portions, read in pages by key.

So a million of them neither fill the memory nor are disturbed by what changes meanwhile.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, select, tuple_

from hubspot_retention.core.plan.model import Action, ItemState, Plan, PlanItem
from hubspot_retention.core.plan.query import ItemFilter, ItemOrder
from hubspot_retention.core.record import RecordRef
from hubspot_retention.store.encoding import TYPE_NUMBERS
from hubspot_retention.store.errors import StoreError
from hubspot_retention.store.item_row import ItemRow, from_row, to_row
from hubspot_retention.store.plans import PlanRows
from hubspot_retention.store.prepared import Prepared, change_by_key, insertion, upsertion
from hubspot_retention.store.schema import plan_item
from hubspot_retention.store.session import Session

_PAGE = 500
_NAMES = tuple(column.name for column in plan_item.c)
_ADD = insertion(plan_item)
_REPLACE = upsertion(plan_item)
_SET_STATE = change_by_key(plan_item, ("state", "state_code"))
_OF_RECORD = Prepared(
    select(plan_item)
    .where(plan_item.c.object_type == bindparam("type"), plan_item.c.record_id == bindparam("record"))
    .order_by(plan_item.c.plan_no.desc())
)
_STATES = Prepared(
    select(plan_item.c.state, func.count())
    .where(
        plan_item.c.plan_no == bindparam("plan"),
        plan_item.c.action != Action.OBSERVE.value,
        plan_item.c.action != Action.NONE.value,
    )
    .group_by(plan_item.c.state)
)


class ItemRows(PlanRows):
    """Items."""

    def add_items(self, plan_id: str, items: Sequence[PlanItem]) -> None:
        """Store items of a plan."""
        self._write_items(_ADD, plan_id, items)

    def replace_items(self, plan_id: str, items: Sequence[PlanItem]) -> None:
        """Store items again under their record: bundles and blocks found later."""
        self._write_items(_REPLACE, plan_id, items)

    def _write_items(self, statement: Prepared, plan_id: str, items: Sequence[PlanItem]) -> None:
        number = self._plan_number(plan_id)
        self._open_session.change_each(statement, [to_row(number, item) for item in items])

    def items(self, plan_id: str, wanted: ItemFilter) -> Iterator[PlanItem]:
        """Items of a plan in the filter's order; streamed, also beyond the end of this transaction."""
        return _stream(self._session, self._plan_number(plan_id), wanted)

    def items_of_record(self, record: RecordRef) -> Sequence[tuple[Plan, PlanItem]]:
        """Every plan that holds a record, newest first."""
        kind = TYPE_NUMBERS[record.object_type]
        rows: list[ItemRow] = self._open_session.rows(_OF_RECORD, type=kind, record=record.record_id)
        return [(self._numbered_plan(row[0]), from_row(row)) for row in rows]

    def count_states(self, plan_id: str) -> Mapping[ItemState, int]:
        """Items with an action that is carried out, by state."""
        rows = self._open_session.rows(_STATES, plan=self._plan_number(plan_id))
        return {ItemState(state): count for state, count in rows}

    def set_item_state(self, plan_id: str, record: RecordRef, state: ItemState, code: str = "") -> None:
        """How far an item has come."""
        changed = self._open_session.change(
            _SET_STATE,
            state=state.value,
            state_code=code,
            key_plan_no=self._plan_number(plan_id),
            key_object_type=TYPE_NUMBERS[record.object_type],
            key_record_id=record.record_id,
        )
        if changed != 1:
            raise StoreError(f"plan {plan_id} has no item {record}")


def _stream(session: Session, plan_no: int, wanted: ItemFilter) -> Iterator[PlanItem]:
    with session.read():
        page: list[ItemRow] = session.rows(_first_page(wanted), plan=plan_no)
    while page:
        yield from map(from_row, page)
        if len(page) < _PAGE:
            return
        last = dict(zip(_NAMES, page[-1], strict=True))
        after = {f"after_{name}": last[name] for name in _keys(wanted)}
        with session.read():
            page = session.rows(_next_page(wanted), plan=plan_no, **after)


def _keys(wanted: ItemFilter) -> tuple[str, ...]:
    names = ("deadline", "object_type", "record_id")
    return names if wanted.order is ItemOrder.DEADLINE else names[1:]


@lru_cache(maxsize=64)
def _first_page(wanted: ItemFilter) -> Prepared:
    """Made once for each filter: a disposal asks with a handful of them, again and again."""
    return Prepared(_page(wanted))


@lru_cache(maxsize=64)
def _next_page(wanted: ItemFilter) -> Prepared:
    """What follows the row whose key is given, `after_…`."""
    keys = [plan_item.c[name] for name in _keys(wanted)]
    after = [bindparam(f"after_{key.name}", type_=key.type, required=False) for key in keys]
    return Prepared(_page(wanted).where(tuple_(*keys) > tuple_(*after)))


def _page(wanted: ItemFilter) -> Select[Any]:
    order = [plan_item.c[name] for name in _keys(wanted)]
    return select(plan_item).where(*_conditions(wanted)).order_by(*order).limit(_PAGE)


def _conditions(wanted: ItemFilter) -> list[ColumnElement[bool]]:
    # `required`: to spell out the lists below, SQLAlchemy wants a value for each other parameter that is required.
    conditions: list[ColumnElement[bool]] = [plan_item.c.plan_no == bindparam("plan", required=False)]
    if wanted.actions:
        conditions.append(plan_item.c.action.in_([action.value for action in wanted.actions]))
    if wanted.outcomes:
        conditions.append(plan_item.c.outcome.in_([outcome.value for outcome in wanted.outcomes]))
    if wanted.object_types:
        conditions.append(plan_item.c.object_type.in_([TYPE_NUMBERS[kind] for kind in wanted.object_types]))
    if wanted.states:
        conditions.append(plan_item.c.state.in_([state.value for state in wanted.states]))
    return conditions
