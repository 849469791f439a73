"""`audit verify | export | report | find | tail | key | recover | receipt`: is it the log that was written."""

import json
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from hubspot_retention.cli import audit_hand, audit_key
from hubspot_retention.cli.audit_people import find, keys
from hubspot_retention.cli.audit_recover import recover
from hubspot_retention.cli.audit_report import report
from hubspot_retention.cli.audit_stamps import look_at_stamps, stamps_json, stamps_lines
from hubspot_retention.cli.given import AsJson, PolicyFile, application
from hubspot_retention.cli.output import print_json, print_text, say
from hubspot_retention.core.counted import counted
from hubspot_retention.errors import ExitCode

if TYPE_CHECKING:
    from hubspot_retention.core.audit.entry import StoredEntry

app = typer.Typer(help="The audit log: verify it, read it.", no_args_is_help=True)
app.command()(report)
app.command()(recover)
app.command()(audit_hand.checkpoint)
app.command()(audit_hand.export)
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
    """Verify the whole log: any changed, missing, reordered or added entry is named; and the time-stamps of it."""
    from hubspot_retention.bootstrap import verified

    house = application(context)
    with house.store("read") as store:
        report = verified(house, store)
        stamps = look_at_stamps(house, store)
    head, now = report.head.hash.hex(), house.clock.now()
    if as_json:
        found = [str(finding) for finding in report.findings]
        told = {"intact": report.intact, "entries": report.entries, "head": head, "findings": found}
        print_json({**told, "removed": report.removed, "timestamps": stamps_json(stamps, now)})
    else:
        if report.intact:
            typer.echo(f"The audit log is intact: {counted(report.entries, 'entry', 'entries')}, head {head}")
            if report.removed:
                typer.echo(f"The first {report.removed:,} of them were removed at the end of the log's own period.")
        for line in (*map(str, report.findings), *stamps_lines(stamps, now)):
            typer.echo(line)
    if not report.intact:
        say(f"The audit log is not the one that was written: {counted(len(report.findings), 'finding')}.")
    if stamps.findings:
        say(f"Not of this log: {counted(len(stamps.findings), 'time-stamp')}.")
    raise typer.Exit(ExitCode.DONE if report.intact and not stamps.findings else ExitCode.FAILED)


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
