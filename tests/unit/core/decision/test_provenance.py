"""Where each fact of a record came from."""

from typing import Any

import pytest

from hubspot_retention.core.decision.provenance import (
    contact_provenance,
    deal_provenance,
    value_words,
)
from hubspot_retention.core.facts.contact import NO_REQUESTS, Requests, Surroundings
from hubspot_retention.core.facts.deal import DealSurroundings
from hubspot_retention.core.facts.observation import OptOut, OptOutSource
from hubspot_retention.core.facts.values import ONGOING, UNKNOWN, Unknown
from tests.builders import a_company, a_contact, a_customer, a_deal, at, link, on
from tests.documents import clienti
from tests.observed import Assembly, Record, a_portal, around

ENDED = on("2024-10-31")
LEFT_AT = at("2024-05-05T22:30")


def of_contact(contact: Any, *others: Record, requests: Requests = NO_REQUESTS) -> dict[str, tuple[str, str]]:
    """Each fact's value and source."""
    assembly = Assembly(a_portal(contact, *others), around(requests={contact.record_id: requests}))
    view = assembly.contact_views[0]
    deals = view.deals if isinstance(view.deals, Unknown) else tuple(deal.seen for deal in view.deals)
    firms = view.companies if isinstance(view.companies, Unknown) else tuple(one.facts for one in view.companies)
    facts = assembly.contact_facts[contact.record_id]
    found = contact_provenance(view.seen, Surroundings(deals, firms), requests, facts, clienti())
    return {one.fact: (one.value, one.source) for one in found}


def of_deal(deal: Any, *others: Record) -> dict[str, tuple[str, str]]:
    """Each fact's value and source."""
    assembly = Assembly(a_portal(deal, *others), around())
    view = assembly.deal_views[deal.record_id]
    firms = view.companies if isinstance(view.companies, Unknown) else tuple(one.facts for one in view.companies)
    found = deal_provenance(view.seen, DealSurroundings((), firms), assembly.deal_facts(view.seen), clienti())
    return {one.fact: (one.value, one.source) for one in found}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "none"),
        (UNKNOWN, "unknown"),
        (ONGOING, "ongoing"),
        (True, "yes"),
        (False, "no"),
        (at("2026-11-20T13:30"), "2026-11-20 14:30"),
        (ENDED, "2024-10-31"),
    ],
)
def test_a_value_is_said_in_words_and_civil_time(value: object, text: str) -> None:
    assert value_words(value, clienti().civil) == text


def test_what_is_no_fact_is_an_error() -> None:
    with pytest.raises(TypeError, match="a fact cannot be a str"):
        value_words("yes", clienti().civil)


def test_a_customer_is_one_by_stage_or_by_a_won_deal() -> None:
    assert of_contact(a_customer())["is_customer"] == ("yes", "its property lifecyclestage")
    found = of_contact(a_contact(deals=(201,)), a_deal())
    assert found["is_customer"] == ("yes", "deals/201 (hs_is_closed_won)")
    assert found["was_customer"] == ("yes", "it is one now")
    unread = of_contact(a_contact(stage=UNKNOWN))
    assert unread["is_customer"] == ("unknown", "its property lifecyclestage")
    both = of_contact(a_customer(deals=(201,)), a_deal())
    assert both["is_customer"] == ("yes", "its property lifecyclestage")
    several = of_contact(a_contact(deals=(201, 202)), a_deal(201), a_deal(202))
    assert several["is_customer"] == ("yes", "deals/201, deals/202 (hs_is_closed_won)")


def test_who_was_a_customer_was_one_by_the_first_property_that_tells() -> None:
    assert of_contact(a_contact(entered_customer_at=LEFT_AT))["was_customer"] == (
        "yes",
        "its property hs_v2_date_entered_customer",
    )
    never = of_contact(a_contact())
    assert never["was_customer"][1].startswith("its properties customer_until, hs_v2_date_entered_customer")
    assert never["customer_until"] == ("none", "it was never a customer")


def test_facts_of_neighbours_name_those_that_tell_or_say_how_many_were_asked() -> None:
    found = of_contact(
        a_contact(deals=(201, 202), companies=(link(301), link(302))),
        a_deal(201, closed=False, won=False),
        a_deal(202, won=False),
        a_company(301, kind="PARTNER"),
        a_company(302, stage="customer"),
    )
    assert found["has_open_deal"] == ("yes", "deals/201 (hs_is_closed)")
    assert found["is_partner"] == ("yes", "companies/301 (type)")
    assert found["works_for_customer"] == ("yes", "companies/302 (their stage, deals and end)")
    none = of_contact(a_contact(deals=(202,)), a_deal(202, won=False))
    assert none["has_open_deal"] == ("no", "its 1 deals (hs_is_closed)")
    assert none["is_partner"] == ("no", "no associated companies")


