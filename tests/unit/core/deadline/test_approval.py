"""A standing approval: for which rules, how many a day, until when."""

from datetime import timedelta
from typing import Any

import pytest

from hubspot_retention.core.deadline.approval import StandingApproval, why_not_granted
from tests.builders import on
from tests.documents import clienti
from tests.unit.core.deadline.lines import DAY, NOW
from tests.unit.core.plan.plans import observing

TODAY = on("2026-11-22")


def an_approval(**more: Any) -> StandingApproval:
    """Five unsubscribes a day for ten days."""
    values: dict[str, Any] = {
        "approval_id": 1,
        "rule": "unsubscribed",
        "max_per_day": 5,
        "until_at": NOW + 10 * DAY,
        "granted_by": "bent",
        "granted_at": NOW,
        "policy_digest": "abc",
    }
    return StandingApproval(**values | more)


def test_the_cap_is_for_each_local_day() -> None:
    assert an_approval().left(TODAY) == 5
    assert an_approval(used_on=TODAY, used=3).left(TODAY) == 2
    assert an_approval(used_on=TODAY - timedelta(days=1), used=3).left(TODAY) == 5
    assert an_approval(used_on=TODAY, used=9).left(TODAY) == 0


def test_it_stands_from_the_moment_it_is_given_until_its_end_or_until_it_is_taken_back() -> None:
    assert an_approval().stands(NOW)
    assert not an_approval().stands(NOW - timedelta(seconds=1))
    assert not an_approval().stands(NOW + 10 * DAY)
    assert not an_approval(revoked_at=NOW).stands(NOW)


@pytest.mark.parametrize("rule", ["unsubscribed", "erasure-request", "consent-withdrawn", "former-customer"])
def test_it_can_be_given_for_rights_and_for_disposals_that_nobody_must_look_at(rule: str) -> None:
    assert why_not_granted(clienti().rule(rule)) is None


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("unsubscribd", "the policy has no such rule"),
        ("partner", "it keeps records, it disposes of none"),
        ("inactive-contact", "the policy wants each of its disposals looked at (owner)"),
    ],
)
def test_it_cannot_be_given_for_anything_else(rule: str, why: str) -> None:
    assert why_not_granted(clienti().rule(rule)) == why


def test_it_cannot_be_given_for_a_rule_that_is_only_observed() -> None:
    why = why_not_granted(observing("unsubscribed").rule("unsubscribed"))
    assert why == "its mode is observe: plans show what is due by it, and nothing is ever written"
