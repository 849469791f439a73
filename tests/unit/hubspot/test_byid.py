from typing import Any

import httpx
import pytest
import respx

from hubspot_retention.core.facts.observation import CompanyLink
from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.portal import Gone, MergedInto, SeenContact
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.errors import PortalContractError, PortalDeniedError, PortalTemporaryError
from hubspot_retention.hubspot.portal import HubSpotPortal
from tests.unit.hubspot.surroundings import (
    BASE,
    a_contact,
    a_document,
    a_portal,
    a_record,
    a_transport,
    the_policy,
)

DETAILS = f"{BASE}/account-info/2026-03/details"
DEALS = f"{BASE}/crm/objects/2026-03/deals"
ME = {"portalId": 25412345, "accountType": "STANDARD", "timeZone": "Europe/Copenhagen"}
DATE = {"Date": "Sun, 22 Nov 2026 12:00:00 GMT"}


def ids(*numbers: int) -> list[RecordId]:
    return [RecordId(number) for number in numbers]


def not_found(*numbers: int) -> httpx.Response:
    error = {"category": "OBJECT_NOT_FOUND", "context": {"ids": [str(number) for number in numbers]}}
    return httpx.Response(207, json={"results": [], "errors": [error]})


def presence(*numbers: int) -> dict[RecordId, object]:
    portal = HubSpotPortal(a_transport(), the_policy())
    return dict(portal.presence(ObjectType.DEAL, ids(*numbers)))


def test_every_id_that_is_asked_for_has_an_answer() -> None:
    document = a_document(
        contacts=[a_contact(each) for each in range(1, 131)],
        companies=[a_record(500)],
        associations=[{"from": "contacts/1", "to": "companies/500", "primary": True}],
    )
    with a_portal(document) as surroundings:
        found = surroundings.portal.read_contacts(ids(*range(1, 133)))
        assert surroundings.requests("/contacts/batch/read") == 2
    assert list(found) == list(range(1, 133))
    first = found[RecordId(1)]
    assert isinstance(first, SeenContact)
    assert first.observation.companies == (CompanyLink(RecordId(500), True),)
    assert first.address is not None
    assert first.address.text == "p1@example.dk"
    assert found[RecordId(132)] is Gone.ABSENT


def test_a_fresh_read_sees_what_the_full_read_saw() -> None:
    document = a_document(
        contacts=[a_contact(1, hs_email_optout="true"), a_contact(2, customer_until="2024-10-31")],
        companies=[a_record(500), a_record(501)],
        deals=[a_record(700, hs_is_closed="true")],
        associations=[
            {"from": "contacts/1", "to": "companies/500"},
            {"from": "contacts/1", "to": "companies/501", "primary": True},
            {"from": "contacts/2", "to": "deals/700"},
            {"from": "deals/700", "to": "companies/500"},
        ],
    )
    with a_portal(document) as surroundings:
        portal = surroundings.portal
        contacts = {c.observation.record_id: c.observation for page in portal.contacts() for c in page}
        deals = {deal.record_id: deal for page in portal.deals() for deal in page}
        companies = {company.record_id: company for page in portal.companies() for company in page}
        fresh = portal.read_contacts(list(contacts))
        assert portal.read_deals(list(deals)) == deals
        assert portal.read_companies(list(companies)) == companies
    assert {key: seen.observation for key, seen in fresh.items() if isinstance(seen, SeenContact)} == contacts


def test_the_id_of_a_merged_contact_names_the_winner_and_is_never_taken_for_it() -> None:
    with a_portal(a_document(contacts=[a_contact(1), a_contact(2)])) as surroundings:
        body = {"primaryObjectId": "1", "objectIdToMerge": "2"}
        headers = {"Authorization": f"Bearer {surroundings.sandbox.token}"}
        url = f"{surroundings.sandbox.url}/crm/objects/2026-03/contacts/merge"
        httpx.post(url, json=body, headers=headers).raise_for_status()
        found = surroundings.portal.read_contacts(ids(1, 2))
        assert found[RecordId(2)] == MergedInto(RecordId(1))
        assert surroundings.portal.read_contacts(ids(2)) == {RecordId(2): MergedInto(RecordId(1))}
    winner = found[RecordId(1)]
    assert isinstance(winner, SeenContact)
    assert winner.observation.merged_ids == (2,)


def test_an_archived_record_is_out_of_view() -> None:
    with a_portal(a_document(contacts=[a_contact(1)])) as surroundings:
        surroundings.portal.archive(ObjectType.CONTACT, ids(1))
        assert surroundings.portal.presence(ObjectType.CONTACT, ids(1)) == {RecordId(1): Gone.ABSENT}


def test_gone_is_said_only_by_a_token_that_reads_the_portals_identity(respx_mock: respx.MockRouter) -> None:
    respx_mock.post(f"{DEALS}/batch/read").mock(return_value=not_found(5))
    identity = respx_mock.get(DETAILS).respond(200, json=ME, headers=DATE)
    assert presence(5) == {5: Gone.ABSENT}
    assert identity.call_count == 1


