"""What a seeded portal counts by: ascending record ids, and days before its as-of day as HubSpot has them."""

import random
from datetime import date, timedelta

_EARLIEST_DAYS_AGO = 9000
_LATEST_DAYS_AHEAD = 1100
_INSTANTS_A_DAY = 6
_ID_SPREADS = (1, 3, 12, 30, 90, 90)  # widest gap of a stretch: an import leaves none, a quiet year wide ones


class IdSequence:
    """Ascending ids with gaps of 1 to 90, in stretches of uneven density: no even split of the range fits."""

    def __init__(self, rng: random.Random, start: int) -> None:
        self._random = rng.random
        self._last = start - 1
        self._left = 0
        self._spread = 1

    def take(self) -> str:
        if self._left == 0:
            self._left = 20 + int(self._random() * 300)
            self._spread = _ID_SPREADS[int(self._random() * len(_ID_SPREADS))]
        self._left -= 1
        self._last += 1 + int(self._random() * self._spread)
        return str(self._last)


class Days:
    """Days counted back from the as-of day: 1 is yesterday, negative numbers lie ahead.

    Every string is made once and shared, because a portal of a million contacts holds millions of dates.
    """

    def __init__(self, rng: random.Random, today: date) -> None:
        self.today = today
        self._random = rng.random
        first = today - timedelta(days=_EARLIEST_DAYS_AGO)
        count = _EARLIEST_DAYS_AGO + _LATEST_DAYS_AHEAD + 1
        self._dates = [(first + timedelta(days=day)).isoformat() for day in range(count)]
        self._instants = [self._instant(day) for day in self._dates for _ in range(_INSTANTS_A_DAY)]

    def at(self, days_ago: int) -> str:
        """An instant of that day in UTC, between 06:00 and 17:00; of day 0 it may not have come yet."""
        day = _EARLIEST_DAYS_AGO - days_ago
        return self._instants[day * _INSTANTS_A_DAY + int(self._random() * _INSTANTS_A_DAY)]

    def on(self, days_ago: int) -> str:
        """That day as HubSpot's `date` value."""
        return self._dates[_EARLIEST_DAYS_AGO - days_ago]

    def since(self, day: date) -> int:
        """How many days ago that day was."""
        return (self.today - day).days

    def _instant(self, day: str) -> str:
        hour, minute, second = (int(self._random() * limit) for limit in (11, 60, 60))
        return f"{day}T{6 + hour:02d}:{minute:02d}:{second:02d}Z"
