"""`explain RECORD`: past, present and next date of one record, and why every rule won or lost."""

import typer

from hubspot_retention.cli.given import AsJson, PolicyFile, application
from hubspot_retention.cli.output import print_json, print_text
from hubspot_retention.cli.records import Record, read_record


def explain(context: typer.Context, record: Record, as_json: AsJson = False, policy: PolicyFile = None) -> None:
    """Tell everything of one contact or deal: its past, its present, its next date, and every rule."""
    from hubspot_retention.cli.render_explain import explanation_json, explanation_text

    target = read_record(record, "contacts", "deals")
    house = application(context, policy=policy)
    civil = house.policy()[0].civil
    with house.store("read") as store, house.portal(store) as portal:
        found = house.explainer(portal, store).explain(target)
    if as_json:
        print_json(explanation_json(found, civil))
    else:
        print_text(explanation_text(found, civil))
