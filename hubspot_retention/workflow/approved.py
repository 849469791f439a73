"""Approved plans that nobody carried out yet, or whose application was stopped: whose, and carrying them out.

Shared by the one-shot reconciliation and the due tick, so that the two cannot disagree about what an approval covers.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from hubspot_retention.core.audit.kinds import Verb
from hubspot_retention.core.plan.model import Action, ItemState, Plan, PlanItem, PlanKind, PlanStatus
from hubspot_retention.core.plan.query import ItemFilter
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.errors import BlockedError, PortalDeniedError, PortalError, PortalPausedError
from hubspot_retention.workflow.dispose import ApplyReport
from hubspot_retention.workflow.gate import Permission, find_plan
from hubspot_retention.workflow.ports import Store
from hubspot_retention.workflow.seal import DUE_RUN, plan_entry
from hubspot_retention.workflow.standing import SERVICE, covered, covered_records

UNSETTLED: Final = (ItemState.SENT, ItemState.UNKNOWN)
_OPEN: Final = (ItemState.PENDING, ItemState.PREPARED)
_ACTIONS: Final = (Action.ARCHIVE, Action.ERASE, Action.END_MARKETING)
_REST: Final = timedelta(minutes=5)
"""How long a plan rests of which nothing could be read: the next tick may come within half a minute."""

Progress = Callable[[str, int, int | None], None]
Wanted = Callable[[PlanItem], bool]


class Applies(Protocol):
    """What carries out plans."""

    def apply(self, plan_id: str, actor: str, progress: Progress) -> ApplyReport:
        """Carry out what a plan's approval covers."""


@dataclass(slots=True)
class CarriedOut:
    """What became of plans: `applied` the ids of those that were carried out, also half-way, `waits` the ids of those
    that were not and why, `is_partial` whether something that was to be done was not, `is_refused` whether an approved
    one was not let begin: all is stopped, the log is not the newest. `error`: what HubSpot stopped them with."""

    applied: list[str] = field(default_factory=list)
    waits: list[tuple[str, str]] = field(default_factory=list)
    stopped_by: str = ""
    is_partial: bool = False
    is_refused: bool = False
    error: PortalError | None = None


@dataclass(slots=True)
class _Left:
    """What an application left: of its own part something failed or blocked (`undone`), or still to be carried
    out or settled (`goes_on`); of the rest something that it was not to touch."""

    undone: bool = False
    goes_on: bool = False
    rest: bool = False


def _no_ledger(_: str) -> None:
    return


def _nobody_knows() -> bool:
    return False


