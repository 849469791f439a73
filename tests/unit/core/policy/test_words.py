"""Criteria and periods said in English."""

import pytest

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
from hubspot_retention.core.policy.vocabulary import FACTS, FactKind
from hubspot_retention.core.policy.words import clause, described, noun, period_words
from hubspot_retention.core.record import ObjectType

CONTACT, DEAL = ObjectType.CONTACT, ObjectType.DEAL
PARTNER, WAS = Holds("is_partner"), Holds("was_customer")


@pytest.mark.parametrize(
    ("period", "words"),
    [("P24M", "24 months"), ("P1M", "1 month"), ("P5Y", "5 years"), ("P30D", "30 days"), ("P0D", "0 days")],
)
def test_a_period_is_said_with_its_unit(period: str, words: str) -> None:
    assert period_words(Period.parse(period)) == words


@pytest.mark.parametrize(
    ("criterion", "words"),
    [
        (WAS, "the person is or was a customer"),
        (Not(WAS), "the person was never a customer"),
        (Not(Not(WAS)), "the person is or was a customer"),
        (Known("event_on"), "the event is on record"),
        (Not(Known("event_on")), "the event is not on record"),
        (NotPast("event_on"), "the event has not passed"),
        (Not(NotPast("event_on")), "the event has passed or is not on record"),
        (
            LaterThanEach("last_enquiry_at", ("unsubscribed_at", "event_on")),
            "the last enquiry of their own came after each of the unsubscription and the event that is on record",
        ),
        (
            Not(LaterThanEach("last_enquiry_at", ("event_on",))),
            "the last enquiry of their own did not come after the event",
        ),
        (AllOf((PARTNER,)), "the person belongs to a partner or vendor"),
        (AllOf((WAS, Known("event_on"))), "the person is or was a customer and the event is on record"),
        (
            Not(AllOf((WAS, Known("event_on")))),
            "the person was never a customer or the event is not on record",
        ),
        (
            AnyOf((WAS, Not(AllOf((PARTNER, Known("event_on")))), Known("event_on"))),
            "the person is or was a customer, "
            "(the person belongs to no partner or vendor or the event is not on record) "
            "or the event is on record",
        ),
        (
            Not(AnyOf((WAS, PARTNER))),
            "the person was never a customer and the person belongs to no partner or vendor",
        ),
    ],
)
def test_a_criterion_is_said_as_a_clause(criterion: Criterion, words: str) -> None:
    assert clause(criterion, CONTACT) == words


def test_a_deal_is_called_a_deal() -> None:
    assert clause(Holds("is_open"), DEAL) == "the deal is open"
    assert noun("closed_at", DEAL) == "the closing of the deal"


def test_a_record_is_described_by_what_is_so_and_what_is_not() -> None:
    assert described({WAS: True, Known("event_on"): False}, CONTACT) == (
        "the person is or was a customer and the event is not on record"
    )


@pytest.mark.parametrize("object_type", FACTS)
def test_every_fact_has_words_for_both_ways(object_type: ObjectType) -> None:
    for name, fact in FACTS[object_type].items():
        criterion = Holds(name) if fact.kind is FactKind.TRUTH else Known(name)
        assert clause(criterion, object_type) != clause(Not(criterion), object_type)
