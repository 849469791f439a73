"""What the contacts and deals of a company need to know of it (semantics 3)."""

from datetime import timedelta
from typing import Any

import pytest

from hubspot_retention.core.facts.company import CompanyFacts, company_facts, end_of_its_company
from hubspot_retention.core.facts.values import UNKNOWN
from tests.builders import a_company, a_contact, a_deal, at, changed, link, on
from tests.documents import clienti
from tests.observed import Record, around, contact_facts, deal_facts

PAST, AHEAD = on("2024-10-31"), on("2027-01-01")


def employs(company: Any, *deals: Any) -> object:
    """Whether somebody at the company works for a customer."""
    linked: list[Record] = [changed(deal, companies=(link(301),)) for deal in deals]
    return contact_facts(a_contact(companies=(link(301),)), company, *linked).works_for_customer


def facts_of_company(company_id: int) -> CompanyFacts:
    return company_facts(a_company(company_id), (), clienti().terms)


def test_a_company_is_a_customer_by_its_stage_or_by_a_won_deal_of_its_own() -> None:
    assert employs(a_company(stage="customer")) is True
    assert employs(a_company(stage="lead")) is False
    assert employs(a_company(), a_deal()) is True
    assert employs(a_company(), a_deal(won=False)) is False
    assert employs(a_company(stage=UNKNOWN)) is UNKNOWN
    assert employs(a_company(), a_deal(won=UNKNOWN)) is UNKNOWN


def test_a_company_that_has_ended_is_no_customer_any_more() -> None:
    assert employs(a_company(stage="customer", customer_until=PAST)) is False
    assert employs(a_company(stage="customer", customer_until=AHEAD)) is True
    assert employs(a_company(stage="customer", customer_until=UNKNOWN)) is UNKNOWN
    assert employs(a_company(stage="lead", customer_until=UNKNOWN)) is False


@pytest.mark.parametrize(("day", "still"), [("2026-11-21", False), ("2026-11-22", True)])
def test_the_last_day_itself_has_not_passed(day: str, still: bool) -> None:
    assert employs(a_company(stage="customer", customer_until=on(day))) is still


def test_an_end_has_passed_at_the_very_instant_at_which_the_day_ends() -> None:
    company, midnight = a_company(stage="customer", customer_until=on("2026-11-21")), at("2026-11-21T23:00")
    person = a_contact(companies=(link(301),))
    assert contact_facts(person, company, around=around(midnight)).works_for_customer is False
    before = around(midnight - timedelta(microseconds=1))
    assert contact_facts(person, company, around=before).works_for_customer is True


def test_companies_that_are_not_those_of_the_links_are_a_mistake_of_ours() -> None:
    facts = facts_of_company(301), facts_of_company(302)
    with pytest.raises(ValueError, match="longer"):
        end_of_its_company((link(301),), facts)


def test_else_the_latest_contract_end_of_its_won_deals_if_every_one_has_one() -> None:
    old = a_deal(201, contract_end_on=PAST)
    assert employs(a_company(), old) is False
    assert employs(a_company(), old, a_deal(202, contract_end_on=AHEAD)) is True
    assert employs(a_company(), old, a_deal(202)) is True
    assert employs(a_company(), old, a_deal(202, won=False)) is False
    assert employs(a_company(), old, a_deal(202, contract_end_on=UNKNOWN)) is UNKNOWN


@pytest.mark.parametrize("name", ["closed_at", "contract_end_on"])
def test_an_end_older_than_a_won_deal_is_no_end(name: str) -> None:
    company = a_company(customer_until=PAST)
    later: Any = at("2024-11-01T10:00") if name == "closed_at" else on("2024-11-01")
    same: Any = at("2024-10-31T10:00") if name == "closed_at" else PAST
    assert employs(company, a_deal(**{name: later})) is True
    assert employs(company, a_deal(**{name: same})) is False
    assert employs(company, a_deal(201), a_deal(202, won=UNKNOWN, **{name: later})) is UNKNOWN
    assert employs(company, a_deal(201), a_deal(202, **{name: UNKNOWN})) is UNKNOWN


def test_the_latest_date_of_several_won_deals_counts_in_any_order() -> None:
    company = a_company(customer_until=PAST)
    dates = at("2024-11-01T10:00"), at("2023-01-01T10:00")
    for one, other in (dates, dates[::-1]):
        assert employs(company, a_deal(201, closed_at=one), a_deal(202, closed_at=other)) is True
        maybe = a_deal(201, won=UNKNOWN, closed_at=one), a_deal(202, won=UNKNOWN, closed_at=other)
        assert employs(company, a_deal(203), *maybe) is UNKNOWN


def test_a_day_that_is_no_later_leaves_no_doubt() -> None:
    company = a_company(customer_until=PAST)
    assert employs(company, a_deal(201), a_deal(202, won=UNKNOWN, contract_end_on=PAST)) is False


def test_a_lost_deal_says_nothing_and_hides_no_other() -> None:
    lost, won = a_deal(201, won=False), a_deal(202, closed_at=at("2024-11-01T10:00"))
    assert employs(a_company(customer_until=PAST), lost, won) is True


def test_one_company_that_employs_is_enough() -> None:
    contact = a_contact(companies=(link(301), link(302)))
    assert contact_facts(contact, a_company(301, stage=UNKNOWN), a_company(302, stage="customer")).works_for_customer


def test_a_deal_whose_companies_cannot_be_read_may_be_any_companys() -> None:
    unread = a_deal(companies=UNKNOWN)
    contact = a_contact(companies=(link(301),))
    assert contact_facts(contact, a_company(), unread).works_for_customer is UNKNOWN
    assert contact_facts(contact, a_company(customer_until=AHEAD, stage="customer"), unread).works_for_customer is True
    assert (
        contact_facts(contact, a_company(customer_until=PAST, stage="customer"), unread).works_for_customer is UNKNOWN
    )


def test_whether_a_deal_is_closed_decides_whether_its_close_date_counts() -> None:
    assert deal_facts(a_deal()).closed_at == at("2021-02-01T10:00")
    assert deal_facts(a_deal(closed=False)).closed_at is None
    assert deal_facts(a_deal(closed=UNKNOWN)).closed_at is UNKNOWN
    assert deal_facts(a_deal(closed=UNKNOWN, closed_at=None)).closed_at is None
