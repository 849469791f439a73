"""`audit find`, `audit pseudonym-keys`: what was done about one person, and the keys that lead back to people."""

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from hubspot_retention.cli.given import AsJson, PolicyFile, Who, Yes, application
from hubspot_retention.cli.output import print_json, print_text, refuse_unasked, say
from hubspot_retention.core.counted import counted
from hubspot_retention.errors import UsageError

if TYPE_CHECKING:
    from hubspot_retention.bootstrap import Application
    from hubspot_retention.core.portal import Address
    from hubspot_retention.evidence.keyring import Keyring

keys = typer.Typer(help="The keys of pseudonyms: one a year, kept apart from the database.", no_args_is_help=True)


def find(
    context: typer.Context,
    email: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="The person's address; unless given it is asked for, or read from stdin."),
    ] = None,
    as_json: AsJson = False,
    policy: PolicyFile = None,
) -> None:
    """Show what was done about one person, found by the pseudonyms of their address."""
    from hubspot_retention.cli.render_audit import entries_table
    from hubspot_retention.cli.render_receipts import receipts_json, receipts_table
    from hubspot_retention.workflow.person import entries_about, records_of

    house = application(context, policy=policy)
    ring = _keyring(house)
    pseudonyms = ring.all_of(_address(email))
    with house.store("read") as store:
        records = records_of(store.entries, pseudonyms)
        entries = list(entries_about(store.entries, records))
        with store.transaction() as tx:
            receipts = tx.receipts_of(pseudonyms)
        cut = store.cut()
    kept = house.policy()[0]
    begins = None if cut is None else kept.civil.local_date(cut.before).isoformat()
    epochs = ring.keys().epochs
    if as_json:
        said = [json.loads(entry.body) for entry in entries]
        print_json(
            {
                "epochs": list(epochs),
                "records": sorted(records),
                "entries": said,
                "receipts": receipts_json(receipts, kept),
                "removed_before": begins,
            }
        )
    elif not entries:
        typer.echo(f"The log says nothing of that address. Years that could be looked up: {_named(epochs)}.")
    else:
        print_text(entries_table(entries, kept.civil))
        if receipts:
            print_text(receipts_table(receipts, kept))
        typer.echo(f"Records: {', '.join(sorted(records))}. Years that could be looked up: {_named(epochs)}.")
    if begins is not None and not as_json:
        typer.echo(f"Entries from before {begins} were removed from the log at the end of its own period.")


@keys.callback()
def pseudonym_keys() -> None:
    """The keys of pseudonyms: one a year, kept apart from the database."""


@keys.command()
def new(context: typer.Context, who: Who = None, policy: PolicyFile = None) -> None:
    """Make the key file, and the key of this year; those of later years make themselves."""
    house = application(context, who=who, policy=policy)
    ring, now = _keyring(house), house.clock.now()
    with house.store("brief", makes=True) as store:
        keeper, today = house.keeper(store), house.policy()[0].civil.local_date(now)
        epoch = ring.begin(today, lambda epoch: keeper.pseudonym_key_made(epoch, now))
    typer.echo(f"the key of {epoch} is made. Back it up apart from the database, or not at all: see operating.md")


@keys.command("list")
def list_keys(context: typer.Context, as_json: AsJson = False) -> None:
    """Show the years whose people can still be found."""
    epochs = _keyring(application(context)).keys().epochs
    if as_json:
        print_json({"epochs": list(epochs)})
    else:
        typer.echo(_named(epochs))


@keys.command()
def destroy(
    context: typer.Context,
    epoch: Annotated[str, typer.Argument(metavar="YEAR", help="The year whose people nobody shall find any more.")],
    yes: Yes = False,
    who: Who = None,
) -> None:
    """Destroy the key of a year: nobody can find its people any more, and the log stays whole."""
    house = application(context, who=who)
    ring = _keyring(house)
    if epoch not in ring.keys().epochs:
        raise UsageError(f"there is no key of {epoch!r}: it was destroyed, or never made")
    if not yes:
        _confirm(epoch)
    with house.store("brief") as store:
        stones, receipts = house.keeper(store).destroy_pseudonym_key(epoch, ring.destroy, house.clock.now())
    gone = f"{counted(stones, 'tombstone')} and {counted(receipts, 'consent receipt')}"
    typer.echo(f"the key of {epoch} is destroyed, and {gone} with it. Destroy its backups as well")


def _confirm(epoch: str) -> None:
    refuse_unasked()
    say(f"Nobody who was erased in {epoch} can be found in the log any more, nor can their consents be proved.")
    typer.confirm("Destroy the key?", abort=True, err=True)


def _keyring(house: "Application") -> "Keyring":
    ring = house.keyring()
    if ring is None:
        raise UsageError("the settings name no file for the keys of pseudonyms: [pseudonyms] key_file")
    return ring


def _address(given: str | None) -> "Address":
    """The address, from where it stands in no history of commands if possible. It is never repeated."""
    from hubspot_retention.core.portal import Address

    if given is None:
        text = typer.prompt("Address", err=True) if sys.stdin.isatty() else sys.stdin.readline()
    else:
        text = given
    name, _, host = text.strip().rpartition("@")
    if not name or not host:
        raise UsageError("--email: found no e-mail address, expected one such as name@example.dk")
    return Address(text)


def _named(epochs: tuple[str, ...]) -> str:
    return ", ".join(epochs) or "none"
