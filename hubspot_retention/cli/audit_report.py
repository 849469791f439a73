"""`audit report`: the evidence of a period, for the authority, as HTML or PDF."""

import sys
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubspot_retention.cli.given import PolicyFile, application
from hubspot_retention.cli.moments import read_day
from hubspot_retention.cli.output import say
from hubspot_retention.core.counted import counted
from hubspot_retention.errors import RetentionError, UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from hubspot_retention.core.civil import Civil
    from hubspot_retention.core.report.figures import Figures
    from hubspot_retention.evidence.report.content import Given
    from hubspot_retention.workflow.ports import Store

_MOST_OPEN = 200


class ReportLanguage(StrEnum):
    """The languages that the report is written in."""

    ENGLISH = "en"
    DANISH = "da"


class ReportFormat(StrEnum):
    """A page for the browser, or for paper."""

    HTML = "html"
    PDF = "pdf"


def report(
    context: typer.Context,
    first: Annotated[str, typer.Option("--from", metavar="DATE", help="The first day of the period.")],
    last: Annotated[str, typer.Option("--to", metavar="DATE", help="Its last day.")],
    language: Annotated[ReportLanguage, typer.Option(help="English or Danish.")] = ReportLanguage.ENGLISH,
    form: Annotated[ReportFormat, typer.Option("--format", help="A page, or A4.")] = ReportFormat.HTML,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Where to; stdout unless given (or -).")] = None,
    policy: PolicyFile = None,
) -> None:
    """Write the evidence report of a period: what became due, what was done, how late, and the proof of it."""
    from hubspot_retention.evidence.report.content import report_of
    from hubspot_retention.evidence.report.render import FORMATS

    given = _gathered(context, (first, last), policy)
    made = FORMATS[form.value](report_of(given, language.value), given.made_at)
    if file is None or str(file) == "-":
        sys.stdout.buffer.write(made)
        return
    try:
        file.write_bytes(made)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error
    say(f"Written to {file}: check it before you hand it over.")


def _gathered(context: typer.Context, days: tuple[str, str], policy: Path | None) -> "Given":
    from hubspot_retention.bootstrap import verified
    from hubspot_retention.core.deadline.obligation import ObligationState
    from hubspot_retention.core.plan.model import PlanKind
    from hubspot_retention.evidence.report.content import Given
    from hubspot_retention.evidence.report.proof import Integrity

    begin_on, last_on = read_day(days[0], "--from"), read_day(days[1], "--to")
    if last_on < begin_on:
        raise UsageError(f"--to: found {last_on}, expected a day not before --from {begin_on}")
    if begin_on == date.min:
        raise UsageError(f"--from: found {begin_on}, the first day of the calendar; expected a later one")
    house = application(context, policy=policy)
    rules = house.policy()[0]
    begin, end = rules.civil.end_of(begin_on - timedelta(days=1)), rules.civil.end_of(last_on)
    states = (ObligationState.HELD, ObligationState.REVIEW, ObligationState.RAISED)
    with house.store("read") as store:
        made_at = house.clock.now()
        report = verified(house, store)
        if not report.intact:
            raise RetentionError(
                f"no report: the audit log is not the one that was written "
                f"({counted(len(report.findings), 'finding')}). "
                "`audit verify` names the entries; restore the log before anything else."
            )
        _refuse_what_was_removed(store, begin, rules.civil)
        figures, portal = _figures(store, (begin, end), rules.civil, made_at)
        with store.transaction() as tx:
            ledger = tx.obligations(states, limit=_MOST_OPEN)
            total = sum(count.total for count in tx.count_obligations(made_at) if count.state in states)
            ids = [f"{figures.last_run_id}-{kind.value}" for kind in PlanKind]
            reviewed = [plan for plan in map(tx.plan, ids) if plan is not None]
            requests = {known.request_id: known for known in tx.requests(followed=False)}
            stamped_at = tuple(token.at for token in tx.tokens())
            anchors = tx.anchored()
        integrity = Integrity(verified=report, checkpoints=store.checkpoints(), anchors=anchors, stamped_at=stamped_at)
    return Given(
        figures=figures,
        policy=rules,
        portal=portal,
        integrity=integrity,
        requests=requests,
        ledger=ledger,
        ledger_total=total,
        reviewed=reviewed,
        begin=begin,
        end=end,
        made_at=made_at,
    )


def _refuse_what_was_removed(store: "Store", begin: "datetime", civil: "Civil") -> None:
    """What lies before the end of a cut was removed in part, and would be told too small."""
    cut = store.cut()
    if cut is not None and begin < cut.before:
        raise UsageError(
            f"--from: entries from before {civil.local_date(cut.before)} were removed from the audit log at the end of "
            "its own period; expected a later day"
        )


def _figures(
    store: "Store", period: "tuple[datetime, datetime]", civil: "Civil", made_at: "datetime"
) -> "tuple[Figures, str]":
    """The figures, and the portal that the log speaks of."""
    from hubspot_retention.core.audit.cut import policy_before
    from hubspot_retention.core.audit.entry import read_entry
    from hubspot_retention.core.report.gather import Gatherer

    gatherer = Gatherer(*period, civil, made_at)
    portal, cut = None, store.cut()
    told = None if cut is None else store.entry(cut.entry_seq)
    before = None if told is None else policy_before(told)
    if before is not None:
        gatherer.feed(before)
    for stored in store.entries():
        entry = read_entry(stored.body)
        portal = entry.portal_id or portal
        gatherer.feed(entry)
    return gatherer.close(), "–" if portal is None else str(portal)
