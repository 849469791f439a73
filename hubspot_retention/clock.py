"""The only reader of the wall clock."""

from datetime import UTC, datetime


class Clock:
    """The wall clock, in UTC. Tests and the simulator pass their own."""

    def now(self) -> datetime:
        """The present instant."""
        return datetime.now(UTC)
