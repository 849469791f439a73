"""What became due and what was done, by rule, by month, and what was late. Who was only opted out of marketing, and
stays, is told apart from those who were erased or archived."""

from typing import Final

from hubspot_retention.core.report.figures import Figures
from hubspot_retention.evidence.report.charts import columns
from hubspot_retention.evidence.report.language import Language
from hubspot_retention.evidence.report.pages import Block, Chart, Paragraph
from hubspot_retention.evidence.report.tables import more_lines, table_of

_CHARTED: Final = 13
"""So many months a chart shows at most, the latest ones."""
_FEWEST: Final = 2
"""A single month is a figure, not a course."""


def by_rule(figures: Figures, say: Language) -> list[Block]:
    """What each rule led to, and what became of its calls."""
    rows = []
    for rule_id, rule in sorted(figures.rules.items()):
        done = (rule.opened, rule.done, rule.opted_out, rule.late, rule.longest_late)
        counts = (*done, rule.ended, rule.raised, rule.open)
        rows.append((say.code_words("rule", rule_id), *(say.number(count) for count in counts)))
    heads = "rule due done opted-out late days-late ended raised-n open"
    calls = (
        (say.code_words("rule", rule_id), *map(say.number, ends))
        for rule_id, rule in sorted(figures.rules.items())
        if any(ends := (rule.disposed, rule.marketing_ended, rule.skipped, rule.failed))
    )
    return [
        Paragraph(say("due-note")),
        table_of(say, heads, rows, tuple(range(1, 9)), (4, 2, 2, 2, 2, 2, 2, 2, 2)),
        Paragraph(say("calls")),
        table_of(say, "rule disposed opted-out skipped failed", calls, (1, 2, 3, 4)),
    ]


def by_month(figures: Figures, say: Language) -> list[Block]:
    """The same month by month, drawn where there are several."""
    months = sorted(figures.months.items())
    rows = [
        (
            say.month(name),
            say.number(month.opened),
            say.number(month.done),
            say.percent(month.in_time, month.done),
            say.number(month.opted_out),
            say.percent(month.opted_out_in_time, month.opted_out),
            say.number(month.open),
        )
        for name, month in months
    ]
    blocks: list[Block] = [table_of(say, "month due done on-time opted-out on-time open", rows, (1, 2, 3, 4, 5, 6))]
    if len(months) < _FEWEST:
        return blocks
    drawn = [(say.month(name), month) for name, month in months[-_CHARTED:]]
    rates = [(name, month.in_time * 100 // month.done) for name, month in drawn if month.done]
    blocks.append(Chart(say("c.due"), columns([(name, month.opened) for name, month in drawn])))
    blocks.append(Chart(say("c.done"), columns([(name, month.done) for name, month in drawn])))
    if rates:
        blocks.append(Chart(say("c.on-time"), columns(rates, highest=100)))
    blocks.append(Chart(say("c.debt"), columns([(name, month.open) for name, month in drawn])))
    return blocks


def done_late(figures: Figures, say: Language) -> list[Block]:
    """What was met after its deadline."""
    rows = (
        (
            line.record,
            say.code_words("rule", line.rule),
            say("met.opted-out") if line.opted_out else say("met.done"),
            say.moment(line.call_by),
            say.moment(line.done_at),
        )
        for line in figures.late
    )
    return [
        table_of(say, "record rule how by-when done-at", rows),
        *more_lines(say, len(figures.late), figures.late_total),
    ]
