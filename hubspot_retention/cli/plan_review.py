"""`plan approve | reject | apply`: what a person decides about a plan, and carrying it out."""

from typing import TYPE_CHECKING, Annotated

import typer

from hubspot_retention.cli.given import AsJson, PolicyFile, Who, application, why_given
from hubspot_retention.cli.output import print_json, print_text, say
from hubspot_retention.cli.plan import PlanId, view_of
from hubspot_retention.errors import ExitCode, PortalDeniedError, PortalError

if TYPE_CHECKING:
    from hubspot_retention.bootstrap import Application
    from hubspot_retention.cli.plan_view import PlanView
    from hubspot_retention.workflow.ports import Store


def approve(
    context: typer.Context,
    plan_id: PlanId,
    digest: Annotated[str, typer.Option(help="The digest that `plan show` prints, at least 12 characters of it.")],
    policy: PolicyFile = None,
    who: Who = None,
) -> None:
    """Approve exactly this plan, by its digest. The policy it was made under counts as approved with it. Of one that is
    blocked because far fewer records were read, accept that figure: the next plan is measured by it."""
    from hubspot_retention.workflow.approvals import is_approved

    house = application(context, policy=policy, who=who)
    parsed, text = house.policy()
    with house.store("brief") as store:
        house.note_in_force(store, house.actor)
        with store.transaction() as tx:
            is_known = is_approved(tx, parsed)
        reviewer, now = house.reviewer(store), house.clock.now()
        fewer = reviewer.accept_fewer(plan_id, digest, text, now)
        made = fewer or reviewer.approve(plan_id, digest, text, now)
    if fewer is not None:
        say(f"{made.decided_by} accepts what plan {plan_id} read; it stays blocked: make a new one with `plan new`")
        return
    say(f"plan {plan_id} is approved by {made.decided_by}; carry it out with: hubspot-retention plan apply {plan_id}")
    if not is_known:
        say(f"With it {parsed.name}, version {parsed.version}, digest {parsed.digest}, counts as approved.")


def reject(
    context: typer.Context,
    plan_id: PlanId,
    why: Annotated[str, typer.Option(help="Why; kept beside the log, so name no person.")],
    who: Who = None,
) -> None:
    """Reject a plan: nothing of it is ever applied."""
    words = why_given(why, "a few words that tell others what is wrong with it")
    house = application(context, who=who)
    with house.store("brief") as store:
        made = house.reviewer(store).reject(plan_id, words, house.clock.now())
    say(f"plan {plan_id} is rejected by {made.decided_by}")


def apply(
    context: typer.Context,
    plan_id: PlanId,
    as_json: AsJson = False,
    policy: PolicyFile = None,
    who: Who = None,
) -> None:
    """Carry out an approved plan, or go on with one that was stopped."""
    from hubspot_retention.cli.render_run import outcome_json, outcome_text

    house = application(context, policy=policy, who=who)
    with house.store(makes=False) as store:
        house.note_in_force(store, house.actor)
        view = _applied(house, store, plan_id)
    if as_json:
        print_json(outcome_json(view))
    else:
        print_text(outcome_text(view))
    raise typer.Exit(outcome_code(view))


def _applied(house: "Application", store: "Store", plan_id: str) -> "PlanView":
    """Apply a plan, and write into the deadline ledger what became of its records, also if something stopped it. What
    HubSpot's refusal or pause stopped half-way is told like what came to its end."""
    from hubspot_retention.cli.progress import progress_bar
    from hubspot_retention.core.plan.model import ItemState
    from hubspot_retention.workflow.gate import find_plan

    try:
        try:
            with house.portal(store) as portal, progress_bar() as progress:
                house.applier(portal, store).apply(plan_id, house.actor, progress)
        finally:
            house.settlement(store).settle(plan_id)
    except PortalError as error:
        view = view_of(house, store, find_plan(store, plan_id))
        if view.totals.states.keys() <= {ItemState.PENDING, ItemState.PREPARED}:
            raise
        say(str(error))
        if isinstance(error, PortalDeniedError):
            say("The service needs a token that may do this: `portal check` tells what this one lacks.")
        say(
            f"`plan apply {plan_id}` goes on where it stopped. What was sent is read back first: "
            "nothing is done twice, and nothing stays half done."
        )
        return view
    return view_of(house, store, find_plan(store, plan_id))


def outcome_code(view: "PlanView") -> ExitCode:
    """3 while anything that was due is not carried out."""
    from hubspot_retention.core.plan.model import PlanStatus

    return ExitCode.DONE if view.plan.status is PlanStatus.APPLIED else ExitCode.PARTLY_APPLIED
