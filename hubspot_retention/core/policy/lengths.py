"""How long a calendar period is, at the least and at the most: P3M may be 89 days, P4M is never under 120."""

from calendar import monthrange
from datetime import date
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from hubspot_retention.core.civil import Civil, Period

BIN_DAYS: Final = 90
"""HubSpot keeps an archived record in its recycle bin for 90 days; then it is gone (research, section 3)."""

_STARTS: Final = tuple(
    date(year, month, day) for year in (1903, 2097) for month in range(1, 13) for day in (1, monthrange(year, month)[1])
)
"""Days that bring out the shortest and the longest: a month's first, of which it is the same as of most others, and
its last, which the month at the end may not have. From 1903 on leap days come as soon and as often as they can (2000
has one), from 2097 on as late and as seldom (2100 has none)."""


@cache
def length_bounds(period: Period) -> tuple[int, int]:
    """The fewest and the most days a period can take."""
    civil = Civil(ZoneInfo("UTC"))
    lengths = [(civil.add(start, period) - civil.end_of(start)).days for start in _STARTS]
    return min(lengths), max(lengths)


def always_longer(first: Period, second: Period) -> bool:
    """Whether from one start the first always ends after the second."""
    return length_bounds(first)[0] > length_bounds(second)[1]


def room_after_bin(period: Period) -> int:
    """The fewest days left to carry out an archive, whose record is gone only 90 days after the call."""
    return length_bounds(period)[0] - BIN_DAYS