def test_gone_is_not_said_when_the_identity_cannot_be_read(respx_mock: respx.MockRouter) -> None:
    respx_mock.post(f"{DEALS}/batch/read").mock(return_value=not_found(5))
    respx_mock.get(DETAILS).respond(401)
    with pytest.raises(PortalDeniedError):
        presence(5)


def test_gone_is_not_said_when_the_token_reads_another_portal_now(respx_mock: respx.MockRouter) -> None:
    respx_mock.post(f"{DEALS}/batch/read").mock(return_value=not_found(5))
    other = {**ME, "portalId": 1}
    respx_mock.get(DETAILS).side_effect = [
        httpx.Response(200, json=ME, headers=DATE),
        httpx.Response(200, json=other, headers=DATE),
    ]
    portal = HubSpotPortal(a_transport(), the_policy())
    portal.identity()
    with pytest.raises(PortalContractError, match="reads portal 1 now"):
        portal.presence(ObjectType.DEAL, ids(5))


def test_an_id_that_the_answer_does_not_mention_is_asked_for_alone(respx_mock: respx.MockRouter) -> None:
    respx_mock.post(f"{DEALS}/batch/read").respond(200, json={"results": [{"id": "5", "properties": {}}]})
    respx_mock.get(f"{DEALS}/6").respond(200, json={"id": "6", "properties": {}})
    assert presence(5, 6) == {5: True, 6: True}


def test_an_id_that_failed_for_another_reason_is_asked_for_alone(respx_mock: respx.MockRouter) -> None:
    error = {"category": "INTERNAL_ERROR", "context": {"ids": ["6"]}}
    respx_mock.post(f"{DEALS}/batch/read").respond(207, json={"results": [], "errors": [error]})
    respx_mock.get(f"{DEALS}/6").respond(404, json={"category": "OBJECT_NOT_FOUND"})
    respx_mock.get(DETAILS).respond(200, json=ME, headers=DATE)
    assert presence(6) == {6: Gone.ABSENT}


def test_a_404_without_a_category_is_about_the_record_and_keeps_no_other_from_being_read(
    respx_mock: respx.MockRouter,
) -> None:
    respx_mock.post(f"{DEALS}/batch/read").respond(200, json={"results": [{"id": "5", "properties": {}}]})
    body = {"status": "error", "message": "resource not found", "correlationId": "b4d7c2a1-0000-4000-8000-000000000000"}
    respx_mock.get(f"{DEALS}/6").respond(404, json=body)
    identity = respx_mock.get(DETAILS).respond(200, json=ME, headers=DATE)
    assert presence(5, 6) == {5: True, 6: Gone.ABSENT}
    assert identity.call_count == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"text": "no such path"},
        {"html": "<html><body>404 Not Found</body></html>"},
        {"json": {}},
        {"json": {"status": "error", "message": "no such path"}},
        {"json": {"status": 404, "correlationId": "b4d7c2a1"}},
        {"json": {"status": "error", "correlationId": "b4d7c2a1", "category": "VALIDATION_ERROR"}},
        {"json": {"status": "error", "correlationId": "b4d7c2a1", "category": "?"}},
    ],
)
def test_a_404_that_is_not_about_the_record_is_an_error(respx_mock: respx.MockRouter, answer: dict[str, Any]) -> None:
    respx_mock.post(f"{DEALS}/batch/read").respond(200, json={"results": []})
    respx_mock.get(f"{DEALS}/6").respond(404, **answer)
    with pytest.raises(PortalContractError, match="404"):
        presence(6)
    with pytest.raises(PortalContractError, match="404"):
        HubSpotPortal(a_transport(), the_policy()).read_archived(RecordRef(ObjectType.DEAL, RecordId(6)))


def test_a_failed_read_is_an_error_and_not_an_absence(respx_mock: respx.MockRouter) -> None:
    respx_mock.post(f"{DEALS}/batch/read").respond(503)
    with pytest.raises(PortalTemporaryError):
        presence(6)


def test_an_answer_that_is_marked_archived_is_out_of_view(respx_mock: respx.MockRouter) -> None:
    row = {"id": "5", "properties": {}, "archived": True}
    respx_mock.post(f"{DEALS}/batch/read").respond(200, json={"results": [row]})
    respx_mock.get(DETAILS).respond(200, json=ME, headers=DATE)
    assert presence(5) == {5: Gone.ABSENT}


def test_the_same_id_twice_is_asked_for_once(respx_mock: respx.MockRouter) -> None:
    read = respx_mock.post(f"{DEALS}/batch/read").respond(200, json={"results": [{"id": "5", "properties": {}}]})
    assert presence(5, 5) == {5: True}
    assert read.calls.last.request.content.count(b'"5"') == 1


def test_an_association_that_cannot_be_read_is_unknown(respx_mock: respx.MockRouter) -> None:
    respx_mock.post(f"{DEALS}/batch/read").respond(200, json={"results": [{"id": "5", "properties": {}}]})
    respx_mock.post(url__regex=".*/associations/2026-03/deals/.*").respond(500)
    deal = HubSpotPortal(a_transport(), the_policy()).read_deals(ids(5))[RecordId(5)]
    assert not isinstance(deal, Gone | MergedInto)
    assert (deal.contacts, deal.companies) == (UNKNOWN, UNKNOWN)
