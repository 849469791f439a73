"""Criteria and periods in plain English, for a privacy officer."""

from collections.abc import Sequence
from typing import assert_never

from hubspot_retention.core.civil import Period
from hubspot_retention.core.criteria import (
    AllOf,
    AnyOf,
    Criterion,
    Holds,
    Known,
    LaterThanEach,
    Not,
    NotPast,
)
from hubspot_retention.core.policy.logic import Assignment
from hubspot_retention.core.policy.vocabulary import FACTS, Momentous, Truthful
from hubspot_retention.core.record import ObjectType

_UNITS = {"Y": "year", "M": "month", "D": "day"}


def period_words(period: Period) -> str:
    """`24 months`, `1 day`; a period of no length is `0 days`."""
    text = str(period)
    count, unit = int(text[1:-1]), _UNITS[text[-1]]
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def noun(fact: str, object_type: ObjectType) -> str:
    """A moment as a noun: `the last activity`."""
    words = FACTS[object_type][fact]
    assert isinstance(words, Momentous)  # parse lets only moments stand here
    return words.noun


def clause(criterion: Criterion, object_type: ObjectType, yes: bool = True) -> str:
    """A criterion, or its opposite, as a clause: `the person has an open deal`."""
    match criterion:
        case Holds(fact):
            return f"{_subject(object_type)} {_said(fact, object_type, yes)}"
        case Known(fact):
            return f"{noun(fact, object_type)} is {'' if yes else 'not '}on record"
        case NotPast(fact):
            return f"{noun(fact, object_type)} {'has not passed' if yes else 'has passed or is not on record'}"
        case LaterThanEach(fact, others):
            listed = enumerated([noun(other, object_type) for other in others], "and")
            each = f"each of {listed} that is on record" if len(others) > 1 else listed
            return f"{noun(fact, object_type)} {'came' if yes else 'did not come'} after {each}"
        case Not(item):
            return clause(item, object_type, not yes)
        case AllOf(items):
            return _joined(items, object_type, yes, "and" if yes else "or")
        case AnyOf(items):
            return _joined(items, object_type, yes, "or" if yes else "and")
        case _:
            assert_never(criterion)


def described(assignment: Assignment, object_type: ObjectType) -> str:
    """The record of an assignment: what is so of it and what is not."""
    parts = [clause(atom, object_type, truth) for atom, truth in assignment.items()]
    return enumerated(parts, "and")


def enumerated(parts: Sequence[str], word: str) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *first, last = parts
    return f"{', '.join(first)} {word} {last}" if first else last


def _joined(items: Sequence[Criterion], object_type: ObjectType, yes: bool, word: str) -> str:
    parts = []
    for item in items:
        part = clause(item, object_type, yes)
        parts.append(f"({part})" if isinstance(_bare(item), AllOf | AnyOf) else part)
    return enumerated(parts, word)


def _bare(criterion: Criterion) -> Criterion:
    return _bare(criterion.item) if isinstance(criterion, Not) else criterion


def _said(fact: str, object_type: ObjectType, yes: bool) -> str:
    words = FACTS[object_type][fact]
    assert isinstance(words, Truthful)  # parse lets only truths stand here
    return words.yes if yes else words.no


def _subject(object_type: ObjectType) -> str:
    return "the deal" if object_type is ObjectType.DEAL else "the person"
