import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import respx

from hubspot_retention.core.facts.observation import CompanyLink
from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.portal import SeenContact
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.errors import PortalContractError, RangesDisagreeError
from hubspot_retention.hubspot import kinds
from hubspot_retention.hubspot.associations import Link
from hubspot_retention.hubspot.portal import HubSpotPortal
from hubspot_retention.hubspot.reading import ReaderOptions
from hubspot_retention.hubspot.translate import CompanyTranslator, ListedAddress
from hubspot_retention.hubspot.transport import Transport
from tests.unit.hubspot.surroundings import (
    BASE,
    FakeTime,
    Surroundings,
    a_contact,
    a_document,
    a_portal,
    a_record,
    a_transport,
    the_policy,
)

COMPANIES = f"{BASE}/crm/objects/2026-03/companies"
IN_RANGES = ReaderOptions(one_cursor_below=0, most_readers=4)


def everybody(surroundings: Surroundings) -> dict[int, SeenContact]:
    seen = [contact for page in surroundings.portal.contacts() for contact in page]
    assert len({contact.observation.record_id for contact in seen}) == len(seen)
    return {contact.observation.record_id: contact for contact in seen}


def many_contacts(count: int) -> list[dict[str, Any]]:
    return [a_contact(100 + 3 * number) for number in range(count)]


@pytest.mark.parametrize("reader", [ReaderOptions(), IN_RANGES])
def test_every_contact_is_read_once(reader: ReaderOptions) -> None:
    with a_portal(a_document(contacts=many_contacts(1_234)), reader=reader) as surroundings:
        assert len(everybody(surroundings)) == 1_234


def test_a_full_read_costs_a_request_for_a_hundred_records_and_a_handful() -> None:
    with a_portal(a_document(contacts=many_contacts(2_000)), reader=IN_RANGES) as surroundings:
        everybody(surroundings)
        assert 20 <= surroundings.requests("/contacts") <= 28
        assert surroundings.requests("/contacts/search") == 1


def test_the_boundaries_of_one_run_are_hints_for_the_next() -> None:
    with a_portal(a_document(contacts=many_contacts(2_000)), reader=IN_RANGES) as surroundings:
        everybody(surroundings)
        hints = surroundings.portal.boundaries()
        assert len(hints[ObjectType.CONTACT]) == 7
        again = HubSpotPortal(surroundings.transport, the_policy(), IN_RANGES, hints)
        assert sum(len(page) for page in again.contacts()) == 2_000


def test_hints_of_another_portal_do_no_harm() -> None:
    hints = {ObjectType.CONTACT: tuple(RecordId(each) for each in (5, 90_000, 10**12))}
    with a_portal(a_document(contacts=many_contacts(300))) as surroundings:
        portal = HubSpotPortal(surroundings.transport, the_policy(), IN_RANGES, hints)
        assert sum(len(page) for page in portal.contacts()) == 300


def test_an_empty_portal_has_nobody() -> None:
    with a_portal(a_document()) as surroundings:
        assert everybody(surroundings) == {}


def test_associations_come_inline_and_cost_no_request() -> None:
    document = a_document(
        contacts=[a_contact(101), a_contact(102)],
        companies=[a_record(11), a_record(12)],
        deals=[a_record(21)],
        associations=[
            {"from": "contacts/101", "to": "companies/11"},
            {"from": "contacts/101", "to": "companies/12", "primary": True},
            {"from": "contacts/101", "to": "deals/21"},
        ],
    )
    with a_portal(document) as surroundings:
        found = everybody(surroundings)
        deals = [deal for page in surroundings.portal.deals() for deal in page]
        assert surroundings.requests("/batch/read") == 0
    assert found[101].observation.deals == (21,)
    companies = found[101].observation.companies
    assert isinstance(companies, tuple)
    assert sorted(companies) == [CompanyLink(RecordId(11), False), CompanyLink(RecordId(12), True)]
    assert (found[102].observation.deals, found[102].observation.companies) == ((), ())
    assert deals[0].contacts == (101,)


def test_more_associations_than_stand_inline_are_asked_for() -> None:
    document = a_document(
        contacts=[a_contact(each) for each in range(1, 251)],
        deals=[a_record(900)],
        associations=[{"from": f"contacts/{each}", "to": "deals/900"} for each in range(1, 251)],
    )
    with a_portal(document) as surroundings:
        deals = [deal for page in surroundings.portal.deals() for deal in page]
        assert surroundings.requests("/deals/contacts/batch/read") == 1
    contacts = deals[0].contacts
    assert isinstance(contacts, tuple)
    assert sorted(contacts) == list(range(1, 251))


