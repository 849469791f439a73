"""`sandbox act`: what people do in a portal, done in a sandbox that runs here."""

import re
import sys
from datetime import timedelta
from typing import Annotated, Any, NoReturn

import typer

app = typer.Typer(help="Do in a running sandbox what people do in HubSpot.", no_args_is_help=True)

_FAILED = 1
_USAGE = 2
_PERIOD = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_NO_PERIOD = ("P", "PT")
_LONGEST_DAYS = 36_525

Who = Annotated[str, typer.Argument(metavar="RECORD", help="A record such as contacts/101.")]
Values = Annotated[list[str], typer.Argument(metavar="NAME=VALUE...", help="Properties; an empty value clears.")]
Url = Annotated[
    str | None,
    typer.Option("--url", envvar="HUBSPOT_BASE_URL", help="Where the sandbox listens; on this machine only."),
]
Through = Annotated[
    str | None,
    typer.Option("--change-source", metavar="WORD", help="How it came, such as IMPORT; CRM_UI unless given."),
]
Kind = Annotated[int | None, typer.Option("--type", metavar="ID", help="One subscription type; all unless given.")]
Source = Annotated[
    str | None, typer.Option("--source", metavar="TEXT", help="What the subscription state names as its source.")
]
At = Annotated[str | None, typer.Option("--at", metavar="INSTANT", help="Since when; now unless given.")]


@app.callback()
def act() -> None:
    """Do in a running sandbox what people do in HubSpot."""


@app.command()
def unsubscribe(
    record: Who, url: Url = None, source: Source = None, kind: Kind = None, at: At = None, through: Through = None
) -> None:
    """A contact unsubscribes, from everything or from one kind of mail."""
    what = {"record": record, "source": source, "subscriptionId": kind, "at": at, "changeSource": through}
    typer.echo(f"{record} {_done(url, 'unsubscribe', what)}.")


@app.command()
def resubscribe(
    record: Who, url: Url = None, source: Source = None, kind: Kind = None, at: At = None, through: Through = None
) -> None:
    """A contact subscribes again, to everything or to one kind of mail."""
    what = {"record": record, "source": source, "subscriptionId": kind, "at": at, "changeSource": through}
    typer.echo(f"{record} {_done(url, 'resubscribe', what)}.")


@app.command()
def edit(record: Who, values: Values, url: Url = None, through: Through = None) -> None:
    """Somebody edits a record, such as `contacts/101 legal_hold=true`."""
    properties = _properties(values)
    done = _done(url, "edit", {"record": record, "properties": properties, "changeSource": through})
    typer.echo(f"{_sentence(done)}: {', '.join(properties)}.")


@app.command()
def create(
    kind: Annotated[str, typer.Argument(metavar="TYPE", help="An object type such as contacts.")],
    values: Values,
    url: Url = None,
    through: Through = None,
) -> None:
    """Somebody makes a record."""
    what = {"type": kind, "properties": _properties(values), "changeSource": through}
    typer.echo(f"{_sentence(_done(url, 'create', what))}.")


@app.command()
def merge(
    record: Who,
    into: Annotated[str, typer.Argument(metavar="INTO", help="The record that it goes into.")],
    url: Url = None,
    new_id: Annotated[bool, typer.Option("--new-id", help="Both go into a record with an id of its own.")] = False,
    through: Through = None,
) -> None:
    """Somebody merges a record into another one."""
    what = {"record": record, "into": into, "newId": new_id, "changeSource": through}
    typer.echo(f"{_sentence(_done(url, 'merge', what))}.")


@app.command()
def archive(record: Who, url: Url = None, through: Through = None) -> None:
    """Somebody deletes a record: it goes to the bin for 90 days."""
    typer.echo(f"{_sentence(_done(url, 'archive', {'record': record, 'changeSource': through}))}.")


@app.command()
def restore(record: Who, url: Url = None, through: Through = None) -> None:
    """Somebody takes a record out of the bin."""
    typer.echo(f"{_sentence(_done(url, 'restore', {'record': record, 'changeSource': through}))}.")


@app.command()
def erase(record: Who, url: Url = None, through: Through = None) -> None:
    """Somebody deletes a contact permanently."""
    typer.echo(f"{_sentence(_done(url, 'erase', {'record': record, 'changeSource': through}))}.")


@app.command()
def clock(
    url: Url = None,
    forward: Annotated[
        str | None, typer.Option(metavar="PERIOD", help="Let time pass, such as P1D or PT6H; it cannot be taken back.")
    ] = None,
) -> None:
    """Tell the sandbox's time, or move it forward."""
    body = None if forward is None else {"forward_seconds": _period(forward).total_seconds()}
    typer.echo(f"It is {_asked(url, 'clock', body)['now']} in the sandbox.")


def _done(url: str | None, action: str, what: dict[str, Any]) -> str:
    given = {name: value for name, value in what.items() if value is not None}
    return str(_asked(url, "act", {"action": action, **given})["done"][0])


def _asked(url: str | None, path: str, body: object) -> dict[str, Any]:
    from hubspot_retention.sandbox.remote import NotHereError, RefusedError, SilentError, ask

    if not url:
        _refuse("--url: found none, expected the address of a running sandbox (or HUBSPOT_BASE_URL)")
    try:
        return ask(url, path, body)
    except NotHereError as error:
        _refuse(f"--url: {error}")
    except RefusedError as error:
        _refuse(str(error))
    except SilentError as error:
        sys.stderr.write(f"--url: {error}; start one with `sandbox serve`\n")
        raise typer.Exit(_FAILED) from error


def _properties(values: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in values:
        name, sign, value = each.partition("=")
        if not sign or not name:
            _refuse(f"found {each!r}, expected NAME=VALUE such as legal_hold=true")
        found[name] = value
    return found


def _period(text: str) -> timedelta:
    found = _PERIOD.fullmatch(text)
    if found is None or text in _NO_PERIOD or text.endswith("T"):
        _refuse(f"--forward: found {text!r}, expected a period such as P1D or PT6H")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    if max(weeks * 7, days, hours // 24, minutes // 1440, seconds // 86_400) > _LONGEST_DAYS:
        _refuse(f"--forward: found {text!r}, expected no more than {_LONGEST_DAYS} days")
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def _sentence(done: str) -> str:
    return done[:1].upper() + done[1:]


def _refuse(message: str) -> NoReturn:
    sys.stderr.write(f"{message}\n")
    raise typer.Exit(_USAGE)
