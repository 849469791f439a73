"""Days and instants as people write and read them, in the policy's civil time."""

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from hubspot_retention.errors import UsageError

if TYPE_CHECKING:
    from hubspot_retention.core.civil import Civil

_EXPECTED = "expected a day such as 2027-01-01, or an instant with its offset such as 2027-01-01T09:00:00+01:00"


def read_day(text: str, what: str) -> date:
    """A day. Raises UsageError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{what}: found {text!r}, expected a day such as 2027-01-01") from None


def read_moment(text: str, what: str, civil: "Civil") -> datetime:
    """An instant in UTC. A day stands for its first instant in civil time. Raises UsageError."""
    try:
        if len(text) == len("2027-01-01"):
            return civil.end_of(date.fromisoformat(text) - timedelta(days=1))
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise UsageError(f"{what}: found {text!r}, which has no offset; {_EXPECTED}")
        moment = moment.astimezone(UTC)
        civil.local_date(moment)  # at the ends of the calendar it has no day
    except (ValueError, OverflowError):
        raise UsageError(f"{what}: found {text!r}, {_EXPECTED}") from None
    return moment


def shown(at: datetime | None, civil: "Civil") -> str:
    """`2026-11-28 11:00` in civil time; empty if there is none."""
    return "" if at is None else at.astimezone(civil.zone).strftime("%Y-%m-%d %H:%M")


def shown_day(at: datetime | None, civil: "Civil") -> str:
    """`2026-11-28` in civil time; empty if there is none."""
    return "" if at is None else civil.local_date(at).isoformat()