def test_several_companies_of_which_none_is_primary_are_asked_for_once_for_all_contacts() -> None:
    contacts = [a_contact(each) for each in range(101, 351)]
    links = [{"from": f"contacts/{c['id']}", "to": f"companies/{company}"} for c in contacts for company in (11, 12)]
    document = a_document(contacts=contacts, companies=[a_record(11), a_record(12)], associations=links)
    with a_portal(document) as surroundings:
        found = everybody(surroundings)
        assert surroundings.requests("/contacts/companies/batch/read") == 1
    assert len(found) == 250
    assert found[101].observation.companies == (CompanyLink(RecordId(11), False), CompanyLink(RecordId(12), False))


def test_only_who_is_opted_out_keeps_the_address_in_a_full_read() -> None:
    contacts = [a_contact(101), a_contact(102, hs_email_optout="true"), a_contact(103, hs_email_optout_501="true")]
    with a_portal(a_document(contacts=contacts)) as surroundings:
        found = everybody(surroundings)
    assert found[101].address is None
    assert found[102].address == ListedAddress("p102@example.dk", True)
    assert found[103].address == ListedAddress("p103@example.dk", False)
    assert "p102" not in repr(found[102])


def a_page(*ids: int, after: str | None = None) -> httpx.Response:
    rows = [{"id": str(each), "properties": {}} for each in ids]
    paging = {"paging": {"next": {"after": after}}} if after else {}
    return httpx.Response(200, json={"results": rows, **paging})


def found(total: int, highest: int = 0) -> httpx.Response:
    return httpx.Response(200, json={"total": total, "results": [{"id": str(highest)}] if highest else []})


@pytest.fixture
def transport() -> Iterator[Transport]:
    with a_transport() as made:
        yield made


def the_companies(transport: Transport, options: ReaderOptions | None = None, *, one_cursor: bool = False) -> list[int]:
    portal = HubSpotPortal(transport, the_policy(), options)
    if one_cursor:
        portal.use_one_cursor()
    return [company.record_id for page in portal.companies() for company in page]


def test_an_empty_page_where_more_was_promised_ends_the_run(respx_mock: respx.MockRouter, transport: Transport) -> None:
    respx_mock.post(f"{COMPANIES}/search").mock(return_value=found(3))
    respx_mock.get(COMPANIES).side_effect = [a_page(1, 2, after="3"), a_page()]
    with pytest.raises(PortalContractError, match="empty page"):
        the_companies(transport)


def test_a_failing_page_ends_the_run(respx_mock: respx.MockRouter, transport: Transport) -> None:
    respx_mock.post(f"{COMPANIES}/search").mock(return_value=found(3))
    respx_mock.get(COMPANIES).side_effect = [a_page(1, 2, after="3"), httpx.Response(400)]
    with pytest.raises(PortalContractError, match="400"):
        the_companies(transport)


def test_a_page_of_another_shape_ends_the_run_without_showing_it(
    respx_mock: respx.MockRouter, transport: Transport
) -> None:
    respx_mock.post(f"{COMPANIES}/search").mock(return_value=found(3))
    respx_mock.get(COMPANIES).respond(200, json={"results": [{"id": 7, "properties": {"name": "Hemmelig"}}]})
    with pytest.raises(PortalContractError, match=r"results\[0\]\.id") as raised:
        the_companies(transport)
    assert "Hemmelig" not in str(raised.value)


def test_a_value_that_is_no_string_is_unknown_and_spoils_nothing_else(
    respx_mock: respx.MockRouter, transport: Transport
) -> None:
    respx_mock.post(f"{COMPANIES}/search").mock(return_value=found(1))
    row = {"id": "1", "properties": {"customer_until": 7, "lifecyclestage": "customer"}}
    respx_mock.get(COMPANIES).respond(200, json={"results": [row]})
    portal = HubSpotPortal(transport, the_policy())
    company = next(iter(portal.companies()))[0]
    assert (company.stage, company.customer_until) == ("customer", company.kind)


def test_fewer_records_than_the_search_knows_of_twice_are_not_all_of_them(
    respx_mock: respx.MockRouter, transport: Transport
) -> None:
    respx_mock.post(f"{COMPANIES}/search").side_effect = [found(5, 9), found(5, 9)]
    respx_mock.get(COMPANIES).side_effect = [a_page(1, 2)]
    with pytest.raises(RangesDisagreeError, match="2 companies were read"):
        the_companies(transport, IN_RANGES)


def test_a_search_that_lags_behind_is_asked_again_after_a_while(respx_mock: respx.MockRouter) -> None:
    time = FakeTime()
    respx_mock.post(f"{COMPANIES}/search").side_effect = [found(5, 9), found(2, 9)]
    respx_mock.get(COMPANIES).side_effect = [a_page(1, 2)]
    assert the_companies(a_transport(time), IN_RANGES) == [1, 2]
    assert time.seconds >= 3


def test_one_cursor_is_believed_over_a_search_that_lags(respx_mock: respx.MockRouter, transport: Transport) -> None:
    respx_mock.post(f"{COMPANIES}/search").side_effect = [found(5, 9), found(5, 9)]
    respx_mock.get(COMPANIES).side_effect = [a_page(1, 2)]
    assert the_companies(transport, IN_RANGES, one_cursor=True) == [1, 2]


