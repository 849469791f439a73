"""Facts of a contact: semantics 3, sentence by sentence."""

from datetime import timedelta
from typing import Any

import pytest

from hubspot_retention.core.facts.contact import EndSource, Requests
from hubspot_retention.core.facts.observation import ContactObservation, OptOut, OptOutSource
from hubspot_retention.core.facts.values import ONGOING, UNKNOWN
from tests.builders import a_company, a_contact, a_customer, a_deal, at, link, on
from tests.observed import AS_OF, Record, around, contact_facts

ENDED = on("2024-10-31")
WON = (201,)


def of_company(**values: Any) -> ContactObservation:
    """A customer at company 301."""
    return a_customer(companies=(link(301),), **values)


# is_customer, was_customer


def test_the_stage_customer_makes_a_customer() -> None:
    assert contact_facts(a_contact(stage="customer")).is_customer is True


@pytest.mark.parametrize("stage", ["lead", "evangelist", "other", None])
def test_no_other_stage_makes_a_customer(stage: str | None) -> None:
    facts = contact_facts(a_contact(stage=stage))
    assert (facts.is_customer, facts.was_customer) == (False, False)


def test_an_associated_won_deal_makes_a_customer() -> None:
    assert contact_facts(a_contact(deals=WON), a_deal()).is_customer is True
    assert contact_facts(a_contact(deals=WON), a_deal(won=False)).is_customer is False


def test_one_won_deal_makes_a_customer_whatever_another_says() -> None:
    deals = a_deal(201), a_deal(202, won=UNKNOWN)
    assert contact_facts(a_contact(deals=(201, 202)), *deals).is_customer is True


@pytest.mark.parametrize("contact", [a_contact(stage=UNKNOWN), a_contact(deals=UNKNOWN), a_contact(deals=WON)])
def test_a_stage_or_deal_that_cannot_be_read_leaves_the_customer_unknown(contact: ContactObservation) -> None:
    facts = contact_facts(contact, a_deal(won=UNKNOWN))
    assert (facts.is_customer, facts.was_customer, facts.customer_until) == (UNKNOWN, UNKNOWN, UNKNOWN)
    assert facts.relationship_ongoing is UNKNOWN


@pytest.mark.parametrize("name", ["customer_until", "entered_customer_at", "exited_customer_at"])
def test_who_has_an_end_or_entered_or_left_the_stage_was_a_customer(name: str) -> None:
    value = ENDED if name == "customer_until" else at("2024-05-01T10:00")
    facts = contact_facts(a_contact(**{name: value}))
    assert (facts.is_customer, facts.was_customer) == (False, True)
    assert contact_facts(a_contact(**{name: UNKNOWN})).was_customer is UNKNOWN


# has_open_deal, is_partner, works_for_customer


def test_a_deal_that_is_not_closed_is_an_open_deal() -> None:
    def is_open(*deals: Record) -> object:
        return contact_facts(a_contact(deals=tuple(deal.record_id for deal in deals)), *deals).has_open_deal

    assert is_open() is False
    assert is_open(a_deal(201)) is False
    assert is_open(a_deal(201), a_deal(202, closed=False, won=False)) is True
    assert is_open(a_deal(201, closed=UNKNOWN)) is UNKNOWN
    assert contact_facts(a_contact(deals=UNKNOWN)).has_open_deal is UNKNOWN


@pytest.mark.parametrize(
    ("kind", "is_partner"),
    [("PARTNER", True), ("VENDOR", True), ("PROSPECT", False), (None, False), (UNKNOWN, UNKNOWN)],
)
def test_who_works_for_a_partner_or_vendor_is_a_partner(kind: Any, is_partner: object) -> None:
    assert contact_facts(a_contact(companies=(link(301),)), a_company(kind=kind)).is_partner is is_partner


def test_who_has_no_company_works_for_nobody_and_unreadable_companies_are_unknown() -> None:
    alone, unread = contact_facts(a_contact()), contact_facts(a_contact(companies=UNKNOWN))
    assert (alone.is_partner, alone.works_for_customer) == (False, False)
    assert (unread.is_partner, unread.works_for_customer) == (UNKNOWN, UNKNOWN)


# customer_until: the chain


def test_who_never_was_a_customer_has_no_end() -> None:
    facts = contact_facts(a_contact(companies=(link(301),)), a_company(customer_until=ENDED))
    assert (facts.customer_until, facts.customer_until_source) == (None, EndSource.NOT_A_CUSTOMER)
    assert facts.relationship_ongoing is False


def test_the_contacts_own_end_comes_first() -> None:
    facts = contact_facts(of_company(customer_until=ENDED), a_company(customer_until=on("2020-01-01")))
    assert (facts.customer_until, facts.customer_until_source) == (ENDED, EndSource.OWN)


def test_an_own_end_that_cannot_be_read_makes_the_end_unknown() -> None:
    facts = contact_facts(of_company(customer_until=UNKNOWN), a_company(customer_until=ENDED))
    assert facts.customer_until is UNKNOWN


