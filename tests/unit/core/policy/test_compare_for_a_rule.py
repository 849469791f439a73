"""Whether a policy is wider for what one rule disposes of: what a standing approval for that rule never covered."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from hubspot_retention.core.civil import Period
from hubspot_retention.core.policy.compare import widened, widened_for
from hubspot_retention.core.policy.model import Mode, RetentionPolicy, RetentionRule, ReviewKind
from tests.unit.core.policy.test_compare import approved, the_rule, with_dispose, with_rule, without

Change = Callable[[RetentionPolicy], RetentionPolicy]
SOON = Period(months=1)


def changed(*changes: Change) -> RetentionPolicy:
    """The approved policy with some changes: another document."""
    made = replace(approved(), digest="f" * 64)
    for change in changes:
        made = change(made)
    return made


def with_new(rule: RetentionRule) -> Change:
    """A policy with a rule more."""
    return lambda policy: replace(policy, rules=(*policy.rules, rule))


def for_unsubscribed(*changes: Change) -> tuple[str, ...]:
    """What makes it wider for those who unsubscribed."""
    return widened_for("unsubscribed", approved(), changed(*changes))


def test_the_same_policy_is_no_wider() -> None:
    assert widened_for("unsubscribed", approved(), approved()) == ()
    assert for_unsubscribed() == ()


def test_what_widens_the_rule_itself_counts() -> None:
    sooner = changed(with_dispose("former-customer", after=SOON))
    assert widened_for("former-customer", approved(), sooner) == (
        "rule former-customer disposes after P1M, before it was P24M",
    )


OTHERS: list[tuple[str, Change]] = [
    ("disposes sooner", with_dispose("agreement", after=SOON)),
    ("disposes sooner and refers to a person", with_dispose("former-customer", after=SOON)),
    ("matches others", with_rule("lost-deal", when=the_rule("agreement").when)),
    ("acts by itself", with_rule("inactive-contact", mode=Mode.ENFORCE)),
    ("is new", with_new(replace(the_rule("unsubscribed"), rule_id="other"))),
    ("has no limit of its own any more", lambda policy: replace(policy, rule_guardrails=())),
]


@pytest.mark.parametrize("change", [change for _, change in OTHERS], ids=[name for name, _ in OTHERS])
def test_what_another_rule_alone_disposes_of_does_not_count(change: Change) -> None:
    assert widened(approved(), changed(change)) != ()
    assert for_unsubscribed(change) == ()


def test_what_another_rule_keeps_no_longer_counts() -> None:
    assert for_unsubscribed(without("active-customer")) == ("rule active-customer is gone and kept records",)
    assert for_unsubscribed(with_rule("former-customer", keep=None)) == ("rule former-customer keeps differently",)
    exclusive = next(rule for rule in approved().rules if rule.exclusive and rule.dispose is not None)
    assert for_unsubscribed(with_rule(exclusive.rule_id, exclusive=False, mode=Mode.ENFORCE)) == (
        f"rule {exclusive.rule_id} matches differently",
    )


def test_a_limit_of_the_rule_s_own_that_is_gone_counts() -> None:
    limits = (("unsubscribed", approved().guardrails), ("agreement", approved().guardrails))
    before = replace(approved(), rule_guardrails=limits)
    assert widened_for("unsubscribed", before, changed(lambda policy: replace(policy, rule_guardrails=()))) == (
        "a guardrail of rule unsubscribed is raised or gone",
    )


def test_what_widens_every_rule_counts() -> None:
    raised = replace(approved().guardrails, max_disposals=approved().guardrails.max_disposals + 1)
    assert for_unsubscribed(lambda policy: replace(policy, guardrails=raised)) == ("a guardrail is raised",)


def test_of_another_rule_that_keeps_less_it_is_not_told_that_it_disposes_no_more() -> None:
    disposes = the_rule("former-customer").dispose
    assert disposes is not None
    looked_at = with_rule("former-customer", dispose=replace(disposes, review=ReviewKind.PERSON))
    before, now = looked_at(approved()), changed(looked_at, with_rule("former-customer", keep=None))
    assert widened_for("unsubscribed", before, changed(looked_at)) == ()
    assert widened_for("unsubscribed", before, now) == ("rule former-customer keeps differently",)