class ApprovedPlans:
    """Finds approved plans and carries them out. `settle` is told of each plan that was, or was tried; `answers` says
    whether HubSpot itself answers, when one could not be."""

    def __init__(
        self,
        store: Store,
        applier: Applies,
        policy: RetentionPolicy,
        permission: Permission,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._applier = applier
        self._policy = policy
        self._permission = permission
        self._now = clock
        self.settle: Callable[[str], None] = _no_ledger
        self.answers: Callable[[], bool] = _nobody_knows
        self._tried_at: dict[str, datetime] = {}

    def waiting(self) -> list[Plan]:
        """Plans that are approved, or whose application was stopped: those of exercised rights first, as no other may
        hold up a five-day duty; the oldest before others."""
        with self._store.transaction() as tx:
            plans = [plan for plan in tx.plans() if plan.policy_digest == self._policy.digest]
            found = [plan for plan in plans if plan.status in (PlanStatus.APPROVED, PlanStatus.APPLYING)]
            found.extend(
                plan
                for plan in plans
                if plan.status is PlanStatus.PARTLY_APPLIED and any(map(tx.count_states(plan.plan_id).get, UNSETTLED))
            )
        now = self._now()
        left = [plan for plan in found if now <= plan.expires_at and not self._rests(plan, now)]
        return sorted(left, key=lambda plan: (plan.kind is not PlanKind.RIGHTS, plan.run_id))

    def _rests(self, plan: Plan, now: datetime) -> bool:
        """Whether a plan of which nothing could be read was tried just now."""
        tried_at = self._tried_at.get(plan.plan_id)
        return tried_at is not None and tried_at <= now < tried_at + _REST

    def carry_out(self, plan: Plan, actor: str, progress: Progress, done: CarriedOut) -> None:
        """Carry out what a plan's approval covers. A refusal leaves it as it is and is told with its reason; so is
        what HubSpot stops. Where HubSpot itself answers, records that cannot be read stop no plan but their own."""
        if self._exceeds(plan):
            self._withdraw(plan, done)
            return
        wanted = covered(self._store, plan, self._policy)
        try:
            self._applier.apply(plan.plan_id, actor, progress)
        except BlockedError as error:
            done.waits.append((plan.plan_id, str(error)))
            done.is_refused = True
            return
        except PortalError as error:
            done.is_partial = True
            if not isinstance(error, PortalPausedError | PortalDeniedError) and self.answers():
                self._tried_at[plan.plan_id] = self._now()
                done.waits.append((plan.plan_id, str(error)))
                return
            done.stopped_by, done.error = str(error), error
        finally:
            self.settle(plan.plan_id)
        done.applied.append(plan.plan_id)
        if not done.stopped_by:
            self._after(plan.plan_id, wanted, done)

    def _exceeds(self, plan: Plan) -> bool:
        """Whether a plan that the service approved holds what it could no longer approve in this mode."""
        if plan.decided_by != SERVICE:
            return False
        allowed = covered_records(self._store, plan, self._policy, self._permission.mode)
        return bool(covered_records(self._store, plan, self._policy) - allowed)

    def _withdraw(self, plan: Plan, done: CarriedOut) -> None:
        """The mode no longer gives this approval: a full run's plan waits for a person, a due plan is over."""
        with self._store.transaction() as tx:
            is_due_plan = tx.run_kind(plan.run_id) == DUE_RUN
            begun = plan.status is not PlanStatus.APPROVED
            status = PlanStatus.EXPIRED if is_due_plan or begun else PlanStatus.AWAITING_REVIEW
            tx.save_plan(replace(plan, status=status, decided_by="", decided_at=None))
            verb = Verb.EXPIRED if status is PlanStatus.EXPIRED else Verb.STOPPED
            tx.audit(plan_entry(plan, verb, self._now(), SERVICE, "mode-changed"))
        done.waits.append((plan.plan_id, "the service approved it in another mode: it is not carried out"))
        self.settle(plan.plan_id)

    def _after(self, plan_id: str, wanted: Wanted, done: CarriedOut) -> None:
        """Note what is left of the part that was to be carried out, and hand the rest to a person."""
        plan = find_plan(self._store, plan_id)
        left = self._left(plan, wanted)
        done.is_partial = done.is_partial or left.undone or left.goes_on
        with self._store.transaction() as tx:
            by_itself = plan.decided_by == SERVICE and tx.run_kind(plan.run_id) != DUE_RUN
            if left.rest and not left.goes_on and by_itself:
                tx.save_plan(replace(plan, status=PlanStatus.AWAITING_REVIEW, decided_by="", decided_at=None))
                tx.audit(plan_entry(plan, Verb.STOPPED, self._now(), SERVICE, "rest-waits-for-review"))
                done.waits.append((plan_id, "the rest of it waits for a person"))

    def _left(self, plan: Plan, wanted: Wanted) -> _Left:
        left = _Left()
        states = (*_OPEN, *UNSETTLED, ItemState.FAILED)
        with self._store.transaction() as tx:
            for item in tx.items(plan.plan_id, ItemFilter(actions=_ACTIONS, states=states)):
                if not wanted(item):
                    left.rest = left.rest or item.block is None
                elif item.block is not None or item.state is ItemState.FAILED:
                    left.undone = True
                else:
                    left.goes_on = True
        return left
