"""The deadline ledger: one row a record, written for every record that a sweep decides to be due."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, case, delete, func, null, or_, select

from hubspot_retention.core.deadline.forecast import Turn
from hubspot_retention.core.deadline.obligation import IN_DANGER, LIVE, Obligation, ObligationCount, ObligationState
from hubspot_retention.core.made import made
from hubspot_retention.core.policy.model import Disposition
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.store.encoding import (
    TYPE_NUMBERS,
    TYPES,
    from_micros,
    from_micros_or_none,
    to_micros,
    to_micros_or_none,
)
from hubspot_retention.store.prepared import Prepared, id_list, lookup, upsertion
from hubspot_retention.store.service_schema import obligation
from hubspot_retention.store.session import Rows

_LOOKUP: Final = lookup(obligation)
_KNOWN: Final = lookup(obligation, "record_id")
_SAVE: Final = upsertion(obligation)
_STATES: Final = {state.value: state for state in ObligationState}
_DISPOSITIONS: Final[Mapping[str | None, Disposition | None]] = {None: None} | {
    each.value: each for each in Disposition
}
_ORDER: Final = (obligation.c.call_by.asc().nulls_first(), obligation.c.object_type, obligation.c.record_id)
_IS_LIVE: Final = obligation.c.state.in_([state.value for state in LIVE])
_PRESSING: Final = case((or_(obligation.c.is_right, obligation.c.due_at.is_(None)), 0), else_=1)


class LedgerRows(Rows):
    """The ledger."""

    def obligation(self, record: RecordRef) -> Obligation | None:
        """What the ledger knows of a record."""
        return self.obligations_of(record.object_type, [record.record_id]).get(record.record_id)

    def obligations_of(self, object_type: ObjectType, ids: Sequence[RecordId]) -> Mapping[RecordId, Obligation]:
        """What the ledger knows of records; one it does not know is not in the answer."""
        return {row[1]: _obligation_of(*row) for row in self._rows_of(object_type, ids)}

    def obliged(self, object_type: ObjectType, ids: Sequence[RecordId]) -> frozenset[RecordId]:
        """Which of the records the ledger knows, settled or not."""
        return frozenset([record_id for (record_id,) in self._rows_of(object_type, ids, _KNOWN)])

    def _rows_of(
        self, object_type: ObjectType, ids: Sequence[RecordId], statement: Prepared = _LOOKUP
    ) -> Sequence[tuple[Any, ...]]:
        session = self._open_session
        return session.rows(statement, type=TYPE_NUMBERS[object_type], ids=id_list(ids, session.dialect))

    def save_obligations(self, obligations: Sequence[Obligation]) -> None:
        """Write down obligations, each in place of what stood there of its record; the last one of a record counts."""
        self._open_session.change_each(_SAVE, [_row(each) for each in obligations])

    def obligations(
        self,
        states: Sequence[ObligationState],
        *,
        rule: str | None = None,
        limit: int | None = None,
        skip: int = 0,
    ) -> Sequence[Obligation]:
        """Obligations in these states, of one rule or of all, unknown deadlines first, then the earliest `call_by`; the
        first few may be skipped, and `limit` is how many follow at most."""
        wanted: list[ColumnElement[bool]] = [obligation.c.state.in_([state.value for state in states])]
        if rule is not None:
            wanted.append(obligation.c.rule == rule)
        return self._obligations(limit, *wanted, skip=skip)

    def obligations_to_look_at(self, now: datetime, limit: int) -> Sequence[Obligation]:
        """Live obligations whose `next_look_at` has come: exercised rights and what nobody could decide yet, then time
        rules, each in the same order."""
        return self._obligations(limit, _IS_LIVE, obligation.c.next_look_at <= to_micros(now), first=_PRESSING)

    def obligations_not_heard_since(self, at: datetime, object_type: ObjectType, limit: int) -> Sequence[Obligation]:
        """Live obligations of a class last heard of before an instant, in the same order."""
        of_class = obligation.c.object_type == TYPE_NUMBERS[object_type]
        return self._obligations(limit, _IS_LIVE, of_class, obligation.c.heard_at < to_micros(at))

    def forget_obligations(self, before: datetime) -> int:
        """Take out of the ledger what was settled before an instant; answers how many. The audit log keeps its end."""
        settled = (~_IS_LIVE, obligation.c.settled_at < to_micros(before))
        return self._connection.execute(delete(obligation).where(*settled)).rowcount

    def backlog(self, now: datetime) -> Sequence[Turn]:
        """What is still to be worked off, counted by deadline and grace, the earliest first; what has no deadline or
        has missed it comes first, as one."""
        here, is_ahead = obligation.c, obligation.c.call_by > to_micros(now)
        ahead = (
            select(*[case((is_ahead, each), else_=null()).label(each.name) for each in (here.call_by, here.not_before)])
            .where(here.state.in_([state.value for state in IN_DANGER]))
            .subquery()
        )
        keys = (ahead.c.call_by, ahead.c.not_before)
        statement = select(*keys, func.count()).group_by(*keys).order_by(keys[0].asc().nulls_first())
        return [
            Turn(from_micros_or_none(end), from_micros_or_none(grace), number)
            for end, grace, number in self._connection.execute(statement)
        ]

    def _obligations(
        self,
        limit: int | None,
        *conditions: ColumnElement[bool],
        first: ColumnElement[int] | None = None,
        skip: int = 0,
    ) -> Sequence[Obligation]:
        order = _ORDER if first is None else (first, *_ORDER)
        statement = select(obligation).where(*conditions).order_by(*order).limit(limit).offset(skip or None)
        return [_obligation_of(*row) for row in self._connection.execute(statement)]

    def count_obligations(self, now: datetime) -> Sequence[ObligationCount]:
        """Obligations by state, rule and disposition. `overdue`: not settled, and due. `late`: past the last instant at
        which the call met `erase_by`, those that are settled at the instant they were."""
        return [
            ObligationCount(
                state=_STATES[state],
                rule=rule,
                disposition=_DISPOSITIONS[disposition],
                total=total,
                overdue=int(overdue),
                late=int(late),
                oldest_due_at=from_micros_or_none(oldest_due_at),
                next_call_by=from_micros_or_none(next_call_by),
            )
            for state, rule, disposition, total, overdue, late, oldest_due_at, next_call_by in self._connection.execute(
                _counting(to_micros(now))
            )
        ]


def _counting(now: int) -> Select[Any]:
    here = obligation.c
    groups = (here.state, here.rule, here.disposition)
    return (
        select(
            *groups,
            func.count(),
            _number_of(here.settled_at.is_(None) & (here.due_at <= now)),
            _number_of(func.coalesce(here.call_by, here.erase_by) < func.coalesce(here.settled_at, now)),
            func.min(here.due_at),
            func.min(here.call_by),
        )
        .group_by(*groups)
        .order_by(here.state, here.rule, here.disposition)
    )


def _number_of(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _row(said: Obligation) -> tuple[Any, ...]:
    return (
        TYPE_NUMBERS[said.record.object_type],
        said.record.record_id,
        said.state.value,
        said.reason,
        said.rule,
        None if said.disposition is None else said.disposition.value,
        to_micros_or_none(said.due_at),
        to_micros_or_none(said.erase_by),
        to_micros_or_none(said.call_by),
        to_micros_or_none(said.not_before),
        to_micros(said.first_seen_at),
        to_micros(said.heard_at),
        to_micros(said.next_look_at),
        said.by_person,
        said.right,
        said.attempts,
        said.plan_id,
        to_micros_or_none(said.settled_at),
    )


def _obligation_of(
    type_number: int,
    record_id: RecordId,
    state: str,
    reason: str,
    rule: str,
    disposition: str | None,
    *rest: Any,
) -> Obligation:
    due_at, erase_by, call_by, not_before, first_seen_at, heard_at, next_look_at, *flags = rest
    by_person, right, attempts, plan_id, settled_at = flags
    return made(
        Obligation,
        (
            RecordRef(TYPES[type_number], record_id),
            _STATES[state],
            from_micros(first_seen_at),
            from_micros(heard_at),
            from_micros(next_look_at),
            reason,
            rule,
            _DISPOSITIONS[disposition],
            from_micros_or_none(due_at),
            from_micros_or_none(erase_by),
            from_micros_or_none(call_by),
            from_micros_or_none(not_before),
            bool(by_person),
            bool(right),
            attempts,
            plan_id,
            from_micros_or_none(settled_at),
        ),
    )
