"""Alarms: what a person must hear of before it is too late. Ids, rules and figures only, never personal data."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AlarmKind(StrEnum):
    """What is wrong."""

    DEADLINE_NEAR = "deadline-near"
    OVERDUE = "overdue"
    FORECAST_LATE = "forecast-late"
    RAISED = "raised"
    READINESS_LOST = "readiness-lost"
    TICK_LATE = "tick-late"
    FOREIGN_DELETION = "foreign-deletion"
    WEBHOOKS_REJECTED = "webhooks-rejected"


class AlarmLevel(StrEnum):
    """How soon a person must act: today, or now."""

    WARNING = "warning"
    URGENT = "urgent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something is wrong with `about`: a record such as `contacts/101`, a rule, a tick, or the portal.

    `facts` are named counts, instants and codes in words ready to be read.
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
