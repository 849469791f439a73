"""`plan new | list | show`: assess a portal, and read what was planned. Always safe."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubspot_retention.cli.given import AsJson, PolicyFile, Who, application
from hubspot_retention.cli.output import console, print_json, print_text, say
from hubspot_retention.errors import ExitCode

if TYPE_CHECKING:
    from hubspot_retention.bootstrap import Application
    from hubspot_retention.cli.plan_view import PlanView
    from hubspot_retention.core.plan.model import Plan
    from hubspot_retention.workflow.ports import Store

app = typer.Typer(help="Disposition plans: make, read, approve, apply them.", no_args_is_help=True)

PlanId = Annotated[str, typer.Argument(metavar="ID", help="A plan's id, such as 1-rights.")]


@app.callback()
def plan() -> None:
    """Disposition plans: make, read, approve, apply them."""


@app.command()
def new(
    context: typer.Context,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="As of a day (its first instant) or an instant with its offset."),
    ] = None,
    decisions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Every record's decision as JSON lines (- is stdout).")
    ] = None,
    as_json: AsJson = False,
    policy: PolicyFile = None,
    who: Who = None,
) -> None:
    """Assess the portal and store the two plans of a run: nothing is written to HubSpot."""
    from hubspot_retention.cli.decisions import decision_lines
    from hubspot_retention.cli.moments import read_moment
    from hubspot_retention.cli.progress import progress_bar
    from hubspot_retention.workflow.assess import Watcher

    house = application(context, policy=policy, who=who)
    civil = house.fit_policy()[0].civil
    instant = None if as_of is None else read_moment(as_of, "--as-of", civil)
    with ExitStack() as stack:
        store = stack.enter_context(house.store())
        house.note_in_force(store, house.actor)
        portal = stack.enter_context(house.portal(store))
        lines = stack.enter_context(decision_lines(civil, decisions))
        with progress_bar() as progress:
            watcher = Watcher(progress) if decisions is None else Watcher(progress, lines.write)
            plans = house.assess(portal, store, watcher, instant)
        if decisions is not None:
            records = sum(count for _, count in plans[0].population)
            lines.finish(decisions, records, [made.plan_id for made in plans])
        views = [view_of(house, store, made) for made in plans]
    # With the decisions on stdout the summary is a message beside the data.
    _print_run(views, house, as_json=as_json, aside=str(decisions) == "-")
    raise typer.Exit(blocked_code(plans))


def _print_run(views: "list[PlanView]", house: "Application", *, as_json: bool, aside: bool) -> None:
    from hubspot_retention.cli.render_run import run_json, run_text

    civil = house.policy()[0].civil
    if aside:
        console(stderr=True).print(run_text(views, civil))
    elif as_json:
        print_json(run_json(views, civil))
    else:
        print_text(run_text(views, civil))


def blocked_code(plans: "tuple[Plan, ...]") -> ExitCode:
    """Tell which plans a guardrail blocks, and answer with the exit code."""
    from hubspot_retention.core.plan.model import PlanStatus

    blocked = [made for made in plans if made.status is PlanStatus.BLOCKED]
    for made in blocked:
        say(f"plan {made.plan_id} is blocked by a guardrail: {'; '.join(made.breaches)}")
    return ExitCode.BLOCKED if blocked else ExitCode.DONE


def view_of(house: "Application", store: "Store", made: "Plan", limit: int | None = 0) -> "PlanView":
    """A plan with its totals and the first items by deadline (`None`: all)."""
    from itertools import islice

    from hubspot_retention.cli.plan_view import PlanView, totals
    from hubspot_retention.core.plan.query import ALL_ITEMS, ItemFilter, ItemOrder
    from hubspot_retention.workflow.owner_warnings import warned_of

    with store.transaction() as tx:
        counted = totals(tx.items(made.plan_id, ALL_ITEMS))
        items = islice(tx.items(made.plan_id, ItemFilter(order=ItemOrder.DEADLINE)), limit)
        shown = tuple(items)
    policy = house.policy()[0]
    return PlanView(made, counted, shown, warned_of(store, made, policy), policy.attachments)


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False, policy: PolicyFile = None) -> None:
    """List the plans, newest first."""
    from hubspot_retention.cli.plan_view import PlanView, Totals, plan_json
    from hubspot_retention.cli.render_plan import plan_list

    house = application(context, policy=policy)
    civil = house.policy()[0].civil
    with house.store("read") as store, store.transaction() as tx:
        plans = tx.plans()
    if as_json:
        shown = ("plan_id", "kind", "status", "digest", "as_of", "built_at", "expires_at", "decided_by", "rules")
        every = [plan_json(PlanView(made, Totals()), civil) for made in plans]
        print_json([{name: found[name] for name in shown} for found in every])
    else:
        print_text(plan_list(plans, civil))


@app.command()
def show(
    context: typer.Context,
    plan_id: PlanId,
    every: Annotated[bool, typer.Option("--all", help="Show all items, not the first 20.")] = False,
    as_json: AsJson = False,
    policy: PolicyFile = None,
) -> None:
    """Show a plan: what is done by which rule, to which records, and the digest to approve it by."""
    from hubspot_retention.cli.plan_view import ITEMS_SHOWN, plan_json
    from hubspot_retention.cli.render_plan import item_heading, item_lines, plan_body, plan_header
    from hubspot_retention.cli.render_run import others
    from hubspot_retention.workflow.gate import find_plan

    house = application(context, policy=policy)
    civil = house.policy()[0].civil
    with house.store("read") as store:
        view = view_of(house, store, find_plan(store, plan_id), None if every else ITEMS_SHOWN)
    if as_json:
        print_json(plan_json(view, civil))
        return
    print_text(plan_header(view.plan, civil), "", plan_body(view, civil), "", *others([view.plan]), "")
    if view.items:
        print_text(item_heading(), *[item_lines(item, civil, view.attachments) for item in view.items])
    if len(view.items) < view.totals.items:
        print_text(f"… and {view.totals.items - len(view.items):,} more: plan show {plan_id} --all")
    print_text("", f"Digest {view.plan.digest}")
