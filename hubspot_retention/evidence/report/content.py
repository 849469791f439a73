"""`report_of`: the report's sections from the figures of a period, the policy, the ledger and the log itself."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.deadline.obligation import Obligation
from hubspot_retention.core.decision.model import Outcome
from hubspot_retention.core.plan.model import Plan
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.report.figures import Figures, Lines
from hubspot_retention.core.report.gather import NO_RULE
from hubspot_retention.core.report.requests import RequestClock, RequestFigures, clocks_of, count_requests
from hubspot_retention.core.request import SubjectRequest
from hubspot_retention.evidence.report.article30 import article30
from hubspot_retention.evidence.report.done import by_month, by_rule, done_late
from hubspot_retention.evidence.report.inspection import inspection
from hubspot_retention.evidence.report.language import Language
from hubspot_retention.evidence.report.pages import Block, Paragraph, Report, Section, Table
from hubspot_retention.evidence.report.proof import Integrity, proof
from hubspot_retention.evidence.report.requests import request_measures, requests_section
from hubspot_retention.evidence.report.tables import counts_of, more_lines, table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the report is made of. The period ends before `end`. `ledger` is how it stands at `made_at`, its first lines
    of `ledger_total`; `reviewed` are the plans of the period's last complete review."""

    figures: Figures
    policy: RetentionPolicy
    portal: str
    integrity: Integrity
    requests: Mapping[int, SubjectRequest]
    ledger: Sequence[Obligation]
    ledger_total: int
    reviewed: Sequence[Plan]
    begin: datetime
    end: datetime
    made_at: datetime

    @property
    def told_until(self) -> datetime:
        """The end of what can be told: of a period that is not over, when this is made."""
        return min(self.end, self.made_at)

    @property
    def clocks(self) -> Sequence[RequestClock]:
        """The requests that were open in the period."""
        return clocks_of(self.figures.requests.values(), self.requests, self.policy)

    @property
    def counted_requests(self) -> RequestFigures:
        """How many they were, and how many of them late."""
        return count_requests(self.clocks, self.begin, self.told_until)


def report_of(given: Given, code: str) -> Report:
    """The report in a language, `en` or `da`."""
    civil = given.policy.civil
    say = Language(code, civil)
    last_day = civil.local_date(given.end - timedelta(microseconds=1))
    begin = say.day(civil.local_date(given.begin))
    return Report(
        language=code,
        title=say("title"),
        subtitle=say("subtitle", controller=given.policy.controller.name, begin=begin, end=say.day(last_day)),
        made=say("made", at=say.moment(given.made_at), zone=given.policy.timezone),
        contents=say("contents"),
        page=say("page"),
        sections=tuple(Section(say(heading), tuple(blocks)) for heading, blocks in _sections(given, say)),
    )


def _sections(given: Given, say: Language) -> Iterable[tuple[str, Sequence[Block]]]:
    return (
        ("h.summary", _summary(given, say)),
        ("h.policy", _policy(given, say)),
        ("h.rules", by_rule(given.figures, say)),
        ("h.months", by_month(given.figures, say)),
        ("h.late", done_late(given.figures, say)),
        ("h.held", _held(given, say)),
        ("h.undecided", _undecided(given, say)),
        ("h.approvals", _entries(given.figures.approvals, say)),
        ("h.requests", requests_section(given.clocks, given.told_until, say)),
        ("h.foreign", _foreign(given.figures, say)),
        ("h.proof", proof(given.integrity, given.figures.verifications.total, given.made_at, say)),
        ("h.inspection", inspection(given.figures, given.counted_requests, given.policy, given.portal, say)),
        ("h.article30", article30(given.policy, given.portal, say)),
    )


def _entries(lines: Lines, say: Language) -> list[Block]:
    rows = ((say.moment(entry.at), _did(entry, say), entry.actor or "", _short(entry)) for entry in lines.shown)
    return [
        table_of(say, "when what who digest", rows, weights=(4, 6, 3, 3)),
        *more_lines(say, len(lines.shown), lines.total),
    ]


def _did(entry: Entry, say: Language) -> str:
    about = entry.plan_id or entry.record or entry.rule or ""
    return f"{say.code_words('did', entry.kind)} {about}".strip()


def _short(entry: Entry) -> str:
    return (entry.plan_digest or entry.policy_digest or "")[:16]


def _summary(given: Given, say: Language) -> list[Block]:
    figures = given.figures
    rules = figures.rules.values()
    measures = (
        ("m.opened", say.number(sum(rule.opened for rule in rules))),
        ("m.done", say.number(figures.done)),
        ("m.on-time", say.percent(figures.done_in_time, figures.done)),
        ("m.opted-out", say.number(figures.opted_out)),
        ("m.opted-out-on-time", say.percent(figures.opted_out_in_time, figures.opted_out)),
        ("m.late", say.number(figures.late_total)),
        ("m.ended", say.number(sum(rule.ended for rule in rules))),
        ("m.open", say.number(figures.open)),
        ("m.overdue", say.number(figures.overdue)),
        *request_measures(given.counted_requests, say),
        ("m.runs", say.number(figures.runs)),
        ("m.entries", say.number(figures.entries)),
    )
    rows = tuple((say(key), value) for key, value in measures)
    authority = say("complaint", authority=given.policy.controller.authority)
    return [
        Paragraph(say("intro", portal=given.portal)),
        *([Paragraph(say("not-over", at=say.moment(given.made_at)))] if given.made_at < given.end else []),
        Table((say("measure"), say("value")), rows, (1,)),
        Paragraph(authority),
    ]


