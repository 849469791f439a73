"""Which obligations would be late at the rate at which the work goes (reliability L3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hubspot_retention.core.deadline.ledger import by_deadline
from hubspot_retention.core.deadline.obligation import Obligation, ObligationState

BACKLOG: Final = (ObligationState.LOOK, ObligationState.OPEN, ObligationState.REVIEW, ObligationState.RAISED)
"""What is still to be worked off; what is held is not."""
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast records can be worked off: `per_second` as allowed and measured, `left_today` until the day's quota is
    used up at `day_ends_at`, `per_day` on each day after that."""

    per_second: float
    left_today: float
    per_day: float
    day_ends_at: datetime


def late(obligations: Iterable[Obligation], pace: Pace, now: datetime) -> tuple[Obligation, ...]:
    """The obligations whose deadline is still to come and would pass before their turn, the earliest first. Each
    takes its turn in the order of the deadlines, also those that are late already."""
    waiting = sorted((found for found in obligations if found.state in BACKLOG), key=by_deadline)
    found = []
    for number, obligation in enumerate(waiting, start=1):
        if obligation.call_by is None or obligation.call_by <= now:
            continue
        finished = finished_at(number, pace, now)
        if finished is None or max(finished, obligation.not_before or now) > obligation.call_by:
            found.append(obligation)
    return tuple(found)


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
