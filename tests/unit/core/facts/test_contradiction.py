"""A contradicted end (semantics 3): somebody renewed, or still talks, and nobody moved the date."""

from datetime import timedelta
from typing import Any

import pytest

from hubspot_retention.core.facts.values import UNKNOWN
from tests.builders import a_company, a_customer, a_deal, at, changed, link, on
from tests.observed import Record, around, contact_facts, deal_facts

ENDED = on("2024-10-31")
WON = (201,)

AFTER, BEFORE = at("2024-11-01T10:00"), at("2024-10-31T20:00")
AFTER_ON, BEFORE_ON = on("2024-11-01"), ENDED
RECENTLY, LONG_SINCE = at("2025-11-22T08:00:01"), at("2025-11-22T08:00:00")
RECENTLY_ON, LONG_SINCE_ON = on("2025-11-22"), on("2025-11-21")


def by_own(*others: Record, **values: Any) -> object:
    """Whether the contact's own end of October 2024 is contradicted."""
    contact = a_customer(customer_until=ENDED, **values)
    return contact_facts(contact, *others).contradicted


def by_company(*others: Record, **values: Any) -> object:
    """Whether the end of October 2024 that the contact's company has is contradicted."""
    return contact_facts(
        a_customer(companies=(link(301),), **values), a_company(customer_until=ENDED), *others
    ).contradicted


def test_an_end_that_nothing_speaks_against_is_not_contradicted() -> None:
    assert by_own() is False
    assert by_company() is False


def test_an_end_that_has_not_passed_is_never_contradicted() -> None:
    deal = a_deal(contract_end_on=on("2030-01-01"))
    contact = a_customer(customer_until=on("2026-11-22"), deals=WON)
    assert contact_facts(contact, deal).contradicted is False
    contact = a_customer(customer_until=on("2026-11-21"), deals=WON)
    assert contact_facts(contact, deal).contradicted is True


def test_an_end_can_be_contradicted_from_the_very_instant_at_which_it_has_passed() -> None:
    deal, midnight = a_deal(customer_until=ENDED, contract_end_on=AFTER_ON), at("2024-10-31T23:00")
    person = a_customer(customer_until=ENDED, deals=WON)
    present, before = around(midnight), around(midnight - timedelta(microseconds=1))
    assert contact_facts(person, deal, around=present).contradicted is True
    assert contact_facts(person, deal, around=before).contradicted is False
    assert deal_facts(deal, around=present).contradicted is True
    assert deal_facts(deal, around=before).contradicted is False


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("closed_at", BEFORE, AFTER),
        ("contract_end_on", BEFORE_ON, AFTER_ON),
        ("contract_end_on", BEFORE_ON, on("2030-01-01")),
        ("customer_until", BEFORE_ON, AFTER_ON),
    ],
)
def test_a_later_date_on_a_won_deal_contradicts(name: str, before: Any, after: Any) -> None:
    assert by_own(a_deal(**{name: after}), deals=WON) is True
    assert by_own(a_deal(**{name: before}), deals=WON) is False
    assert by_own(a_deal(won=False, **{name: after}), deals=WON) is False
    assert by_own(a_deal(won=UNKNOWN, **{name: after}), deals=WON) is UNKNOWN
    assert by_own(a_deal(**{name: UNKNOWN}), deals=WON) is UNKNOWN


def test_the_close_date_of_an_open_deal_is_a_forecast_and_contradicts_nothing() -> None:
    assert by_own(a_deal(closed=False, closed_at=AFTER), deals=WON) is False


def test_a_later_end_of_any_company_contradicts() -> None:
    both = (link(301), link(302))
    later = a_company(301), a_company(302, customer_until=AFTER_ON)
    assert by_own(*later, companies=both) is True
    same = a_company(301), a_company(302, customer_until=BEFORE_ON)
    assert by_own(*same, companies=both) is False


@pytest.mark.parametrize("stage", ["customer", "lead", "other"])
def test_entering_the_stage_later_contradicts_whatever_the_stage_is_now(stage: str) -> None:
    assert by_own(entered_customer_at=AFTER, stage=stage) is True
    assert by_own(entered_customer_at=BEFORE, stage=stage) is False


