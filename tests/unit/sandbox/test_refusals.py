import pytest

from hubspot_retention.sandbox.scopes import ALL_SCOPES
from tests.unit.sandbox.portals import CONTACTS, STATUSES, Sandbox


@pytest.mark.parametrize("header", ["", "Bearer nothing", "Bearer pat-eu1", "Basic pat-eu1-x", "pat-eu1-x"])
def test_without_a_token_of_the_form_there_is_a_401(header: str) -> None:
    answer = Sandbox().get(CONTACTS, headers={"Authorization": header})
    assert (answer.status_code, answer.json()["category"]) == (401, "INVALID_AUTHENTICATION")


def test_any_token_of_the_form_is_accepted() -> None:
    answer = Sandbox().get(CONTACTS, headers={"Authorization": "Bearer pat-na1-whatever-it-is"})
    assert answer.status_code == 200


def test_an_error_has_status_message_category_and_correlation_id() -> None:
    body = Sandbox().get(f"{CONTACTS}/999").json()
    assert (body["status"], body["category"]) == ("error", "OBJECT_NOT_FOUND")
    assert body["message"]
    assert len(body["correlationId"]) == 36


def test_an_address_that_is_too_long_is_a_414() -> None:
    sandbox = Sandbox()
    assert sandbox.get(CONTACTS, params={"properties": "x" * 16_400}).status_code == 414
    assert sandbox.get(CONTACTS, params={"properties": "x" * 15_000}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", CONTACTS, "crm.objects.contacts.read"),
        ("DELETE", f"{CONTACTS}/101", "crm.objects.contacts.write"),
        ("POST", f"{CONTACTS}/gdpr-delete", "crm.objects.contacts.write"),
        ("GET", "/crm/objects/2026-03/notes", "crm.objects.contacts.read"),
        ("GET", "/crm/objects/2026-03/deals", "crm.objects.deals.read"),
        ("GET", "/crm/properties/2026-03/deals", "crm.schemas.deals.read"),
        ("GET", f"{STATUSES}/p101@example.dk", "communication_preferences.read"),
        ("GET", "/crm/owners/2026-03", "crm.objects.owners.read"),
        ("GET", "/crm/lists/2026-03/1", "crm.lists.read"),
        ("GET", "/crm/lists/2026-03/object-type-id/0-1/name/Julekort", "crm.lists.read"),
        ("DELETE", "/files/2026-03/files/1", "files"),
    ],
)
def test_a_missing_scope_is_a_403_that_names_it(method: str, path: str, scope: str) -> None:
    sandbox = Sandbox(scopes=ALL_SCOPES - {scope, "communication_preferences.read_write"})
    answer = sandbox.request(method, path, json=None if method == "GET" else {})
    assert (answer.status_code, answer.json()["category"]) == (403, "MISSING_SCOPES")
    assert answer.json()["errors"][0]["context"]["requiredGranularScopes"] == [scope]


def test_an_association_needs_the_scopes_of_both_ends() -> None:
    sandbox = Sandbox(scopes=ALL_SCOPES - {"crm.objects.deals.read"})
    body = sandbox.do("/crm/associations/2026-03/contacts/deals/batch/read", {"inputs": []}, 403)
    assert body["errors"][0]["context"]["requiredGranularScopes"] == ["crm.objects.deals.read"]


def test_read_write_stands_for_reading_preferences() -> None:
    sandbox = Sandbox(scopes=frozenset({"communication_preferences.read_write"}))
    assert sandbox.get(f"{STATUSES}/p101@example.dk", params={"channel": "EMAIL"}).status_code == 200
