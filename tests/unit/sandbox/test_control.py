from typing import Any

import pytest

from hubspot_retention.sandbox.portal import load_document
from tests.unit.sandbox.portals import CONTACTS, DEALS, NOTES, STATUSES, Sandbox, ids

ERASE = f"{CONTACTS}/gdpr-delete"


def test_control_endpoints_need_no_token_and_are_not_counted() -> None:
    sandbox = Sandbox(limits=True, daily_quota=1)
    for _ in range(3):
        assert sandbox.get("/__sandbox/stats", headers={"Authorization": ""}).status_code == 200
    assert sandbox.json("/__sandbox/stats")["requests"] == 0
    assert sandbox.get(CONTACTS).status_code == 200


def test_the_journal_tells_every_destructive_call_in_order_with_its_effect() -> None:
    sandbox = Sandbox()
    sandbox.json(CONTACTS)
    sandbox.post(f"{NOTES}/batch/archive", json={"inputs": [{"id": "31"}, {"id": "99"}]})
    sandbox.do(ERASE, {"objectId": "101"}, 204)
    sandbox.delete(f"{CONTACTS}/999")
    entries = sandbox.destructive()
    assert [(entry["kind"], entry["ids"], entry["status"]) for entry in entries] == [
        ("archive", ["31", "99"], 204),
        ("erase", ["101"], 204),
        ("archive", ["999"], 404),
    ]
    assert [entry["effect"] for entry in entries] == [
        ["archived notes/31", "found no notes/99"],
        ["erased contacts/101"],
        [],
    ]
    assert [entry["number"] for entry in entries] == [2, 3, 4]


def test_the_whole_journal_has_the_reads_as_well() -> None:
    sandbox = Sandbox()
    sandbox.json(CONTACTS)
    sandbox.delete(f"{CONTACTS}/101")
    assert [entry["kind"] for entry in sandbox.json("/__sandbox/journal")["entries"]] == ["read", "archive"]
    sandbox.delete("/__sandbox/journal")
    assert sandbox.json("/__sandbox/journal")["entries"] == []


def test_without_a_journal_only_the_calls_that_change_something_are_kept() -> None:
    sandbox = Sandbox(journal=False)
    sandbox.json(CONTACTS)
    sandbox.delete(f"{CONTACTS}/101")
    assert [entry["kind"] for entry in sandbox.json("/__sandbox/journal")["entries"]] == ["archive"]


def test_others_use_up_the_quota_of_the_day() -> None:
    sandbox = Sandbox(limits=True, daily_quota=10)
    assert sandbox.post("/__sandbox/quota", json={"used_today": 9}).json() == {"used_today": 9, "daily": 10}
    assert sandbox.get(CONTACTS).headers["x-hubspot-ratelimit-daily-remaining"] == "0"
    assert sandbox.get(CONTACTS).status_code == 429
    refused = sandbox.post("/__sandbox/quota", json={"used_today": -1})
    assert (refused.status_code, refused.json()["message"]) == (
        400,
        "used_today: found -1, expected a number of requests",
    )


def test_the_stats_count_by_endpoint_and_by_status() -> None:
    sandbox = Sandbox(limits=True, daily_quota=2)
    for _ in range(3):
        sandbox.get(CONTACTS)
    found = sandbox.json("/__sandbox/stats")
    assert (found["requests"], found["too_many"], found["max_requests_in_10_s"]) == (3, 1, 3)
    assert found["by_endpoint"] == {"GET /crm/objects/{t}": 3}
    assert found["max_accepted_in_10_s"] == {"burst": 2}
    assert found["cpu_seconds"] >= 0


def test_a_person_unsubscribes_and_subscribes_again() -> None:
    sandbox = Sandbox()
    sandbox.act(action="unsubscribe", record="contacts/101", subscriptionId=501, at="2026-11-20T13:30:00+01:00")
    row = sandbox.json(f"{STATUSES}/p101@example.dk", channel="EMAIL")["results"][0]
    assert (row["status"], row["timestamp"], row["source"]) == ("UNSUBSCRIBED", "2026-11-20T12:30:00Z", "Self Service")
    sandbox.act(action="resubscribe", email="p101@example.dk", subscriptionId=501)
    row = sandbox.json(f"{STATUSES}/p101@example.dk", channel="EMAIL")["results"][0]
    assert row["status"] == "SUBSCRIBED"


