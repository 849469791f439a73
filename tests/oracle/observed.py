"""What a portal document says, before any rule: values known, absent or unknown, and who hangs on whom."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any


class Mark(Enum):
    """What stands in a value's place. ONGOING is an answer, not a gap: a relationship that has no end yet."""

    ABSENT = "absent"
    UNKNOWN = "unknown"
    ONGOING = "ongoing"


ABSENT, UNKNOWN, ONGOING = Mark.ABSENT, Mark.UNKNOWN, Mark.ONGOING

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})", re.ASCII)
MILLISECONDS = re.compile(r"-?\d+", re.ASCII)


# Three-valued truth: None is unknown.


def both(*parts: bool | None) -> bool | None:
    if any(part is False for part in parts):
        return False
    return None if any(part is None for part in parts) else True


def either(*parts: bool | None) -> bool | None:
    if any(part is True for part in parts):
        return True
    return None if any(part is None for part in parts) else False


def some(parts: Iterable[bool | None]) -> bool | None:
    return either(*parts)


def opposite(part: bool | None) -> bool | None:
    return None if part is None else not part


def is_known(value: object) -> bool | None:
    """Whether there is a value at all; an ongoing relationship has no date."""
    if value is UNKNOWN:
        return None
    return value is not ABSENT and value is not ONGOING


# Values.


def text(raw: object) -> str | Mark:
    if raw is None or raw == "":
        return ABSENT
    return raw if isinstance(raw, str) else UNKNOWN


def truth(raw: object) -> bool | None:
    """An absent flag is not set."""
    value = text(raw)
    if value is ABSENT:
        return False
    return {"true": True, "false": False}.get(value) if isinstance(value, str) else None


def number(raw: object) -> Decimal | Mark:
    value = text(raw)
    if isinstance(value, Mark):
        return value
    try:
        parsed = Decimal(value)
    except InvalidOperation:
        return UNKNOWN
    return parsed if parsed.is_finite() else UNKNOWN


def moment(raw: object) -> datetime | Mark:
    """A HubSpot datetime: ISO 8601 with its offset, or milliseconds since 1970."""
    value = text(raw)
    if isinstance(value, Mark):
        return value
    try:
        if MILLISECONDS.fullmatch(value):
            return EPOCH + timedelta(milliseconds=int(value))
        if INSTANT.fullmatch(value):
            return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        return UNKNOWN
    return UNKNOWN


def day(raw: object) -> date | Mark:
    """A HubSpot date: YYYY-MM-DD, or the milliseconds of that day's midnight in UTC."""
    value = text(raw)
    if isinstance(value, Mark):
        return value
    if DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return UNKNOWN
    instant = moment(value) if MILLISECONDS.fullmatch(value) else UNKNOWN
    if isinstance(instant, Mark) or (instant - EPOCH) % timedelta(days=1):
        return UNKNOWN
    return instant.date()


class Portal:
    """A portal document by key (`contacts/101`), with its associations in both directions."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.records: dict[str, dict[str, Any]] = {}
        for kind in ("contacts", "deals", "companies"):
            for record in document.get(kind, []):
                self.records[f"{kind}/{record['id']}"] = record
        kinds = document.get("subscriptionTypes", [])
        self.newsletters = [str(kind["id"]) for kind in kinds if kind.get("newsletter")]
        self.neighbours: dict[str, set[str]] = {key: set() for key in self.records}
        self.primary: set[tuple[str, str]] = set()
        for row in document.get("associations", []):
            here, there = row["from"], row["to"]
            self.neighbours[here].add(there)
            self.neighbours[there].add(here)
            if row.get("primary"):
                self.primary |= {(here, there), (there, here)}

    def keys(self, kind: str) -> list[str]:
        return [key for key in self.records if key.startswith(kind + "/")]

    def of(self, key: str, name: str) -> object:
        """The raw value of a property; a property that is not there has no value."""
        properties: dict[str, object] = self.records[key].get("properties", {})
        return properties.get(name)

    def beside(self, key: str, kind: str) -> list[str]:
        """The records of a kind that are associated with this one."""
        return sorted(other for other in self.neighbours[key] if other.startswith(kind + "/"))
