"""HubSpot's property values, which are all strings, as values of ours. Pure.

A property that the answer lacks (HubSpot leaves out what it does not know) comes as something that is no string,
and is unknown; null and the empty string are absent; what makes no sense is unknown, never absent. A `date` value
is a date, not midnight UTC.
Source: HubSpot's guide to properties (2026-04): dates as YYYY-MM-DD or midnight UTC in milliseconds,
datetimes as ISO 8601 or milliseconds.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from hubspot_retention.core.facts.values import UNKNOWN, Day, Instant, Moment, Truth, Unknown
from hubspot_retention.core.record import RecordId

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})", re.ASCII)
_MILLISECONDS = re.compile(r"-?\d{1,18}", re.ASCII)
_TRUTHS: dict[str, Truth] = {"true": True, "false": False, "": False}
_USUAL_LENGTHS = (len("2026-11-25T10:00:00Z"), len("2026-11-25T10:00:00.000Z"))
_from_iso = datetime.fromisoformat

Reader = Callable[[object], object]


def text(raw: object) -> str | Unknown | None:
    """A string as it is."""
    if raw is None or raw == "":
        return None
    return raw if isinstance(raw, str) else UNKNOWN


def truth(raw: object) -> Truth:
    """A yes or no; nobody said anything is no."""
    if raw is None:
        return False
    return _TRUTHS.get(raw, UNKNOWN) if isinstance(raw, str) else UNKNOWN


def has_value(raw: object) -> Truth:
    """Whether anything stands there."""
    found = text(raw)
    return UNKNOWN if isinstance(found, Unknown) else found is not None


def positive(raw: object) -> Truth:
    """Whether a number is greater than zero; none is not."""
    found = text(raw)
    if found is None or isinstance(found, Unknown):
        return UNKNOWN if found is UNKNOWN else False
    try:
        number = Decimal(found)
    except InvalidOperation:
        return UNKNOWN
    return number > 0 if number.is_finite() else UNKNOWN


def instant(raw: object) -> Instant:
    """An instant in UTC. A date alone is none: HubSpot never writes one for a datetime, and which midnight it
    would mean is a guess."""
    if raw is None or raw == "":
        return None
    if not isinstance(raw, str):
        return UNKNOWN
    try:
        if len(raw) in _USUAL_LENGTHS and raw[7] == "-" and raw[10] == "T" and raw[-1] == "Z":
            return _from_iso(raw)
        return _unusual_instant(raw)
    except (ValueError, OverflowError):
        return UNKNOWN


def _unusual_instant(raw: str) -> Instant:
    if _MILLISECONDS.fullmatch(raw):
        return _EPOCH + timedelta(milliseconds=int(raw))
    if _INSTANT.fullmatch(raw):
        return _from_iso(raw).astimezone(UTC)
    return UNKNOWN


def day(raw: object) -> Day:
    """A calendar day; an instant counts only if it is a midnight in UTC, as HubSpot writes dates."""
    if raw is None or raw == "":
        return None
    if not isinstance(raw, str):
        return UNKNOWN
    if _DATE.fullmatch(raw):
        try:
            return date.fromisoformat(raw)
        except ValueError:
            return UNKNOWN
    found = instant(raw)
    if not isinstance(found, datetime) or (found - _EPOCH) % timedelta(days=1):
        return UNKNOWN
    return found.date()


def moment_reader(is_date: bool) -> Callable[[object], Moment]:
    """The reader of a property that the portal defines as `date`, else as `datetime`."""
    return day if is_date else instant


def record_ids(raw: object) -> tuple[RecordId, ...] | Unknown:
    """Record ids separated by semicolons."""
    if raw is None or raw == "":
        return ()
    if not isinstance(raw, str):
        return UNKNOWN
    parts = [part.strip() for part in raw.split(";") if part.strip()]
    if not all(part.isascii() and part.isdigit() for part in parts):
        return UNKNOWN
    return tuple(RecordId(int(part)) for part in parts)
