"""Which rules match a record.

Criteria are put together from a few dozen questions: whether a fact holds, is known, lies ahead, is later than
others. Records by the hundred thousand give the same few hundred patterns of answers, so what follows from a
pattern is worked out once and remembered; only the questions are asked of every record.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, Generic, TypeVar, assert_never

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

_T = TypeVar("_T")


def questions_of(criterion: Criterion) -> Iterator[Question]:
    """What a criterion asks of a record, in its order."""
    match criterion:
        case Not(item):
            yield from questions_of(item)
        case AllOf(items) | AnyOf(items):
            for each in items:
                yield from questions_of(each)
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


def _reader(names: Sequence[str]) -> Callable[[Facts], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda facts: tuple(getattr(facts, name) for name in names)


class Matcher(Generic[_T]):
    """Asks a record which of some criteria match it; `conclude` says what follows from the answers, in the order
    of the criteria, and is called once for each pattern."""

    def __init__(self, criteria: Sequence[Criterion], civil: Civil, conclude: Callable[[Answers], _T]) -> None:
        asked = list(dict.fromkeys(question for criterion in criteria for question in questions_of(criterion)))
        holds = [question for question in asked if isinstance(question, Holds)]
        known = [question for question in asked if isinstance(question, Known)]
        timed = [question for question in asked if isinstance(question, NotPast | LaterThanEach)]
        questions: tuple[Question, ...] = (*holds, *known, *timed)

        def concluded(*answers: Truth) -> _T:
            told = dict(zip(questions, answers, strict=True))
            return conclude(tuple(_conclusion(criterion, told) for criterion in criteria))

        self._holds = _reader([question.fact for question in holds])
        self._known = _reader([question.fact for question in known])
        self._timed = [compile_criterion(question, civil) for question in timed]
        self._concluded = lru_cache(_PATTERNS_KEPT)(concluded)

    def ask(self, facts: Facts, as_of: datetime) -> _T:
        """What follows for a record."""
        return self._concluded(
            *self._holds(facts),
            *[None is not value if value is not UNKNOWN else UNKNOWN for value in self._known(facts)],
            *[test(facts, as_of) for test in self._timed],
        )
