"""`alarm list | settle`: what a person has been told of, and what they did about it."""

from typing import Annotated

import typer

from hubspot_retention.cli.given import AsJson, PolicyFile, Who, application
from hubspot_retention.cli.output import print_json, print_text
from hubspot_retention.cli.records import Record, read_record
from hubspot_retention.core.alarm import Outcome

app = typer.Typer(help="Alarms: what a person must hear of before it is too late.", no_args_is_help=True)


@app.callback()
def alarm() -> None:
    """Alarms: what a person must hear of before it is too late."""


@app.command("list")
def list_(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Also those that are settled.")] = False,
    as_json: AsJson = False,
    policy: PolicyFile = None,
) -> None:
    """List the alarms, the most urgent first."""
    from hubspot_retention.cli.render_alarms import alarms_json, alarms_table

    house = application(context, policy=policy)
    civil = house.policy()[0].civil
    with house.store("read") as store, store.transaction() as tx:
        alarms = tx.alarms(open_only=not every)
    if as_json:
        print_json(alarms_json(alarms, civil))
    else:
        print_text(alarms_table(alarms, civil))


@app.command()
def settle(
    context: typer.Context,
    record: Record,
    outcome: Annotated[
        Outcome,
        typer.Option(
            help="Deleted by others: it could go, or is lost. Erased and back: welcome, or taken out again. "
            "Could not be read: seen to."
        ),
    ],
    who: Who = None,
) -> None:
    """Settle the alarm of a record that somebody else deleted, that is an erased person come back, or that could not be
    read; the log says how.

    A record that was restored, one that is gone again, or one that was read settles its alarm by itself.
    """
    from hubspot_retention.workflow.alarms import settle_alarm

    target = read_record(record, "contacts", "companies", "deals")
    house = application(context, who=who)
    with house.store("brief") as store:
        settled = settle_alarm(store, str(target), outcome, house.actor, house.clock.now())
    typer.echo(f"the alarm about {settled.about} is settled by {house.actor}: {outcome.value}")
