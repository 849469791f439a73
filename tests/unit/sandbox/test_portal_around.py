"""Owners, pipelines, lists, files, the account and the token."""

from typing import Any

from tests.unit.sandbox.portals import CONTACTS, Sandbox, a_document

LISTS = "/crm/lists/2026-03"


def test_owners_are_listed_and_an_archived_one_has_no_user() -> None:
    owners: list[dict[str, Any]] = [
        {"id": "7", "email": "ejer@example.dk", "firstName": "Else"},
        {"id": "8", "email": "gammel@example.dk", "archived": True},
    ]
    sandbox = Sandbox(a_document(owners=owners))
    assert [row["id"] for row in sandbox.json("/crm/v3/owners/")["results"]] == ["7"]
    gone = sandbox.json("/crm/owners/2026-03", archived="true")["results"][0]
    assert (gone["id"], gone["userId"]) == ("8", None)
    found = sandbox.json("/crm/owners/2026-03", email="Ejer@example.dk")["results"][0]
    assert sandbox.json(f"/crm/owners/2026-03/{found['userId']}", idProperty="userId")["id"] == "7"
    assert sandbox.get("/crm/owners/2026-03/99").status_code == 404


def test_the_default_deal_pipeline_has_hubspots_stages() -> None:
    pipeline = Sandbox().json("/crm/pipelines/2026-03/deals")["results"][0]
    closed = {
        stage["id"]: stage["metadata"]["probability"]
        for stage in pipeline["stages"]
        if stage["metadata"]["isClosed"] == "true"
    }
    assert (pipeline["id"], closed) == ("default", {"closedwon": "1.0", "closedlost": "0.0"})
    assert Sandbox().json("/crm/v3/pipelines/deals/default")["id"] == "default"
    assert Sandbox().get("/crm/v3/pipelines/deals/other").status_code == 404


def a_list(sandbox: Sandbox, processing: str = "MANUAL") -> str:
    body = {"name": f"Liste {processing}", "objectTypeId": "0-1", "processingType": processing}
    return str(sandbox.do(LISTS, body)["list"]["listId"])


def test_static_lists_take_and_lose_members() -> None:
    sandbox = Sandbox()
    path = f"{LISTS}/{a_list(sandbox)}"
    added = sandbox.put(f"{path}/memberships/add", json=["101", "102", "999"]).json()
    assert (added["recordsIdsAdded"], added["recordIdsMissing"]) == (["101", "102"], ["999"])
    removed = sandbox.put(f"{path}/memberships/remove", json=["101"]).json()
    assert removed["recordIdsRemoved"] == ["101"]
    change = {"recordIdsToAdd": ["103"], "recordIdsToRemove": []}
    sandbox.put(f"{path}/memberships/add-and-remove", json=change)
    assert [row["recordId"] for row in sandbox.json(f"{path}/memberships")["results"]] == ["102", "103"]
    assert sandbox.json(path)["list"]["size"] == 2


def test_a_list_is_found_by_its_name_among_those_of_its_object_type() -> None:
    sandbox = Sandbox()
    body = {"name": "Julekort 2025", "objectTypeId": "0-1", "processingType": "MANUAL"}
    sandbox.do(LISTS, body)
    assert sandbox.json(f"{LISTS}/object-type-id/0-1/name/julekort%202025")["list"]["listId"] == "1"
    assert sandbox.get(f"{LISTS}/object-type-id/0-1/name/Julekort").status_code == 404
    assert sandbox.get(f"{LISTS}/object-type-id/0-2/name/Julekort%202025").status_code == 404


def test_the_members_of_a_list_are_paged_by_at_most_250_and_archived_ones_are_not_there() -> None:
    sandbox = Sandbox()
    path = f"{LISTS}/{a_list(sandbox)}/memberships"
    sandbox.put(f"{path}/add", json=["101", "102"])
    page = sandbox.json(path, limit=1)
    assert page["paging"]["next"]["after"] == "1"
    assert sandbox.get(path, params={"limit": 251}).status_code == 400
    sandbox.delete(f"{CONTACTS}/101")
    assert sandbox.json(path)["total"] == 1


def test_a_dynamic_list_cannot_be_written_and_an_unknown_one_is_a_404() -> None:
    sandbox = Sandbox()
    dynamic = a_list(sandbox, "DYNAMIC")
    assert sandbox.put(f"{LISTS}/{dynamic}/memberships/add", json=["101"]).status_code == 400
    assert sandbox.get(f"{LISTS}/99").status_code == 404


def test_a_file_is_archived_or_erased() -> None:
    files = [{"id": "51", "name": "aftale", "extension": "pdf"}, {"id": "52"}]
    sandbox = Sandbox(a_document(files=files))
    assert sandbox.json("/files/2026-03/files/51")["name"] == "aftale"
    assert sandbox.delete("/files/v3/files/51").status_code == 204
    assert sandbox.get("/files/v3/files/51").status_code == 404
    assert sandbox.delete("/files/2026-03/files/51/gdpr-delete").status_code == 204
    assert sandbox.delete("/files/2026-03/files/51/gdpr-delete").status_code == 404
    assert [entry["kind"] for entry in sandbox.destructive()] == ["archive-file", "erase-file", "erase-file"]


def test_the_account_tells_its_portal_its_type_and_its_zone() -> None:
    found = Sandbox().json("/account-info/2026-03/details")
    assert (found["portalId"], found["accountType"], found["timeZone"]) == (25412345, "STANDARD", "Europe/Copenhagen")
    assert found["utcOffsetMilliseconds"] in (3_600_000, 7_200_000)
    assert found["utcOffset"] in ("+01:00", "+02:00")


def test_the_daily_usage_tells_limit_and_use() -> None:
    sandbox = Sandbox()
    sandbox.json(CONTACTS)
    row = sandbox.json("/account-info/2026-03/api-usage/daily/private-apps")["results"][0]
    assert (row["usageLimit"], row["currentUsage"], row["fetchStatus"]) == (625_000, 2, "SUCCESS")


def test_the_token_tells_its_scopes_and_its_portal() -> None:
    sandbox = Sandbox(scopes=frozenset({"crm.objects.contacts.read"}))
    found = sandbox.do("/oauth/v2/private-apps/get/access-token-info", {"tokenKey": "pat-eu1-x"})
    assert (found["hubId"], found["scopes"]) == (25412345, ["crm.objects.contacts.read"])
