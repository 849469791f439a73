"""Whether records go unseen that a person had to look at, though no rule disposes of more."""

from dataclasses import replace
from typing import Any

import pytest

from hubspot_retention.core.civil import Period
from hubspot_retention.core.criteria import AllOf, Holds, Known, Not
from hubspot_retention.core.policy.compare import widened
from hubspot_retention.core.policy.model import (
    Basis,
    Dispose,
    Disposition,
    Keep,
    Mode,
    RetentionPolicy,
    RetentionRule,
    ReviewKind,
    Start,
)
from hubspot_retention.core.record import ObjectType
from tests.documents import clienti

EVENT = Start(fact="event_on")
MONTH = Period(days=30)


def disposing(rule_id: str, **more: Any) -> RetentionRule:
    """A rule that erases the guests of an event a month after it, by itself; `more`: of the rule or its disposal."""
    dispose: dict[str, Any] = {
        "start": EVENT,
        "after": MONTH,
        "within": (MONTH,),
        "disposition": Disposition.ERASE,
        "overrides": frozenset(),
        "right": False,
        "review": ReviewKind.NOBODY,
        "warn_ahead": None,
    }
    dispose.update({name: more.pop(name) for name in list(more) if name in dispose})
    values: dict[str, Any] = {"when": Known("event_on"), "mode": Mode.ENFORCE}
    return a_rule(rule_id, dispose=Dispose(**dispose), **values | more)


def a_rule(rule_id: str, **more: Any) -> RetentionRule:
    values: dict[str, Any] = {
        "rule_id": rule_id,
        "object_type": ObjectType.CONTACT,
        "title": "A rule",
        "when": Known("event_on"),
        "purpose": "A purpose",
        "basis": Basis.CONSENT,
        "cites": (),
        "keep": None,
        "dispose": None,
        "mode": Mode.REVIEW,
    }
    return RetentionRule(**values | more)


def a_policy(*rules: RetentionRule) -> RetentionPolicy:
    return replace(clienti(), rules=rules, rule_guardrails=(), digest=" ".join(map(repr, rules)))


LOOKED_AT = disposing("looked-at", mode=Mode.REVIEW)
BY_ITSELF = disposing("by-itself")
UNSEEN = ("rule by-itself disposes of records that rule looked-at asked a person about",)


def said(before: RetentionRule, *after: RetentionRule, beside: RetentionRule = BY_ITSELF) -> tuple[str, ...]:
    """What is said where `before` becomes `after`, beside another rule."""
    return widened(a_policy(before, beside), a_policy(*after, beside))


def test_what_a_person_was_asked_about_goes_unseen_where_the_rule_that_asked_is_gone_or_disposes_no_more() -> None:
    assert said(LOOKED_AT) == UNSEEN
    kept = a_rule("looked-at", keep=Keep(condition=Known("event_on")))
    assert said(replace(kept, dispose=LOOKED_AT.dispose), kept) == UNSEEN


def test_it_goes_unseen_where_that_rule_comes_later() -> None:
    assert said(LOOKED_AT, disposing("looked-at", mode=Mode.REVIEW, after=Period(days=31))) == UNSEEN
    months = disposing("looked-at", mode=Mode.REVIEW, after=Period(months=12))
    assert said(months, disposing("looked-at", mode=Mode.REVIEW, after=Period(months=13))) == UNSEEN
    overriding = disposing("looked-at", mode=Mode.REVIEW, overrides=frozenset({Basis.CONSENT}))
    assert said(overriding, LOOKED_AT) == UNSEEN
    assert said(LOOKED_AT, overriding) == ("rule looked-at overrides more keeps",)


def test_it_goes_unseen_where_a_new_keep_stands_against_that_rule_alone() -> None:
    keep = a_rule("new", keep=Keep(condition=Known("event_on")))
    rude = disposing("by-itself", overrides=frozenset({Basis.CONSENT}))
    assert said(LOOKED_AT, LOOKED_AT, keep, beside=rude) == UNSEEN
    assert said(LOOKED_AT, LOOKED_AT, a_rule("new", basis=Basis.CONTRACT, keep=keep.keep), beside=rude) == ()
    assert said(LOOKED_AT, LOOKED_AT, keep) == ()
    assert widened(a_policy(LOOKED_AT, keep, rude), a_policy(LOOKED_AT, keep, replace(rude, title="Other"))) == ()