def _policy(given: Given, say: Language) -> list[Block]:
    policy, lines = given.policy, given.figures.policies
    now = say("policy-now", name=policy.name, version=policy.version, digest=policy.digest)
    told: list[Block] = _entries(lines, say) if lines.total else [Paragraph(say("no-policy"))]
    return [Paragraph(now), *told]


def _held(given: Given, say: Language) -> list[Block]:
    rows = (
        (
            hold.record,
            hold.matter,
            f"{say.moment(hold.placed_at)} ({hold.placed_by})",
            f"{say.moment(hold.released_at)} ({hold.released_by})" if hold.released_at else "",
        )
        for hold in given.figures.holds.values()
    )
    skipped = given.figures.skips
    blocks: list[Block] = [Paragraph(say("hold-note")), table_of(say, "record matter placed released", rows)]
    if given.reviewed:
        at = say.moment(given.figures.last_run_at)
        blocks += [Paragraph(say("held-reviewed", at=at)), _reasons(given, (Outcome.HELD,), say)]
    return [*blocks, Paragraph(say("skips")), counts_of(skipped, say)]


def _undecided(given: Given, say: Language) -> list[Block]:
    rows = (
        (
            str(each.record),
            say.code_words("rule", each.rule or NO_RULE),
            say.code_words("state", each.state.value),
            say.code_words("reason", each.reason),
            say.moment(each.call_by),
        )
        for each in given.ledger
    )
    return [
        Paragraph(say("raised")),
        counts_of(given.figures.raised_codes, say),
        *_reviewed(given, say),
        Paragraph(say("ledger")),
        table_of(say, "record rule state reason by-when", rows, weights=(3, 3, 2, 5, 4)),
        *([Paragraph(say("more-ledger", **_shown(given, say)))] if len(given.ledger) < given.ledger_total else ()),
    ]


def _shown(given: Given, say: Language) -> Mapping[str, str]:
    return {"shown": say.number(len(given.ledger)), "total": say.number(given.ledger_total)}


def _reviewed(given: Given, say: Language) -> list[Block]:
    """How the last complete review decided, in counts: what is held, referred to a person or undetermined, too."""
    counts: Counter[tuple[str, str]] = Counter()
    for plan in given.reviewed:
        for count in plan.outcomes:
            counts[(count.object_type.value, count.outcome)] += count.total
    rows = [
        (say.code_words("kind", kind), *(say.number(counts[(kind, outcome.value)]) for outcome in Outcome))
        for kind in sorted({kind for kind, _ in counts})
    ]
    heads = " ".join(("kind", *(f"outcome.{outcome.value}" for outcome in Outcome)))
    if not rows:
        return [Paragraph(say("not-reviewed"))]
    said = say("reviewed", at=say.moment(given.figures.last_run_at))
    counted = table_of(say, heads, rows, tuple(range(1, len(Outcome) + 1)))
    left = _reasons(given, (Outcome.UNDETERMINED, Outcome.REFER), say)
    return [Paragraph(said), counted, Paragraph(say("left-reviewed")), left]


def _reasons(given: Given, outcomes: Sequence[Outcome], say: Language) -> Block:
    """Why the last complete review left records as it did, the most frequent reason of each outcome first."""
    counts: Counter[tuple[int, str, str]] = Counter()
    for plan in given.reviewed:
        for count in plan.outcomes:
            if count.outcome in outcomes:
                counts[outcomes.index(Outcome(count.outcome)), count.object_type.value, count.reason] += count.total
    most_first = sorted(counts.items(), key=lambda entry: (entry[0][0], -entry[1], entry[0]))
    rows = (
        (
            say.code_words("outcome", outcomes[outcome].value),
            say.code_words("kind", kind),
            say.code_words("reason", reason),
            say.number(total),
        )
        for (outcome, kind, reason), total in most_first
    )
    return table_of(say, "outcome kind reason count", rows, (3,), (2, 1, 5, 1))


def _foreign(figures: Figures, say: Language) -> list[Block]:
    rows = ((say.moment(entry.at), entry.record or "", entry.code or "") for entry in figures.foreign.shown)
    more = more_lines(say, len(figures.foreign.shown), figures.foreign.total)
    alarms = counts_of(figures.alarms, say)
    return [table_of(say, "when record reason", rows), *more, Paragraph(say("alarms")), alarms]
