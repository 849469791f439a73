import copy
from typing import Any

import pytest

from hubspot_retention.sandbox.options import SandboxOptions
from hubspot_retention.sandbox.portal import DocumentError, load_document
from tests.unit.sandbox.portals import a_contact, a_document


def problems(document: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(DocumentError) as caught:
        load_document(document)
    return {problem.path: problem.expected for problem in caught.value.problems}


def test_a_document_is_left_as_it_is() -> None:
    document = a_document()
    before = copy.deepcopy(document)
    portal = load_document(document)
    portal.change("contacts", "101", {"city": "Ribe"})
    assert document == before


def test_unknown_keys_are_left_alone() -> None:
    contact = {**a_contact("101"), "case": "a remark"}
    assert "101" in load_document(a_document(contacts=[contact], associations=[], remarks=1)).tables["contacts"].live


def test_every_problem_is_told_at_once() -> None:
    document = a_document(
        portal={"id": "x", "timeZone": 1, "accountType": "HUGE", "tier": "gold"},
        subscriptionTypes=[{"id": "five", "name": "x"}, {"id": 5}],
        contacts=[
            a_contact("abc"),
            a_contact("1"),
            a_contact("1"),
            a_contact("2", email="p1@example.dk"),
            {"id": "3", "properties": {"city": ["Ribe"]}},
            {"id": "4", "properties": [], "mergedIds": ["x"]},
        ],
        associations=[
            {"from": "contacts/1", "to": "unicorns/1"},
            {"from": "contacts/1", "to": "deals/21", "primary": True},
            {"from": "notes/31", "to": "emails/41"},
        ],
        deals="none",
        owners=[{"email": "x@example.dk"}],
    )
    assert set(problems(document)) == {
        "portal.id",
        "portal.timeZone",
        "portal.accountType",
        "portal.tier",
        "subscriptionTypes[0].id",
        "subscriptionTypes[1].name",
        "contacts[0].id",
        "contacts[2].id",
        "contacts/2.email",
        "contacts[4].properties.city",
        "contacts[5].properties",
        "contacts[5].mergedIds",
        "deals",
        "associations[0].to",
        "associations[1].to",
        "associations[2]",
        "owners[0].id",
    }


@pytest.mark.parametrize(
    ("state", "path"),
    [
        ({"subscriptionId": 999, "status": "UNSUBSCRIBED", "timestamp": "2026-01-01T00:00:00Z"}, ".subscriptionId"),
        ({"subscriptionId": 501, "status": "GONE", "timestamp": "2026-01-01T00:00:00Z"}, ".status"),
        ({"subscriptionId": 501, "status": "UNSUBSCRIBED", "timestamp": "yesterday"}, ".timestamp"),
        ("UNSUBSCRIBED", ""),
    ],
)
def test_a_subscription_state_that_cannot_be_is_a_problem(state: Any, path: str) -> None:
    contact = {**a_contact("1"), "subscriptions": [state]}
    assert f"contacts[0].subscriptions[0]{path}" in problems(a_document(contacts=[contact], associations=[]))


def test_a_state_without_an_address_is_a_problem() -> None:
    state = {"subscriptionId": 501, "status": "UNSUBSCRIBED", "timestamp": "2026-01-01T00:00:00Z"}
    contact = {"id": "1", "properties": {}, "subscriptions": [state]}
    assert "contacts[0].subscriptions[0]" in problems(a_document(contacts=[contact], associations=[]))


def test_a_document_without_a_portal_is_none() -> None:
    assert "portal" in problems({})


def test_an_archived_record_starts_in_the_bin() -> None:
    contact = {**a_contact("101"), "archived": True, "archivedAt": "2026-11-01T10:00:00Z"}
    table = load_document(a_document(contacts=[contact], associations=[])).tables["contacts"]
    assert "101" not in table.live
    assert table.bin["101"].archived_at == "2026-11-01T10:00:00Z"


def test_values_take_hubspots_form() -> None:
    values = {"customer_until": "1730332800000", "erasure_requested_at": "2024-10-31T11:00:00+01:00", "city": None}
    portal = load_document(a_document(contacts=[a_contact("1", **values)], associations=[]))
    kept = portal.tables["contacts"].live["1"]
    assert (kept["customer_until"], kept["erasure_requested_at"]) == ("2024-10-31", "2024-10-31T10:00:00Z")
    assert "city" not in kept


def test_the_tier_of_the_options_goes_before_that_of_the_document() -> None:
    assert load_document(a_document(), SandboxOptions(tier="enterprise")).account.tier == "enterprise"
    assert load_document(a_document()).account.tier == "professional"


def test_a_survivor_of_a_document_tells_whom_it_took_in() -> None:
    contact = {**a_contact("101"), "mergedIds": ["77", "78"]}
    portal = load_document(a_document(contacts=[contact], associations=[]))
    assert portal.tables["contacts"].live["101"]["hs_merged_object_ids"] == "77;78"


def test_a_document_that_is_given_away_becomes_the_records_and_is_not_written_to() -> None:
    document = a_document()
    values = document["contacts"][0]["properties"]
    portal = load_document(document, given_away=True)
    assert portal.tables["contacts"].live["101"] is values
    assert list(portal.tables["contacts"].live) == ["101", "102", "103"]
    assert document["contacts"] == []
    portal.change("contacts", "101", {"city": "Ribe"})
    assert "city" not in values