@pytest.mark.parametrize("primary", [True, False])
def test_then_the_end_of_the_only_company_primary_or_not(primary: bool) -> None:
    contact = a_customer(companies=(link(301, primary=primary),))
    facts = contact_facts(contact, a_company(customer_until=ENDED))
    assert (facts.customer_until, facts.customer_until_source) == (ENDED, EndSource.COMPANY)


def two_companies(one: Any, other: Any, *, first_is_primary: bool) -> object:
    contact = a_customer(companies=(link(301, primary=first_is_primary), link(302)))
    companies = a_company(301, customer_until=one), a_company(302, customer_until=other)
    return contact_facts(contact, *companies).customer_until


def test_of_several_companies_the_primary_one_counts() -> None:
    assert two_companies(ENDED, on("2020-01-01"), first_is_primary=True) == ENDED
    assert two_companies(None, ENDED, first_is_primary=True) is ONGOING


def test_several_companies_none_primary_and_one_has_a_date_is_unknown() -> None:
    assert two_companies(None, ENDED, first_is_primary=False) is UNKNOWN
    assert two_companies(ENDED, ENDED, first_is_primary=False) is UNKNOWN
    assert two_companies(None, UNKNOWN, first_is_primary=False) is UNKNOWN
    assert two_companies(None, None, first_is_primary=False) is ONGOING


def test_companies_that_cannot_be_read_make_the_end_unknown() -> None:
    facts = contact_facts(a_customer(companies=UNKNOWN))
    assert (facts.customer_until, facts.customer_until_source) == (UNKNOWN, EndSource.COMPANY)


def test_then_the_latest_contract_end_if_every_won_deal_has_one() -> None:
    deals = a_deal(201, contract_end_on=on("2023-12-31")), a_deal(202, contract_end_on=ENDED)
    facts = contact_facts(a_customer(deals=(201, 202)), *deals, a_deal(203, won=False))
    assert (facts.customer_until, facts.customer_until_source) == (ENDED, EndSource.CONTRACTS)


def test_a_won_deal_without_a_contract_end_leaves_the_relationship_ongoing() -> None:
    deals = a_deal(201), a_deal(202, contract_end_on=ENDED)
    assert contact_facts(a_customer(deals=(201, 202)), *deals).customer_until is ONGOING


@pytest.mark.parametrize(
    "other", [a_deal(202, contract_end_on=UNKNOWN), a_deal(202, won=UNKNOWN, contract_end_on=ENDED)]
)
def test_a_contract_end_or_a_win_that_cannot_be_read_makes_the_end_unknown(other: Record) -> None:
    deals = a_deal(201, contract_end_on=ENDED), other
    assert contact_facts(a_customer(deals=(201, 202)), *deals).customer_until is UNKNOWN


def test_deals_that_cannot_be_read_make_the_end_unknown() -> None:
    facts = contact_facts(a_customer(deals=UNKNOWN))
    assert (facts.customer_until, facts.customer_until_source) == (UNKNOWN, EndSource.CONTRACTS)


LEFT_AT = at("2024-05-05T22:30")


def test_then_the_local_date_at_which_an_ended_stage_was_reached() -> None:
    facts = contact_facts(a_contact(stage="other", exited_customer_at=LEFT_AT))
    assert (facts.customer_until, facts.customer_until_source) == (on("2024-05-06"), EndSource.STAGE)


@pytest.mark.parametrize("stage", ["evangelist", "lead", "customer", None])
def test_a_stage_that_the_policy_does_not_list_as_ended_ends_nothing(stage: str | None) -> None:
    assert contact_facts(a_contact(stage=stage, exited_customer_at=LEFT_AT)).customer_until is ONGOING


def test_a_won_deal_without_a_contract_end_outlives_the_stage() -> None:
    contact = a_contact(stage="other", exited_customer_at=LEFT_AT, deals=WON)
    assert contact_facts(contact, a_deal()).customer_until is ONGOING


def test_a_stage_or_its_date_that_cannot_be_read_makes_the_end_unknown() -> None:
    stage = a_contact(stage=UNKNOWN, exited_customer_at=LEFT_AT)
    date = a_contact(stage="other", exited_customer_at=UNKNOWN, entered_customer_at=LEFT_AT)
    assert contact_facts(stage).customer_until is UNKNOWN
    assert contact_facts(date).customer_until is UNKNOWN
    assert contact_facts(date).customer_until_source is EndSource.STAGE


def test_without_any_end_the_relationship_is_ongoing() -> None:
    facts = contact_facts(a_customer())
    assert (facts.customer_until, facts.relationship_ongoing) == (ONGOING, True)


# last_activity_at, last_enquiry_at


def test_the_last_activity_is_the_latest_of_its_sources_and_says_which() -> None:
    later = at("2026-03-01T10:00")
    facts = contact_facts(a_contact(active_at=later))
    assert (facts.last_activity_at, facts.last_activity_source) == (later, 4)


