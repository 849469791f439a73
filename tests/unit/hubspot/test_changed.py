from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import respx

from hubspot_retention.clock import Clock
from hubspot_retention.core.facts.observation import CompanyObservation, ContactObservation, DealObservation
from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.portal import Gone, MergedInto
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.errors import PortalContractError, PortalDeniedError, PortalTemporaryError
from hubspot_retention.hubspot.changed import ATTEMPTS, PAGE, marks
from hubspot_retention.hubspot.portal import HubSpotPortal
from hubspot_retention.sandbox.act import act
from tests.unit.hubspot.surroundings import (
    BASE,
    Surroundings,
    a_contact,
    a_document,
    a_portal,
    a_record,
    a_transport,
    the_policy,
)

SINCE = datetime(2026, 11, 22, 9, tzinfo=UTC)
BEFORE = "2026-11-22T08:59:59.999Z"
AFTER = "2026-11-22T09:00:00Z"
DEALS = f"{BASE}/crm/objects/2026-03/deals"


def ids(*numbers: int) -> list[RecordId]:
    return [RecordId(number) for number in numbers]


def found(portal: HubSpotPortal, object_type: ObjectType, since: datetime = SINCE) -> tuple[set[int], bool]:
    """What was found, and whether that was all."""
    pages = list(portal.changed(object_type, since))
    whole = UNKNOWN not in pages
    return {each for page in pages if page is not UNKNOWN for each in page}, whole


def a_deal(record_id: int, **properties: str) -> dict[str, Any]:
    return a_record(record_id, **{"hs_lastmodifieddate": AFTER, **properties})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hs_email_optout", "true"),
        ("hs_email_optout_501", "true"),
        ("legal_hold", "true"),
        ("processing_restricted", "true"),
        ("erasure_requested_at", "2026-11-22T09:00:00Z"),
        ("consent_withdrawn_at", "2026-11-22T09:00:00Z"),
    ],
)
def test_a_changed_contact_is_found_by_everything_that_asks_for_something_or_holds(name: str, value: str) -> None:
    asks = a_contact(2, **{name: value, "lastmodifieddate": AFTER})
    long_ago = a_contact(3, **{name: value, "lastmodifieddate": BEFORE})
    with a_portal(a_document(contacts=[a_contact(1, lastmodifieddate=AFTER), asks, long_ago])) as surroundings:
        assert found(surroundings.portal, ObjectType.CONTACT) == ({2}, True)


def test_an_opt_out_of_mail_that_is_no_newsletter_is_not_found() -> None:
    other = a_contact(2, hs_email_optout_502="true", lastmodifieddate=AFTER)
    with a_portal(a_document(contacts=[other])) as surroundings:
        assert found(surroundings.portal, ObjectType.CONTACT) == (set(), True)


def test_a_hold_of_a_company_or_a_deal_is_found_when_it_is_set_and_when_it_is_lifted() -> None:
    document = a_document(
        companies=[
            a_deal(300, legal_hold="true"),
            a_deal(301, legal_hold="false"),
            a_deal(302),
            a_deal(303, legal_hold="true", hs_lastmodifieddate=BEFORE),
        ],
        deals=[
            a_deal(200, legal_hold="false"),
            a_deal(201, outstanding_balance="1200"),
            a_deal(202, outstanding_balance="0"),
            a_deal(203),
        ],
    )
    with a_portal(document) as surroundings:
        assert found(surroundings.portal, ObjectType.COMPANY) == ({300, 301}, True)
        assert found(surroundings.portal, ObjectType.DEAL) == ({200, 201, 202}, True)


def test_more_than_search_pages_through_are_all_found() -> None:
    with a_portal(a_document()) as surroundings:
        table = surroundings.sandbox.portal.tables["companies"]
        for number in range(1, 10_302):
            table.add(str(number), {"hs_lastmodifieddate": AFTER, "legal_hold": "true"})
        assert found(surroundings.portal, ObjectType.COMPANY) == (set(range(1, 10_302)), True)
        assert surroundings.requests("/companies/search") == 52


def answers(*pages: tuple[int, Sequence[int]]) -> list[httpx.Response]:
    return [
        httpx.Response(200, json={"total": total, "results": [{"id": str(each)} for each in page]})
        for total, page in pages
    ]


def searched(*pages: tuple[int, Sequence[int]]) -> list[Any]:
    with respx.mock:
        respx.post(f"{DEALS}/search").mock(side_effect=answers(*pages))
        portal = HubSpotPortal(a_transport(), the_policy())
        return list(portal.changed(ObjectType.DEAL, SINCE))


def test_a_search_that_shows_less_than_it_promised_is_asked_again() -> None:
    first = ids(*range(1, PAGE + 1))
    assert searched((PAGE + 5, first), (0, ()), (PAGE, first)) == [first, first]


def test_a_search_that_stays_short_says_so() -> None:
    pages = [(3, (1, 2)), (1, ())] * ATTEMPTS
    assert searched(*pages) == [*[ids(1, 2)] * ATTEMPTS, UNKNOWN]


def test_an_empty_search_is_whole() -> None:
    assert searched((0, ())) == []


def test_records_that_change_while_the_search_is_read_do_not_make_it_short() -> None:
    first = ids(*range(1, PAGE + 1))
    assert searched((PAGE + 1, first), (2, (201, 202))) == [first, ids(201, 202)]


@pytest.mark.parametrize("page", [(2, 1), (1, 1), (0,)])
def test_a_search_that_does_not_go_up_is_refused_instead_of_read_for_ever(page: tuple[int, ...]) -> None:
    with pytest.raises(PortalContractError, match="ascending"):
        searched((5, page))


