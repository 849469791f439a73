"""`stop | resume`: the switch that stops all disposals within one record."""

from typing import Annotated

import typer

from hubspot_retention.cli.given import Who, application, why_given


def stop(
    context: typer.Context,
    why: Annotated[str, typer.Option(help="Why, in a few words; name no person.")],
    who: Who = None,
) -> None:
    """Stop all disposals, within one record, until `resume`."""
    words = why_given(why, "a few words that tell others why everything stands still")
    house = application(context, who=who)
    with house.store("brief") as store:
        house.registrar(store).set_kill_switch(f"{house.actor}: {words}", house.clock.now())
    typer.echo("All disposals are stopped; `resume` lets them go on.")


def resume(context: typer.Context, who: Who = None) -> None:
    """Let disposals go on after `stop`."""
    house = application(context, who=who)
    with house.store("brief") as store:
        with store.transaction() as tx:
            stopped = tx.kill_switch()
        if stopped is None:
            typer.echo("Nothing is stopped.")
            return
        house.registrar(store).set_kill_switch(None, house.clock.now())
    typer.echo(f"Disposals may go on; they were stopped by {stopped}.")