def test_a_person_unsubscribes_from_everything() -> None:
    sandbox = Sandbox()
    sandbox.act(action="unsubscribe", record="contacts/101", at="2026-11-20T12:30:00Z")
    row = sandbox.json(f"{STATUSES}/p101@example.dk/unsubscribe-all", channel="EMAIL")["results"][0]
    assert row["timestamp"] == "2026-11-20T12:30:00Z"


def test_a_person_may_edit_what_the_api_may_not() -> None:
    sandbox = Sandbox()
    sandbox.act(action="edit", record="contacts/102", properties={"lifecyclestage": "lead", "legal_hold": True})
    found = sandbox.json(f"{CONTACTS}/102", propertiesWithHistory="legal_hold", properties="lifecyclestage")
    assert found["properties"]["lifecyclestage"] == "lead"
    assert found["properties"]["legal_hold"] == "true"
    assert found["propertiesWithHistory"]["legal_hold"][0]["sourceType"] == "CRM_UI"


def test_a_person_archives_restores_merges_and_erases_without_the_journal_of_calls() -> None:
    sandbox = Sandbox()
    sandbox.act(action="archive", record="contacts/101")
    assert ids(sandbox.json(CONTACTS)) == ["102", "103"]
    sandbox.act(action="restore", record="contacts/101")
    sandbox.act(action="merge", record="contacts/103", into="contacts/101")
    sandbox.act(action="erase", record="contacts/102")
    assert ids(sandbox.json(CONTACTS)) == ["101"]
    assert sandbox.destructive() == []


def test_a_restore_of_two_archived_records_brings_their_association_back() -> None:
    sandbox = Sandbox()
    sandbox.act(action="archive", record="contacts/102")
    sandbox.act(action="archive", record="deals/21")
    sandbox.act(action="restore", record="contacts/102")
    sandbox.act(action="restore", record="deals/21")
    assert sandbox.json(f"{DEALS}/21", associations="contacts")["associations"]["contacts"]["results"]


@pytest.mark.parametrize(
    "what",
    [
        {"action": "dance"},
        {"action": "archive", "record": "contacts/999"},
        {"action": "restore", "record": "contacts/101"},
        {"action": "erase", "record": "deals/21"},
        {"action": "merge", "record": "contacts/101", "into": "deals/21"},
        {"action": "unsubscribe", "record": "contacts/101", "subscriptionId": 999},
        {"action": "unsubscribe", "record": "contacts/101", "at": "yesterday"},
        {"action": "edit", "record": "contacts/101", "properties": {"no_such": "x"}},
        {"action": "create", "type": "unicorns"},
        {"action": "create", "type": "contacts", "properties": {"email": "p101@example.dk"}},
    ],
)
def test_an_act_that_is_not_possible_says_what_was_expected(what: dict[str, Any]) -> None:
    refusal = Sandbox().do("/__sandbox/act", what, 400)
    assert "expected" in refusal["message"]


def test_the_document_of_the_present_state_makes_the_same_portal_again() -> None:
    sandbox = Sandbox()
    sandbox.act(action="unsubscribe", record="contacts/101", subscriptionId=501)
    sandbox.act(action="archive", record="contacts/102")
    sandbox.act(action="merge", record="contacts/103", into="contacts/101")
    first = sandbox.json("/__sandbox/document")
    again = Sandbox(first)
    second = again.json("/__sandbox/document")
    for document in (first, second):
        del document["as_of"]
        document["associations"].sort(key=str)
    assert first == second
    again.act(action="restore", record="contacts/102")
    assert again.json(f"{CONTACTS}/102", associations="deals")["associations"]["deals"]["results"]
    assert load_document(first).tables["contacts"].winner("103") == "101"
