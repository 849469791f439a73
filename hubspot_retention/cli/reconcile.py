"""`reconcile`: assess, then carry out what the mode and standing approvals allow. One shot, for cron."""

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

import typer

from hubspot_retention.cli.given import AsJson, PolicyFile, Who, application
from hubspot_retention.cli.output import print_json, print_text, say
from hubspot_retention.cli.plan import blocked_code, view_of
from hubspot_retention.core.counted import counted
from hubspot_retention.errors import ExitCode

if TYPE_CHECKING:
    from hubspot_retention.cli.plan_view import PlanView
    from hubspot_retention.core.civil import Civil
    from hubspot_retention.core.plan.model import Plan
    from hubspot_retention.workflow.owner_warnings import Warned
    from hubspot_retention.workflow.reconcile import Reconciliation


def reconcile(context: typer.Context, as_json: AsJson = False, policy: PolicyFile = None, who: Who = None) -> None:
    """Assess the portal, then carry out what the mode and standing approvals allow.

    observe: plans only. review: plans approved before are carried out; new ones wait. enforce: also what rules
    marked for it let go by themselves.
    """
    from hubspot_retention.bootstrap import At, shorten_log, verified, warn_owners
    from hubspot_retention.cli.progress import progress_bar
    from hubspot_retention.workflow.assess import Watcher
    from hubspot_retention.workflow.gate import check_clock, find_plan

    house = application(context, policy=policy, who=who)
    house.fit_policy()
    with house.store() as store, house.portal(store) as portal:
        # The token of another portal and a wrong clock are refused before anything is written down or removed.
        check_clock(portal.identity(), "nothing was read")
        house.note_in_force(store, house.actor)
        with progress_bar() as progress:

            def assess() -> "tuple[Plan, Plan]":
                return house.assess(portal, store, Watcher(progress), kind="reconcile")

            done = house.reconciler(portal, store).run(assess, house.actor, progress)
        if done.plans and not done.stopped_by:
            done.warned = warn_owners(house, At(portal=portal, store=store, actor=house.actor))
            shortened = shorten_log(house, store, partial(verified, house, store))
            if shortened.removed:
                say(f"{shortened.removed:,} entries of the audit log were removed: their period is over")
        made = [view_of(house, store, find_plan(store, plan.plan_id)) for plan in done.plans]
        applied = [view_of(house, store, find_plan(store, plan_id)) for plan_id in done.applied]
    _print(made, applied, done, house.policy()[0].civil, as_json=as_json)
    code = blocked_code(done.plans)
    if done.is_refused:
        code = ExitCode.BLOCKED
    raise typer.Exit(ExitCode.PARTLY_APPLIED if done.is_partial else code)


def _print(
    made: "list[PlanView]", applied: "list[PlanView]", done: "Reconciliation", civil: "Civil", *, as_json: bool
) -> None:
    from hubspot_retention.cli.render_run import outcome_json, outcome_text, run_json, run_text

    if as_json:
        print_json(
            {
                "run": run_json(made, civil) if made else None,
                "applied": [outcome_json(view) for view in applied],
                "waiting": [{"plan_id": plan_id, "why": why} for plan_id, why in done.waits],
                "stopped_by": done.stopped_by or None,
                "owners": asdict(done.warned),
            }
        )
    else:
        if made:
            print_text(run_text(made, civil), "")
        for view in applied:
            print_text(outcome_text(view))
    for plan_id, why in done.waits:
        say(f"plan {plan_id} waits: {why}")
    _tell_warned(done.warned)
    if done.stopped_by:
        say(f"{done.stopped_by}\nThe next reconciliation goes on where this one stopped.")


def _tell_warned(warned: "Warned") -> None:
    if warned.told:
        say(f"owners were warned of {counted(warned.told, 'record')}, by {counted(warned.tasks, 'task')} in HubSpot")
    if warned.without_owner:
        say(f"due soon, without an owner who could be warned: {counted(warned.without_owner, 'record')}")
    if warned.stopped_by:
        say(f"not every owner was warned: {warned.stopped_by}\nThe next reconciliation goes on with it.")
