"""Dispose: carry out an approved plan, and nothing else, record by record.

What can go wrong: a record is held, changed, merged or restored between the plan and the call; the process dies
in the middle; an answer is lost; the same thing is done twice. The protection is the order, the same for every
record: the intent is durable (tx A); the record is read afresh by id and decided again; the last check of holds
and stops, and the word `sent`, are one durable transaction (tx B); the call follows within seconds or not at
all; what became of it is settled by reading (tx C). The safety border is tx B: before it nothing has happened,
after it nothing is believed until it is read back.

Left over, because HubSpot has no conditional delete: a hold set in HubSpot itself in the moment between the
fresh read and the call cannot be seen. A hold placed here has no such gap.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from hubspot_retention.core.audit.kinds import Verb
from hubspot_retention.core.plan.model import Action, ItemState, Plan, PlanItem, PlanStatus
from hubspot_retention.core.plan.query import ItemFilter, ItemOrder
from hubspot_retention.core.record import ObjectType
from hubspot_retention.workflow.carry import Carrier, Tools
from hubspot_retention.workflow.gate import Permission, admit, check_portal, find_plan
from hubspot_retention.workflow.protocol import Ledger
from hubspot_retention.workflow.seal import plan_entry

_PASSES = 3
"""How often one application goes over what was abandoned or found still there, each time with fresh checks."""

BATCH = 100
"""Records read afresh together, and archived together: HubSpot's limit for both."""

_ACTIONS = (Action.ARCHIVE, Action.ERASE, Action.END_MARKETING)
_OPEN = (ItemState.PENDING, ItemState.PREPARED)
_UNSETTLED = (ItemState.SENT, ItemState.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyReport:
    """What became of a plan's items; `waiting` are those that this application was not to touch or that are
    blocked."""

    plan: Plan
    done: int
    skipped: int
    failed: int
    unsettled: int
    waiting: int

    @property
    def is_whole(self) -> bool:
        """Whether everything that was to be done was done or rightly skipped."""
        return not (self.failed or self.unsettled)


def _everything(_: PlanItem) -> bool:
    return True


class Applier:
    """Applies plans. A `Carrier` does the work of one batch; this class only decides what comes next."""

    def __init__(self, tools: Tools, permission: Permission) -> None:
        self._tools = tools
        self._store = tools.store
        self._permission = permission
        self._now = tools.times.now

    def apply(
        self,
        plan_id: str,
        actor: str,
        wanted: Callable[[PlanItem], bool] = _everything,
        progress: Callable[[str, int, int | None], None] = lambda phase, done, total: None,
    ) -> ApplyReport:
        """Carry out a plan, or go on with one that was stopped. Raises BlockedError before the first write."""
        plan = find_plan(self._store, plan_id)
        admit(self._store, plan, self._tools.policy, self._permission, self._now())
        check_portal(plan, self._tools.source.identity())
        self._begin(plan, actor)
        carrier = Carrier(self._tools, Ledger(self._store, plan, actor, self._tools.times))
        self._settle_what_was_left(plan, carrier)
        for _ in range(_PASSES):
            items = [item for item in self._items(plan, _OPEN) if item.block is None and wanted(item)]
            if not items or self._is_stopped():
                break
            for batch in _batches(items):
                carrier.carry_out(batch)
                progress("applying", len(batch), len(items))
        return self._end(plan, actor)

    def _is_stopped(self) -> bool:
        with self._store.transaction() as tx:
            return tx.kill_switch() is not None

    def _items(self, plan: Plan, states: tuple[ItemState, ...]) -> list[PlanItem]:
        wanted = ItemFilter(actions=_ACTIONS, states=states, order=ItemOrder.DEADLINE)
        with self._store.transaction() as tx:
            return list(tx.items(plan.plan_id, wanted))

    def _begin(self, plan: Plan, actor: str) -> None:
        verb = Verb.STARTED if plan.status is PlanStatus.APPROVED else Verb.RESUMED
        with self._store.transaction() as tx:
            tx.save_plan(replace(plan, status=PlanStatus.APPLYING))
            tx.audit(plan_entry(plan, verb, self._now(), actor))

    def _settle_what_was_left(self, plan: Plan, carrier: Carrier) -> None:
        """Calls whose answer was lost, by a stop or a time-out, are settled by reading before anything else."""
        left = self._items(plan, _UNSETTLED)
        for _, group in groupby(sorted(left, key=_kind_of), key=_kind_of):
            for batch in _sliced(list(group)):
                carrier.settle(batch)

    def _end(self, plan: Plan, actor: str) -> ApplyReport:
        with self._store.transaction() as tx:
            states = tx.count_states(plan.plan_id)
            waiting = sum(states.get(state, 0) for state in _OPEN)
            unsettled = sum(states.get(state, 0) for state in _UNSETTLED)
            failed = states.get(ItemState.FAILED, 0)
            status = PlanStatus.PARTLY_APPLIED if waiting or unsettled or failed else PlanStatus.APPLIED
            ended = replace(plan, status=status)
            tx.save_plan(ended)
            tx.audit(plan_entry(plan, Verb.APPLIED, self._now(), actor, status.value))
        return ApplyReport(
            plan=ended,
            done=states.get(ItemState.DONE, 0),
            skipped=states.get(ItemState.SKIPPED, 0),
            failed=failed,
            unsettled=unsettled,
            waiting=waiting,
        )


def _kind_of(item: PlanItem) -> tuple[Action, ObjectType]:
    return item.action, item.record.object_type


def _sliced(items: Sequence[PlanItem]) -> Iterator[list[PlanItem]]:
    for start in range(0, len(items), BATCH):
        yield list(items[start : start + BATCH])


def _batches(items: Iterable[PlanItem]) -> Iterator[list[PlanItem]]:
    """The earliest deadline first: within each hundred of them, those of one kind together."""
    ordered = list(items)
    for hundred in _sliced(ordered):
        for _, group in groupby(sorted(hundred, key=_kind_of), key=_kind_of):
            yield list(group)
