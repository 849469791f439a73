"""Which of the rules that are due must agree before a record goes."""

import pytest

from hubspot_retention.core.decision.agreeing import due_rules, is_observed, must_agree, time_rules
from hubspot_retention.core.decision.model import Outcome
from hubspot_retention.core.policy.model import Disposition
from tests.documents import clienti
from tests.unit.core.plan.plans import a_decision, a_disposal, masked, observing, two_rules

LEADING = "unsubscribed", "event-participant"


def test_the_rules_that_are_due_are_named_the_deciding_one_first_and_each_once() -> None:
    assert due_rules(masked()) == LEADING
    assert due_rules(masked(rule="event-participant")) == ("event-participant", "unsubscribed")
    assert due_rules(a_disposal()) == ("former-customer",)
    assert due_rules(a_disposal(rule=None)) == ()


@pytest.mark.parametrize(
    "due",
    [
        (),
        ("former-customer",),
        ("nobody-knows",),
        ("erasure-request", "unsubscribed"),
        ("former-customer", "inactive-contact"),
        ("former-customer", "nobody-knows"),
    ],
)
def test_all_of_them_must_agree_where_no_right_makes_a_time_rule_idle(due: tuple[str, ...]) -> None:
    assert must_agree(due, clienti()) == due


def test_a_time_rule_has_no_say_beside_rights_that_come_to_the_same_without_it() -> None:
    assert must_agree(("unsubscribed", "inactive-contact"), clienti()) == ("unsubscribed",)
    assert must_agree(("inactive-contact", "unsubscribed", "nobody-knows"), clienti()) == ("unsubscribed",)
    assert must_agree(LEADING, two_rules(disposition=Disposition.ARCHIVE)) == ("unsubscribed",)


def test_a_time_rule_must_agree_where_it_alone_makes_an_erasure_of_it() -> None:
    assert must_agree(LEADING, two_rules()) == LEADING
    assert must_agree((*LEADING, "erasure-request"), two_rules()) == ("unsubscribed", "erasure-request")


def test_a_rule_that_the_policy_does_not_know_is_taken_for_one_that_erases() -> None:
    due = ("unsubscribed", "nobody-knows")
    assert must_agree(due, two_rules()) == due
    assert must_agree(("unsubscribed", "partner"), two_rules()) == ("unsubscribed", "partner")


def test_of_those_that_must_agree_the_time_rules_are_told_apart() -> None:
    assert time_rules(masked(), two_rules()) == ("event-participant",)
    assert time_rules(masked(), two_rules(disposition=Disposition.ARCHIVE)) == ()
    assert time_rules(a_disposal(rule="nobody-knows"), clienti()) == ("nobody-knows",)
    assert time_rules(a_disposal(rule=None), clienti()) == ()


def test_a_disposal_is_only_observed_where_any_rule_that_must_agree_is_in_observe() -> None:
    assert not is_observed(masked(), two_rules())
    assert is_observed(masked(), observing("event-participant", policy=two_rules()))
    assert is_observed(masked(), observing("unsubscribed", policy=two_rules()))
    assert is_observed(a_disposal(), observing("former-customer"))
    assert not is_observed(a_disposal(), observing("inactive-contact"))
    assert not is_observed(a_disposal(rule="nobody-knows"), observing("former-customer"))


def test_a_time_rule_in_observe_holds_no_right_up_that_comes_to_the_same_without_it() -> None:
    same = two_rules(disposition=Disposition.ARCHIVE)
    assert not is_observed(masked(), observing("event-participant", policy=same))


def test_a_right_in_observe_holds_no_other_right_up_that_comes_to_the_same_without_it() -> None:
    due = ("unsubscribed", "erasure-request", "inactive-contact")
    assert must_agree(due, observing("unsubscribed")) == ("erasure-request",)
    assert must_agree(due, observing("unsubscribed", "erasure-request")) == ("unsubscribed", "erasure-request")
    archives = observing("erasure-request", policy=two_rules())
    assert must_agree(("unsubscribed", "erasure-request"), archives) == ("unsubscribed", "erasure-request")


def test_of_who_stays_the_decision_says_whether_the_end_of_marketing_is_only_observed() -> None:
    assert is_observed(a_decision(Outcome.HELD, marketing_ends=True, marketing_observed=True), clienti())
    assert not is_observed(a_decision(Outcome.HELD, marketing_ends=True), observing("unsubscribed"))
