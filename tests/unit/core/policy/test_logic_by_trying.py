"""The search for an example finds what trying every combination finds."""

from collections.abc import Iterator
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from hubspot_retention.core.criteria import AllOf, AnyOf, Criterion, Holds, Known, Not
from hubspot_retention.core.policy.logic import example, implies
from hubspot_retention.core.record import ObjectType

CONTACT = ObjectType.CONTACT
PARTNER, OPEN_DEAL = Holds("is_partner"), Holds("has_open_deal")
ATOMS = (PARTNER, OPEN_DEAL, Known("event_on"), Known("unsubscribed_at"))
CRITERIA = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: (
        inner.map(Not)
        | st.lists(inner, min_size=1, max_size=3).map(lambda items: AllOf(tuple(items)))
        | st.lists(inner, min_size=1, max_size=3).map(lambda items: AnyOf(tuple(items)))
    ),
    max_leaves=8,
)


def holds(criterion: Criterion, given: dict[Criterion, bool]) -> bool:
    match criterion:
        case Not(item):
            return not holds(item, given)
        case AllOf(items):
            return all(holds(item, given) for item in items)
        case AnyOf(items):
            return any(holds(item, given) for item in items)
        case _:
            return given[criterion]


def worlds() -> Iterator[dict[Criterion, bool]]:
    for truths in product((True, False), repeat=len(ATOMS)):
        yield dict(zip(ATOMS, truths, strict=True))


@settings(max_examples=80, deadline=None)
@given(first=CRITERIA, second=CRITERIA)
def test_the_search_agrees_with_trying_every_world(first: Criterion, second: Criterion) -> None:
    assert (example(first, CONTACT) is not None) == any(holds(first, world) for world in worlds())
    follows = all(holds(second, world) for world in worlds() if holds(first, world))
    assert implies(first, second, CONTACT) == follows