def test_an_id_that_is_no_number_is_refused() -> None:
    pages = HubSpotPortal(a_transport(), the_policy()).changed(ObjectType.DEAL, SINCE)
    with respx.mock:
        respx.post(f"{DEALS}/search").respond(200, json={"total": 1, "results": [{"id": "x"}]})
        with pytest.raises(PortalContractError, match="no number"):
            next(pages)


def test_a_search_that_fails_raises() -> None:
    pages = HubSpotPortal(a_transport(), the_policy()).changed(ObjectType.DEAL, SINCE)
    with respx.mock:
        respx.post(f"{DEALS}/search").respond(502)
        with pytest.raises(PortalTemporaryError):
            next(pages)


def test_nothing_is_looked_for_in_other_classes() -> None:
    with pytest.raises(ValueError, match="tickets"):
        marks(the_policy(), (), ObjectType.TICKET)


def test_when_a_record_was_changed_is_read_by_its_id() -> None:
    document = a_document(
        contacts=[a_contact(1, lastmodifieddate=AFTER), a_contact(2), a_contact(3)], deals=[a_deal(200)]
    )
    with a_portal(document) as surroundings:
        act(surroundings.sandbox.portal, {"action": "merge", "record": "contacts/3", "into": "contacts/1"})
        act(surroundings.sandbox.portal, {"action": "archive", "record": "contacts/2"})
        touched = surroundings.portal.touched(ObjectType.CONTACT, ids(1, 2, 3, 4))
        assert touched[RecordId(1)] > datetime.fromisoformat(AFTER)  # type: ignore[operator]
        assert touched[RecordId(2)] is Gone.ABSENT
        assert touched[RecordId(3)] == MergedInto(RecordId(1))
        assert touched[RecordId(4)] is Gone.ABSENT
        assert surroundings.portal.touched(ObjectType.DEAL, ids(200)) == {200: datetime.fromisoformat(AFTER)}


@pytest.mark.parametrize("properties", [{}, {"hs_lastmodifieddate": None}, {"hs_lastmodifieddate": "yesterday"}])
def test_a_record_that_does_not_say_when_it_was_changed_is_unknown(properties: dict[str, Any]) -> None:
    with respx.mock:
        row = {"id": "200", "properties": properties}
        respx.post(f"{DEALS}/batch/read").respond(200, json={"results": [row]})
        portal = HubSpotPortal(a_transport(), the_policy())
        assert portal.touched(ObjectType.DEAL, ids(200)) == {200: UNKNOWN}


def archived(surroundings: Surroundings, record: str) -> Any:
    act(surroundings.sandbox.portal, {"action": "archive", "record": record})
    return surroundings.portal.read_archived(RecordRef.parse(record))


def test_a_record_in_the_bin_is_read_without_its_associations() -> None:
    document = a_document(
        contacts=[a_contact(1, legal_hold="true", lifecyclestage="customer")],
        deals=[a_deal(200, hs_is_closed="true", hs_is_closed_won="true")],
        companies=[a_deal(300, lifecyclestage="customer")],
        associations=[{"from": "contacts/1", "to": "deals/200"}],
    )
    with a_portal(document) as surroundings:
        before = Clock().now() - timedelta(seconds=1)
        contact, at = archived(surroundings, "contacts/1")
        assert isinstance(contact, ContactObservation)
        assert (contact.record_id, contact.legal_hold, contact.stage) == (1, True, "customer")
        assert contact.deals is contact.companies is UNKNOWN
        assert before <= at <= Clock().now() + timedelta(seconds=1)
        deal, _ = archived(surroundings, "deals/200")
        assert isinstance(deal, DealObservation)
        assert (deal.is_won, deal.contacts, deal.companies) == (True, UNKNOWN, UNKNOWN)
        company, _ = archived(surroundings, "companies/300")
        assert isinstance(company, CompanyObservation)
        assert company.stage == "customer"


def test_what_does_not_lie_in_the_bin_is_absent_there() -> None:
    with a_portal(a_document(contacts=[a_contact(1)])) as surroundings:
        assert surroundings.portal.read_archived(RecordRef.parse("contacts/1")) is Gone.ABSENT


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [(403, {"category": "MISSING_SCOPES"}, PortalDeniedError), (400, {}, PortalContractError)],
)
def test_a_bin_that_cannot_be_read_raises(status: int, body: dict[str, str], error: type[Exception]) -> None:
    portal = HubSpotPortal(a_transport(), the_policy())
    with respx.mock:
        respx.get(f"{DEALS}/200").respond(status, json=body)
        with pytest.raises(error):
            portal.read_archived(RecordRef.parse("deals/200"))


def test_a_bin_that_answers_with_another_record_knows_nothing_of_this_one() -> None:
    with respx.mock:
        respx.get(f"{DEALS}/200").respond(200, json={"id": "201", "properties": {}})
        assert HubSpotPortal(a_transport(), the_policy()).read_archived(RecordRef.parse("deals/200")) is Gone.ABSENT


def test_associations_are_read_for_any_two_types() -> None:
    document = a_document(
        contacts=[a_contact(1)],
        companies=[a_record(300)],
        associations=[{"from": "contacts/1", "to": "companies/300"}],
    )
    with a_portal(document) as surroundings:
        linked: Callable[..., Any] = surroundings.portal.linked
        assert linked(ObjectType.COMPANY, ObjectType.CONTACT, ids(300)) == {300: (1,)}
        assert linked(ObjectType.COMPANY, ObjectType.DEAL, ids(300)) == {300: ()}