def test_an_empty_list_where_the_search_knows_of_records_is_an_error(
    respx_mock: respx.MockRouter, transport: Transport
) -> None:
    respx_mock.post(f"{COMPANIES}/search").mock(return_value=found(5, 9))
    respx_mock.get(COMPANIES).side_effect = [a_page()]
    with pytest.raises(PortalContractError, match="empty"):
        the_companies(transport, one_cursor=True)


def test_who_stops_taking_pages_stops_the_readers() -> None:
    with a_portal(a_document(contacts=many_contacts(3_000)), reader=IN_RANGES) as surroundings:
        pages = iter(surroundings.portal.contacts())
        next(pages)
        pages.close()  # type: ignore[attr-defined]
        assert not [each for each in threading.enumerate() if each.name.startswith("contacts-")]
        assert surroundings.requests("/contacts") < 30


def test_the_list_asks_for_the_named_properties_and_nothing_else(
    respx_mock: respx.MockRouter, transport: Transport
) -> None:
    respx_mock.post(f"{COMPANIES}/search").mock(return_value=found(0))
    listed = respx_mock.get(COMPANIES).mock(return_value=a_page())
    the_companies(transport)
    asked = listed.calls.last.request.url.params
    assert set(asked["properties"].split(",")) == {
        "lifecyclestage",
        "type",
        "customer_until",
        "legal_hold",
        "hs_merged_object_ids",
    }
    assert asked["limit"] == "100"


def test_a_search_body_stays_far_below_hubspots_limit(respx_mock: respx.MockRouter, transport: Transport) -> None:
    searched = respx_mock.post(f"{COMPANIES}/search").mock(return_value=found(0))
    respx_mock.get(COMPANIES).mock(return_value=a_page())
    the_companies(transport)
    body = json.loads(searched.calls.last.request.content)
    assert body["sorts"] == [{"propertyName": "hs_object_id", "direction": "DESCENDING"}]
    assert len(searched.calls.last.request.content) < 3_000


def test_a_kind_without_associations_asks_for_none() -> None:
    kind = kinds.companies(CompanyTranslator(the_policy().sources.company))
    assert kind.linked == ()


def test_who_waits_for_associations_does_not_pile_up() -> None:
    contacts = [a_contact(each) for each in range(1, 1_201)]
    links = [{"from": f"contacts/{c['id']}", "to": f"companies/{company}"} for c in contacts for company in (11, 12)]
    document = a_document(contacts=contacts, companies=[a_record(11), a_record(12)], associations=links)
    with a_portal(document) as surroundings:
        sizes = [len(page) for page in surroundings.portal.contacts()]
        assert surroundings.requests("/contacts/companies/batch/read") == 3
    assert (sum(sizes), max(sizes)) == (1_200, 500)


def test_an_id_that_is_no_number_ends_the_run(respx_mock: respx.MockRouter, transport: Transport) -> None:
    respx_mock.post(f"{COMPANIES}/search").mock(return_value=found(1))
    respx_mock.get(COMPANIES).respond(200, json={"results": [{"id": "x1", "properties": {}}]})
    with pytest.raises(PortalContractError, match="no number"):
        the_companies(transport)


def test_a_portal_may_be_read_without_asking_its_search(respx_mock: respx.MockRouter, transport: Transport) -> None:
    respx_mock.get(COMPANIES).side_effect = [a_page(1, 2)]
    assert the_companies(transport, ReaderOptions(check_against_search=False)) == [1, 2]


def test_what_correspondence_hangs_on_is_read_from_its_list_and_where_that_is_long_from_the_associations() -> None:
    many = [a_contact(1_000 + number) for number in range(130)]
    document = a_document(
        contacts=many,
        companies=[a_record(31), a_record(32)],
        notes=[a_record(number, hs_timestamp="2015-02-01T10:00:00Z") for number in (1, 2, 3)],
        associations=[
            *({"from": "notes/1", "to": f"contacts/{contact['id']}"} for contact in many),
            {"from": "notes/2", "to": "companies/31"},
            {"from": "notes/2", "to": "companies/32"},
        ],
    )
    with a_portal(document) as surroundings:
        pages = surroundings.portal.letters(ObjectType.NOTE)
        assert {letter.record_id: letter.hangs for page in pages for letter in page} == {1: True, 2: True, 3: False}


def test_what_correspondence_hangs_on_is_unknown_where_that_cannot_be_read() -> None:
    kind = kinds.letters(ObjectType.NOTE)
    page = kind.decoders.page.decode(b'{"results":[{"id":"1","properties":{"hs_timestamp":"2015-02-01T10:00:00Z"}}]}')
    seen = [
        kind.observe(page.results[0], links).hangs
        for links in (((), (), (), UNKNOWN), (UNKNOWN, (Link(RecordId(31), primary=True),), (), ()), ((), (), (), ()))
    ]
    assert seen == [UNKNOWN, True, False]
