"""Rules that stand alone where they match: what follows where two do, or where one might."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from hubspot_retention.core.criteria import Known
from hubspot_retention.core.decision.decide import History
from hubspot_retention.core.decision.model import Decision, Outcome, Reason, ReasonCode
from hubspot_retention.core.facts.values import ONGOING, UNKNOWN
from hubspot_retention.core.policy.model import RetentionPolicy, RetentionRule
from tests.builders import a_company, a_contact, link, on
from tests.documents import clienti
from tests.observed import around, decide_one

ENDED: dict[str, Any] = {"processed_on_behalf_of": True, "processing_ended_on": on("2026-10-31")}
AT_PARTNER: dict[str, Any] = {"companies": (link(301),)}
PARTNER = a_company(kind="PARTNER")
OVERLAP = {
    Reason(ReasonCode.EXCLUSIVE_RULES_OVERLAP, "partner"),
    Reason(ReasonCode.EXCLUSIVE_RULES_OVERLAP, "processor-data"),
}
MAY_BE = Reason(ReasonCode.KEEP_MATCH_UNKNOWN, "partner")


def the_rule(name: str, **change: Any) -> RetentionRule:
    found = clienti().rule(name)
    assert found is not None
    return replace(found, exclusive=True, refer_when=None, **change)


KEEPING, ERASING = the_rule("partner"), the_rule("processor-data")


def under(*rules: RetentionRule) -> RetentionPolicy:
    return replace(clienti(), rules=rules)


def decided(*rules: RetentionRule, company: Any = PARTNER, **contact: Any) -> Decision:
    """The decision on somebody whose data was processed for a client until lately, and who is at a company."""
    values = ENDED | AT_PARTNER | contact
    return decide_one(a_contact(**values), company, around=around(policy=under(*rules)))


def test_each_of_them_alone_says_what_it_says() -> None:
    assert decided(KEEPING).outcome is Outcome.RETAIN
    assert decided(ERASING).outcome is Outcome.DISPOSE


@pytest.mark.parametrize("order", list(permutations((KEEPING, ERASING, the_rule("inactive-contact")), 3)))
def test_where_two_exclusive_rules_match_a_person_must_look_in_whatever_order_they_stand(order: Any) -> None:
    found = decided(*(replace(rule, exclusive=rule.rule_id != "inactive-contact") for rule in order))
    assert (found.outcome, set(found.reasons), found.due) == (Outcome.REFER, OVERLAP, ())


def test_two_that_both_erase_are_referred_too() -> None:
    other = the_rule("processor-data", rule_id="another", when=Known("processing_ended_on"))
    assert decided(ERASING, other).outcome is Outcome.REFER


@pytest.mark.parametrize("order", [(KEEPING, ERASING), (ERASING, KEEPING)])
def test_nothing_is_disposed_of_where_another_exclusive_rule_might_match(order: Any) -> None:
    found = decided(*order, company=a_company(kind=UNKNOWN))
    assert (found.outcome, found.reasons) == (Outcome.UNDETERMINED, (MAY_BE,))


def test_one_that_does_not_match_changes_nothing() -> None:
    found = decided(KEEPING, ERASING, company=a_company())
    assert (found.outcome, found.rule) == (Outcome.DISPOSE, "processor-data")


def test_a_start_that_moved_back_is_told_before_that() -> None:
    history = {101: History({"processing_ended_on": ONGOING})}
    contact = a_contact(**ENDED | AT_PARTNER | {"processing_ended_on": on("2024-10-31")})
    found = decide_one(contact, PARTNER, around=around(policy=under(KEEPING, ERASING), histories=history))
    assert (found.outcome, found.reasons[0].code) == (Outcome.UNDETERMINED, ReasonCode.START_MOVED_BACK)
