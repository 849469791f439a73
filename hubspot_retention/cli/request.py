"""`request record | list | close`: what people asked for, and the clock of each request."""

from enum import StrEnum
from typing import Annotated

import typer

from hubspot_retention.cli.given import AsJson, PolicyFile, Who, application
from hubspot_retention.cli.in_view import tell_if_not_in_view
from hubspot_retention.cli.losses import tell_losses
from hubspot_retention.cli.output import print_json, print_text
from hubspot_retention.cli.records import Record, read_record

app = typer.Typer(help="Requests of data subjects, each with its clock.", no_args_is_help=True)


class Kind(StrEnum):
    """GDPR articles 15, 16, 17, 20 and 21."""

    ACCESS = "access"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    PORTABILITY = "portability"
    OBJECTION = "objection"


class End(StrEnum):
    """How a request ended."""

    ANSWERED = "answered"
    REFUSED = "refused"
    TAKEN_BACK = "taken-back"


@app.callback()
def request() -> None:
    """Requests of data subjects, each with its clock."""


@app.command()
def record(
    context: typer.Context,
    record: Record,
    kind: Annotated[Kind, typer.Option(help="What was asked for.")],
    received: Annotated[
        str, typer.Option(metavar="WHEN", help="A day (its first instant) or an instant with its offset.")
    ],
    as_json: AsJson = False,
    policy: PolicyFile = None,
    who: Who = None,
) -> None:
    """Write a request into the register; its clock runs from when it was received."""
    from hubspot_retention.cli.moments import read_moment, shown
    from hubspot_retention.cli.render_registers import requests_json
    from hubspot_retention.core.policy.model import answer_by
    from hubspot_retention.core.request import RESTRICTING, RequestKind

    contact = read_record(record, "contacts")
    house = application(context, policy=policy, who=who)
    parsed = house.policy()[0]
    received_at = read_moment(received, "--received", parsed.civil)
    now = house.clock.now()
    with house.store("brief") as store:
        stored = house.registrar(store).record_request(contact, RequestKind(kind), received_at, now)
    if as_json:
        print_json(requests_json([stored], parsed, now)[0])
    else:
        limit = shown(answer_by(parsed, received_at), parsed.civil)
        typer.echo(f"request {stored.request_id} for {kind.value} of {contact} is recorded; answer it by {limit}")
    if stored.kind in RESTRICTING:
        tell_losses(house, {contact})
    tell_if_not_in_view(house, contact)


@app.command("list")
def list_(
    context: typer.Context,
    closed: Annotated[bool, typer.Option("--closed", help="Also those that are closed.")] = False,
    as_json: AsJson = False,
    policy: PolicyFile = None,
) -> None:
    """List the requests, the end of each clock and the days left."""
    from hubspot_retention.cli.render_registers import requests_json, requests_table

    house = application(context, policy=policy)
    parsed, now = house.policy()[0], house.clock.now()
    with house.store("read") as store, store.transaction() as tx:
        found = [request for request in tx.requests(followed=False) if closed or request.closed_at is None]
    if as_json:
        print_json(requests_json(found, parsed, now))
    else:
        print_text(requests_table(found, parsed, now))


@app.command()
def close(
    context: typer.Context,
    request_id: Annotated[int, typer.Argument(metavar="ID", help="The request's number.")],
    end: Annotated[End, typer.Option("--as", help="How it ended.")],
    who: Who = None,
) -> None:
    """Close a request: answered, refused or taken back."""
    from hubspot_retention.core.request import RequestEnd

    house = application(context, who=who)
    with house.store("brief") as store:
        ended = house.registrar(store).close_request(request_id, RequestEnd(end), house.clock.now())
    typer.echo(f"request {ended.request_id} of contacts/{ended.contact_id} is closed: {end.value}")