def test_a_later_confirmation_contradicts_for_twelve_months() -> None:
    assert by_own(confirmed_on=RECENTLY_ON) is True
    assert by_own(confirmed_on=LONG_SINCE_ON) is False
    assert by_own(confirmed_on=UNKNOWN) is UNKNOWN
    assert contact_facts(a_customer(customer_until=RECENTLY_ON, confirmed_on=RECENTLY_ON)).contradicted is False


def test_leaving_the_stage_later_contradicts_an_end_that_is_not_the_contacts_own() -> None:
    assert by_company(exited_customer_at=AFTER) is True
    assert by_company(exited_customer_at=BEFORE) is False
    assert by_own(exited_customer_at=AFTER) is False


@pytest.mark.parametrize("name", ["closed_at", "contract_end_on"])
def test_a_later_won_deal_of_the_company_contradicts_an_end_that_is_not_the_contacts_own(name: str) -> None:
    value: Any = AFTER if name == "closed_at" else AFTER_ON
    deal = a_deal(companies=(link(301),), **{name: value})
    assert by_company(deal) is True
    assert by_company(changed(deal, is_won=False)) is False
    assert by_company(changed(deal, is_won=UNKNOWN)) is UNKNOWN
    assert by_company(changed(deal, **{name: UNKNOWN})) is UNKNOWN
    assert by_own(deal, a_company(), companies=(link(301),)) is False


@pytest.mark.parametrize("place", [0, 1])
def test_talking_later_contradicts_for_twelve_months_an_end_that_is_not_the_contacts_own(place: int) -> None:
    def talked(value: Any) -> dict[str, Any]:
        return {"conversation": (value, None) if place == 0 else (None, value)}

    assert by_company(**talked(RECENTLY)) is True
    assert by_company(**talked(LONG_SINCE)) is False
    assert by_company(**talked(UNKNOWN)) is UNKNOWN
    assert by_own(**talked(RECENTLY)) is False


def test_neighbours_that_cannot_be_read_may_contradict() -> None:
    assert by_own(deals=UNKNOWN) is UNKNOWN
    assert by_own(companies=UNKNOWN) is UNKNOWN
    assert by_own(a_deal(customer_until=AFTER_ON), deals=WON) is True


# Of a deal


def test_a_deal_is_contradicted_by_later_dates_of_its_own_or_of_its_companies() -> None:
    def contradicted(*companies: Record, **values: Any) -> object:
        links = tuple(link(company.record_id) for company in companies)
        return deal_facts(a_deal(**{"customer_until": ENDED, "companies": links} | values), *companies).contradicted

    assert contradicted() is False
    assert contradicted(closed_at=AFTER) is True
    assert contradicted(closed_at=BEFORE) is False
    assert contradicted(contract_end_on=AFTER_ON) is True
    assert contradicted(contract_end_on=UNKNOWN) is UNKNOWN
    assert contradicted(a_company(customer_until=AFTER_ON)) is True
    assert contradicted(a_company(customer_until=BEFORE_ON)) is False
    assert contradicted(customer_until=on("2026-11-22"), contract_end_on=on("2027-01-01")) is False
    assert contradicted(closed_at=AFTER, companies=UNKNOWN) is True


def test_a_deal_by_its_companys_end_is_contradicted_by_its_own_later_end_of_contract() -> None:
    deal = a_deal(companies=(link(301),), contract_end_on=AFTER_ON)
    assert deal_facts(deal, a_company(customer_until=ENDED)).contradicted is True


def test_a_deal_that_is_not_won_is_never_contradicted() -> None:
    assert deal_facts(a_deal(won=False, customer_until=ENDED, closed_at=AFTER)).contradicted is False
    assert deal_facts(a_deal(won=UNKNOWN, customer_until=ENDED, closed_at=AFTER)).contradicted is UNKNOWN


def test_a_deal_whose_end_is_its_contacts_is_contradicted_if_the_end_of_any_of_them_is() -> None:
    people = a_customer(101, customer_until=ENDED, confirmed_on=RECENTLY_ON), a_customer(102, customer_until=ENDED)
    deal = a_deal(contacts=(101, 102))
    assert deal_facts(deal, *people).contradicted is True
    assert deal_facts(deal, changed(people[0], confirmed_on=None), people[1]).contradicted is False
    assert deal_facts(changed(deal, customer_until=ENDED), *people).contradicted is False


def test_contacts_that_cannot_be_read_leave_the_deals_own_dates() -> None:
    assert deal_facts(a_deal(contacts=UNKNOWN, customer_until=ENDED)).contradicted is False
