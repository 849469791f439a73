"""Known, absent, unknown, ongoing: the kinds of value a fact can have, and three-valued logic over them."""

from collections.abc import Iterable
from datetime import date, datetime
from enum import Enum
from typing import Final, Literal


class Unknown(Enum):
    """Could not be read: the property does not exist, a call failed, a value makes no sense. Never absent."""

    UNKNOWN = "unknown"


class Ongoing(Enum):
    """A relationship whose end nobody has set."""

    ONGOING = "ongoing"


UNKNOWN: Final = Unknown.UNKNOWN
ONGOING: Final = Ongoing.ONGOING

_Unknown = Literal[Unknown.UNKNOWN]
Truth = bool | _Unknown
Day = date | _Unknown | None
Instant = datetime | _Unknown | None
Moment = date | datetime | _Unknown | None
Start = date | datetime | _Unknown | Literal[Ongoing.ONGOING] | None


def negation(value: Truth) -> Truth:
    """Not, over three values."""
    return UNKNOWN if value is UNKNOWN else not value


def any_of(values: Iterable[Truth]) -> Truth:
    """Or, over three values: true if one is, unknown if one might be."""
    answer: Truth = False
    for value in values:
        if value is True:
            return True
        if value is UNKNOWN:
            answer = UNKNOWN
    return answer


def all_of(values: Iterable[Truth]) -> Truth:
    """And, over three values: false if one is, unknown if one might be."""
    answer: Truth = True
    for value in values:
        if value is False:
            return False
        if value is UNKNOWN:
            answer = UNKNOWN
    return answer


def is_known(value: object) -> Truth:
    """Whether a value is there: absent is false, unknown stays unknown."""
    if value is UNKNOWN:
        return UNKNOWN
    return value is not None
