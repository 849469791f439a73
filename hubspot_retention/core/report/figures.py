"""What an evidence report says of a period: counts by rule and by month, and the entries worth a line of their own."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from hubspot_retention.core.audit.entry import Entry

MOST_LINES: Final = 200
"""So many lines of one kind are shown; the others are counted."""


@dataclass(slots=True)
class RuleFigures:
    """What a rule led to in the period. `done`: the record was erased or archived; `opted_out`: the person stays, and
    marketing ended for them. `late`: of both, after the last instant that met the deadline; `longest_late` in days,
    begun ones counted. `ended`: no longer due. `open`: still to be done at the end of the period. Of the calls:
    `disposed`, `marketing_ended`, `skipped`, `failed`."""

    opened: int = 0
    done: int = 0
    opted_out: int = 0
    late: int = 0
    longest_late: int = 0
    ended: int = 0
    raised: int = 0
    open: int = 0
    overdue: int = 0
    disposed: int = 0
    marketing_ended: int = 0
    skipped: int = 0
    failed: int = 0


@dataclass(slots=True)
class Decisions:
    """Who let disposals happen, and who or what kept them from it. `plans`, `standing`, `policies`: approved or granted
    by named persons. `by_service`: plans approved by the service under an approval that a person had given.
    `taken_back`: plans rejected, standing approvals revoked. `blocked`: plans stopped by a guardrail. `stops`: all
    disposals stopped or let go on."""

    plans: int = 0
    standing: int = 0
    policies: int = 0
    by_service: int = 0
    taken_back: int = 0
    blocked: int = 0
    stops: int = 0


@dataclass(slots=True)
class MonthFigures:
    """One month: what became known as due, what was done and who was opted out, how much of each in time, what was open
    at its end."""

    opened: int = 0
    done: int = 0
    in_time: int = 0
    opted_out: int = 0
    opted_out_in_time: int = 0
    open: int = 0


@dataclass(slots=True)
class Lines:
    """The first entries of one kind, and how many there were in all."""

    total: int = 0
    shown: list[Entry] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        """Count an entry, and keep it while there is room."""
        self.total += 1
        if len(self.shown) < MOST_LINES:
            self.shown.append(entry)


@dataclass(frozen=True, slots=True)
class LateLine:
    """An obligation that was met late: the record, its rule, by when it should have been met, when it was, and whether
    the person was only opted out."""

    record: str
    rule: str
    call_by: datetime
    done_at: datetime
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class RequestLine:
    """A request of the register: which, of whom, what was asked, when it was written down and how it ended."""

    number: int
    record: str
    kind: str
    recorded_at: datetime
    ended_at: datetime | None = None
    end: str = ""


@dataclass(frozen=True, slots=True)
class HoldLine:
    """A hold: its record and matter, who placed and who released it, and when."""

    number: int
    record: str
    matter: str
    placed_at: datetime
    placed_by: str
    released_at: datetime | None = None
    released_by: str = ""


@dataclass(slots=True)
class Figures:
    """Everything of one period. `rules` and `months` by id and by `2026-11`; `skips` and `raised_codes` by code.
    `late_total`: all that was met late, `late_opted_out` those of them who were only opted out.
    `runs`: complete reviews of the portal; what the service plans between them of what has fallen due is none."""

    entries: int = 0
    rules: dict[str, RuleFigures] = field(default_factory=dict)
    months: dict[str, MonthFigures] = field(default_factory=dict)
    skips: dict[str, int] = field(default_factory=dict)
    raised_codes: dict[str, int] = field(default_factory=dict)
    alarms: dict[str, int] = field(default_factory=dict)
    late: list[LateLine] = field(default_factory=list)
    late_total: int = 0
    late_opted_out: int = 0
    policies: Lines = field(default_factory=Lines)
    approvals: Lines = field(default_factory=Lines)
    decisions: Decisions = field(default_factory=Decisions)
    foreign: Lines = field(default_factory=Lines)
    verifications: Lines = field(default_factory=Lines)
    runs: int = 0
    last_run_at: datetime | None = None
    last_run_id: int | None = None
    requests: dict[int, RequestLine] = field(default_factory=dict)
    holds: dict[int, HoldLine] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """Obligations met in the period by disposing of the record."""
        return sum(rule.done for rule in self.rules.values())

    @property
    def done_in_time(self) -> int:
        """Those of them that met their deadline."""
        return self.done - (self.late_total - self.late_opted_out)

    @property
    def opted_out(self) -> int:
        """Obligations met in the period by ending the marketing for somebody who stays."""
        return sum(rule.opted_out for rule in self.rules.values())

    @property
    def opted_out_in_time(self) -> int:
        """Those of them that met their deadline."""
        return self.opted_out - self.late_opted_out

    @property
    def open(self) -> int:
        """Obligations open at the end of the period."""
        return sum(rule.open for rule in self.rules.values())

    @property
    def overdue(self) -> int:
        """Of those open, the ones past the instant by which they should have been met."""
        return sum(rule.overdue for rule in self.rules.values())
