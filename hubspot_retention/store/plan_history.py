"""What plans of all times say of records: what was disposed of, and how a record was last judged."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, select

from hubspot_retention.core.decision.model import Outcome
from hubspot_retention.core.plan.model import RESTORED, Action, ItemState, PlanKind
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.store.encoding import TYPE_NUMBERS, from_micros_or_none
from hubspot_retention.store.schema import plan, plan_item
from hubspot_retention.store.service_schema import obligation
from hubspot_retention.store.session import Rows

_AT_ONCE: Final = 500
_DISPOSALS: Final = (Action.ARCHIVE, Action.ERASE)


class PlanHistoryRows(Rows):
    """Items by record."""

    def disposed(
        self, object_type: ObjectType, ids: Sequence[RecordId], *, states: Sequence[ItemState] = (ItemState.DONE,)
    ) -> Mapping[RecordId, tuple[str, Action, datetime | None]]:
        """Records with an item to archive or erase in one of these states: of the newest one its plan, what was to be
        done, and when the ledger settled it, if it did; not what was seen in view since. With `sent` and `unknown`:
        what may have had its effect too.
        """
        here = (obligation.c.object_type == plan_item.c.object_type) & (obligation.c.record_id == plan_item.c.record_id)
        statement = (
            select(plan_item.c.record_id, plan_item.c.state_code, plan.c.plan_id, plan_item.c.action)
            .add_columns(obligation.c.settled_at)
            .join(plan, plan.c.plan_no == plan_item.c.plan_no)
            .outerjoin(obligation, here & (obligation.c.plan_id == plan.c.plan_id))
            .where(plan_item.c.action.in_([action.value for action in _DISPOSALS]))
            .where(plan_item.c.state.in_([state.value for state in states]))
        )
        newest = self._newest(statement, object_type, ids)
        return {
            record_id: (plan_id, Action(action), from_micros_or_none(settled_at))
            for record_id, (code, plan_id, action, settled_at) in newest.items()
            if code != RESTORED
        }

    def outcomes_of(self, object_type: ObjectType, ids: Sequence[RecordId]) -> Mapping[RecordId, str]:
        """The outcome of each record's newest item, such as `held`; a record without any is not in the answer."""
        newest = self._newest(select(plan_item.c.record_id, plan_item.c.outcome), object_type, ids)
        return {record_id: outcome for record_id, (outcome,) in newest.items()}

    def held_by(
        self, run_id: int, kind: PlanKind, object_type: ObjectType, after: RecordId, limit: int
    ) -> Sequence[RecordId]:
        """Records of a class that a run's plan of that kind holds as held, with ids beyond `after`, in their order."""
        numbers = select(plan.c.plan_no).where(plan.c.run_id == run_id, plan.c.kind == kind.value)
        statement = (
            select(plan_item.c.record_id)
            .where(plan_item.c.plan_no == numbers.scalar_subquery())
            .where(plan_item.c.object_type == TYPE_NUMBERS[object_type], plan_item.c.record_id > after)
            .where(plan_item.c.outcome == Outcome.HELD.value)
            .order_by(plan_item.c.record_id)
            .limit(limit)
        )
        return [RecordId(record_id) for record_id in self._connection.scalars(statement)]

    def of_run(self, run_id: int, object_type: ObjectType, ids: Sequence[RecordId]) -> frozenset[RecordId]:
        """Which of the records stand in the plans of a run, as whatever."""
        numbers = select(plan.c.plan_no).where(plan.c.run_id == run_id)
        of_class = plan_item.c.object_type == TYPE_NUMBERS[object_type]
        statement = select(plan_item.c.record_id).where(plan_item.c.plan_no.in_(numbers), of_class)
        found: set[RecordId] = set()
        for start in range(0, len(ids), _AT_ONCE):
            part = statement.where(plan_item.c.record_id.in_(ids[start : start + _AT_ONCE]))
            found.update(map(RecordId, self._connection.scalars(part)))
        return frozenset(found)

    def _newest(
        self, statement: Select[Any], object_type: ObjectType, ids: Sequence[RecordId]
    ) -> Mapping[RecordId, tuple[Any, ...]]:
        """Of each record the row of its newest plan, without the record's id, which comes first."""
        statement = statement.where(plan_item.c.object_type == TYPE_NUMBERS[object_type])
        statement = statement.order_by(plan_item.c.plan_no)
        found: dict[RecordId, tuple[Any, ...]] = {}
        for start in range(0, len(ids), _AT_ONCE):
            part = statement.where(plan_item.c.record_id.in_(ids[start : start + _AT_ONCE]))
            for record_id, *rest in self._connection.execute(part):
                found[RecordId(record_id)] = tuple(rest)
        return found
