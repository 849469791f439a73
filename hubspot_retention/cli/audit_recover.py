"""`audit recover`: a named person brings back a database whose log is not what the anchors saw."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hubspot_retention.cli.given import application, why_given
from hubspot_retention.cli.moments import read_day
from hubspot_retention.cli.output import say
from hubspot_retention.cli.records import MATTER, read_record
from hubspot_retention.core.counted import counted
from hubspot_retention.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from hubspot_retention.workflow.recover import HandedIn


def recover(
    context: typer.Context,
    by: Annotated[str, typer.Option(metavar="NAME", help="Who brings it back: a login; it stands in the log.")],
    why: Annotated[str, typer.Option(help="What happened; kept beside the log, so name no person.")],
    holds: Annotated[
        Path, typer.Option(metavar="FILE", help="Every hold that must be in force, as `hold list --json` prints them.")
    ],
) -> None:
    """Bring back a database that was restored, after its anchors stopped it. What was held since is placed first.

    The service must not be running.
    """
    from hubspot_retention.workflow.recover import Recoverer

    words = why_given(why, "what happened")
    handed_in = read_holds(holds)
    house = application(context, who=by)
    with house.store(makes=False) as store:
        anchoring = house.anchoring(store)
        if anchoring is None or not house.settings().anchors.guard:
            raise UsageError(
                "no anchor is set that could be asked ([anchors] file, witness_url in the service settings): there is "
                "nothing to bring back from"
            )
        done = Recoverer(store, anchoring, house.actor, house.clock.now).run(words, handed_in)
    typer.echo(f"Brought back by {house.actor}: {counted(done.placed, 'hold')} placed, there already: {done.known}.")
    for name, refusal in done.refused.items():
        say(f"the anchor {name} does not take the log yet: {refusal}")
    raise typer.Exit(ExitCode.PARTLY_APPLIED if done.refused else ExitCode.DONE)


def read_holds(path: Path) -> "list[HandedIn]":
    """The holds of a file. Raises UsageError."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"--holds: {path} cannot be read as JSON: {type(error).__name__}") from error
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise UsageError(f"--holds: {path} is no list of holds as `hold list --json` prints it ([] for none)")
    return [_hold(each, number) for number, each in enumerate(found, start=1) if not each.get("released_at")]


def _hold(found: dict[str, Any], number: int) -> "HandedIn":
    from hubspot_retention.workflow.recover import HandedIn

    texts = {name: found.get(name) for name in ("record", "matter", "reason")}
    if not all(isinstance(text, str) for text in texts.values()) or not MATTER.fullmatch(texts["matter"] or ""):
        raise UsageError(f"--holds: hold {number}: expected record, matter (no spaces) and reason")
    day = found.get("review_on")
    return HandedIn(
        record=read_record(str(texts["record"]), "contacts", "companies", "deals"),
        matter=str(texts["matter"]),
        reason=str(texts["reason"]),
        review_on=None if day is None else read_day(str(day), f"--holds: hold {number}: review_on"),
    )
