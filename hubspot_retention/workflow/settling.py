"""Settle obligations by what became of the items of a plan. It may be done again at any time: a second time changes
nothing, so a stop between a disposal and its settlement costs nothing but a look."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby, islice
from typing import Final

from hubspot_retention.core.deadline.outcome import after_item
from hubspot_retention.core.plan.model import OVER, Action, Plan, PlanItem
from hubspot_retention.core.plan.query import ItemFilter
from hubspot_retention.core.record import ObjectType
from hubspot_retention.workflow.gate import find_plan
from hubspot_retention.workflow.obligations import Change, Obligations
from hubspot_retention.workflow.ports import Store
from hubspot_retention.workflow.seal import DUE_RUN

_ACTIONS: Final = ItemFilter(actions=(Action.ARCHIVE, Action.ERASE, Action.END_MARKETING))
_BATCH: Final = 500


class Settlement:
    """Brings the ledger up to date with plans."""

    def __init__(self, store: Store, ledger: Obligations, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._ledger = ledger
        self._now = clock

    def settle(self, plan_id: str) -> None:
        """Settle what the items of a plan say. Of a plan that was to be carried out by itself nothing is left open
        once it is over; what is left of another waits for a person."""
        plan = find_plan(self._store, plan_id)
        with self._store.transaction() as tx:
            over = plan.status in OVER and tx.run_kind(plan.run_id) == DUE_RUN
            items = tx.items(plan_id, _ACTIONS)
        for kind, part in _parts(items):
            self._settle(plan, kind, part, over=over)

    def _settle(self, plan: Plan, kind: ObjectType, items: Sequence[PlanItem], *, over: bool) -> None:
        now = self._now()
        with self._store.transaction() as tx:
            known = tx.obligations_of(kind, [item.record.record_id for item in items])
            changes: list[Change] = []
            for item in items:
                was = known.get(item.record.record_id)
                if was is not None and was.is_live:
                    changes.append((was, after_item(was, item, plan.plan_id, now, over=over)))
            self._ledger.write(tx, changes, now)


def _parts(items: Iterable[PlanItem]) -> Iterator[tuple[ObjectType, list[PlanItem]]]:
    for kind, group in groupby(items, key=lambda item: item.record.object_type):
        while part := list(islice(group, _BATCH)):
            yield kind, part
