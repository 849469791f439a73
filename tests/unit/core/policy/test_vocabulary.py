"""The vocabulary names facts that the core really derives, and each by its right kind."""

from typing import get_type_hints

import pytest

from hubspot_retention.core.facts.contact import ContactFacts
from hubspot_retention.core.facts.deal import DealFacts
from hubspot_retention.core.facts.values import Day, Instant, Start, Truth
from hubspot_retention.core.policy.vocabulary import (
    CONTACT_FACTS,
    DEAL_FACTS,
    FactKind,
    FactWords,
    fact_names,
)
from hubspot_retention.core.record import ObjectType

CASES = [(CONTACT_FACTS, ContactFacts), (DEAL_FACTS, DealFacts)]


@pytest.mark.parametrize(("words", "facts"), CASES)
def test_every_fact_of_the_vocabulary_is_derived_and_of_its_kind(words: dict[str, FactWords], facts: type) -> None:
    hints = get_type_hints(facts)
    for name, fact in words.items():
        if fact.kind is FactKind.TRUTH:
            assert hints[name] == Truth, name
        else:
            assert hints[name] in (Day, Instant, Start), name


@pytest.mark.parametrize(("words", "facts"), CASES)
def test_no_fact_that_a_rule_could_use_is_left_out(words: dict[str, FactWords], facts: type) -> None:
    usable = {name for name, hint in get_type_hints(facts).items() if hint in (Truth, Day, Instant, Start)}
    assert usable - set(words) == {"contradicted"}


def test_a_name_that_two_classes_share_is_listed_once() -> None:
    names = fact_names(FactKind.MOMENT)
    assert len(names) == len(set(names))
    assert "closed_at" not in fact_names(FactKind.MOMENT, ObjectType.CONTACT)
