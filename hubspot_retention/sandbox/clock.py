"""The sandbox's only reader of the wall clock, which can be moved forward, and the shape of instants on the wire.

HubSpot writes instants in UTC with a `Z`, and milliseconds only where there are any.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


def now() -> datetime:
    """The present, in UTC, to the millisecond."""
    present = datetime.now(UTC)
    return present.replace(microsecond=present.microsecond // 1000 * 1000)


@dataclass(frozen=True, slots=True)
class Ahead:
    """A clock that is ahead of another one."""

    clock: Callable[[], datetime]
    span: timedelta

    def __call__(self) -> datetime:
        """The present of that clock."""
        return self.clock() + self.span


def ahead(clock: Callable[[], datetime], span: timedelta) -> Ahead:
    """A clock that is that much further ahead."""
    return Ahead(clock.clock, clock.span + span) if isinstance(clock, Ahead) else Ahead(clock, span)


def instant_text(at: datetime) -> str:
    """An instant as HubSpot writes it."""
    text = at.astimezone(UTC).replace(tzinfo=None)
    if text.microsecond:
        return text.isoformat(timespec="milliseconds") + "Z"
    return text.isoformat(timespec="seconds") + "Z"


def parse_instant(text: str) -> datetime | None:
    """The instant that a text of ISO 8601 or of epoch milliseconds stands for; none if it is neither.

    A time without an offset is UTC, as HubSpot reads it.
    """
    try:
        if text.removeprefix("-").isdigit() and len(text) > 8:
            return datetime.fromtimestamp(int(text) / 1000, UTC)
        parsed = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
