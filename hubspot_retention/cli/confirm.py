"""`confirm RECORD`: a person stands in for a start that moved back, or for a record that somebody restored."""

import typer

from hubspot_retention.cli.given import PolicyFile, Who, application
from hubspot_retention.cli.output import say
from hubspot_retention.cli.records import Record, read_record


def confirm(context: typer.Context, record: Record, policy: PolicyFile = None, who: Who = None) -> None:
    """Confirm a start that moved back by more than a year, or that a person restored a record: the rules decide again.

    It does not make a record stay: where a rule still lets it go, the next plan has it.
    """
    from hubspot_retention.cli.moments import shown
    from hubspot_retention.core.decision.model import Outcome
    from hubspot_retention.core.decision.provenance import value_words

    target = read_record(record, "contacts", "deals")
    house = application(context, policy=policy, who=who)
    civil = house.policy()[0].civil
    with house.store("brief") as store, house.portal(store) as portal:
        done = house.confirmer(portal, store).confirm(target)
    for name, value in done.starts:
        typer.echo(f"{target}: {name} {value_words(value, civil)} is confirmed")
    if done.restored:
        typer.echo(f"{target}: that a person restored it is confirmed; the rules decide about it again")
    if done.then.outcome is Outcome.DISPOSE:
        say(
            f"{'It does not stay by that. ' if done.restored else ''}By rule {done.then.rule} it is due since "
            f"{shown(done.then.due_at, civil)}: the next plan has it. "
            "To keep a contact, set retention_confirmed_on in HubSpot or place a hold."
        )
