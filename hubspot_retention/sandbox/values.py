"""The values of properties: how HubSpot keeps what is written to it.

All values are strings. A `date` is kept as its day, a `datetime` as an instant in UTC, an empty string
clears. Source: HubSpot's guide to properties (2026-04), "date" must be a day or midnight UTC in milliseconds.
"""

import re
from datetime import UTC, date, datetime, time

from hubspot_retention.sandbox.clock import instant_text, parse_instant
from hubspot_retention.sandbox.definitions import PropertyDefinition

_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]+")
_LONGEST = 65_536


class InvalidValueError(Exception):
    """A value that a property cannot have; `code` is HubSpot's word for why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def as_text(raw: object) -> str | None:
    """What a JSON scalar is as a property value; none for null and for what is no scalar."""
    match raw:
        case str():
            return raw
        case bool():
            return "true" if raw else "false"
        case int() | float():
            return str(raw)
        case _:
            return None


def day_of(text: str) -> str | None:
    """The day that a text is the value of: itself, or the midnight UTC that it names; none if it is
    neither.
    """
    if len(text) == 10:
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            return None
    at = parse_instant(text)
    if at is None or at.time() != time(0):
        return None
    return at.date().isoformat()


def instant_of(text: str) -> str | None:
    """The instant that a text is the value of, in UTC; none if it is none."""
    if len(text) == 20 and text[-1] == "Z" and text[10] == "T":
        try:
            datetime.fromisoformat(text)
        except ValueError:
            return None
        return text
    at = parse_instant(text)
    return None if at is None else instant_text(at)


def in_wire_form(definition: PropertyDefinition | None, raw: object) -> bool:
    """Whether a value out of a document stands there as HubSpot has it: most do, and portals are large."""
    if type(raw) is not str or raw == "":
        return False
    if definition is None or definition.type not in ("date", "datetime"):
        return True
    return len(raw) == 10 if definition.type == "date" else raw[-1] == "Z"


def loaded(definition: PropertyDefinition, text: str) -> str:
    """A value out of a document: in HubSpot's form if it can be, else as it stands there."""
    match definition.type:
        case "date":
            return day_of(text) or text
        case "datetime":
            return instant_of(text) or text
        case _:
            return text


def normalised(definition: PropertyDefinition, text: str) -> str:
    """A value as HubSpot keeps it after a write; an empty one clears.

    Raises InvalidValueError for one that the property cannot have.
    """
    if text == "":
        return ""
    kept: str | None
    match definition.type:
        case "date":
            kept, code = day_of(text), "INVALID_DATE"
        case "datetime":
            kept, code = instant_of(text), "INVALID_DATE"
        case "number":
            kept, code = _number(text), "INVALID_NUMBER"
        case "bool":
            kept, code = (text if text in ("true", "false") else None), "INVALID_BOOLEAN"
        case "enumeration":
            kept, code = _option(definition, text), "INVALID_OPTION"
        case _:
            kept, code = _string(definition, text)
    if kept is None:
        raise InvalidValueError(code, f'"{text}" is not a valid {definition.type} for property "{definition.name}"')
    return kept


def _number(text: str) -> str | None:
    try:
        float(text)
    except ValueError:
        return None
    return None if text.strip().lower().lstrip("+-") in ("nan", "inf", "infinity") else text


def _option(definition: PropertyDefinition, text: str) -> str | None:
    allowed = {value for value, _ in definition.options}
    values = text.split(";") if definition.field_type == "checkbox" else [text]
    if allowed and any(value.strip() not in allowed for value in values if value):
        return None
    return text


def _string(definition: PropertyDefinition, text: str) -> tuple[str | None, str]:
    if definition.name == "email":
        return (text.strip().lower() if _EMAIL.fullmatch(text.strip()) else None), "INVALID_EMAIL"
    return (text if len(text) <= _LONGEST else None), "VALUE_TOO_LONG"


def comparable(definition: PropertyDefinition | None, text: str) -> float | str | None:
    """What a search compares: a number, an instant as epoch milliseconds, else the text in lower case."""
    match definition.type if definition else "string":
        case "number":
            try:
                return float(text)
            except ValueError:
                return None
        case "date" | "datetime":
            at = parse_instant(text)
            return None if at is None else at.astimezone(UTC).timestamp() * 1000
        case _:
            return text.lower()
