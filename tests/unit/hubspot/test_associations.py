from typing import Any

import httpx
import pytest
import respx

from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.errors import PortalContractError, PortalDeniedError
from hubspot_retention.hubspot.associations import Link, Links, read_associations
from tests.unit.hubspot.surroundings import BASE, a_contact, a_document, a_portal, a_record, a_transport

PAIR = f"{BASE}/crm/associations/2026-03/contacts/companies/batch/read"
NONE_FOUND = "crm.associations.NO_ASSOCIATIONS_FOUND"


def end(
    to: int | str, type_id: int = 279, label: str | None = None, category: str = "HUBSPOT_DEFINED"
) -> dict[str, Any]:
    return {"toObjectId": to, "associationTypes": [{"category": category, "typeId": type_id, "label": label}]}


def row(record_id: int, *ends: dict[str, Any], after: str | None = None) -> dict[str, Any]:
    paging = {"paging": {"next": {"after": after}}} if after else {}
    return {"from": {"id": str(record_id)}, "to": list(ends), **paging}


def none(record_id: int, sub_category: str = NONE_FOUND) -> dict[str, Any]:
    context = {"fromObjectId": [str(record_id)]}
    return {"category": "OBJECT_NOT_FOUND", "subCategory": sub_category, "context": context}


def read(*numbers: int) -> dict[RecordId, Links]:
    ids = [RecordId(number) for number in numbers]
    return read_associations(a_transport(), ObjectType.CONTACT, ObjectType.COMPANY, ids)


def answer(respx_mock: respx.MockRouter, results: list[Any], errors: list[Any]) -> None:
    respx_mock.post(PAIR).respond(207, json={"results": results, "errors": errors})


def test_no_associations_found_means_none(respx_mock: respx.MockRouter) -> None:
    answer(respx_mock, [row(1, end(11))], [none(2)])
    assert read(1, 2) == {1: (Link(RecordId(11), False),), 2: ()}


@pytest.mark.parametrize("error", [none(2, "crm.associations.OTHER"), {"category": "INTERNAL_ERROR"}, {}])
def test_any_other_error_makes_the_record_unknown(respx_mock: respx.MockRouter, error: dict[str, Any]) -> None:
    answer(respx_mock, [row(1, end(11))], [error])
    assert read(1, 2) == {1: (Link(RecordId(11), False),), 2: UNKNOWN}


def test_a_record_that_the_answer_does_not_mention_is_unknown(respx_mock: respx.MockRouter) -> None:
    answer(respx_mock, [row(1, end(11))], [])
    assert read(1, 2)[RecordId(2)] is UNKNOWN


def test_a_failed_call_makes_its_records_unknown(respx_mock: respx.MockRouter) -> None:
    respx_mock.post(PAIR).respond(400)
    assert read(1, 2) == {1: UNKNOWN, 2: UNKNOWN}


def test_a_missing_scope_ends_the_run(respx_mock: respx.MockRouter) -> None:
    respx_mock.post(PAIR).respond(403)
    with pytest.raises(PortalDeniedError):
        read(1)


@pytest.mark.parametrize(
    ("given", "primary"),
    [
        (end(11, 1), True),
        (end(11, 7, "Primary"), True),
        (end(11, 279), False),
        (end(11, 1, "Adviser", "USER_DEFINED"), False),
        ({"toObjectId": "11", "associationTypes": end(11)["associationTypes"] + end(11, 1)["associationTypes"]}, True),
    ],
)
def test_the_primary_company_is_known_by_hubspots_own_type(
    respx_mock: respx.MockRouter, given: dict[str, Any], primary: bool
) -> None:
    answer(respx_mock, [row(1, given)], [])
    assert read(1) == {1: (Link(RecordId(11), primary),)}


def test_the_pages_of_one_record_are_followed(respx_mock: respx.MockRouter) -> None:
    pages = respx_mock.post(PAIR)
    pages.side_effect = [
        httpx.Response(200, json={"results": [row(1, end(11), after="12"), row(2, end(21))]}),
        httpx.Response(200, json={"results": [row(1, end("12", 1))]}),
    ]
    assert read(1, 2)[RecordId(1)] == (Link(RecordId(11), False), Link(RecordId(12), True))
    assert pages.calls.last.request.content == b'{"inputs":[{"id":"1","after":"12"}]}'


def test_a_page_that_cannot_be_read_makes_the_whole_record_unknown(respx_mock: respx.MockRouter) -> None:
    respx_mock.post(PAIR).side_effect = [
        httpx.Response(200, json={"results": [row(1, end(11), after="12"), row(2, end(21))]}),
        httpx.Response(400),
    ]
    assert read(1, 2) == {1: UNKNOWN, 2: (Link(RecordId(21), False),)}


def test_a_record_with_a_first_page_is_not_settled_by_none_found(respx_mock: respx.MockRouter) -> None:
    respx_mock.post(PAIR).side_effect = [
        httpx.Response(200, json={"results": [row(1, end(11), after="12")]}),
        httpx.Response(207, json={"results": [], "errors": [none(1)]}),
    ]
    assert read(1)[RecordId(1)] is UNKNOWN


def test_a_thousand_records_go_into_one_request() -> None:
    contacts = [a_contact(each) for each in range(1, 1_203)]
    links = [{"from": f"contacts/{each}", "to": "companies/9000"} for each in range(1, 1_202)]
    document = a_document(contacts=contacts, companies=[a_record(9000)], associations=links)
    with a_portal(document) as surroundings:
        ids = [RecordId(each) for each in range(1, 1_203)]
        found = read_associations(surroundings.transport, ObjectType.CONTACT, ObjectType.COMPANY, ids)
        assert surroundings.requests("/contacts/companies/batch/read") == 2
    assert found[RecordId(1)] == (Link(RecordId(9000), False),)
    assert found[RecordId(1_202)] == ()


def test_what_nobody_asked_for_is_left_aside(respx_mock: respx.MockRouter) -> None:
    answer(respx_mock, [row(1, end(11)), row(5, end(55))], [none(6)])
    assert read(1) == {1: (Link(RecordId(11), False),)}


def test_an_id_that_is_no_number_is_an_error(respx_mock: respx.MockRouter) -> None:
    answer(respx_mock, [row(1, end("eleven"))], [])
    with pytest.raises(PortalContractError, match="no number"):
        read(1)
