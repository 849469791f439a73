"""Every rule that was looked at: whether it matched, what it says, why it won or lost."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from hubspot_retention.core.criteria import Known
from hubspot_retention.core.decision.trace import RuleTrace, trace
from hubspot_retention.core.decision.weigh import NEVER
from hubspot_retention.core.facts.observation import OptOut
from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.policy.model import RetentionPolicy
from tests.builders import a_company, a_contact, a_customer, a_deal, at, changed, link, on
from tests.documents import clienti
from tests.observed import AS_OF, Assembly, Record, a_portal, around

ASKED = at("2026-11-20T09:00")
OPTED_OUT = OptOut(at("2026-11-20T13:30"))
AT_PARTNER = {"companies": (link(301),)}
PARTNER = a_company(kind="PARTNER")
YESTERDAY = at("2026-11-21T08:00")
SILENT = at("2025-08-01T08:00")


def traces(
    contact: Any, *others: Record, policy: RetentionPolicy | None = None, as_of: datetime = AS_OF
) -> dict[str, RuleTrace]:
    """What every rule says of a contact."""
    present = around(as_of, policy=policy or clienti())
    assembly = Assembly(a_portal(contact, *others), present)
    decision = assembly.decisions()[f"contacts/{contact.record_id}"]
    found = trace(assembly.contact_facts[contact.record_id], decision, assembly.judge.contacts, present.as_of)
    return {one.rule: one for one in found}


def verdict(rule: str, contact: Any, *others: Record) -> str:
    return traces(contact, *others)[rule].verdict


def test_every_rule_of_the_class_is_looked_at_in_the_order_of_the_policy() -> None:
    rules = [rule.rule_id for rule in clienti().rules if rule.object_type.value == "contacts"]
    assert list(traces(a_contact())) == rules


def test_a_rule_that_does_not_match_says_why() -> None:
    found = traces(a_contact())["partner"]
    assert (found.matched, found.keep_end, found.effective) == (False, None, None)
    assert found.verdict == "Does not match: the person belongs to no partner or vendor."


def test_a_rule_of_which_it_cannot_be_told_names_the_unknown_fact() -> None:
    found = traces(a_contact(**AT_PARTNER), a_company(kind=UNKNOWN))["partner"]
    assert found.matched is UNKNOWN
    assert found.verdict == "Whether it matches cannot be told, because of what is unknown: is_partner."


def test_every_fact_that_is_unknown_is_named() -> None:
    assert verdict("active-customer", a_contact(stage=UNKNOWN)) == (
        "Whether it matches cannot be told, because of what is unknown: customer_until, relationship_ongoing."
    )


def test_where_an_exclusive_rule_matches_no_other_is_asked() -> None:
    contact = a_contact(processed_on_behalf_of=True, event_on=on("2026-12-01"))
    assert verdict("event-participant", contact) == (
        "Matches, but is not asked: where processor-data matches, no other rule applies."
    )
    assert verdict("processor-data", contact).endswith("Keeps it, and no end of that is known.")


def test_where_two_exclusive_rules_match_each_says_so_and_no_other_is_asked() -> None:
    policy = replace(
        clienti(),
        rules=tuple(replace(rule, exclusive=rule.exclusive or rule.rule_id == "partner") for rule in clienti().rules),
    )
    contact = a_contact(processed_on_behalf_of=True, event_on=on("2026-12-01"), **AT_PARTNER)
    found = traces(contact, PARTNER, policy=policy)
    assert found["event-participant"].verdict == (
        "Matches, but is not asked: where processor-data or partner matches, no other rule applies."
    )
    for rule in ("processor-data", "partner"):
        assert found[rule].verdict.startswith(
            f"Rule {rule} says that no other rule applies to it, but it is not the only one that says so: "
            "the policy must tell which of them it is. "
        )
        assert found[rule].verdict.endswith(" Keeps it, and no end of that is known.")
    alone = traces(a_contact(processed_on_behalf_of=True), policy=policy)["processor-data"].verdict
    assert "not the only one" not in alone


def test_a_keep_says_until_when() -> None:
    assert verdict("event-participant", a_contact(event_on=on("2026-12-01"), active_at=YESTERDAY)) == (
        "Keeps it until 2027-01-01 00:00."
    )
    assert verdict("event-participant", a_contact(event_on=on("2026-01-31"), active_at=YESTERDAY)) == (
        "Kept it until 2026-03-03 00:00; that is over."
    )
    found = traces(a_contact(**AT_PARTNER), PARTNER)["partner"]
    assert (found.keep_end, found.verdict) == (NEVER, "Keeps it, and no end of that is known.")


def test_a_keep_is_over_and_a_disposal_due_from_the_very_instant() -> None:
    contact = a_contact(event_on=on("2026-10-21"), active_at=at("2025-11-20T23:00"))
    found = traces(contact, as_of=at("2026-11-20T23:00"))
    assert found["event-participant"].verdict == "Kept it until 2026-11-21 00:00; that is over."
    assert found["inactive-contact"].verdict.startswith("Decides: archive, due since 2026-11-21 00:00")


def test_a_rule_that_keeps_and_disposes_says_both() -> None:
    assert verdict("former-customer", a_customer(customer_until=on("2026-01-31"), active_at=YESTERDAY)) == (
        "Keeps it until 2028-02-01 00:00. Will erase it from 2028-02-01 00:00 on."
    )


def test_a_keep_that_does_not_stand_against_the_deciding_rule_says_so() -> None:
    contact = a_contact(erasure_requested_at=ASKED, event_on=on("2026-12-01"), active_at=YESTERDAY)
    assert verdict("event-participant", contact) == (
        "Keeps it until 2027-01-01 00:00, but does not stand against erasure-request."
    )


def test_the_deciding_rule_says_by_when() -> None:
    found = traces(a_contact(opt_out=OPTED_OUT, active_at=YESTERDAY))["unsubscribed"]
    assert found.effective == OPTED_OUT.at
    assert found.verdict == "Decides: erase, due since 2026-11-20 14:30, to be carried out by 2026-11-25 14:30."


def test_a_rule_that_is_due_too_says_which_decides_and_why() -> None:
    contact = a_contact(opt_out=OPTED_OUT, erasure_requested_at=ASKED, active_at=SILENT)
    assert verdict("erasure-request", contact).endswith("unsubscribed decides, because its limit comes first.")
    assert verdict("inactive-contact", contact).endswith("unsubscribed decides, because an exercised right goes first.")
    equal = a_contact(erasure_requested_at=ASKED, consent_withdrawn_at=ASKED, active_at=YESTERDAY)
    assert verdict("consent-withdrawn", equal).endswith(
        "erasure-request decides, because it stands first in the policy."
    )


def test_a_disposal_that_a_keep_puts_off_names_the_keep() -> None:
    contact = a_contact(opt_out=OPTED_OUT, event_on=on("2026-12-01"), active_at=YESTERDAY)
    assert verdict("unsubscribed", contact) == (
        "Will erase it from 2027-01-01 00:00 on; until then rule event-participant keeps it."
    )
    assert verdict("unsubscribed", changed(contact, **AT_PARTNER), PARTNER) == (
        "Would erase it, but rule partner keeps it and no end of that is known."
    )
    both = a_contact(opt_out=OPTED_OUT, deals=(201,), active_at=YESTERDAY, **AT_PARTNER)
    open_deal = a_deal(closed=False, won=False)
    assert "rules open-dialogue, partner keep it" in verdict("unsubscribed", both, PARTNER, open_deal)


def test_a_disposal_that_nothing_puts_off_says_from_when() -> None:
    assert verdict("inactive-contact", a_contact(active_at=YESTERDAY)) == "Will archive it from 2027-11-21 09:00 on."


def test_a_disposal_of_an_ongoing_relationship_waits_for_its_end() -> None:
    found = verdict("former-customer", a_customer(active_at=YESTERDAY))
    assert found.startswith("Keeps it, and no end of that is known.")
    assert found.endswith("Would erase it, but rule active-customer keeps it and no end of that is known.")
    policy = clienti()
    rule = policy.rule("former-customer")
    assert rule is not None
    alone = replace(policy, rules=(replace(rule, keep=None),))
    found = traces(a_customer(active_at=YESTERDAY), policy=alone)["former-customer"].verdict
    assert found == "Would erase it once the relationship has ended; it goes on."


def test_a_rule_that_matches_and_has_no_say_now_says_so() -> None:
    policy = clienti()
    rule = policy.rule("partner")
    assert rule is not None
    other = replace(rule, when=Known("last_activity_at"))
    found = traces(a_contact(active_at=YESTERDAY), policy=replace(policy, rules=(other,)))["partner"]
    assert found.verdict == "Matches, but keeps nothing now and disposes of nothing."


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"legal_hold": True}, "but a hold stands above every rule."),
        ({"entered_customer_at": UNKNOWN}, "but nothing is disposed of on doubt."),
        ({"entered_customer_at": at("2025-03-01T10:00")}, "but a person must look at it first."),
    ],
)
def test_a_rule_that_would_be_due_says_what_stands_above_it(values: dict[str, Any], why: str) -> None:
    contact = a_customer(customer_until=on("2024-10-31"), **values)
    assert verdict("former-customer", contact).endswith(why)


def test_a_rule_in_doubt_says_what_is_unknown() -> None:
    assert verdict("inactive-contact", a_contact(active_at=UNKNOWN)) == (
        "Rule inactive-contact matches, but from when it counts is not known."
    )
