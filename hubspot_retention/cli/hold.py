"""`hold place | list | release`: what must not go, whatever a rule says."""

from typing import TYPE_CHECKING, Annotated

import typer

from hubspot_retention.cli.given import AsJson, PolicyFile, Who, application, told_together, why_given
from hubspot_retention.cli.in_view import tell_if_not_in_view
from hubspot_retention.cli.losses import reach_of, tell_losses
from hubspot_retention.cli.output import print_json, print_text, say
from hubspot_retention.cli.records import Record, read_matter, read_record
from hubspot_retention.errors import UsageError

if TYPE_CHECKING:
    from datetime import date

    from hubspot_retention.bootstrap import Application
    from hubspot_retention.core.record import RecordRef

app = typer.Typer(help="Holds: what must not go, whatever a rule says.", no_args_is_help=True)


@app.callback()
def hold() -> None:
    """Holds: what must not go, whatever a rule says."""


@app.command()
def place(
    context: typer.Context,
    record: Record,
    matter: Annotated[str, typer.Option(help="The case's reference, such as J-2026-114; no name, no spaces.")],
    reason: Annotated[str, typer.Option(help="Why; kept beside the log, so name no person.")],
    review_on: Annotated[str | None, typer.Option(metavar="DATE", help="When somebody shall look again.")] = None,
    as_json: AsJson = False,
    who: Who = None,
) -> None:
    """Place a hold on a contact, company or deal; it reaches whatever hangs on it (a dispute is with the customer)."""
    from hubspot_retention.cli.render_registers import holds_json

    house = application(context, who=who)

    def target_given() -> "RecordRef":
        return read_record(record, "contacts", "companies", "deals")

    def reason_given() -> str:
        return why_given(reason, "a few words that tell others why it must stay", "--reason")

    def day_given() -> "date | None":
        return None if review_on is None else _day_to_come(house, review_on)

    told_together(target_given, lambda: read_matter(matter), reason_given, day_given)
    target, words, day = target_given(), reason_given(), day_given()
    if as_json:
        house.policy()  # the zone of its times: what cannot be told afterwards is found out before
    with house.store("brief") as store:
        placed, in_flight = house.registrar(store).place_hold(target, matter, words, day, house.clock.now())
    if not as_json:
        typer.echo(f"hold {placed.hold_id} is placed on {target}, matter {matter}")
    is_seen = tell_if_not_in_view(house, target)
    reach = reach_of(house, target, [each.record for each in in_flight]) if is_seen else None
    flying = [each for each in in_flight if reach is None or not reach.rules_out(each.record)]
    if as_json:
        (told,) = holds_json([(placed, words)], house.policy()[0].civil)
        print_json({**told, "in_flight": [{"plan_id": plan_id, "record": str(each)} for plan_id, each in flying]})
    for plan_id, sent in flying:
        if sent == target or (reach is not None and sent in reach.reached):
            say(f"{sent} is in flight in plan {plan_id}: a call was sent before the hold, so there it is NOT held")
        else:
            say(
                f"{sent} is in flight in plan {plan_id}: a call was sent before the hold. Whether the hold reaches it "
                "could not be found out; if it does, there it is NOT held"
            )
    tell_losses(house, {target} if reach is None else reach.reached)


def _day_to_come(house: "Application", text: str) -> "date":
    from hubspot_retention.cli.moments import read_day

    day = read_day(text, "--review-on")
    if day < house.policy()[0].civil.local_date(house.clock.now()):
        raise UsageError(f"--review-on: found {text!r}, which is past; expected today or a later day")
    return day


@app.command("list")
def list_(
    context: typer.Context,
    released: Annotated[bool, typer.Option("--released", help="Also those that are released.")] = False,
    as_json: AsJson = False,
    policy: PolicyFile = None,
) -> None:
    """List the holds in force."""
    from hubspot_retention.cli.render_registers import holds_json, holds_table

    house = application(context, policy=policy)
    civil = house.policy()[0].civil
    with house.store("read") as store, store.transaction() as tx:
        holds = tx.holds(released=released)
    if as_json:
        print_json(holds_json(holds, civil))
    else:
        print_text(holds_table(holds, civil))


@app.command()
def release(
    context: typer.Context,
    hold_id: Annotated[int, typer.Argument(metavar="ID", help="The hold's number.")],
    who: Who = None,
) -> None:
    """Release a hold. What it kept is decided afresh at the next run."""
    house = application(context, who=who)
    with house.store("brief") as store:
        ended = house.registrar(store).release_hold(hold_id, house.clock.now())
    typer.echo(f"hold {ended.hold_id} on {ended.record}, matter {ended.matter}, is released")
