"""`portal check | probe | residue | setup`: whether the policy can be kept on this portal, and making it so."""

import typer

from hubspot_retention.cli.given import AsJson, PolicyFile, Who, Yes, application
from hubspot_retention.cli.output import print_json, print_text, refuse_unasked, say
from hubspot_retention.errors import ExitCode

app = typer.Typer(help="The portal: check it, try it, prepare it.", no_args_is_help=True)


@app.callback()
def portal() -> None:
    """The portal: check it, try it, prepare it."""


@app.command()
def check(context: typer.Context, as_json: AsJson = False, policy: PolicyFile = None) -> None:
    """Check whether this is the right portal and whether the policy can be kept on it."""
    from hubspot_retention.cli.render_portal import check_json, check_text

    house = application(context, policy=policy)
    with house.transport() as transport:
        found = house.check_portal(transport)
    if as_json:
        print_json(check_json(found))
    else:
        print_text(check_text(found))
    raise typer.Exit(ExitCode.DONE if found.is_fine else ExitCode.FAILED)


@app.command()
def probe(
    context: typer.Context, yes: Yes = False, as_json: AsJson = False, policy: PolicyFile = None, who: Who = None
) -> None:
    """Try on the portal what HubSpot leaves undocumented, with records of its own making, marked and removed."""
    from hubspot_retention.cli.render_portal import probe_json, probe_text

    house = application(context, policy=policy, who=who)
    with house.store() as store, house.transport() as transport:
        portal_id = house.identify(transport, store).portal_id
        trial = house.probe(transport)
        ask(
            yes,
            f"In portal {portal_id} about ten contacts, a deal and some correspondence named {trial.marker} are made, "
            "merged, archived and erased. HubSpot keeps what is archived in its bin for 90 days.",
        )
        keeper = house.keeper(store)
        keeper.probe_started(portal_id, house.clock.now())
        results = trial.run()
        verified = keeper.probe_done(portal_id, results, house.clock.now())
    if as_json:
        print_json(probe_json(results, verified))
    else:
        print_text(probe_text(results, verified))
    left = [str(record) for record in trial.left_behind]
    if left:
        say(f"still in view: {', '.join(left)}; please remove by hand whatever is called {trial.marker}")
    raise typer.Exit(ExitCode.FAILED if left else ExitCode.DONE)


@app.command()
def residue(context: typer.Context, as_json: AsJson = False, policy: PolicyFile = None, who: Who = None) -> None:
    """Find notes, e-mails, calls, meetings and tasks that hang on nothing any more. Nothing is done to them."""
    from hubspot_retention.cli.progress import progress_bar
    from hubspot_retention.cli.render_residue import residue_json, residue_text

    house = application(context, policy=policy, who=who)
    with house.store("brief") as store, house.transport() as transport, progress_bar() as progress:
        portal_id = house.identify(transport, store).portal_id
        found = house.residue_sweep(transport, store).run(portal_id, house.clock.now, progress)
    civil = house.policy()[0].civil
    if as_json:
        print_json(residue_json(portal_id, found, civil))
    else:
        print_text(residue_text(portal_id, found, civil))


@app.command()
def setup(context: typer.Context, yes: Yes = False, policy: PolicyFile = None, who: Who = None) -> None:
    """Make the property group and the properties that the policy reads and the portal lacks."""
    house = application(context, policy=policy, who=who)
    with house.store() as store, house.transport() as transport:
        portal_id = house.identify(transport, store).portal_id
        wanted = house.missing_definitions(transport)
        if not wanted:
            typer.echo(f"Portal {portal_id} has everything that the policy reads; nothing is made.")
            return
        typer.echo(f"In portal {portal_id} there would be made:")
        for each in wanted:
            typer.echo(f"  {each.text}")
        ask(yes, "Nothing else is changed.")
        keeper = house.keeper(store)
        for each in wanted:
            if house.create_definition(transport, each):
                name = "group" if each.definition is None else each.definition.name
                keeper.property_created(portal_id, each.object_type.value, name, house.clock.now())
                typer.echo(f"made: {each.text}")


def ask(yes: bool, what: str) -> None:
    """Ask before the portal is changed. Raises UsageError where nobody can answer."""
    if yes:
        return
    say(what)
    refuse_unasked()
    typer.confirm("Go on?", abort=True, err=True)