@pytest.mark.parametrize(
    ("contact", "others", "end"),
    [
        (a_customer(customer_until=ENDED), (), ("2024-10-31", "its property customer_until")),
        (
            a_customer(companies=(link(301),)),
            (a_company(customer_until=ENDED),),
            ("2024-10-31", "companies/301 (customer_until)"),
        ),
        (a_customer(companies=UNKNOWN), (), ("unknown", "its companies (customer_until)")),
        (
            a_customer(deals=(201,)),
            (a_deal(contract_end_on=ENDED),),
            ("2024-10-31", "deals/201 (contract_end_date)"),
        ),
        (a_customer(deals=UNKNOWN), (), ("unknown", "its deals (contract_end_date)")),
        (
            a_contact(stage="other", exited_customer_at=LEFT_AT),
            (),
            ("2024-05-06", "its property hs_v2_date_exited_customer"),
        ),
        (a_customer(), (), ("ongoing", "no end is set anywhere")),
    ],
)
def test_the_end_names_the_source_that_counts(contact: Any, others: tuple[Record, ...], end: tuple[str, str]) -> None:
    found = of_contact(contact, *others)
    assert found["customer_until"] == end
    assert found["relationship_ongoing"][1] == end[1]


def test_the_latest_of_several_names_the_one_that_is_the_latest() -> None:
    found = of_contact(a_contact(wrote_at=at("2026-03-01T10:00")))
    assert found["last_activity_at"] == ("2026-03-01 11:00", "its property recent_conversion_date")
    assert found["last_enquiry_at"] == ("2026-03-01 11:00", "its property recent_conversion_date")
    assert of_contact(a_contact())["last_activity_at"][1] == "its property createdate"
    nothing = of_contact(a_contact(created_at=None))
    assert nothing["last_activity_at"] == nothing["last_enquiry_at"] == ("none", "no property has one")


def test_an_opt_out_names_who_set_it() -> None:
    out = OptOut(at("2026-11-20T13:30"), OptOutSource.STAFF)
    assert of_contact(a_contact(opt_out=out))["unsubscribed_at"] == (
        "2026-11-20 14:30",
        "its subscription status, set by: staff",
    )
    assert of_contact(a_contact())["unsubscribed_at"] == ("none", "its property hs_email_optout")


def test_requests_name_the_register_or_the_property() -> None:
    asked = at("2026-11-20T09:00")
    registered = of_contact(a_contact(), requests=Requests(erasure_at=asked, restricts=True))
    assert registered["erasure_requested_at"] == ("2026-11-20 10:00", "the request register")
    assert registered["restricted"] == ("yes", "the request register")
    own = of_contact(a_contact(erasure_requested_at=asked))
    assert own["erasure_requested_at"] == ("2026-11-20 10:00", "its property erasure_requested_at")


def test_a_withdrawal_names_the_register_or_the_property() -> None:
    left = at("2026-11-20T09:00")
    registered = of_contact(a_contact(), requests=Requests(withdrawn_at=left))
    assert registered["consent_withdrawn_at"] == ("2026-11-20 10:00", "the request register")
    own = of_contact(a_contact(consent_withdrawn_at=left))
    assert own["consent_withdrawn_at"] == ("2026-11-20 10:00", "its property consent_withdrawn_at")


@pytest.mark.parametrize(
    ("deal", "others", "end"),
    [
        (a_deal(customer_until=ENDED), (), ("2024-10-31", "its property customer_until")),
        (a_deal(contract_end_on=ENDED), (), ("2024-10-31", "its property contract_end_date")),
        (a_deal(contacts=(101,)), (a_customer(),), ("ongoing", "the ends of its contacts")),
        (
            a_deal(companies=(link(301),)),
            (a_company(customer_until=ENDED),),
            ("2024-10-31", "companies/301 (customer_until)"),
        ),
        (a_deal(), (), ("unknown", "no end is set anywhere")),
    ],
)
def test_the_end_of_a_deal_names_the_source_that_counts(deal: Any, others: Any, end: tuple[str, str]) -> None:
    found = of_deal(deal, *others)
    assert found["customer_until"] == end
    assert found["is_closed_won"] == ("yes", "its property hs_is_closed_won")
    assert found["last_activity_at"] == ("2020-01-01 13:00", "its property createdate")
