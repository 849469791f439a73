"""The only reader of the wall clock, and the clock that never jumps."""

import time
from datetime import UTC, datetime


class Clock:
    """The wall clock, in UTC. Tests and the simulator pass their own."""

    def now(self) -> datetime:
        """The present instant."""
        return datetime.now(UTC)


def steady_seconds() -> float:
    """Seconds by the clock that never jumps: nobody sets it, and where the system has such a clock (Linux), it goes on
    while the machine sleeps. What was read before a sleep must not count as fresh after it."""
    counts_sleep: int | None = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if counts_sleep is None else time.clock_gettime(counts_sleep)
