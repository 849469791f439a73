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

Then a due tick, as the long-running service does one: what standing approvals cover is carried out up to their caps,
and what was due between two sweeps is not forgotten.

A refusal leaves a plan as it is and is told with its reason; the other plan is still carried out, so that a flood
of inactive contacts never holds up a five-day duty.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from hubspot_retention.core.audit.kinds import Verb
from hubspot_retention.core.counted import counted
from hubspot_retention.core.plan.model import Action, Plan, PlanStatus
from hubspot_retention.core.policy.model import Mode, RetentionPolicy
from hubspot_retention.errors import BlockedError, PortalError
from hubspot_retention.workflow.approved import Applies, ApprovedPlans, CarriedOut, Progress
from hubspot_retention.workflow.due import DueTick
from hubspot_retention.workflow.gate import Permission
from hubspot_retention.workflow.owner_warnings import Warned
from hubspot_retention.workflow.ports import Store
from hubspot_retention.workflow.remembered import expire_remembered
from hubspot_retention.workflow.seal import plan_entry
from hubspot_retention.workflow.standing import SERVICE, covered_records, ends_of_grace

_STOPPED: Final = "all disposals are stopped"


@dataclass(slots=True)
class Reconciliation(CarriedOut):
    """What one reconciliation did. `plans` are this run's; `warned`: what owners were told of afterwards."""

    plans: tuple[Plan, ...] = ()
    warned: Warned = field(default_factory=Warned)


class Reconciler:
    """Reconciles one portal with its policy. `due` is the due tick that follows; without one nothing is told to the
    ledger."""

    def __init__(
        self,
        store: Store,
        applier: Applies,
        policy: RetentionPolicy,
        permission: Permission,
        clock: Callable[[], datetime],
        due: DueTick | None = None,
    ) -> None:
        self._store = store
        self._policy = policy
        self._permission = permission
        self._now = clock
        self._due = due
        self._approved = due.approved if due else ApprovedPlans(store, applier, policy, permission, clock)

    def run(self, assess: Callable[[], tuple[Plan, Plan]], actor: str, progress: Progress) -> Reconciliation:
        """Carry on, assess, carry out. What HubSpot stops is told in the answer; the next run goes on."""
        done = Reconciliation()
        expire_remembered(self._store, self._policy, self._now())
        if self._permission.mode is not Mode.OBSERVE:
            for plan in self._approved.waiting():
                self._approved.carry_out(plan, actor, progress, done)
        if done.stopped_by:
            return done
        done.plans = assess()
        for plan in done.plans:
            why = self._why_it_waits(plan)
            if why is not None:
                done.waits.append((plan.plan_id, why))
                done.is_refused = done.is_refused or why is _STOPPED
            elif not done.stopped_by:
                self._approved.carry_out(self._approve(plan), actor, progress, done)
        if self._due is not None and not done.stopped_by:
            self._tick(self._due, progress, done)
        return done

    def _tick(self, due: DueTick, progress: Progress, done: Reconciliation) -> None:
        try:
            report = due.run(self._now(), progress)
        except (PortalError, BlockedError) as error:
            done.stopped_by, done.is_partial = str(error), True
            return
        done.applied.extend(plan_id for plan_id in report.applied if plan_id not in done.applied)
        done.waits.extend(report.waits)
        done.stopped_by = report.stopped_by
        done.is_partial = done.is_partial or report.is_partial
        done.is_refused = done.is_refused or report.is_refused

    def _why_it_waits(self, plan: Plan) -> str | None:
        """Why a plan of this run is not carried out by itself; `None` if a part of it is."""
        if plan.status is PlanStatus.BLOCKED:
            return f"a guardrail blocks it: {'; '.join(plan.breaches)}"
        if not plan.to_do:
            return "there is nothing to do"
        if self._permission.mode is Mode.OBSERVE:
            return "the mode is observe: nothing is written"
        if self._permission.mode is Mode.REVIEW:
            return "it is new: a person must approve it"
        with self._store.transaction() as tx:
            if tx.kill_switch() is not None:
                return _STOPPED
            if tx.approved_policy() is None:
                return "nobody has approved the policy yet: `policy approve`"
        if not self._permission.allow_erase and any(count.action is Action.ERASE for count in plan.rules):
            return "it erases, and erasing is not allowed by the service settings"
        if not covered_records(self._store, plan, self._policy, self._permission.mode, self._now()):
            return self._its_grace(plan) or "no rule in it goes by itself: a person must approve it"
        return None

    def _its_grace(self, plan: Plan) -> str:
        """Until when a plan's records wait that would go by themselves but for their grace; empty if there are none."""
        ends = ends_of_grace(self._store, plan, self._policy, self._permission.mode, self._now())
        if not ends:
            return ""
        first = self._policy.civil.show(ends[0])
        told = (
            f"1 record waits for its grace to end, at {first}, and then goes by itself"
            if len(ends) == 1
            else f"{len(ends):,} records wait for their grace to end, the first at {first}, and then go by themselves"
        )
        rest = sum(count.total for count in plan.rules) - len(ends)
        return f"{told}; {counted(rest, 'other')} must be approved by a person" if rest else told

    def _approve(self, plan: Plan) -> Plan:
        approved = replace(plan, status=PlanStatus.APPROVED, decided_by=SERVICE, decided_at=self._now())
        with self._store.transaction() as tx:
            tx.save_plan(approved)
            tx.audit(plan_entry(plan, Verb.APPROVED, self._now(), SERVICE, "standing-approval"))
        return approved
