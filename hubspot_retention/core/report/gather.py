"""`Gatherer`: the figures of a period from the stream of the whole log, an entry at a time.

The entries before the period are read too: they tell what was open, held and in force when it began. What is kept in
memory are the obligations, holds and requests that are open, the lines that are shown, and counts.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final, NamedTuple

from hubspot_retention.core.audit.entry import Entry, FactValue
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.civil import Civil
from hubspot_retention.core.deadline.duty import MARKETING_ENDS
from hubspot_retention.core.deadline.ledger import MARKETING_ENDED
from hubspot_retention.core.plan.model import OPTED_OUT
from hubspot_retention.core.report.figures import (
    MOST_LINES,
    Figures,
    HoldLine,
    LateLine,
    MonthFigures,
    RequestLine,
    RuleFigures,
)

NO_RULE: Final = "-"
"""Where the entry names no rule: a person was told of a record that could not be read or decided."""

_SERVICE: Final = "service"
"""The actor of what the service does by itself; no person may be called so."""

_PLAN_DECISIONS: Final = frozenset((Verb.APPROVED, Verb.REJECTED, Verb.BLOCKED, Verb.CONFIRMED))
_STANDING_DECISIONS: Final = frozenset((Verb.GRANTED, Verb.REVOKED))
_MARKETING: Final = frozenset((OPTED_OUT, MARKETING_ENDED))
"""The codes of a duty that is done though the person stays: marketing ended for them."""


class _Duty(NamedTuple):
    """An obligation that is open. `ends_marketing`: of somebody who stays."""

    rule: str
    call_by: datetime | None = None
    ends_marketing: bool = False


class Gatherer:
    """Feed it entries in the order of the log; entries at or after `to` change nothing. `made_at`: when the report is
    made; of a period that is not over by then nobody can tell what will be past its deadline at its end."""

    def __init__(self, begin: datetime, to: datetime, civil: Civil, made_at: datetime) -> None:
        self._begin = begin
        self._to = to
        self._told_until = min(to, made_at)
        self._civil = civil
        self._open: dict[str | None, _Duty] = {}
        self._opted_out: dict[str | None, tuple[_Duty, datetime]] = {}
        self._figures = Figures()
        self._take: dict[Subject, Callable[[Entry], None]] = {
            Subject.OBLIGATION: self._obligation,
            Subject.DISPOSAL: self._disposal,
            Subject.MARKETING: self._marketing,
            Subject.HOLD: self._hold,
            Subject.REQUEST: self._request,
            Subject.POLICY: self._policy,
            Subject.PLAN: self._plan,
            Subject.STANDING_APPROVAL: self._standing,
            Subject.ALARM: self._alarm,
            Subject.FOREIGN_DELETION: self._foreign,
            Subject.VERIFICATION: self._verification,
            Subject.KILL_SWITCH: self._stop,
            Subject.RUN: self._run,
        }

    def feed(self, entry: Entry) -> None:
        """Take the next entry."""
        if entry.at >= self._to:
            return
        self._figures.entries += self._is_inside(entry)
        take = self._take.get(entry.subject)
        if take is not None:
            take(entry)

    def close(self) -> Figures:
        """The figures, once all entries were fed."""
        figures = self._figures
        for record in list(self._opted_out):
            self._settle_opt_out(record)
        for duty in self._open.values():
            known = figures.rules.setdefault(duty.rule, RuleFigures())
            known.open += 1
            known.overdue += duty.call_by is not None and duty.call_by < self._told_until
        self._fill_months()
        figures.requests = {number: line for number, line in figures.requests.items() if self._concerns(line.ended_at)}
        figures.holds = {number: line for number, line in figures.holds.items() if self._concerns(line.released_at)}
        return figures

    def _fill_months(self) -> None:
        """Months in which nothing happened stand between those in which something did, with what was open then."""
        filled: dict[str, MonthFigures] = {}
        for name, month in sorted(self._figures.months.items()):
            while filled and (missing := _month_after(max(filled))) != name:
                filled[missing] = MonthFigures(open=filled[max(filled)].open)
            filled[name] = month
        self._figures.months = filled

    def _concerns(self, ended_at: datetime | None) -> bool:
        return ended_at is None or ended_at >= self._begin

    def _is_inside(self, entry: Entry) -> bool:
        return entry.at >= self._begin

    def _month(self, at: datetime) -> MonthFigures:
        name = self._civil.local_date(at).isoformat()[:7]
        return self._figures.months.setdefault(name, MonthFigures())

    def _obligation(self, entry: Entry) -> None:
        record, inside = entry.record, self._is_inside(entry)
        opted_out, _ = self._opted_out.get(record, (_Duty(entry.rule or NO_RULE), None))
        before = self._open.get(record, opted_out)
        rule = self._figures.rules.setdefault(entry.rule or before.rule, RuleFigures())
        call_by = _instant(dict(entry.facts).get("call_by"))
        if entry.verb is Verb.RAISED and call_by is not None:
            # What was opened goes on as an answer that is owed, by a clock of its own: to be opted out is none.
            self._opted_out.pop(record, None)
            self._open[record] = _Duty(before.rule, call_by)
        self._settle_opt_out(record)
        match entry.verb:
            case Verb.OPENED:
                self._open[record] = _Duty(entry.rule or NO_RULE, call_by, entry.code == MARKETING_ENDS)
                rule.opened += inside
            case Verb.RAISED:
                self._open.setdefault(record, _Duty(before.rule))
                if inside:
                    rule.raised += 1
                    _count(self._figures.raised_codes, entry.code)
            case Verb.DONE:
                self._met(entry, opted_out=entry.code in _MARKETING)
            case _:
                known = self._open.pop(record, None)
                rule.ended += inside and known is not None
        if inside:
            self._month(entry.at).opened += entry.verb is Verb.OPENED
        self._note_open(entry)

    def _met(self, entry: Entry, *, opted_out: bool = False) -> None:
        """A duty is met when its record went, whether or not the ledger has heard of it yet: once, and then."""
        known = self._open.pop(entry.record, None)
        if known is not None:
            self._count_met(entry.record, known, entry.at, opted_out=opted_out)
            self._note_open(entry)

    def _settle_opt_out(self, record: str | None) -> None:
        duty, at = self._opted_out.pop(record, (None, self._begin))
        if duty is not None:
            self._count_met(record, duty, at, opted_out=True)

    def _note_open(self, entry: Entry) -> None:
        if self._is_inside(entry):
            self._month(entry.at).open = len(self._open)

    def _count_met(self, record: str | None, duty: _Duty, at: datetime, *, opted_out: bool) -> None:
        if at < self._begin:
            return
        is_late = duty.call_by is not None and at > duty.call_by
        rule, month = self._figures.rules.setdefault(duty.rule, RuleFigures()), self._month(at)
        if opted_out:
            rule.opted_out += 1
            month.opted_out += 1
            month.opted_out_in_time += not is_late
        else:
            rule.done += 1
            month.done += 1
            month.in_time += not is_late
        if duty.call_by is not None and is_late:
            rule.late += 1
            rule.longest_late = max(rule.longest_late, (at - duty.call_by).days + 1)
            self._figures.late_total += 1
            self._figures.late_opted_out += opted_out
            if len(self._figures.late) < MOST_LINES:
                self._figures.late.append(LateLine(record or "", duty.rule, duty.call_by, at, opted_out))

    def _disposal(self, entry: Entry) -> None:
        if entry.verb is Verb.DONE:
            self._settle_opt_out(entry.record)
            self._met(entry)
        if not self._is_inside(entry):
            return
        rule = self._figures.rules.setdefault(entry.rule or NO_RULE, RuleFigures())
        rule.disposed += entry.verb is Verb.DONE
        rule.failed += entry.verb is Verb.FAILED
        if entry.verb is Verb.SKIPPED:
            rule.skipped += 1
            _count(self._figures.skips, entry.code)

    def _marketing(self, entry: Entry) -> None:
        """The duty to end the marketing for somebody who stays is met then, unless the ledger says that an answer is
        owed. Any other duty stands until the ledger says what became of it."""
        is_ended = entry.verb is Verb.ENDED
        if is_ended and self._is_inside(entry):
            self._figures.rules.setdefault(entry.rule or NO_RULE, RuleFigures()).marketing_ended += 1
        known = self._open.get(entry.record)
        if is_ended and known is not None and known.ends_marketing:
            del self._open[entry.record]
            self._opted_out[entry.record] = known, entry.at
            self._note_open(entry)

    def _hold(self, entry: Entry) -> None:
        facts = dict(entry.facts)
        number = _number(facts.get("hold_id"))
        if entry.verb is Verb.PLACED:
            matter = str(facts.get("matter"))
            self._figures.holds[number] = HoldLine(number, entry.record or "", matter, entry.at, entry.actor or "")
        elif number in self._figures.holds:
            released = replace(self._figures.holds[number], released_at=entry.at, released_by=entry.actor or "")
            self._figures.holds[number] = released

    def _request(self, entry: Entry) -> None:
        number = _number(dict(entry.facts).get("request_id"))
        if entry.verb is Verb.RECEIVED:
            self._figures.requests[number] = RequestLine(number, entry.record or "", entry.code or "", entry.at)
        elif number in self._figures.requests:
            known = self._figures.requests[number]
            self._figures.requests[number] = replace(known, ended_at=entry.at, end=entry.verb.value)

    def _policy(self, entry: Entry) -> None:
        """The policy in force when the period began was approved before it: all approvals count. That another one was
        at hand than the last time says nothing of that."""
        if not self._is_inside(entry):
            if entry.verb is not Verb.APPROVED:
                return
            self._figures.policies.shown.clear()
            self._figures.policies.total = 0
        elif entry.verb is Verb.APPROVED:
            self._figures.decisions.policies += 1
        self._figures.policies.add(entry)

    def _plan(self, entry: Entry) -> None:
        if not self._is_inside(entry) or entry.verb not in _PLAN_DECISIONS:
            return
        self._figures.approvals.add(entry)
        decisions = self._figures.decisions
        if entry.verb is Verb.BLOCKED:
            decisions.blocked += 1
        elif entry.verb is Verb.REJECTED:
            decisions.taken_back += 1
        elif entry.verb is Verb.APPROVED and entry.actor in (None, _SERVICE):
            decisions.by_service += 1
        elif entry.verb is Verb.APPROVED:
            decisions.plans += 1

    def _standing(self, entry: Entry) -> None:
        if not self._is_inside(entry) or entry.verb not in _STANDING_DECISIONS:
            return
        self._figures.approvals.add(entry)
        self._figures.decisions.standing += entry.verb is Verb.GRANTED
        self._figures.decisions.taken_back += entry.verb is Verb.REVOKED

    def _alarm(self, entry: Entry) -> None:
        if self._is_inside(entry) and entry.verb is Verb.SENT:
            _count(self._figures.alarms, entry.code)

    def _foreign(self, entry: Entry) -> None:
        if self._is_inside(entry):
            self._figures.foreign.add(entry)

    def _verification(self, entry: Entry) -> None:
        if self._is_inside(entry):
            self._figures.verifications.add(entry)

    def _stop(self, entry: Entry) -> None:
        if self._is_inside(entry):
            self._figures.approvals.add(entry)
            self._figures.decisions.stops += 1

    def _run(self, entry: Entry) -> None:
        """A complete review says how many records of each class it read; a run over what has fallen due does not."""
        if self._is_inside(entry) and entry.verb is Verb.FINISHED and entry.facts:
            self._figures.runs += 1
            self._figures.last_run_at = entry.at
            self._figures.last_run_id = entry.run_id


def _month_after(name: str) -> str:
    year, month = divmod(int(name[:4]) * 12 + int(name[5:]), 12)
    return f"{year:04}-{month + 1:02}"


def _count(into: dict[str, int], code: str | None) -> None:
    into[code or NO_RULE] = into.get(code or NO_RULE, 0) + 1


def _number(value: FactValue) -> int:
    return value if isinstance(value, int) else 0


def _instant(value: FactValue) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None
