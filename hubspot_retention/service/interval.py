"""Again and again, counted from now.

APScheduler's own interval counts from the run before: by a wall clock that was set ten years ahead it lists every run
that was missed, ten millions of them, before it begins the next.
"""

from datetime import datetime, timedelta

from apscheduler.triggers.base import BaseTrigger


class Every(BaseTrigger):  # type: ignore[misc]
    """So long after now, whenever the run before was."""

    def __init__(self, every: timedelta) -> None:
        self.every = every

    def get_next_fire_time(self, _: datetime | None, now: datetime) -> datetime:
        """When it is next the time."""
        return now + self.every
