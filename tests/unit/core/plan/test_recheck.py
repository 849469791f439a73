"""The re-check: the set may only shrink (semantics 8)."""

from typing import Any

import pytest

from hubspot_retention.core.decision.model import Outcome
from hubspot_retention.core.plan.model import Action
from hubspot_retention.core.plan.recheck import Skip, recheck
from hubspot_retention.core.policy.model import Disposition
from tests.builders import at
from tests.documents import clienti
from tests.unit.core.plan.plans import a_decision, a_disposal, an_item, observing


def test_what_is_decided_as_planned_still_stands() -> None:
    assert recheck(an_item(), a_disposal(reasons=(), erase_by=at("2026-11-29T10:00")), clienti()) is None


@pytest.mark.parametrize(
    ("outcome", "skip"),
    [
        (Outcome.HELD, Skip.HELD),
        (Outcome.UNDETERMINED, Skip.UNDETERMINED),
        (Outcome.REFER, Skip.REFERRED),
        (Outcome.RETAIN, Skip.NO_LONGER_DUE),
    ],
)
def test_what_is_no_longer_to_be_disposed_of_is_skipped_with_its_reason(outcome: Outcome, skip: Skip) -> None:
    assert recheck(an_item(), a_decision(outcome), clienti()) is skip


@pytest.mark.parametrize(
    ("name", "value"),
    [("rule", "unsubscribed"), ("disposition", Disposition.ARCHIVE), ("due_at", at("2026-10-31T22:59"))],
)
def test_another_rule_disposition_or_date_than_planned_is_a_change(name: str, value: Any) -> None:
    assert recheck(an_item(), a_disposal(**{name: value}), clienti()) is Skip.CHANGED


def test_marketing_is_ended_for_whoever_stays_and_still_must_not_be_mailed() -> None:
    planned = an_item(decision=a_decision(Outcome.RETAIN, marketing_ends=True), action=Action.END_MARKETING)
    assert recheck(planned, a_decision(Outcome.HELD, marketing_ends=True), clienti()) is None
    assert recheck(planned, a_decision(Outcome.RETAIN), clienti()) is Skip.MARKETING_GOES_ON
    assert recheck(planned, a_disposal(marketing_ends=True), clienti()) is Skip.MARKETING_GOES_ON


def test_what_is_only_observed_by_now_is_skipped_with_its_reason() -> None:
    late = (("former-customer", at("2026-10-31T23:00")), ("inactive-contact", at("2026-11-22T08:30")))
    assert recheck(an_item(), a_disposal(due=late), clienti()) is None
    assert recheck(an_item(), a_disposal(due=late), observing("inactive-contact")) is Skip.OBSERVED
    assert recheck(an_item(), a_decision(Outcome.HELD), observing("former-customer")) is Skip.HELD


def test_marketing_that_is_only_observed_by_now_goes_on() -> None:
    planned = an_item(decision=a_decision(Outcome.RETAIN, marketing_ends=True), action=Action.END_MARKETING)
    observed = a_decision(Outcome.RETAIN, marketing_ends=True, marketing_observed=True)
    assert recheck(planned, observed, observing("unsubscribed")) is Skip.OBSERVED
