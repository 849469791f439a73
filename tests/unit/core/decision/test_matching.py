"""The matcher remembers what follows from a pattern of answers; it must say what asking each rule says."""

import random
from datetime import timedelta

import pytest

from hubspot_retention.core.criteria import AllOf, AnyOf, Criterion, Holds, Known, LaterThanEach, Not, NotPast
from hubspot_retention.core.criteria import compile_criterion as compiled
from hubspot_retention.core.decision.matching import Answers, Matcher
from hubspot_retention.core.facts.contact import ContactFacts
from hubspot_retention.core.facts.values import ONGOING, UNKNOWN, Day
from tests.builders import at
from tests.documents import clienti

AS_OF = at("2026-11-22T08:00")
CRITERIA: tuple[Criterion, ...] = (
    Holds("is_partner"),
    Not(Holds("is_partner")),
    AllOf((Holds("was_customer"), AnyOf((Holds("relationship_ongoing"), NotPast("customer_until"))))),
    AnyOf((Known("event_on"), Not(Known("customer_until")), Holds("has_open_deal"))),
    LaterThanEach("last_enquiry_at", ("unsubscribed_at", "customer_until")),
)
TRUTHS = (True, False, UNKNOWN)
INSTANTS = (None, UNKNOWN, AS_OF, AS_OF - timedelta(days=400), AS_OF + timedelta(days=3))
DAYS = (None, UNKNOWN, ONGOING, AS_OF.date(), AS_OF.date() - timedelta(days=400))


def some_facts(rng: random.Random) -> ContactFacts:
    blank = ContactFacts._make([None] * len(ContactFacts._fields))
    return blank._replace(
        is_partner=rng.choice(TRUTHS),
        was_customer=rng.choice(TRUTHS),
        relationship_ongoing=rng.choice(TRUTHS),
        has_open_deal=rng.choice(TRUTHS),
        customer_until=rng.choice(DAYS),
        event_on=rng.choice((None, UNKNOWN, AS_OF.date())),
        last_enquiry_at=rng.choice(INSTANTS),
        unsubscribed_at=rng.choice(INSTANTS),
    )


def test_the_answers_are_those_of_each_criterion_by_itself() -> None:
    def as_they_are(answers: Answers) -> Answers:
        return answers

    civil = clienti().civil
    matcher = Matcher(CRITERIA, civil, as_they_are)
    alone = [compiled(criterion, civil) for criterion in CRITERIA]
    rng = random.Random(7)
    for _ in range(3000):
        facts = some_facts(rng)
        assert matcher.ask(facts, AS_OF) == tuple(ask(facts, AS_OF) for ask in alone)


def test_what_follows_from_a_pattern_is_worked_out_once() -> None:
    patterns: list[Answers] = []
    matcher = Matcher([Holds("is_partner")], clienti().civil, patterns.append)
    for truth in (True, False, True, True, False):
        matcher.ask(some_facts(random.Random(1))._replace(is_partner=truth), AS_OF)
    assert patterns == [(True,), (False,)]


@pytest.mark.parametrize(
    ("value", "answers"),
    [(None, (False, True)), (UNKNOWN, (UNKNOWN, UNKNOWN)), (AS_OF.date(), (True, False))],
)
def test_a_fact_that_is_asked_for_in_two_ways_is_answered_in_both(value: Day, answers: Answers) -> None:
    criteria = (Known("event_on"), Not(Known("event_on")))
    matcher = Matcher(criteria, clienti().civil, lambda answers: answers)
    assert matcher.ask(some_facts(random.Random(1))._replace(event_on=value), AS_OF) == answers
