"""Criteria over facts: what a rule's `when`, `while` and `refer_when` may say, over three values.

An empty group is no criterion: vacuous truth would match everything (reliability S4), so it cannot be built.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from typing import assert_never

from hubspot_retention.core.civil import Civil
from hubspot_retention.core.facts.contact import ContactFacts
from hubspot_retention.core.facts.deal import DealFacts
from hubspot_retention.core.facts.values import (
    ONGOING,
    UNKNOWN,
    Truth,
    all_of,
    any_of,
    is_known,
    negation,
)

Facts = ContactFacts | DealFacts
Test = Callable[[Facts, datetime], Truth]


@dataclass(frozen=True, slots=True)
class Holds:
    """A fact that is true or false is true."""

    fact: str


@dataclass(frozen=True, slots=True)
class Known:
    """A fact has a value."""

    fact: str


@dataclass(frozen=True, slots=True)
class NotPast:
    """The day has not ended yet. An ongoing relationship or an absent day is no day."""

    fact: str


@dataclass(frozen=True, slots=True)
class LaterThanEach:
    """`fact` is later than each of `others` that is known, and one of them is. A day counts from its end."""

    fact: str
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    item: "Criterion"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one of at least one."""

    items: tuple["Criterion", ...]

    def __post_init__(self) -> None:
        assert self.items, "an empty group would match everything"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of at least one."""

    items: tuple["Criterion", ...]

    def __post_init__(self) -> None:
        assert self.items, "an empty group means nothing"


Criterion = Holds | Known | NotPast | LaterThanEach | Not | AllOf | AnyOf


def compile_criterion(criterion: Criterion, civil: Civil) -> Test:
    """A criterion as a function of facts and `as_of`."""
    match criterion:
        case Holds(fact):
            read = attrgetter(fact)
            return lambda facts, _: read(facts)
        case Known(fact):
            read = attrgetter(fact)
            return lambda facts, _: is_known(read(facts))
        case NotPast(fact):
            return _not_past(attrgetter(fact), civil)
        case LaterThanEach(fact, others):
            return _later_than_each(attrgetter(fact), [attrgetter(other) for other in others], civil)
        case Not(item):
            test = compile_criterion(item, civil)
            return lambda facts, as_of: negation(test(facts, as_of))
        case AllOf(items):
            tests = [compile_criterion(item, civil) for item in items]
            return lambda facts, as_of: all_of(test(facts, as_of) for test in tests)
        case AnyOf(items):
            tests = [compile_criterion(item, civil) for item in items]
            return lambda facts, as_of: any_of(test(facts, as_of) for test in tests)
        case _:
            assert_never(criterion)


def _not_past(read: Callable[[Facts], object], civil: Civil) -> Test:
    def test(facts: Facts, as_of: datetime) -> Truth:
        value = read(facts)
        if value is UNKNOWN:
            return UNKNOWN
        return isinstance(value, date) and as_of < civil.instant_of(value)

    return test


def _later_than_each(read: Callable[[Facts], object], others: list[Callable[[Facts], object]], civil: Civil) -> Test:
    def test(facts: Facts, _: datetime) -> Truth:
        value = read(facts)
        if value is None:
            return False
        limits = [limit for other in others if (limit := other(facts)) is not None and limit is not ONGOING]
        return all_of([_later(value, limit, civil) for limit in limits]) if limits else False

    return test


def _later(value: object, limit: object, civil: Civil) -> Truth:
    if isinstance(value, date) and isinstance(limit, date):
        return civil.instant_of(value) > civil.instant_of(limit)
    return UNKNOWN


def facts_named(criterion: Criterion) -> frozenset[str]:
    """The facts that a criterion reads."""
    match criterion:
        case Holds(fact) | Known(fact) | NotPast(fact):
            return frozenset((fact,))
        case LaterThanEach(fact, others):
            return frozenset((fact, *others))
        case Not(item):
            return facts_named(item)
        case AllOf(items) | AnyOf(items):
            return frozenset().union(*(facts_named(item) for item in items))
        case _:
            assert_never(criterion)
