"""Facts of a deal: semantics 3, sentence by sentence."""

from typing import Any

import pytest

from hubspot_retention.core.facts.contact import EndSource
from hubspot_retention.core.facts.values import ONGOING, UNKNOWN
from tests.builders import a_company, a_contact, a_customer, a_deal, at, link, on
from tests.observed import deal_facts

ENDED = on("2024-10-31")


@pytest.mark.parametrize(
    ("closed", "won", "facts"),
    [
        (False, False, (True, False, False)),
        (True, True, (False, True, False)),
        (True, False, (False, False, True)),
        (UNKNOWN, False, (UNKNOWN, False, UNKNOWN)),
        (True, UNKNOWN, (False, UNKNOWN, UNKNOWN)),
    ],
)
def test_a_deal_is_open_won_or_lost(closed: Any, won: Any, facts: object) -> None:
    found = deal_facts(a_deal(closed=closed, won=won))
    assert (found.is_open, found.is_closed_won, found.is_closed_lost) == facts


def test_the_deals_own_end_comes_first() -> None:
    deal = a_deal(customer_until=ENDED, companies=(link(301),))
    facts = deal_facts(deal, a_company(customer_until=on("2020-01-01")))
    assert (facts.customer_until, facts.customer_until_source) == (ENDED, EndSource.OWN)
    assert deal_facts(a_deal(customer_until=UNKNOWN)).customer_until is UNKNOWN


def test_then_its_companys_end() -> None:
    facts = deal_facts(a_deal(companies=(link(301),)), a_company(customer_until=ENDED))
    assert (facts.customer_until, facts.customer_until_source) == (ENDED, EndSource.COMPANY)


def test_companies_that_cannot_be_read_make_the_end_unknown() -> None:
    assert deal_facts(a_deal(companies=UNKNOWN, contract_end_on=ENDED)).customer_until is UNKNOWN


def of_people(*ends: Any, **values: Any) -> tuple[object, object]:
    people = [a_customer(101 + place, **end) for place, end in enumerate(ends)]
    facts = deal_facts(a_deal(contacts=tuple(person.record_id for person in people), **values), *people)
    return facts.customer_until, facts.customer_until_source


def test_then_the_latest_end_of_its_contacts_if_each_has_one() -> None:
    earlier, later = {"customer_until": on("2020-01-01")}, {"customer_until": ENDED}
    assert of_people(earlier, later) == (ENDED, EndSource.CONTACTS)


def test_one_contact_whose_relationship_is_ongoing_makes_the_deals_ongoing() -> None:
    won_elsewhere: dict[str, Any] = {"customer_until": UNKNOWN}
    assert of_people({"customer_until": ENDED}, {}) == (ONGOING, EndSource.CONTACTS)
    assert of_people(won_elsewhere, {}) == (ONGOING, EndSource.CONTACTS)


def test_one_contact_whose_end_is_unknown_makes_it_unknown() -> None:
    assert of_people({"customer_until": ENDED}, {"customer_until": UNKNOWN}) == (UNKNOWN, EndSource.CONTACTS)


def test_contacts_that_cannot_be_read_make_it_unknown() -> None:
    facts = deal_facts(a_deal(contacts=UNKNOWN, contract_end_on=ENDED))
    assert (facts.customer_until, facts.relationship_ongoing) == (UNKNOWN, UNKNOWN)


def test_then_its_own_contract_end() -> None:
    facts = deal_facts(a_deal(contract_end_on=ENDED))
    assert (facts.customer_until, facts.customer_until_source) == (ENDED, EndSource.CONTRACTS)


def test_a_contact_who_never_was_a_customer_says_nothing_of_a_lost_deal() -> None:
    facts = deal_facts(a_deal(won=False, contacts=(101,), contract_end_on=ENDED), a_contact())
    assert facts.customer_until_source is EndSource.CONTRACTS


def test_a_deal_without_any_end_has_an_unknown_one() -> None:
    facts = deal_facts(a_deal())
    assert (facts.customer_until, facts.customer_until_source) == (UNKNOWN, EndSource.NONE)


def test_the_last_business_is_the_latest_of_closing_contract_and_end_that_are_known() -> None:
    assert deal_facts(a_deal(customer_until=on("2020-01-01"))).last_business_on == on("2021-02-01")
    assert deal_facts(a_deal(customer_until=ENDED)).last_business_on == ENDED
    later = deal_facts(a_deal(customer_until=ENDED, contract_end_on=on("2025-01-31")))
    assert later.last_business_on == on("2025-01-31")


def test_an_ongoing_relationship_has_no_end_for_the_books() -> None:
    facts = deal_facts(a_deal(contacts=(101,)), a_customer())
    assert (facts.relationship_ongoing, facts.last_business_on) == (True, on("2021-02-01"))
    assert deal_facts(a_deal(contacts=(101,), closed_at=None), a_customer()).last_business_on is None


def test_one_unknown_date_makes_the_last_business_unknown() -> None:
    assert deal_facts(a_deal()).last_business_on is UNKNOWN
    assert deal_facts(a_deal(customer_until=ENDED, contract_end_on=UNKNOWN)).last_business_on is UNKNOWN


def test_the_last_activity_of_a_deal_is_the_latest_of_its_creation_and_last_contact() -> None:
    contacted = at("2026-10-15T10:00")
    assert deal_facts(a_deal(contacted_at=contacted)).last_activity_at == contacted
    assert deal_facts(a_deal(contacted_at=UNKNOWN)).last_activity_at is UNKNOWN
