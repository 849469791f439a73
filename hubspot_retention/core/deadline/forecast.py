"""Which obligations would be late at the rate at which the work goes (reliability L3)."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NamedTuple

_DAY: Final = timedelta(days=1)


class Turn(NamedTuple):
    """So many obligations with the same deadline for the call, and the same grace before it."""

    call_by: datetime | None
    not_before: datetime | None
    number: int


class Late(NamedTuple):
    """How many obligations would be late, and the earliest deadline that would pass."""

    number: int
    earliest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast records can be worked off: `per_second` as allowed and measured, `left_today` until the day's quota is
    used up at `day_ends_at`, `per_day` on each day after that."""

    per_second: float
    left_today: float
    per_day: float
    day_ends_at: datetime


def late(backlog: Iterable[Turn], pace: Pace, now: datetime) -> Late | None:
    """How many obligations have a deadline that is still to come and would pass before their turn; `None`: none. Each
    takes its turn in the order of `backlog`, which is that of the deadlines, also those that are late already."""
    before, number, earliest = 0, 0, None
    for call_by, not_before, together in backlog:
        places = range(before + 1, before + together + 1)
        before += together
        if call_by is None or call_by <= now:
            continue
        is_hopeless = not_before is not None and not_before > call_by
        in_time = 0 if is_hopeless else bisect_left(places, True, key=partial(_is_late, call_by, pace, now))
        if in_time < together:
            number += together - in_time
            earliest = earliest or call_by
    return None if earliest is None else Late(number, earliest)


def _is_late(call_by: datetime, pace: Pace, now: datetime, place: int) -> bool:
    finished = finished_at(place, pace, now)
    return finished is None or finished > call_by


def finished_at(number: int, pace: Pace, now: datetime) -> datetime | None:
    """When so many records are worked off; `None` if never."""
    today = min(pace.left_today, max(0.0, (pace.day_ends_at - now).total_seconds()) * pace.per_second)
    if number <= today:
        return now + timedelta(seconds=number / pace.per_second)
    per_day = min(pace.per_day, _DAY.total_seconds() * pace.per_second)
    if per_day <= 0:
        return None
    days, rest = divmod(number - today, per_day)
    if rest == 0:
        days, rest = days - 1, per_day
    try:
        return max(pace.day_ends_at, now) + days * _DAY + timedelta(seconds=rest / pace.per_second)
    except OverflowError:
        return None