def test_of_two_sources_that_say_the_same_instant_the_first_is_named() -> None:
    same = at("2026-03-01T10:00")
    facts = contact_facts(a_contact(created_at=same, active_at=same))
    assert (facts.last_activity_at, facts.last_activity_source) == (same, 0)


def test_one_unknown_source_makes_the_last_activity_unknown() -> None:
    facts = contact_facts(a_contact(active_at=UNKNOWN))
    assert (facts.last_activity_at, facts.last_activity_source) == (UNKNOWN, 4)


def test_a_date_among_instants_counts_as_the_next_local_midnight() -> None:
    assert contact_facts(a_contact(confirmed_on=on("2026-03-02"))).last_activity_at == at("2026-03-02T23:00")


def test_nothing_ever_happened_is_no_activity() -> None:
    facts = contact_facts(a_contact(created_at=None))
    assert (facts.last_activity_at, facts.last_activity_source) == (None, -1)


def test_the_last_enquiry_is_the_latest_of_form_and_replies_alone() -> None:
    wrote = at("2026-03-01T10:00")
    assert contact_facts(a_contact(wrote_at=wrote, active_at=AS_OF)).last_enquiry_at == wrote
    assert contact_facts(a_contact(enquiry=(wrote, UNKNOWN, None))).last_enquiry_at is UNKNOWN


# unsubscribed_at, requests, restriction


def test_an_opt_out_has_the_instant_and_source_of_its_status() -> None:
    out = OptOut(at("2026-11-20T13:30"), OptOutSource.STAFF)
    facts = contact_facts(a_contact(opt_out=out))
    assert (facts.unsubscribed_at, facts.unsubscribe_source) == (out.at, OptOutSource.STAFF)


def test_an_opt_out_without_an_instant_counts_from_when_it_is_first_seen() -> None:
    assert contact_facts(a_contact(opt_out=OptOut(None))).unsubscribed_at == AS_OF


def test_an_opt_out_that_cannot_be_read_is_unknown() -> None:
    facts = contact_facts(a_contact(opt_out=UNKNOWN))
    assert (facts.unsubscribed_at, facts.unsubscribe_source) == (UNKNOWN, None)


ASKED = at("2026-11-20T09:00")


def asked(contact: ContactObservation, **register: Any) -> object:
    present = around(requests={101: Requests(**register)})
    return contact_facts(contact, around=present).erasure_requested_at


def test_the_register_comes_before_the_contacts_property() -> None:
    earlier = ASKED - timedelta(days=3)
    assert asked(a_contact(erasure_requested_at=ASKED)) == ASKED
    assert asked(a_contact(erasure_requested_at=ASKED), erasure_at=earlier) == earlier
    assert asked(a_contact(erasure_requested_at=UNKNOWN), erasure_at=earlier) == earlier


def test_a_closed_request_no_longer_counts_nor_does_a_property_with_its_instant() -> None:
    closed = frozenset((ASKED,))
    assert asked(a_contact(erasure_requested_at=ASKED), closed_at=closed) is None
    later = ASKED + timedelta(seconds=1)
    assert asked(a_contact(erasure_requested_at=later), closed_at=closed) == later
    assert asked(a_contact(erasure_requested_at=UNKNOWN), closed_at=closed) is UNKNOWN


def test_a_withdrawal_of_the_property_counts_unless_the_register_has_closed_that_one() -> None:
    def withdrawn(**register: Any) -> object:
        present = around(requests={101: Requests(**register)})
        return contact_facts(a_contact(consent_withdrawn_at=ASKED), around=present).consent_withdrawn_at

    assert withdrawn(restricts=True) == ASKED
    assert withdrawn(withdrawals_closed_at=frozenset((ASKED - timedelta(seconds=1),))) == ASKED
    assert withdrawn(withdrawals_closed_at=frozenset((ASKED,))) is None
    assert withdrawn(withdrawn_at=ASKED - timedelta(days=1)) == ASKED - timedelta(days=1)


def test_who_is_restricted_by_the_property_or_the_register_is_restricted() -> None:
    assert contact_facts(a_contact()).restricted is False
    assert contact_facts(a_contact(restricted=True)).restricted is True
    assert contact_facts(a_contact(restricted=UNKNOWN)).restricted is UNKNOWN
    present = around(requests={101: Requests(restricts=True)})
    assert contact_facts(a_contact(restricted=UNKNOWN), around=present).restricted is True


def test_the_remaining_facts_are_the_contacts_properties() -> None:
    contact = a_contact(
        processed_on_behalf_of=True,
        processing_ended_on=ENDED,
        event_on=on("2026-12-01"),
        consent_withdrawn_at=ASKED,
    )
    facts = contact_facts(contact)
    assert facts.processed_on_behalf_of is True
    assert (facts.processing_ended_on, facts.event_on) == (ENDED, on("2026-12-01"))
    assert facts.consent_withdrawn_at == ASKED
