"""Civil time of Copenhagen by semantics section 6, written a second time and plainly.

Every instant that leaves a function here is in UTC: Python compares two datetimes of one zone by their
clock faces, which is wrong in the hour that the clock repeats.
"""

import calendar
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

COPENHAGEN = ZoneInfo("Europe/Copenhagen")


class Period(NamedTuple):
    """An ISO 8601 period of whole months or whole days; never both here."""

    months: int = 0
    days: int = 0


P0D = Period()
P5D = Period(days=5)
P30D = Period(days=30)
P1M = Period(months=1)
P4M = Period(months=4)
P12M = Period(months=12)
P24M = Period(months=24)
P5Y = Period(months=60)


def on_the_clock(face: datetime) -> datetime:
    """The instant at which Copenhagen's clock shows `face`.

    A time that the clock skips moves forward by the length of the gap; one that it repeats is the later.
    """
    first = face.replace(tzinfo=COPENHAGEN, fold=0)
    second = face.replace(tzinfo=COPENHAGEN, fold=1)
    first_offset, second_offset = first.utcoffset(), second.utcoffset()
    assert first_offset is not None
    assert second_offset is not None
    skipped = first_offset < second_offset
    return (first if skipped else second).astimezone(UTC)


def midnight_after(day: date) -> datetime:
    """The first instant after a local day."""
    following = day + timedelta(days=1)
    return on_the_clock(datetime(following.year, following.month, following.day))  # noqa: DTZ001


def local_day(instant: datetime) -> date:
    return instant.astimezone(COPENHAGEN).date()


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day where it is shorter."""
    count = day.year * 12 + (day.month - 1) + months
    year, month = divmod(count, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def from_day(day: date, period: Period) -> datetime:
    """The instant at which a period that began with a date has run: the midnight after its last day."""
    return midnight_after(add_months(day, period.months) + timedelta(days=period.days))


def from_instant(start: datetime, period: Period) -> datetime:
    """The instant at which a period that began at an instant has run."""
    if not period.months:
        return start.astimezone(UTC) + timedelta(hours=24 * period.days)
    face = start.astimezone(COPENHAGEN).replace(tzinfo=None)
    return on_the_clock(datetime.combine(add_months(face.date(), period.months), face.time()))


def iso(instant: datetime) -> str:
    return instant.astimezone(COPENHAGEN).isoformat()
