"""Whether criteria can hold, and which follow from which."""

import pytest

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
from hubspot_retention.core.policy.logic import atoms, example, implies, what_matters
from hubspot_retention.core.record import ObjectType

CONTACT, DEAL = ObjectType.CONTACT, ObjectType.DEAL
PARTNER, OPEN_DEAL, WAS = Holds("is_partner"), Holds("has_open_deal"), Holds("was_customer")


def test_a_criterion_and_its_opposite_hold_of_nobody() -> None:
    assert example(AllOf((PARTNER, Not(PARTNER))), CONTACT) is None


def test_an_example_says_what_is_so() -> None:
    found = example(AllOf((PARTNER, Not(OPEN_DEAL))), CONTACT)
    assert found is not None
    assert (found[PARTNER], found[OPEN_DEAL]) == (True, False)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (Holds("is_customer"), WAS),
        (Holds("relationship_ongoing"), WAS),
        (WAS, Known("customer_until")),
        (Known("customer_until"), WAS),
        (NotPast("customer_until"), Known("customer_until")),
        (NotPast("customer_until"), Not(Holds("relationship_ongoing"))),
        (LaterThanEach("event_on", ("unsubscribed_at",)), Known("unsubscribed_at")),
        (LaterThanEach("event_on", ("unsubscribed_at",)), Known("event_on")),
        (PARTNER, Known("last_activity_at")),
    ],
)
def test_what_is_always_so_of_a_contact_is_known(first: Criterion, then: Criterion) -> None:
    assert implies(first, then, CONTACT)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (WAS, Holds("is_customer")),
        (Known("event_on"), NotPast("event_on")),
        (Known("event_on"), LaterThanEach("event_on", ("unsubscribed_at",))),
        (PARTNER, WAS),
    ],
)
def test_what_is_not_always_so_is_not_claimed(first: Criterion, then: Criterion) -> None:
    assert not implies(first, then, CONTACT)


@pytest.mark.parametrize("others", [("event_on",), ("unsubscribed_at", "event_on")])
def test_nothing_is_later_than_itself(others: tuple[str, ...]) -> None:
    assert example(LaterThanEach("event_on", others), CONTACT) is None


@pytest.mark.parametrize(
    ("fact", "kind"), [("unsubscribed_at", CONTACT), ("last_activity_at", CONTACT), ("closed_at", DEAL)]
)
def test_what_has_happened_is_past(fact: str, kind: ObjectType) -> None:
    assert example(NotPast(fact), kind) is None


@pytest.mark.parametrize(
    ("fact", "kind"), [("event_on", CONTACT), ("processing_ended_on", CONTACT), ("last_business_on", DEAL)]
)
def test_a_day_may_be_yet_to_come(fact: str, kind: ObjectType) -> None:
    assert example(NotPast(fact), kind) is not None


def test_a_deal_is_open_won_or_lost_and_only_one_of_them() -> None:
    states = [Holds("is_open"), Holds("is_closed_won"), Holds("is_closed_lost")]
    assert implies(Known("last_activity_at"), AnyOf(tuple(states)), DEAL)
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert example(AllOf((states[one], states[other])), DEAL) is None


@pytest.mark.parametrize("fact", ["closed_at", "last_business_on"])
def test_only_of_a_closed_deal_its_closing_and_last_business_are_known(fact: str) -> None:
    assert implies(Holds("is_closed_won"), Known(fact), DEAL)
    assert implies(Holds("is_closed_lost"), Known(fact), DEAL)
    assert not implies(Holds("is_open"), Known(fact), DEAL)


@pytest.mark.parametrize("fact", ["customer_until", "last_activity_at"])
def test_of_every_deal_the_last_activity_and_the_end_of_the_relationship_are_known(fact: str) -> None:
    assert implies(Holds("is_open"), Known(fact), DEAL)


def test_of_an_example_only_what_it_takes_is_told() -> None:
    criterion = Not(AnyOf((PARTNER, AllOf((OPEN_DEAL, Known("event_on"))))))
    found = example(criterion, CONTACT)
    assert found is not None
    needed = what_matters(found, criterion)
    assert needed[PARTNER] is False
    assert len(needed) == 2


def test_atoms_come_in_order_repeated_ones_too() -> None:
    assert list(atoms(AllOf((PARTNER, Not(AnyOf((OPEN_DEAL, PARTNER))))))) == [PARTNER, OPEN_DEAL, PARTNER]
