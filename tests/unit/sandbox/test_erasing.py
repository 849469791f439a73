import pytest

from tests.unit.sandbox.portals import CONTACTS, DEALS, NOTES, STATUSES, Sandbox, a_contact, a_document, ids

ERASE = f"{CONTACTS}/gdpr-delete"


def test_an_erased_contact_is_in_no_list_and_in_no_bin() -> None:
    sandbox = Sandbox()
    sandbox.do(ERASE, {"objectId": "102"}, 204)
    assert ids(sandbox.json(CONTACTS)) == ["101", "103"]
    assert sandbox.json(CONTACTS, archived="true")["results"] == []
    assert sandbox.get(f"{CONTACTS}/102").status_code == 404


def test_the_v3_twin_erases_as_well() -> None:
    sandbox = Sandbox()
    sandbox.do("/crm/v3/objects/contacts/gdpr-delete", {"objectId": "102"}, 204)
    assert "102" not in sandbox.portal.tables["contacts"].live


def test_correspondence_outlives_the_contact_on_the_deal_and_unassociated() -> None:
    sandbox = Sandbox()
    sandbox.do(ERASE, {"objectId": "102"}, 204)
    note = sandbox.json(f"{NOTES}/31", properties="hs_note_body", associations="contacts,deals")
    assert note["properties"]["hs_note_body"] == "Tekst"
    assert set(note["associations"]) == {"deals"}
    assert "associations" not in sandbox.json("/crm/objects/2026-03/emails/41", associations="contacts,deals")
    assert "associations" not in sandbox.json(f"{DEALS}/21", associations="contacts")


def test_an_unknown_id_is_a_404() -> None:
    Sandbox().do(ERASE, {"objectId": "999"}, 404)


def test_a_binned_contact_cannot_be_erased_by_id() -> None:
    sandbox = Sandbox()
    sandbox.delete(f"{CONTACTS}/101")
    sandbox.do(ERASE, {"objectId": "101"}, 404)
    assert ids(sandbox.json(CONTACTS, archived="true")) == ["101"]


def test_the_id_of_a_merged_contact_erases_the_survivor() -> None:
    sandbox = Sandbox()
    sandbox.act(action="merge", record="contacts/101", into="contacts/102")
    sandbox.do(ERASE, {"objectId": "101"}, 204)
    assert ids(sandbox.json(CONTACTS)) == ["103"]
    assert sandbox.destructive()[-1]["effect"] == ["erased contacts/102"]


def test_erasing_by_address_takes_the_contact_that_has_it() -> None:
    sandbox = Sandbox()
    sandbox.do(ERASE, {"objectId": "P101@example.dk", "idProperty": "email"}, 204)
    assert ids(sandbox.json(CONTACTS)) == ["102", "103"]


def test_erasing_an_unknown_address_succeeds_and_blocklists_it() -> None:
    sandbox = Sandbox()
    sandbox.do(ERASE, {"objectId": "uskyldig@example.dk", "idProperty": "email"}, 204)
    assert ids(sandbox.json(CONTACTS)) == ["101", "102", "103"]
    assert sandbox.portal.blocklist == {"uskyldig@example.dk"}


def test_the_blocklist_stops_people_but_not_the_api() -> None:
    sandbox = Sandbox()
    sandbox.do(ERASE, {"objectId": "101"}, 204)
    by_person = {"action": "create", "type": "contacts", "properties": {"email": "p101@example.dk"}}
    assert sandbox.post("/__sandbox/act", json=by_person).status_code == 400
    again = sandbox.do(CONTACTS, {"properties": {"email": "p101@example.dk"}}, 201)
    assert again["id"] != "101"


def test_additional_addresses_are_blocklisted_too() -> None:
    contact = a_contact("101", hs_additional_emails="anden@example.dk;tredje@example.dk")
    sandbox = Sandbox(a_document(contacts=[contact], associations=[]))
    sandbox.do(ERASE, {"objectId": "101"}, 204)
    assert sandbox.portal.blocklist == {"p101@example.dk", "anden@example.dk", "tredje@example.dk"}


def test_an_opt_out_outlives_the_erasure_with_the_address() -> None:
    sandbox = Sandbox()
    sandbox.act(action="unsubscribe", record="contacts/101", subscriptionId=501, at="2026-01-01T00:00:00Z")
    sandbox.do(ERASE, {"objectId": "101"}, 204)
    rows = sandbox.json(f"{STATUSES}/p101@example.dk", channel="EMAIL")["results"]
    assert [row["status"] for row in rows] == ["UNSUBSCRIBED", "NOT_SPECIFIED"]


@pytest.mark.parametrize("name", ["companies", "deals", "notes", "emails"])
def test_other_objects_have_no_privacy_delete(name: str) -> None:
    Sandbox().do(f"/crm/objects/2026-03/{name}/gdpr-delete", {"objectId": "21"}, 404)


def test_an_erasure_needs_an_object_id() -> None:
    Sandbox().do(ERASE, {}, 400)
