"""Which of the rules that are due must agree before a record goes."""

import pytest

from hubspot_retention.core.decision.agreeing import due_rules, must_agree, time_rules
from hubspot_retention.core.policy.model import Disposition
from tests.documents import clienti
from tests.unit.core.plan.plans import a_disposal, masked, two_rules

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
