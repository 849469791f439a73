"""Alarms: what a person must hear of before it is too late. Ids, rules and figures only, never personal data.

An alarm is told when it begins, at once when it grows worse, soon when there is something new about it, and else
again and again, ever less often, until it is settled. Nothing is told twice within an hour.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from hubspot_retention.core.clocks import MAX_CLOCK_SKEW

FIRST_PAUSE: Final = timedelta(hours=1)
LONGEST_PAUSE: Final = timedelta(hours=24)
NO_NEWS: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""`at` of an alarm that goes on without anything new to tell."""
KEPT_OPEN: Final = timedelta(days=90)
"""How long an alarm of an event stays open: what was deleted can be restored in HubSpot for as long."""


class AlarmKind(StrEnum):
    """What is wrong."""

    DEADLINE_NEAR = "deadline-near"
    OVERDUE = "overdue"
    REQUEST_NEAR = "request-near"
    REQUEST_OVERDUE = "request-overdue"
    FORECAST_LATE = "forecast-late"
    RAISED = "raised"
    READINESS_LOST = "readiness-lost"
    TICK_LATE = "tick-late"
    ANCHOR_LATE = "anchor-late"
    FOREIGN_DELETION = "foreign-deletion"
    ERASED_PERSON_BACK = "erased-person-back"
    EVENT_UNREADABLE = "event-unreadable"
    WEBHOOKS_REJECTED = "webhooks-rejected"


class Outcome(StrEnum):
    """How a person leaves an event behind. A record that somebody else deleted could go, or is lost for good; an erased
    person who is back is welcome, or was taken out again; to a record that could not be read a person has seen."""

    LET_GO = "let-go"
    LOST = "lost"
    WELCOME = "welcome"
    TAKEN_OUT = "taken-out"
    SEEN_TO = "seen-to"


EVENTS: Final = MappingProxyType(
    {
        AlarmKind.FOREIGN_DELETION: frozenset((Outcome.LET_GO, Outcome.LOST)),
        AlarmKind.ERASED_PERSON_BACK: frozenset((Outcome.WELCOME, Outcome.TAKEN_OUT)),
        AlarmKind.EVENT_UNREADABLE: frozenset((Outcome.SEEN_TO,)),
    }
)
"""What has happened, and is not over when nobody sees it any more, with how a person can leave it behind; the other
alarms are as long as they are found."""


class AlarmLevel(StrEnum):
    """How soon a person must act: today, or now."""

    WARNING = "warning"
    URGENT = "urgent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something is wrong with `about`: a record such as `contacts/101`, a request of the register such as `requests/7`,
    a rule, a tick, or the portal.

    `at`: since when there has been something new to tell of it. `facts` are named counts, instants and codes in words
    ready to be read.
    """

    kind: AlarmKind
    about: str
    level: AlarmLevel
    at: datetime
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRecord:
    """What the store knows of an alarm: since when, how often it was told, whether it is settled."""

    kind: AlarmKind
    about: str
    level: AlarmLevel
    first_at: datetime
    last_seen_at: datetime
    last_sent_at: datetime | None = None
    times: int = 0
    settled_at: datetime | None = None
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """When one of the service's ticks last ran. `last_error` is a code; `seconds` how long the last one took."""

    name: str
    last_started_at: datetime | None = None
    last_done_at: datetime | None = None
    last_error: str = ""
    seconds: float = 0.0

    def is_ahead(self, now: datetime) -> bool:
        """Whether its last success was noted by a clock that was ahead: when it really was, nobody knows."""
        return self.last_done_at is not None and self.last_done_at > now + MAX_CLOCK_SKEW


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows for alarms. `seen`: changed, and not told of now. `told`: to be told of, as they are once that was
    done. `settled`: over."""

    seen: tuple[AlarmRecord, ...]
    told: tuple[AlarmRecord, ...]
    settled: tuple[AlarmRecord, ...]


def pause(times: int) -> timedelta:
    """How long to wait after an alarm was told so many times: 1 h, 2 h, 4 h … 24 h."""
    return min(FIRST_PAUSE * (1 << min(max(times, 1) - 1, 5)), LONGEST_PAUSE)


def judge(known: Iterable[AlarmRecord], found: Iterable[Alarm], now: datetime) -> Verdict:
    """What follows from the alarms that were found, beside those that are known (settled ones included)."""
    before = {(record.kind, record.about): record for record in known}
    current = {(alarm.kind, alarm.about): alarm for alarm in found}
    seen, told, settled = [], [], []
    for key, alarm in current.items():
        record = _seen(before.get(key), alarm, now)
        if _is_worse(record, before.get(key)):
            told.append(replace(record, last_sent_at=now, times=1))
        elif _is_due(record, alarm.at, now):
            told.append(_once_more(record, now))
        elif record != before.get(key):
            seen.append(record)
    for key, record in before.items():
        if key in current or record.settled_at is not None:
            continue
        if record.kind not in EVENTS or now - record.first_at >= KEPT_OPEN:
            settled.append(replace(record, settled_at=now))
        elif _is_due(record, record.first_at, now):
            told.append(_once_more(record, now))
    return Verdict(tuple(seen), tuple(told), tuple(settled))


def untold(record: AlarmRecord) -> AlarmRecord:
    """A record that was to be told of for the first time, and could not be."""
    return replace(record, last_sent_at=None, times=0)


def _seen(known: AlarmRecord | None, alarm: Alarm, now: datetime) -> AlarmRecord:
    """The record of an alarm that was found. One that came back within a pause is the same one. To be seen again
    with nothing new is no change: it would be written every minute."""
    if known is None or (known.settled_at is not None and now - known.settled_at >= pause(known.times)):
        return AlarmRecord(
            kind=alarm.kind, about=alarm.about, level=alarm.level, first_at=now, last_seen_at=now, facts=alarm.facts
        )
    changed = replace(known, level=alarm.level, facts=alarm.facts, settled_at=None)
    return changed if changed == known else replace(changed, last_seen_at=now)


def _is_worse(record: AlarmRecord, known: AlarmRecord | None) -> bool:
    return known is not None and record.level is AlarmLevel.URGENT and known.level is not AlarmLevel.URGENT


def _is_due(record: AlarmRecord, news_at: datetime, now: datetime) -> bool:
    if record.last_sent_at is None:
        return True
    waited = now - record.last_sent_at
    if waited < -FIRST_PAUSE:  # by a clock that was ahead: it would be silent until then
        return True
    return waited >= pause(record.times) or (news_at > record.last_sent_at and waited >= FIRST_PAUSE)


def _once_more(record: AlarmRecord, now: datetime) -> AlarmRecord:
    return replace(record, last_seen_at=now, last_sent_at=now, times=record.times + 1)
