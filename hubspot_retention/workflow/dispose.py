"""Dispose: carry out an approved plan, and nothing else, record by record.

What can go wrong: a record is held, changed, merged or restored between the plan and the call; the process dies
in the middle; an answer is lost; the same thing is done twice. The protection is the order, the same for every
record: the intent is durable (tx A); the record is read afresh by id and decided again; the last check of holds
and stops, and the word `sent`, are one durable transaction (tx B); the call follows within seconds or not at
all; what became of it is settled by reading (tx C). The safety border is tx B: before it nothing has happened,
after it nothing is believed until it is read back.

Left over, because HubSpot has no conditional delete: a hold set in HubSpot itself in the few seconds between the fresh
read and the call cannot be seen, unless its webhook comes first: then the record is read again. A hold placed here has
no such gap.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock
from weakref import WeakSet

from hubspot_retention.core.audit.kinds import Verb
from hubspot_retention.core.plan.model import BEGUN, NOT_SENT, ItemState, Plan, PlanItem, PlanStatus
from hubspot_retention.core.plan.query import ItemFilter, ItemOrder
from hubspot_retention.core.record import PortalId
from hubspot_retention.core.webhook.heard import Listening, hold_properties
from hubspot_retention.errors import BlockedError, PortalDeniedError, PortalError, PortalPausedError
from hubspot_retention.workflow.batches import BATCH, TOGETHER, in_batches
from hubspot_retention.workflow.carry import Carrier, Tools
from hubspot_retention.workflow.gate import ComparedClocks, Permission, admit, check_portal, find_plan
from hubspot_retention.workflow.overlap import Overlap
from hubspot_retention.workflow.ports import Store
from hubspot_retention.workflow.protocol import CAME_FARTHER, Ledger
from hubspot_retention.workflow.reported import Reported
from hubspot_retention.workflow.seal import plan_entry
from hubspot_retention.workflow.standing import covered

_IDLE_ROUNDS = 3
"""How many rounds over what was abandoned or found still there may achieve nothing, each with fresh checks."""

_DOUBTFUL_FAILURES = 3
"""After so many batches in a row that could not be read HubSpot is asked whether it is the trouble, not the records."""

_MOST_FAILURES = 30
"""After so many in a row it is, whatever it answers: each of them has cost a minute of patience."""

_MOST_UNREADABLE = 10
"""How many reads may fail while calls are settled: enough to find one record in a batch by halving."""

_ACTIONS = tuple(TOGETHER)
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
        progress: Callable[[str, int, int | None], None] = lambda phase, done, total: None,
    ) -> ApplyReport:
        """Carry out what a plan's approval covers, or go on with one that was stopped.

        Raises BlockedError before the first write.
        """
        with _alone(self._store):
            plan = find_plan(self._store, plan_id)
            self._settle_what_was_left(plan.portal_id, actor)
            admit(self._store, plan, self._tools.policy, self._permission, self._now())
            self._tools.freshness.require()
            details = self._tools.source.identity()
            check_portal(plan, details)
            clocks = ComparedClocks(self._tools.times, details.clock_skew_seconds)
            begun = plan.status is not PlanStatus.APPROVED
            plan = self._begin(plan, actor)
            ledger = self._ledger(plan, actor, self._still_sound(clocks))
            carrier = self._carrier(plan, ledger, begun=begun)
            try:
                self._carry_out(plan, ledger, carrier, covered(self._store, plan, self._tools.policy), progress)
            except PortalError as error:
                with self._store.transaction() as tx:
                    tx.audit(plan_entry(plan, Verb.STOPPED, self._now(), actor, type(error).__name__))
                self._tools.freshness.mark()
                raise
            report = self._end(plan, actor)
            self._tools.freshness.mark()
            return report

    def _ledger(self, plan: Plan, actor: str, is_sound: Callable[[], bool] = lambda: True) -> Ledger:
        tools = self._tools
        listening = Listening(portal_id=plan.portal_id, holds=hold_properties(tools.policy), app_id=tools.app_id)
        return Ledger(self._store, plan, tools.policy, actor, tools.times, listening=listening, is_sound=is_sound)

    def _carrier(self, plan: Plan, ledger: Ledger, *, begun: bool) -> Carrier:
        return Carrier(self._tools, ledger, self._permission, Reported(self._store, plan.plan_id, begun=begun))

    def _still_sound(self, clocks: ComparedClocks) -> Callable[[], bool]:
        """Whether the log and the clock are still what they were found to be, asked before every record."""
        return lambda: clocks.agree() and self._tools.freshness.stands()

    def _carry_out(
        self,
        plan: Plan,
        ledger: Ledger,
        carrier: Carrier,
        wanted: Callable[[PlanItem], bool],
        progress: Callable[[str, int, int | None], None],
    ) -> None:
        """Round after round over what is open, until nothing is or rounds achieve nothing. What could not be read is
        read in smaller batches; so is the rest where most was too old by the time that all of it had been read. Raises
        what stood in the way if nothing at all was achieved."""
        size, idle, left, first = BATCH, 0, None, 0
        trouble: PortalError | None = None
        while idle < _IDLE_ROUNDS and not (self._tools.should_stop() or ledger.is_stopped()):
            items = [item for item in self._items(plan, NOT_SENT) if item.block is None and wanted(item)]
            if not items:
                return
            farther = any(item.state_code == CAME_FARTHER for item in items)
            idle = 0 if farther or left is None or len(items) < left else idle + 1
            if trouble:
                size = max(1, size // 10)
            elif left is not None and 2 * len(items) > left:
                size = min(size, BATCH // 10)
            left = len(items)
            first = first or left
            trouble = self._round(in_batches(items, size), ledger, carrier, partial(_tell, progress, left))
            if not self._tools.should_stop():
                self._settle_unsettled(plan, carrier)
        if trouble is not None and left == first:
            raise trouble

    def _round(
        self,
        batches: Iterable[list[PlanItem]],
        ledger: Ledger,
        carrier: Carrier,
        progress: Callable[[int], None],
    ) -> PortalError | None:
        """Every batch once. A batch that cannot be read waits, so that neither one poison record nor several delay any
        other (L2); answers why. Raises PortalError where HubSpot itself cannot be read."""
        failures, trouble = 0, None
        with closing(Overlap(carrier, list(batches)).outcomes()) as outcomes:
            for batch, error in outcomes:
                if isinstance(error, PortalPausedError | PortalDeniedError):
                    raise error
                failures = failures + 1 if error else 0
                if error is not None:
                    trouble = error
                    if failures == _MOST_FAILURES:
                        raise error
                    if failures % _DOUBTFUL_FAILURES == 0:
                        self._tools.source.identity()
                    ledger.give_back(batch, "unreadable")
                progress(len(batch))
                if self._tools.should_stop() or ledger.is_stopped():
                    break
        return trouble

    def _items(self, plan: Plan, states: tuple[ItemState, ...]) -> list[PlanItem]:
        wanted = ItemFilter(actions=_ACTIONS, states=states, order=ItemOrder.DEADLINE)
        with self._store.transaction() as tx:
            return list(tx.items(plan.plan_id, wanted))

    def _begin(self, plan: Plan, actor: str) -> Plan:
        """The plan is being applied. Raises BlockedError if somebody decided about it since it was looked at."""
        verb = Verb.STARTED if plan.status is PlanStatus.APPROVED else Verb.RESUMED
        applying = replace(plan, status=PlanStatus.APPLYING)
        with self._store.transaction() as tx:
            current = tx.plan(plan.plan_id)
            if current is None or current.status is not plan.status:
                raise BlockedError(
                    f"plan {plan.plan_id} is not applied: somebody decided about it just now; look again"
                )
            tx.save_plan(applying)
            tx.audit(plan_entry(plan, verb, self._now(), actor))
        return applying

    def settle_left(self, portal: PortalId, actor: str) -> None:
        """Settle what an earlier process left behind, without a plan to apply. Raises BlockedError."""
        with _alone(self._store):
            self._settle_what_was_left(portal, actor)

    def _settle_what_was_left(self, portal: PortalId, actor: str) -> None:
        """Calls whose answer was lost, by a stop or a time-out, are settled by reading before anything else: of this
        plan and of every other that was stopped, also when it may not be applied any more."""
        with self._store.transaction() as tx:
            begun = tx.plans_of_status(portal, BEGUN)
        left = [known for known in begun if self._items(known, _UNSETTLED)]
        if left:
            check_portal(left[0], self._tools.source.identity())
        for stopped in left:
            self._settle_unsettled(stopped, self._carrier(stopped, self._ledger(stopped, actor), begun=True))

    def _settle_unsettled(self, plan: Plan, carrier: Carrier) -> None:
        """Settle by reading; what cannot be read is halved until it stands alone, and stays unknown (L2)."""
        left = self._items(plan, _UNSETTLED)
        batches = list(in_batches(left, BATCH))
        failures = 0
        while batches and failures < _MOST_UNREADABLE:
            batch = batches.pop(0)
            try:
                carrier.settle(batch)
            except (PortalPausedError, PortalDeniedError):
                raise
            except PortalError:
                failures += 1
                half = len(batch) // 2
                batches.extend(part for part in (batch[:half], batch[half:]) if half)

    def _end(self, plan: Plan, actor: str) -> ApplyReport:
        """What a person decided meanwhile stays decided; what the end of the process interrupts goes on later."""
        with self._store.transaction() as tx:
            states = tx.count_states(plan.plan_id)
            waiting = sum(states.get(state, 0) for state in NOT_SENT)
            unsettled = sum(states.get(state, 0) for state in _UNSETTLED)
            failed = states.get(ItemState.FAILED, 0)
            ended = tx.plan(plan.plan_id) or plan
            whole = not (waiting or unsettled or failed)
            if ended.status is PlanStatus.APPLYING and (waiting or unsettled) and self._tools.should_stop():
                tx.audit(plan_entry(plan, Verb.STOPPED, self._now(), actor, "service-stopping"))
            elif ended.status is PlanStatus.APPLYING:
                ended = replace(ended, status=PlanStatus.APPLIED if whole else PlanStatus.PARTLY_APPLIED)
                tx.save_plan(ended)
                tx.audit(plan_entry(plan, Verb.APPLIED, self._now(), actor, ended.status.value))
            else:
                tx.audit(plan_entry(plan, Verb.STOPPED, self._now(), actor, ended.status.value))
        return ApplyReport(
            plan=ended,
            done=states.get(ItemState.DONE, 0),
            skipped=states.get(ItemState.SKIPPED, 0),
            failed=failed,
            unsettled=unsettled,
            waiting=waiting,
        )


def _tell(progress: Callable[[str, int, int | None], None], total: int, done: int) -> None:
    progress("applying", done, total)


_BUSY: "WeakSet[Store]" = WeakSet()
_BUSY_LOCK = Lock()


@contextmanager
def _alone(store: Store) -> Iterator[None]:
    """The lease: one application at a time in this process; other processes cannot open the store for writing."""
    with _BUSY_LOCK:
        if store in _BUSY:
            raise BlockedError("a plan is being applied by this process already: wait for it to end")
        _BUSY.add(store)
    try:
        yield
    finally:
        with _BUSY_LOCK:
            _BUSY.discard(store)
