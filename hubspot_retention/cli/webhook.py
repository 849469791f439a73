"""`webhook subscriptions`: which events the policy needs to hear of, and making what is missing of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hubspot_retention.cli.given import AsJson, PolicyFile, Yes, application
from hubspot_retention.cli.output import print_json, print_text, say
from hubspot_retention.cli.portal import ask
from hubspot_retention.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from rich.table import Table

    from hubspot_retention.bootstrap import Application
    from hubspot_retention.core.webhook.wanted import Comparison, ExistingSubscription, Subscription

app = typer.Typer(help="What HubSpot tells the service unasked.", no_args_is_help=True)


@app.callback()
def webhook() -> None:
    """What HubSpot tells the service unasked."""


@app.command()
def subscriptions(
    context: typer.Context,
    create: Annotated[
        bool, typer.Option("--create", help="Make the missing ones (HUBSPOT_APP_ID and HUBSPOT_DEVELOPER_KEY).")
    ] = False,
    hsmeta: Annotated[
        bool, typer.Option("--hsmeta", help="Print the webhooks-hsmeta.json of a project app instead.")
    ] = False,
    as_json: AsJson = False,
    yes: Yes = False,
    policy: PolicyFile = None,
) -> None:
    """Show the webhook subscriptions that the policy needs, exactly; with --create, make those that are missing."""
    from hubspot_retention.bootstrap.webhooks import wanted_subscriptions

    if create + hsmeta + as_json > 1:
        raise UsageError("give one of --create, --hsmeta and --json")
    house = application(context, policy=policy)
    target = _target(house) if hsmeta else ""
    wanted = wanted_subscriptions(house)
    if create:
        raise typer.Exit(_create(house, wanted, yes))
    if hsmeta:
        from hubspot_retention.core.webhook.wanted import project_component

        print_json(project_component(wanted, target))
    elif as_json:
        print_json([_plain(each) for each in wanted])
    else:
        print_text(_table(wanted))
        say(f"{len(wanted)} subscriptions; --hsmeta prints them for a project app, --create makes what is missing.")


def _target(house: "Application") -> str:
    url = house.settings().service.public_url
    if not url:
        raise UsageError(
            "HubSpot must be told where to send webhooks: set [service] public_url or RETENTION_PUBLIC_URL to the "
            "https:// URL under which the service's /webhooks/hubspot can be reached"
        )
    return url


def _plain(each: "Subscription") -> dict[str, Any]:
    return {"eventType": each.event_type} | ({"propertyName": each.property_name} if each.property_name else {})


def _table(wanted: "Sequence[Subscription]") -> "Table":
    from hubspot_retention.cli.render_plan import table

    made = table("Event", "Property")
    for each in wanted:
        made.add_row(each.event_type, each.property_name)
    return made


def _create(house: "Application", wanted: "Sequence[Subscription]", yes: bool) -> ExitCode:
    """Make what is missing, after asking. What is there, paused or somebody else's is told, and left as it is."""
    from hubspot_retention.bootstrap.webhooks import webhook_control
    from hubspot_retention.core.webhook.wanted import compare

    with webhook_control(house) as control:
        found = compare(wanted, control.subscriptions())
        _tell(found)
        if not found.missing:
            typer.echo("Nothing is missing; nothing is made.")
            return ExitCode.DONE
        typer.echo("There would be made:")
        for each in found.missing:
            typer.echo(f"  {each}")
        ask(yes, "Nothing else is changed.")
        refused = 0
        for each in found.missing:
            made = control.create(each)
            refused += not made
            typer.echo(f"{'made' if made else 'not taken by HubSpot'}: {each}")
    if refused:
        say(f"HubSpot did not take {refused} of {len(found.missing)}: what they would tell is found by the sweeps.")
        return ExitCode.PARTLY_APPLIED
    return ExitCode.DONE


def _tell(found: "Comparison") -> None:
    typer.echo(f"{len(found.there)} of the subscriptions that the policy needs are there.")
    _list("These are paused, so nothing comes of them; switch them on in HubSpot:", found.paused)
    _list("These are not needed here and are left alone:", found.foreign)


def _list(heading: str, found: "Sequence[ExistingSubscription]") -> None:
    if found:
        typer.echo(heading)
        for each in found:
            state = "" if each.active else " (paused)"
            typer.echo(f"  {each.subscription_id}  {each.subscription}{state}")
