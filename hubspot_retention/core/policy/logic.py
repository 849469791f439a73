"""Whether a criterion can ever hold, and whether one always holds where another does.

Criteria are taken as propositions over their atoms (`is`, `known`, `not_past`, `later`), together with what is always
so: nobody who was never a customer has an end of a relationship, nothing is later than itself, and what has happened is
past. An assignment of truth is looked for one atom at a time; three-valued logic ends a branch as soon as the rest
cannot matter.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import assert_never

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
from hubspot_retention.core.facts.values import UNKNOWN, Truth, all_of, any_of, negation
from hubspot_retention.core.policy.vocabulary import past_facts
from hubspot_retention.core.record import ObjectType

Atom = Holds | Known | NotPast | LaterThanEach
Assignment = Mapping[Atom, bool]


def example(criterion: Criterion, object_type: ObjectType) -> Assignment | None:
    """Atoms of a record that the criterion applies to; `None` if there can be no such record."""
    return _search(AllOf((criterion, *_always(criterion, object_type))), {})


def what_matters(assignment: Assignment, criterion: Criterion) -> Assignment:
    """Of an assignment that meets a criterion the atoms that it takes; the others may be as they like."""
    needed = dict(assignment)
    for atom in assignment:
        rest = {other: truth for other, truth in needed.items() if other != atom}
        if _value(criterion, rest) is True:
            needed = rest
    return needed


def implies(first: Criterion, second: Criterion, object_type: ObjectType) -> bool:
    """Whether the second holds of every record that the first holds of."""
    return example(AllOf((first, Not(second))), object_type) is None


def atoms(criterion: Criterion) -> Iterator[Atom]:
    """The atoms of a criterion, in its order, repeated ones too."""
    match criterion:
        case Holds() | Known() | NotPast() | LaterThanEach():
            yield criterion
        case Not(item):
            yield from atoms(item)
        case AllOf(items) | AnyOf(items):
            for item in items:
                yield from atoms(item)
        case _:
            assert_never(criterion)


def _value(criterion: Criterion, given: Assignment) -> Truth:
    match criterion:
        case Holds() | Known() | NotPast() | LaterThanEach():
            return given.get(criterion, UNKNOWN)
        case Not(item):
            return negation(_value(item, given))
        case AllOf(items):
            return all_of(_value(item, given) for item in items)
        case AnyOf(items):
            return any_of(_value(item, given) for item in items)
        case _:
            assert_never(criterion)


def _search(criterion: Criterion, given: Assignment) -> Assignment | None:
    value = _value(criterion, given)
    if value is not UNKNOWN:
        return given if value else None
    atom = next(atom for atom in atoms(criterion) if atom not in given)
    for truth in (True, False):
        found = _search(criterion, {**given, atom: truth})
        if found is not None:
            return found
    return None


def _if(first: Criterion, then: Criterion) -> Criterion:
    return AnyOf((Not(first), then))


def _always(criterion: Criterion, object_type: ObjectType) -> Iterator[Criterion]:
    """What is always so of a record of that class, as far as these atoms are concerned."""
    yield from _axioms(object_type)
    for atom in atoms(criterion):
        if isinstance(atom, NotPast):
            yield Not(atom) if atom.fact in past_facts(object_type) else _if(atom, Known(atom.fact))
        elif isinstance(atom, LaterThanEach):
            if atom.fact in atom.others:
                yield Not(atom)
            yield _if(atom, AllOf((Known(atom.fact), AnyOf(tuple(Known(other) for other in atom.others)))))


@cache
def _axioms(object_type: ObjectType) -> tuple[Criterion, ...]:
    """What semantics 3 makes of the facts. An ongoing relationship counts as a known `customer_until`."""
    if object_type is ObjectType.DEAL:
        won, lost, is_open = Holds("is_closed_won"), Holds("is_closed_lost"), Holds("is_open")
        return (
            AnyOf((is_open, won, lost)),
            *(Not(AllOf(pair)) for pair in ((is_open, won), (is_open, lost), (won, lost))),
            *(Known(fact) for fact in ("customer_until", "last_activity_at")),
            *(_if(closed, Known(fact)) for closed in (won, lost) for fact in ("closed_at", "last_business_on")),
        )
    was, ongoing, end = Holds("was_customer"), Holds("relationship_ongoing"), Known("customer_until")
    return (
        _if(Holds("is_customer"), was),
        _if(ongoing, was),
        _if(was, end),
        _if(end, was),
        Not(AllOf((ongoing, NotPast("customer_until")))),
        Known("last_activity_at"),
    )
