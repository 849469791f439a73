"""Reconcile: carry on, assess, and carry out what the mode and standing approvals allow. One shot, for cron.

The rule, by mode:

- `observe`: the two plans of the run are made and nothing else happens.
- `review`: plans that a person approved before and that nobody applied yet, or whose application was stopped, are
  carried out first (a new assessment would put itself in their place); then the plans of this run are made. They
  are new, so they wait for a person.
- `enforce`: as `review`, and then what the policy lets go by itself (`standing.py`) is carried out, inside the
  guardrails, provided a named person approved a policy before and no rule has been widened since (that is a
  guardrail). It is approved by the actor `service`, in the audit log, under the plan's digest. The rest of the
  plan waits for a person under the same digest.

A refusal leaves a plan as it is and is told with its reason; the other plan is still carried out, so that a flood
of inactive contacts never holds up a five-day duty.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from hubspot_retention.core.audit.kinds import Verb
from hubspot_retention.core.plan.model import Action, ItemState, Plan, PlanItem, PlanStatus
from hubspot_retention.core.plan.query import ItemFilter
from hubspot_retention.core.policy.model import Mode, RetentionPolicy
from hubspot_retention.errors import BlockedError, PortalError
from hubspot_retention.workflow.dispose import ApplyReport
from hubspot_retention.workflow.gate import Permission, find_plan
from hubspot_retention.workflow.ports import Store
from hubspot_retention.workflow.seal import plan_entry
from hubspot_retention.workflow.standing import SERVICE, covered, covered_records

_UNSETTLED = (ItemState.SENT, ItemState.UNKNOWN)
_OPEN = (ItemState.PENDING, ItemState.PREPARED)
_ACTIONS = (Action.ARCHIVE, Action.ERASE, Action.END_MARKETING)

Progress = Callable[[str, int, int | None], None]
Wanted = Callable[[PlanItem], bool]


class Applies(Protocol):
    """What carries out plans."""

    def apply(self, plan_id: str, actor: str, progress: Progress) -> ApplyReport:
        """Carry out what a plan's approval covers."""


@dataclass(slots=True)
class Reconciliation:
    """What one reconciliation did. `plans` are this run's, `applied` the ids of plans that were carried out,
    `waits` the ids of those that were not and why, `is_partial` whether something that was to be done was not."""

    plans: tuple[Plan, ...] = ()
    applied: list[str] = field(default_factory=list)
    waits: list[tuple[str, str]] = field(default_factory=list)
    stopped_by: str = ""
    is_partial: bool = False


@dataclass(slots=True)
class _Left:
    """What an application left: of its own part something failed or blocked (`undone`), or still to be carried
    out or settled (`goes_on`); of the rest something that it was not to touch."""

    undone: bool = False
    goes_on: bool = False
    rest: bool = False


class Reconciler:
    """Reconciles one portal with its policy."""

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

    def run(self, assess: Callable[[], tuple[Plan, Plan]], actor: str, progress: Progress) -> Reconciliation:
        """Carry on, assess, carry out. What HubSpot stops is told in the answer; the next run goes on."""
        done = Reconciliation()
        if self._permission.mode is not Mode.OBSERVE:
            for plan in self._carried_over():
                self._apply(plan, actor, progress, done)
        if done.stopped_by:
            return done
        done.plans = assess()
        for plan in done.plans:
            why = self._why_it_waits(plan)
            if why is not None:
                done.waits.append((plan.plan_id, why))
            elif not done.stopped_by:
                self._apply(self._approve(plan), actor, progress, done)
        return done

    def _carried_over(self) -> list[Plan]:
        """Plans of earlier runs that are approved, or whose application was stopped; oldest first."""
        with self._store.transaction() as tx:
            plans = [plan for plan in tx.plans() if plan.policy_digest == self._policy.digest]
            found = [plan for plan in plans if plan.status in (PlanStatus.APPROVED, PlanStatus.APPLYING)]
            found.extend(
                plan
                for plan in plans
                if plan.status is PlanStatus.PARTLY_APPLIED
                and any(tx.count_states(plan.plan_id).get(state, 0) for state in _UNSETTLED)
            )
        return sorted((plan for plan in found if self._now() <= plan.expires_at), key=lambda plan: plan.run_id)

    def _why_it_waits(self, plan: Plan) -> str | None:
        """Why a plan of this run is not carried out by itself; `None` if a part of it is."""
        if plan.status is PlanStatus.BLOCKED:
            return f"a guardrail blocks it: {'; '.join(plan.breaches)}"
        if not plan.rules:
            return "there is nothing to do"
        if self._permission.mode is Mode.OBSERVE:
            return "the mode is observe: nothing is written"
        if self._permission.mode is Mode.REVIEW:
            return "it is new: a person must approve it"
        with self._store.transaction() as tx:
            if tx.kill_switch() is not None:
                return "all disposals are stopped"
            if tx.approved_policy() is None:
                return "nobody has approved the policy yet: `policy approve`"
        if not self._permission.allow_erase and any(count.action is Action.ERASE for count in plan.rules):
            return "it erases, and erasing is not allowed by the service settings"
        if not covered_records(self._store, plan, self._policy):
            return "no rule in it goes by itself: a person must approve it"
        return None

    def _approve(self, plan: Plan) -> Plan:
        approved = replace(plan, status=PlanStatus.APPROVED, decided_by=SERVICE, decided_at=self._now())
        with self._store.transaction() as tx:
            tx.save_plan(approved)
            tx.audit(plan_entry(plan, Verb.APPROVED, self._now(), SERVICE, "standing-approval"))
        return approved

    def _apply(self, plan: Plan, actor: str, progress: Progress, done: Reconciliation) -> None:
        wanted = covered(self._store, plan, self._policy)
        try:
            self._applier.apply(plan.plan_id, actor, progress)
        except BlockedError as error:
            done.waits.append((plan.plan_id, str(error)))
            return
        except PortalError as error:
            done.stopped_by, done.is_partial = str(error), True
        done.applied.append(plan.plan_id)
        if not done.stopped_by:
            self._after(plan.plan_id, wanted, done)

    def _after(self, plan_id: str, wanted: Wanted, done: Reconciliation) -> None:
        """Note what is left of the part that was to be carried out, and hand the rest to a person."""
        plan = find_plan(self._store, plan_id)
        left = self._left(plan, wanted)
        done.is_partial = done.is_partial or left.undone or left.goes_on
        if left.rest and not left.goes_on and plan.decided_by == SERVICE:
            waiting = replace(plan, status=PlanStatus.AWAITING_REVIEW, decided_by="", decided_at=None)
            with self._store.transaction() as tx:
                tx.save_plan(waiting)
                tx.audit(plan_entry(plan, Verb.STOPPED, self._now(), SERVICE, "rest-waits-for-review"))
            done.waits.append((plan_id, "the rest of it waits for a person"))

    def _left(self, plan: Plan, wanted: Wanted) -> _Left:
        left = _Left()
        states = (*_OPEN, *_UNSETTLED, ItemState.FAILED)
        with self._store.transaction() as tx:
            for item in tx.items(plan.plan_id, ItemFilter(actions=_ACTIONS, states=states)):
                if not wanted(item):
                    left.rest = left.rest or item.block is None
                elif item.block is not None or item.state is ItemState.FAILED:
                    left.undone = True
                else:
                    left.goes_on = True
        return left
