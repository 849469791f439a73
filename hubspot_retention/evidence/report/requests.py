"""The requests of data subjects: each with its clock, and in brief."""

from collections.abc import Iterable
from datetime import datetime

from hubspot_retention.core.report.requests import RequestClock, RequestFigures
from hubspot_retention.evidence.report.language import Language
from hubspot_retention.evidence.report.pages import Block, Paragraph
from hubspot_retention.evidence.report.tables import table_of


def request_measures(counted: RequestFigures, say: Language) -> tuple[tuple[str, str], ...]:
    """The measures of the summary, each with its figure."""
    return (
        ("m.requests", say.number(counted.recorded)),
        ("m.requests-closed", say.number(counted.closed)),
        ("m.requests-in-time", say.percent(counted.closed - counted.late, counted.closed)),
        ("m.requests-open", say.number(counted.open)),
        ("m.requests-overdue", say.number(counted.overdue)),
    )


def requests_section(clocks: Iterable[RequestClock], told_until: datetime, say: Language) -> list[Block]:
    """Every request that was open in the period."""
    rows = (
        (
            clock.line.record,
            say.code_words("request", clock.line.kind),
            say.moment(clock.received_at),
            say.moment(clock.answer_by),
            say.moment(clock.line.ended_at),
            _how(clock, told_until, say),
        )
        for clock in clocks
    )
    return [Paragraph(say("requests-note")), table_of(say, "record kind received by-when ended-at how", rows)]


def _how(clock: RequestClock, told_until: datetime, say: Language) -> str:
    if clock.is_overdue(told_until):
        return say("request-overdue")
    how = say.code_words("end", clock.line.end)
    return say("request-late", how=how) if clock.is_late else how
