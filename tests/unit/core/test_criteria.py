"""What a rule may say over facts, over three values."""

from datetime import timedelta
from typing import Any

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
    compile_criterion,
    facts_named,
)
from hubspot_retention.core.facts.observation import OptOut
from hubspot_retention.core.facts.values import UNKNOWN
from tests.builders import a_contact, a_customer, at, on
from tests.documents import clienti
from tests.observed import AS_OF, contact_facts

ENDED = on("2026-11-21")
TRUE, FALSE, DOUBT = Holds("was_customer"), Holds("restricted"), Holds("is_partner")


def holds(criterion: Criterion, contact: Any) -> object:
    return compile_criterion(criterion, clienti().civil)(contact_facts(contact), AS_OF)


def test_a_truth_holds_a_value_is_known() -> None:
    assert holds(Holds("is_customer"), a_customer()) is True
    assert holds(Known("event_on"), a_contact()) is False
    assert holds(Known("event_on"), a_contact(event_on=ENDED)) is True
    assert holds(Known("event_on"), a_contact(event_on=UNKNOWN)) is UNKNOWN


@pytest.mark.parametrize(("items", "every", "some"), [((TRUE, DOUBT), UNKNOWN, True), ((FALSE, DOUBT), False, UNKNOWN)])
def test_groups_and_the_opposite_are_decided_over_three_values(items: Any, every: object, some: object) -> None:
    contact = a_customer(companies=UNKNOWN)
    assert holds(AllOf(items), contact) is every
    assert holds(AnyOf(items), contact) is some
    assert holds(Not(DOUBT), contact) is UNKNOWN
    assert holds(Not(TRUE), contact) is False


@pytest.mark.parametrize(
    ("value", "not_past"), [(ENDED, False), (on("2026-11-22"), True), (None, False), (UNKNOWN, UNKNOWN)]
)
def test_a_day_is_not_past_until_it_ends_and_what_is_no_day_is_not(value: Any, not_past: object) -> None:
    assert holds(NotPast("event_on"), a_contact(event_on=value)) is not_past
    assert holds(NotPast("customer_until"), a_customer()) is False


def test_a_day_is_past_from_the_instant_at_which_it_ends() -> None:
    test, facts = compile_criterion(NotPast("event_on"), clienti().civil), contact_facts(a_contact(event_on=ENDED))
    ends = at("2026-11-21T23:00")
    assert test(facts, ends - timedelta(microseconds=1)) is True
    assert test(facts, ends) is False


LATER = LaterThanEach("last_enquiry_at", ("unsubscribed_at", "consent_withdrawn_at", "customer_until"))
WROTE = at("2026-11-01T10:00")
EARLIER, SAME, AFTER = at("2026-10-31T10:00"), WROTE, at("2026-11-02T10:00")


@pytest.mark.parametrize(
    ("values", "later"),
    [
        ({}, False),
        ({"opt_out": OptOut(EARLIER)}, True),
        ({"opt_out": OptOut(SAME)}, False),
        ({"opt_out": OptOut(EARLIER), "consent_withdrawn_at": AFTER}, False),
        ({"opt_out": OptOut(EARLIER), "consent_withdrawn_at": EARLIER}, True),
        ({"opt_out": UNKNOWN}, UNKNOWN),
        ({"opt_out": UNKNOWN, "consent_withdrawn_at": AFTER}, False),
        ({"stage": "customer"}, False),
        ({"customer_until": on("2026-10-31")}, True),
        ({"customer_until": on("2026-11-01")}, False),
        ({"opt_out": OptOut(EARLIER), "wrote_at": None}, False),
        ({"opt_out": OptOut(EARLIER), "enquiry": (UNKNOWN,)}, UNKNOWN),
    ],
)
def test_later_than_each_that_is_known_and_one_of_them_is(values: dict[str, Any], later: object) -> None:
    assert holds(LATER, a_contact(**{"wrote_at": WROTE} | values)) is later


@pytest.mark.parametrize("group", [AllOf, AnyOf])
def test_an_empty_group_cannot_be_built(group: Any) -> None:
    with pytest.raises(AssertionError, match=r"^an empty group [a-z ]+$"):
        group(())


def test_a_criterion_names_every_fact_that_it_reads() -> None:
    criterion = AllOf((TRUE, AnyOf((Not(Known("event_on")), NotPast("customer_until"))), LATER))
    assert facts_named(criterion) == {
        "was_customer",
        "event_on",
        "customer_until",
        "last_enquiry_at",
        "unsubscribed_at",
        "consent_withdrawn_at",
    }
