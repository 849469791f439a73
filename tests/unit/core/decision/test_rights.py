"""What exercised rights mean whatever becomes of the record: a request's clock, and whether marketing ends."""

from typing import Any

import pytest

from hubspot_retention.core.decision.model import Outcome
from hubspot_retention.core.facts.observation import OptOut
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.record import RecordRef
from tests.builders import a_contact, a_customer, a_deal, at
from tests.documents import clienti
from tests.observed import Record, around, decide_one
from tests.unit.core.decision.test_one_rule import only
from tests.unit.core.plan.plans import observing

ASKED = at("2026-11-20T09:00")
LATELY = at("2026-11-01T08:00")
OUT: dict[str, Any] = {"opt_out": OptOut(ASKED)}
WITHDRAWN: dict[str, Any] = {"consent_withdrawn_at": ASKED}
REQUESTED: dict[str, Any] = {"erasure_requested_at": ASKED}


def marketing(record: Record, policy: RetentionPolicy, **known: Any) -> tuple[bool, bool]:
    """Whether it ends, and whether that is only observed."""
    decision = decide_one(record, around=around(policy=policy, **known))
    assert decision.outcome is not Outcome.DISPOSE
    return decision.marketing_ends, decision.marketing_observed


@pytest.mark.parametrize(
    ("right", "rule"),
    [(OUT, "unsubscribed"), (WITHDRAWN, "consent-withdrawn"), (REQUESTED, "erasure-request")],
)
def test_marketing_that_ends_by_nothing_but_a_right_in_observe_is_only_observed(
    right: dict[str, Any], rule: str
) -> None:
    stays = a_customer(active_at=LATELY, **right)
    assert marketing(stays, clienti()) == (True, False)
    assert marketing(stays, observing(rule)) == (True, True)


def test_so_it_is_of_somebody_who_is_held_and_of_whom_no_rule_is_asked() -> None:
    held = {RecordRef.parse("contacts/101"): ("sag-1",)}
    assert marketing(a_contact(**WITHDRAWN), observing("consent-withdrawn"), register=held) == (True, True)
    assert marketing(a_contact(**WITHDRAWN), observing("unsubscribed"), register=held) == (True, False)


def test_another_right_or_a_restriction_ends_it_all_the_same() -> None:
    policy = observing("unsubscribed")
    assert marketing(a_customer(active_at=LATELY, **OUT, **WITHDRAWN), policy) == (True, False)
    assert marketing(a_customer(active_at=LATELY, **OUT, restricted=True), policy) == (True, False)
    both = observing("unsubscribed", "consent-withdrawn")
    assert marketing(a_customer(active_at=LATELY, **OUT, **WITHDRAWN), both) == (True, True)


def test_a_right_that_no_rule_is_for_ends_it_whatever_is_observed() -> None:
    stays = a_contact(active_at=LATELY, **OUT)
    assert marketing(stays, only("inactive-contact")) == (True, False)
    assert marketing(stays, observing("inactive-contact", policy=only("inactive-contact"))) == (True, False)


def test_where_one_rule_alone_matches_it_is_told_too() -> None:
    ahead = a_contact(active_at=LATELY, opt_out=OptOut(at("2026-11-22T09:00")))
    for rules in (("unsubscribed", "inactive-contact"), ("unsubscribed",)):
        assert marketing(ahead, observing("unsubscribed", policy=only(*rules))) == (True, True)
        assert marketing(ahead, only(*rules)) == (True, False)


def test_of_somebody_who_exercised_no_right_and_of_deals_there_is_nothing_to_end() -> None:
    assert marketing(a_contact(active_at=LATELY), observing("unsubscribed")) == (False, False)
    assert marketing(a_deal(), observing("unsubscribed")) == (False, False)
