"""Which rules match a record.

Criteria are put together from a few dozen questions: whether a fact holds, is known, lies ahead, is later than
others. Records by the hundred thousand give the same few hundred patterns of answers, so what follows from a
pattern is worked out once and remembered; only the questions are asked of every record.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, assert_never

from hubspot_retention.core.civil import Civil
from hubspot_retention.core.criteria import (
    AllOf,
    AnyOf,
    Criterion,
    Facts,
    Holds,
    Known,
    LaterThanEach,
    Not,
    NotPast,
    compile_criterion,
)
from hubspot_retention.core.facts.values import UNKNOWN, Truth, all_of, any_of, negation

Question = Holds | Known | NotPast | LaterThanEach
Answers = tuple[Truth, ...]
_PATTERNS_KEPT = 4096


def _questions(criterion: Criterion) -> Iterator[Question]:
    match criterion:
        case Not(item):
            yield from _questions(item)
        case AllOf(items) | AnyOf(items):
            for each in items:
                yield from _questions(each)
        case _:
            yield criterion


def _conclusion(criterion: Criterion, answers: Mapping[Question, Truth]) -> Truth:
    match criterion:
        case Not(item):
            return negation(_conclusion(item, answers))
        case AllOf(items):
            return all_of([_conclusion(item, answers) for item in items])
        case AnyOf(items):
            return any_of([_conclusion(item, answers) for item in items])
        case Holds() | Known() | NotPast() | LaterThanEach():
            return answers[criterion]
        case _:
            assert_never(criterion)


@dataclass(frozen=True, slots=True)
class _Group:
    """Facts that are read together."""

    facts: tuple[str, ...]

    def reader(self) -> Callable[[Facts], tuple[Any, ...]]:
        if len(self.facts) > 1:
            return attrgetter(*self.facts)
        return lambda facts: tuple(getattr(facts, name) for name in self.facts)


class Matcher:
    """Answers which of some criteria match a record, in their order."""

    def __init__(self, criteria: Sequence[Criterion], civil: Civil) -> None:
        asked = list(dict.fromkeys(question for criterion in criteria for question in _questions(criterion)))
        holds = [question for question in asked if isinstance(question, Holds)]
        known = [question for question in asked if isinstance(question, Known)]
        timed = [question for question in asked if isinstance(question, NotPast | LaterThanEach)]
        self._criteria = tuple(criteria)
        self._questions: tuple[Question, ...] = (*holds, *known, *timed)
        self._holds = _Group(tuple(question.fact for question in holds)).reader()
        self._known = _Group(tuple(question.fact for question in known)).reader()
        self._timed = [compile_criterion(question, civil) for question in timed]
        self._remembered = lru_cache(_PATTERNS_KEPT)(self._concluded)

    def _concluded(self, *answers: Truth) -> Answers:
        told = dict(zip(self._questions, answers, strict=True))
        return tuple(_conclusion(criterion, told) for criterion in self._criteria)

    def match(self, facts: Facts, as_of: datetime) -> Answers:
        """For each criterion whether it matches."""
        return self._remembered(
            *self._holds(facts),
            *[UNKNOWN if value is UNKNOWN else value is not None for value in self._known(facts)],
            *[test(facts, as_of) for test in self._timed],
        )
