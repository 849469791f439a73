"""Where one rule matches and only disposes there is a shorter way to the decision: it must lead to the same one."""

from dataclasses import replace
from typing import Any

import pytest

from hubspot_retention.core.decision.decide import History
from hubspot_retention.core.decision.model import Decision, Outcome, ReasonCode
from hubspot_retention.core.facts.observation import OptOut
from hubspot_retention.core.facts.values import ONGOING, UNKNOWN
from hubspot_retention.core.policy.model import RetentionPolicy
from tests.builders import a_contact, a_customer, a_deal, at, on
from tests.documents import clienti
from tests.observed import AS_OF, Record, around, decide_one

ENDED = on("2024-10-31")
ASKED = at("2026-11-20T09:00")
SILENT = at("2025-08-01T08:00")
LATELY = at("2026-11-01T08:00")
LATER = at("2025-03-01T10:00")
OPTED_OUT = OptOut(ASKED)


def only(*names: str) -> RetentionPolicy:
    """Clienti's policy with these rules alone, in this order, as far as they dispose."""
    policy = clienti()
    rules = [rule for name in names for rule in policy.rules if rule.rule_id == name]
    assert len(rules) == len(names)
    return replace(policy, rules=tuple(replace(rule, keep=None) for rule in rules))


def decided(record: Record, policy: RetentionPolicy, history: History | None = None) -> Decision:
    """The decision; an empty history that is looked at says the same as none."""
    histories = {record.record_id: history or History()}
    decision = decide_one(record, around=around(policy=policy, histories=histories))
    assert history is not None or decide_one(record, around=around(policy=policy)) == decision
    return decision


@pytest.mark.parametrize(
    ("rule", "record", "outcome"),
    [
        ("former-customer", a_customer(customer_until=ENDED), Outcome.DISPOSE),
        ("former-customer", a_customer(customer_until=ENDED, erasure_requested_at=ASKED), Outcome.DISPOSE),
        ("former-customer", a_customer(customer_until=on("2026-01-31"), active_at=LATELY), Outcome.RETAIN),
        ("former-customer", a_customer(customer_until=on("2027-01-31"), active_at=LATELY), Outcome.RETAIN),
        ("former-customer", a_customer(active_at=LATELY), Outcome.RETAIN),
        ("former-customer", a_customer(customer_until=on("2026-01-31"), active_at=UNKNOWN), Outcome.UNDETERMINED),
        ("consent-withdrawn", a_contact(consent_withdrawn_at=ASKED), Outcome.DISPOSE),
        ("consent-withdrawn", a_contact(consent_withdrawn_at=ASKED, erasure_requested_at=ASKED), Outcome.DISPOSE),
        ("consent-withdrawn", a_contact(consent_withdrawn_at=AS_OF), Outcome.DISPOSE),
        ("consent-withdrawn", a_contact(consent_withdrawn_at=at("2026-11-22T09:00")), Outcome.RETAIN),
        ("consent-withdrawn", a_contact(consent_withdrawn_at=at("2026-11-24T09:00")), Outcome.UNDETERMINED),
        ("inactive-contact", a_contact(active_at=SILENT), Outcome.DISPOSE),
        ("inactive-contact", a_contact(active_at=at("2025-11-22T08:00")), Outcome.DISPOSE),
        ("inactive-contact", a_contact(active_at=at("2025-11-22T08:00:01")), Outcome.RETAIN),
        ("inactive-contact", a_contact(active_at=LATELY, erasure_requested_at=ASKED), Outcome.RETAIN),
        ("inactive-contact", a_contact(active_at=LATELY, opt_out=OPTED_OUT), Outcome.RETAIN),
        ("lost-deal", a_deal(won=False, closed_at=SILENT), Outcome.DISPOSE),
        ("lost-deal", a_deal(won=False, closed_at=LATELY), Outcome.RETAIN),
    ],
)
def test_the_shorter_way_leads_to_the_same_decision(rule: str, record: Any, outcome: Outcome) -> None:
    assert decided(record, only(rule)).outcome is outcome


def test_a_contradicted_end_is_referred_by_the_shorter_way_too() -> None:
    found = decided(a_customer(customer_until=ENDED, entered_customer_at=LATER), only("former-customer"))
    assert (found.outcome, found.reasons[0].code) == (Outcome.REFER, ReasonCode.END_CONTRADICTED)


def test_an_end_that_may_be_contradicted_is_undetermined_by_the_shorter_way_too() -> None:
    found = decided(a_customer(customer_until=ENDED, entered_customer_at=UNKNOWN), only("former-customer"))
    assert (found.outcome, found.reasons[0].code) == (Outcome.UNDETERMINED, ReasonCode.REFERRAL_UNKNOWN)


@pytest.mark.parametrize(
    ("history", "outcome"),
    [
        (History(restored=True), Outcome.REFER),
        (History({"customer_until": ONGOING}), Outcome.UNDETERMINED),
        (History({"customer_until": ENDED}), Outcome.DISPOSE),
    ],
)
def test_what_earlier_runs_know_is_never_passed_over(history: History, outcome: Outcome) -> None:
    assert decided(a_customer(customer_until=ENDED), only("former-customer"), history).outcome is outcome


def test_two_rules_that_are_due_are_both_named() -> None:
    found = decided(a_contact(opt_out=OPTED_OUT, active_at=SILENT), only("unsubscribed", "inactive-contact"))
    assert [reason.rule for reason in found.reasons] == ["unsubscribed", "inactive-contact"]


def test_a_rule_that_is_not_due_hides_none_after_it() -> None:
    found = decided(a_contact(opt_out=OPTED_OUT, active_at=LATELY), only("inactive-contact", "unsubscribed"))
    assert (found.outcome, found.rule) == (Outcome.DISPOSE, "unsubscribed")


def test_a_rule_that_might_stand_alone_stands_against_the_only_one_that_matches() -> None:
    found = decided(a_contact(active_at=SILENT, processed_on_behalf_of=UNKNOWN), clienti())
    assert found.outcome is Outcome.UNDETERMINED
    assert [(reason.code, reason.rule) for reason in found.reasons] == [
        (ReasonCode.KEEP_MATCH_UNKNOWN, "processor-data")
    ]


def test_where_no_rule_matches_but_one_might_it_is_no_gap_in_the_policy() -> None:
    found = decided(a_contact(opt_out=UNKNOWN), only("unsubscribed"))
    assert found.outcome is Outcome.UNDETERMINED
    assert [(reason.code, reason.rule) for reason in found.reasons] == [(ReasonCode.RULE_MATCH_UNKNOWN, "unsubscribed")]
