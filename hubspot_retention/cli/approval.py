"""`approval standing grant | list | revoke`: a person lets one rule act by itself, so often a day, until a day."""

from typing import Annotated

import typer

from hubspot_retention.cli.given import AsJson, PolicyFile, Who, application
from hubspot_retention.cli.output import print_json, print_text
from hubspot_retention.errors import UsageError

app = typer.Typer(help="Approvals given in advance.", no_args_is_help=True)
standing = typer.Typer(help="Standing approvals: a rule may act by itself.", no_args_is_help=True)
app.add_typer(standing, name="standing")


@app.callback()
def approval() -> None:
    """Approvals given in advance."""


@standing.command()
def grant(
    context: typer.Context,
    rule: Annotated[str, typer.Option(help="The rule that may act by itself.")],
    max_per_day: Annotated[int, typer.Option(help="At most so many disposals on a local day.")],
    until: Annotated[str, typer.Option(metavar="DATE", help="The first day on which it no longer stands.")],
    policy: PolicyFile = None,
    who: Who = None,
) -> None:
    """Let a rule act by itself inside a cap. What an import, an integration or staff set still waits for a person."""
    from hubspot_retention.cli.moments import read_moment, shown
    from hubspot_retention.workflow.approvals import Approver, against_grant

    house = application(context, policy=policy, who=who)
    found, _ = house.policy()
    try:
        until_at = read_moment(until, "--until", found.civil)
    except UsageError as error:
        against = against_grant(found, rule, max_per_day, None, house.clock.now())
        raise UsageError("\n".join([*against, str(error)])) from error
    with house.store("brief") as store:
        made = Approver(store, house.actor).grant(found, rule, max_per_day, until_at, house.clock.now())
    typer.echo(
        f"standing approval {made.approval_id}: rule {rule} acts by itself, "
        f"at most {max_per_day} a day, until {shown(made.until_at, found.civil)}"
    )


@standing.command("list")
def list_(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Also those that are revoked.")] = False,
    as_json: AsJson = False,
    policy: PolicyFile = None,
) -> None:
    """List the standing approvals, what of today's caps is left, and why one is not in force."""
    from hubspot_retention.cli.render_approvals import approvals_json, approvals_table
    from hubspot_retention.workflow.approvals import Approver
    from hubspot_retention.workflow.standing import judged

    house = application(context, policy=policy)
    found, now = house.policy()[0], house.clock.now()
    with house.store("read") as store:
        approvals = Approver(store, house.actor).list(all=every)
        with store.transaction() as tx:
            why_not = {each.approval_id: why for each, why in judged(tx, found, now)}
    if as_json:
        print_json(approvals_json(approvals, why_not, found.civil, now))
    else:
        print_text(approvals_table(approvals, why_not, found.civil, now))


@standing.command()
def revoke(
    context: typer.Context,
    approval_id: Annotated[int, typer.Argument(metavar="ID", help="The approval's number.")],
    who: Who = None,
) -> None:
    """Take an approval back. What is being carried out by it stops before the next record."""
    from hubspot_retention.workflow.approvals import Approver

    house = application(context, who=who)
    with house.store("brief") as store:
        ended = Approver(store, house.actor).revoke(approval_id, house.clock.now())
    typer.echo(f"standing approval {ended.approval_id} for rule {ended.rule} is revoked")
