"""Civil time of one time zone: from a start and a period to the instant at which it has ended.

Rules (they are law here, not convenience):
- A **date** does not count its own day; months and years clip to the month's last day; the period ends with
  its last local day, so the answer is the next local midnight. 31 Oct 2024 + P24M -> 2026-11-01T00:00+01:00.
- An **instant** keeps its local clock time under months and years. A time the clock skips moves forward by
  the length of the gap, one it repeats is the later. Days are 24 hours, whatever the clocks do.
- Periods are never chained: always one addition from the start.

All instants returned are UTC; they are shown in local time by `Civil.show`.
"""

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

FAR_FUTURE = datetime(9999, 12, 30, tzinfo=UTC)
"""What lies beyond the calendar ends here; it is never reached."""

_SECOND = timedelta(seconds=1)
_PERIOD = re.compile(r"P(\d{1,5})([YMWD])")
_DAYS_KEPT = 1 << 15
"""A run asks for the same few thousand days a million times: so many of each kind are remembered, no more."""


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar length: whole months or whole days, never both (so that order cannot matter)."""

    months: int = 0
    days: int = 0

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Read ISO 8601 such as P24M, P5Y, P30D, P2W. Raises ValueError saying what was expected."""
        found = _PERIOD.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no period: expected P<number> and one of Y, M, W, D, for instance P24M")
        count, unit = int(found[1]), found[2]
        match unit:
            case "Y":
                return cls(months=12 * count)
            case "M":
                return cls(months=count)
            case "W":
                return cls(days=7 * count)
            case _:
                return cls(days=count)

    @property
    def is_zero(self) -> bool:
        """Whether the period has no length."""
        return not (self.months or self.days)

    def __str__(self) -> str:
        if self.months:
            return f"P{self.months // 12}Y" if self.months % 12 == 0 and self.months > 24 else f"P{self.months}M"
        return f"P{self.days}D"


@lru_cache(_DAYS_KEPT)
def _shift_months(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return day.replace(year=year, month=month + 1, day=min(day.day, monthrange(year, month + 1)[1]))


@lru_cache(_DAYS_KEPT)
def _length_of(days: int) -> timedelta:
    return timedelta(days=days)


@lru_cache(_DAYS_KEPT)
def _day_in_year(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, monthrange(year, month)[1]))


@dataclass(frozen=True, slots=True)
class FinancialYearEnd:
    """The last day of the financial year, for instance 31 December; February's is always its last day."""

    month: int = 12
    day: int = 31

    def of(self, day: date) -> date:
        """The end of the financial year that `day` lies in, that day included."""
        end = _day_in_year(day.year, self.month, self.day)
        return end if day <= end else _day_in_year(day.year + 1, self.month, self.day)


def _resolve(zone: ZoneInfo, local: datetime) -> datetime:
    """A local clock time as an instant: of a repeated one the later; a skipped one moved forward.

    PEP 495 answers a skipped time read with fold=0 by moving it forward, a repeated one read with fold=1
    by the later, so the later of the two readings is right in every case.
    """
    first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return max(first, second)


@lru_cache(_DAYS_KEPT)
def _midnight_after(zone: ZoneInfo, day: date) -> datetime:
    if day >= FAR_FUTURE.date():
        return FAR_FUTURE
    return _resolve(zone, datetime.combine(day + timedelta(days=1), time()))


@lru_cache(_DAYS_KEPT)
def _steady_offset(zone: ZoneInfo, day: date) -> timedelta | None:
    """The offset of the zone from the first to the last instant of a local day; `None` if the clocks change.

    Asked for every six hours: no zone has ever changed its clocks and taken that back within as many.
    """
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    hours = [midnight + timedelta(hours=hour) for hour in range(0, 25, 6)]
    offsets = {at.replace(fold=fold).utcoffset() for at in hours for fold in (0, 1)}
    return offsets.pop() if len(offsets) == 1 else None


@lru_cache(_DAYS_KEPT)
def _months_later(zone: ZoneInfo, day: date, months: int) -> timedelta | None:
    """How much later every instant of a local day is after so many months; `None` if that is not one answer,
    because the clocks change on that day or on the later one."""
    later = _shift_months(day, months)
    before, after = _steady_offset(zone, day), _steady_offset(zone, later)
    return None if before is None or after is None else (later - day) + (before - after)


@dataclass(frozen=True, slots=True)
class Civil:
    """Civil time of one zone, for instance Europe/Copenhagen."""

    zone: ZoneInfo

    def local_date(self, instant: datetime) -> date:
        """The local calendar day of an instant."""
        return instant.astimezone(self.zone).date()

    def day_of(self, start: date | datetime) -> date:
        """The local day of a date or an instant."""
        return self.local_date(start) if isinstance(start, datetime) else start

    def end_of(self, day: date) -> datetime:
        """The end of a local day: the next local midnight."""
        return _midnight_after(self.zone, day)

    def instant_of(self, start: date | datetime) -> datetime:
        """A date among instants counts as the next local midnight."""
        return start if isinstance(start, datetime) else self.end_of(start)

    def add(self, start: date | datetime, period: Period) -> datetime:
        """The instant at which `period` from `start` has ended; at most `FAR_FUTURE`."""
        try:
            if isinstance(start, datetime):
                return self._add_to_instant(start if start.tzinfo is UTC else start.astimezone(UTC), period)
            shifted = _shift_months(start, period.months) if period.months else start + timedelta(days=period.days)
            return _midnight_after(self.zone, shifted)
        except (OverflowError, ValueError):
            return FAR_FUTURE

    def _add_to_instant(self, instant: datetime, period: Period) -> datetime:
        months = period.months
        if not months:
            return instant + _length_of(period.days)
        local = instant.astimezone(self.zone)
        later = _months_later(self.zone, local.date(), months)
        if later is not None:
            return instant + later
        day = _shift_months(local.date(), months)
        return _resolve(self.zone, local.replace(year=day.year, month=day.month, day=day.day))

    def earliest(self, start: date | datetime, periods: Iterable[Period]) -> datetime:
        """The earliest end of several periods from one start (a maximum is never rounded later)."""
        return min([self.add(start, period) for period in periods])

    def start_of(self, period: Period, end: datetime) -> datetime:
        """The latest instant, to the second, from which a period has run out by `end`."""
        late = end
        early = end - timedelta(days=31 * period.months + period.days + 1)
        while late - early > _SECOND:
            middle = early + (late - early) / 2
            if self.add(middle, period) <= end:
                early = middle
            else:
                late = middle
        return early

    def show(self, instant: datetime) -> str:
        """ISO 8601 in local time with its offset."""
        return instant.astimezone(self.zone).isoformat()