def test_it_goes_unseen_where_that_rule_no_longer_makes_an_erasure_of_what_a_right_archives() -> None:
    right = disposing("by-itself", right=True, disposition=Disposition.ARCHIVE)
    archiving = disposing("looked-at", mode=Mode.REVIEW, disposition=Disposition.ARCHIVE)
    assert said(LOOKED_AT, archiving, beside=right) == UNSEEN
    assert said(LOOKED_AT, archiving) == ()


@pytest.mark.parametrize(
    "beside",
    [
        disposing("by-itself", right=True),
        disposing("by-itself", exclusive=True),
        disposing("by-itself", when=AllOf((Known("event_on"), Not(Holds("is_partner"))))),
        disposing("by-itself", object_type=ObjectType.DEAL, when=Holds("is_closed_won")),
        a_rule("by-itself", keep=Keep(condition=Holds("is_partner"))),
    ],
    ids=["a right that erases", "exclusive", "never both", "another class", "no disposal"],
)
def test_nothing_goes_unseen_by_a_rule_that_it_was_never_asked_beside(beside: RetentionRule) -> None:
    partner = disposing("looked-at", mode=Mode.REVIEW, when=AllOf((Known("event_on"), Holds("is_partner"))))
    assert said(partner, beside=beside) == ()


def test_a_right_is_asked_beside_another_right() -> None:
    asked = disposing("looked-at", mode=Mode.REVIEW, right=True)
    assert said(asked, beside=disposing("by-itself", right=True)) == UNSEEN


def test_a_rule_that_asked_nobody_is_not_missed() -> None:
    assert said(disposing("looked-at")) == ()
    assert said(disposing("looked-at", right=True, review=ReviewKind.NOBODY)) == ()


@pytest.mark.parametrize("review", [ReviewKind.OWNER, ReviewKind.PERSON])
def test_one_that_wanted_each_looked_at_is_missed_whatever_stands_beside_it(review: ReviewKind) -> None:
    asked = disposing("looked-at", review=review)
    word = ("rule looked-at disposes no more, and wanted each of its disposals looked at",)
    assert said(asked) == word
    assert said(asked, beside=a_rule("other", keep=Keep(condition=Holds("is_partner")))) == word
    assert said(asked, disposing("looked-at", review=review, after=Period(days=31))) == UNSEEN


def test_each_one_that_wanted_a_look_is_missed() -> None:
    asked = [disposing(name, review=ReviewKind.PERSON) for name in ("first", "second")]
    assert widened(a_policy(*asked, BY_ITSELF), a_policy(BY_ITSELF)) == (
        "rule first disposes no more, and wanted each of its disposals looked at",
        "rule second disposes no more, and wanted each of its disposals looked at",
    )


def test_of_two_rules_that_may_be_equal_the_order_counts() -> None:
    deal = disposing("deals", object_type=ObjectType.DEAL, when=Holds("is_closed_won"))
    other = disposing("other", mode=Mode.REVIEW)
    said = widened(a_policy(deal, BY_ITSELF, other), a_policy(other, BY_ITSELF, deal))
    assert said == ("rule other now stands before rule by-itself",)


@pytest.mark.parametrize(
    "other",
    [disposing("other", right=True), disposing("other", exclusive=True), a_rule("other", keep=Keep(period=MONTH))],
    ids=["a right", "exclusive", "no disposal"],
)
def test_of_two_that_are_never_equal_it_does_not(other: RetentionRule) -> None:
    assert widened(a_policy(BY_ITSELF, other), a_policy(other, BY_ITSELF)) == ()


def test_a_rule_that_was_only_to_be_planned_and_is_to_be_carried_out_now_is_wider() -> None:
    planned, reviewed = (disposing("looked-at", mode=mode) for mode in (Mode.OBSERVE, Mode.REVIEW))
    assert said(planned, reviewed) == ("rule looked-at is now more than planned",)
    assert said(planned, disposing("looked-at")) == ("rule looked-at now acts by itself",)
    assert said(reviewed, planned) == said(planned, planned) == ()
