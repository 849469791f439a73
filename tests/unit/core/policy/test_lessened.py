"""Which duties a policy drops, puts off or weakens, compared with the one a person approved."""

from dataclasses import replace
from typing import Any

import pytest

from hubspot_retention.core.civil import Period
from hubspot_retention.core.policy.lessened import lessened
from hubspot_retention.core.policy.model import Basis, Disposition, Mode, RetentionPolicy
from tests.unit.core.policy.test_compare import (
    Change,
    approved,
    the_rule,
    with_dispose,
    with_limits,
    with_rule,
    without,
)

KEPT = the_rule("open-dialogue")
P4M, P5D, P6D, P1M = (Period.parse(text) for text in ("P4M", "P5D", "P6D", "P1M"))
P30D, P31D, P24M = (Period.parse(text) for text in ("P30D", "P31D", "P24M"))


def said_of(change: Change) -> tuple[str, ...]:
    return lessened(approved(), change(approved()))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (without("unsubscribed"), "rule unsubscribed is gone: nothing is due by it any more"),
        (with_rule("unsubscribed", dispose=None), "rule unsubscribed no longer disposes"),
        (
            with_dispose("inactive-contact", after=P24M),
            "rule inactive-contact disposes after P24M, before it was P12M",
        ),
        (with_dispose("unsubscribed", within=(P6D,)), "rule unsubscribed may take 6 days, before it was 5 days"),
        (
            with_dispose("erasure-request", within=(P1M,)),
            "rule erasure-request may take 1 month, before it was 30 days or 1 month",
        ),
        (with_dispose("unsubscribed", disposition=Disposition.ARCHIVE), "rule unsubscribed no longer erases"),
        (with_dispose("unsubscribed", overrides=frozenset()), "rule unsubscribed overrides fewer keeps"),
        (with_dispose("unsubscribed", right=False), "rule unsubscribed no longer counts as an exercised right"),
    ],
)
def test_a_duty_that_vanishes_comes_later_or_weakens_is_told(change: Change, word: str) -> None:
    assert said_of(change) == (word,)


@pytest.mark.parametrize("more", [{}, {"keep": None, "exclusive": True}])
def test_a_new_rule_that_keeps_or_stands_alone_may_keep_what_was_to_go(more: dict[str, Any]) -> None:
    def change(policy: RetentionPolicy) -> RetentionPolicy:
        return replace(policy, rules=(*policy.rules, replace(KEPT, rule_id="fresh", **more)))

    assert said_of(change) == ("rule fresh is new and may keep what was to go",)


@pytest.mark.parametrize(
    "change",
    [
        lambda policy: policy,
        without("open-dialogue"),
        with_dispose("unsubscribed", within=(P5D, P6D)),
        with_dispose("unsubscribed", within=(Period.parse("P4D"),)),
        with_dispose("inactive-contact", disposition=Disposition.ERASE, overrides=frozenset(Basis), right=True),
        with_dispose("inactive-contact", after=P4M),
        with_rule("unsubscribed", mode=Mode.REVIEW),
        with_limits(max_disposals=1),
        lambda policy: replace(policy, rules=(*policy.rules, replace(the_rule("inactive-contact"), rule_id="fresh"))),
    ],
)
def test_what_goes_as_it_did_or_sooner_is_not_told(change: Change) -> None:
    assert said_of(change) == ()


def test_a_month_may_be_longer_than_thirty_days_and_shorter() -> None:
    one, other = with_dispose("unsubscribed", within=(P30D,)), with_dispose("unsubscribed", within=(P1M,))
    assert lessened(one(approved()), other(approved())) != ()
    assert lessened(other(approved()), one(approved())) != ()
    longer = with_dispose("unsubscribed", within=(P31D,))
    assert lessened(longer(approved()), other(approved())) == ()
