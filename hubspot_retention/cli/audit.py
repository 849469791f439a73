"""`audit verify | export | report | find | tail | key | recover | receipt`: is it the log that was written."""

import json
import sys
from collections import deque
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubspot_retention.cli import audit_hand, audit_key
from hubspot_retention.cli.audit_people import find, keys
from hubspot_retention.cli.audit_recover import recover
from hubspot_retention.cli.audit_report import report
from hubspot_retention.cli.given import AsJson, PolicyFile, application
from hubspot_retention.cli.output import print_json, print_text, say
from hubspot_retention.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from hubspot_retention.core.audit.entry import StoredEntry
    from hubspot_retention.evidence.sealing import Log

app = typer.Typer(help="The audit log: verify it, read it.", no_args_is_help=True)
app.command()(report)
app.command()(recover)
app.command()(audit_hand.checkpoint)
app.command()(audit_hand.receipt)
app.command()(audit_hand.verifier)
app.add_typer(audit_key.app, name="key")
app.command()(find)
app.add_typer(keys, name="pseudonym-keys")


@app.callback()
def audit() -> None:
    """The audit log: verify it, read it."""


@app.command()
def verify(context: typer.Context, as_json: AsJson = False) -> None:
    """Verify the whole log: any changed, missing, reordered or added entry is named."""
    with application(context).store("read") as store:
        report = store.verify_log()
    head = report.head.hash.hex()
    if as_json:
        found = [str(finding) for finding in report.findings]
        print_json({"intact": report.intact, "entries": report.entries, "head": head, "findings": found})
    elif report.intact:
        typer.echo(f"The audit log is intact: {report.entries:,} entries, head {head}")
    else:
        for finding in report.findings:
            typer.echo(str(finding))
    if not report.intact:
        say(f"The audit log is not the one that was written: {len(report.findings)} findings.")
    raise typer.Exit(ExitCode.DONE if report.intact else ExitCode.FAILED)


@app.command()
def export(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Where to; stdout unless given (or -).")] = None,
    key: Annotated[Path | None, typer.Option("--key", metavar="FILE", help="Sign it with the log's key.")] = None,
) -> None:
    """Export the log as JSON lines: number, hash, and the exact text that was hashed; with a key, first a signed
    checkpoint of exactly these entries."""
    with application(context).store("read") as store:
        lines = _lines(store) if key is None else _signed_lines(store, key)
        if file is None or str(file) == "-":
            sys.stdout.writelines(lines)
            return
        part = file.with_name(f".{file.name}.part")
        try:
            with part.open("w", encoding="utf-8") as out:
                out.writelines(lines)
            part.replace(file)
        except OSError as error:
            raise UsageError(f"{file} cannot be written: {error.strerror}") from error


def _lines(log: "Log") -> Iterator[str]:
    return (_line(entry) for entry in log.entries())


def _signed_lines(log: "Log", key: Path) -> Iterator[str]:
    from hubspot_retention.evidence.keys import SigningKey
    from hubspot_retention.evidence.sealing import checkpoint

    signed = checkpoint(log, SigningKey.load(key))
    first = f"{json.dumps({'checkpoint': signed.note}, separators=(',', ':'))}\n"
    return chain((first,), islice(_lines(log), signed.size))


def _line(entry: "StoredEntry") -> str:
    content = {"seq": entry.seq, "hash": entry.hash.hex(), "body": entry.body.decode("ascii")}
    return f"{json.dumps(content, separators=(',', ':'))}\n"


@app.command()
def tail(
    context: typer.Context,
    number: Annotated[int, typer.Option("-n", min=1, help="How many entries.")] = 20,
    as_json: AsJson = False,
    policy: PolicyFile = None,
) -> None:
    """Show the latest entries."""
    from hubspot_retention.cli.render_audit import entries_table

    house = application(context, policy=policy)
    with house.store("read") as store:
        after = max(store.audit_head().count - number, 0)
        latest = list(_latest(store.entries(after), number))
    if as_json:
        print_json([json.loads(entry.body) for entry in latest])
    else:
        print_text(entries_table(latest, house.policy()[0].civil))


def _latest(entries: "Iterator[StoredEntry]", number: int) -> "Iterator[StoredEntry]":
    yield from deque(entries, maxlen=number)
