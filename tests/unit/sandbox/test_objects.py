from datetime import UTC, datetime

import pytest

from tests.unit.sandbox.portals import CONTACTS, DEALS, EMAILS, NOTES, Sandbox, a_contact, a_document, ids


def many(count: int) -> Sandbox:
    return Sandbox(a_document(contacts=[a_contact(str(n)) for n in range(1, count + 1)], associations=[]))


def test_a_list_has_ten_records_unless_asked_and_names_the_next_record() -> None:
    page = many(12).json(CONTACTS)
    assert ids(page) == [str(n) for n in range(1, 11)]
    assert page["paging"]["next"]["after"] == "11"


def test_the_last_page_has_no_paging() -> None:
    page = many(12).json(CONTACTS, limit=100, after="11")
    assert ids(page) == ["11", "12"]
    assert "paging" not in page


def test_a_list_starts_at_any_number_in_ascending_order_of_ids() -> None:
    sandbox = Sandbox(a_document(contacts=[a_contact(n) for n in ("9", "100", "20")], associations=[]))
    assert ids(sandbox.json(CONTACTS, after="10")) == ["20", "100"]


def test_the_cursor_of_a_record_that_has_gone_still_works() -> None:
    sandbox = many(12)
    after = sandbox.json(CONTACTS)["paging"]["next"]["after"]
    sandbox.delete(f"{CONTACTS}/{after}")
    assert ids(sandbox.json(CONTACTS, after=after)) == ["12"]


@pytest.mark.parametrize(("limit", "extra"), [(101, {}), (0, {}), (51, {"propertiesWithHistory": "email"})])
def test_a_page_that_is_too_large_is_refused(limit: int, extra: dict[str, str]) -> None:
    answer = many(1).get(CONTACTS, params={"limit": limit, **extra})
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


def test_a_page_of_a_hundred_and_of_fifty_with_history_are_allowed() -> None:
    sandbox = many(101)
    assert len(ids(sandbox.json(CONTACTS, limit=100))) == 100
    assert len(ids(sandbox.json(CONTACTS, limit=50, propertiesWithHistory="email"))) == 50


def test_an_empty_property_is_null_and_an_undefined_one_is_omitted() -> None:
    row = Sandbox().json(f"{CONTACTS}/103", properties="legal_hold,nickname,no_such")
    assert row["properties"]["legal_hold"] is None
    assert not {"nickname", "no_such"} & set(row["properties"])


def test_without_set_up_the_retention_properties_are_undefined() -> None:
    row = Sandbox(with_setup=False).json(f"{CONTACTS}/102", properties="customer_until,firstname")
    assert "customer_until" not in row["properties"]
    assert row["properties"]["firstname"] == "Bodil"


def test_the_default_properties_come_when_none_are_asked_for() -> None:
    sandbox = Sandbox()
    always = {"createdate", "lastmodifieddate", "hs_object_id"}
    assert set(sandbox.json(f"{CONTACTS}/101")["properties"]) == {"firstname", "lastname", "email"} | always
    assert set(sandbox.json(f"{NOTES}/31")["properties"]) == {"hs_createdate", "hs_lastmodifieddate", "hs_object_id"}


def test_all_values_are_strings() -> None:
    document = a_document(deals=[{"id": "21", "properties": {"amount": 12.5, "hs_is_closed": True}}])
    row = Sandbox(document).json(f"{DEALS}/21", properties="amount,hs_is_closed")
    assert (row["properties"]["amount"], row["properties"]["hs_is_closed"]) == ("12.5", "true")
    assert row["properties"]["hs_object_id"] == row["id"] == "21"


def test_every_object_type_answers_to_its_singular_and_its_number_and_under_v3() -> None:
    sandbox = Sandbox()
    for path in ("/crm/v3/objects/contacts", "/crm/v3/objects/contact", "/crm/objects/2026-03/0-1"):
        assert ids(sandbox.json(path)) == ["101", "102", "103"]
    for name in ("tickets", "calls", "meetings", "tasks", "companies"):
        assert "results" in sandbox.json(f"/crm/objects/2026-03/{name}")


def test_an_unknown_object_type_and_an_unknown_path_are_refused() -> None:
    sandbox = Sandbox()
    assert sandbox.get("/crm/objects/2026-03/unicorns").status_code == 400
    assert sandbox.get("/crm/v9/objects/contacts").status_code == 404


def test_a_primary_company_stands_twice_in_inline_associations() -> None:
    linked = Sandbox().json(f"{CONTACTS}/102", associations="companies,deals,tickets")["associations"]
    assert linked["companies"]["results"] == [
        {"id": "11", "type": "contact_to_company"},
        {"id": "11", "type": "contact_to_company_unlabeled"},
        {"id": "12", "type": "contact_to_company_unlabeled"},
    ]
    assert linked["deals"]["results"] == [{"id": "21", "type": "contact_to_deal"}]
    assert "tickets" not in linked


def test_a_record_without_associations_has_no_such_key() -> None:
    assert "associations" not in Sandbox().json(f"{CONTACTS}/101", associations="deals")


def test_inline_associations_stop_at_a_hundred_and_are_paged() -> None:
    deals = [{"id": str(n), "properties": {}} for n in range(1, 102)]
    links = [{"from": "contacts/101", "to": f"deals/{n}"} for n in range(1, 102)]
    sandbox = Sandbox(a_document(deals=deals, associations=links))
    linked = sandbox.json(CONTACTS, associations="deals")["results"][0]["associations"]["deals"]
    assert len(linked["results"]) == 100
    assert linked["paging"]["next"]["after"] == "101"


def test_a_contact_is_read_by_its_address() -> None:
    assert Sandbox().json(f"{CONTACTS}/P102@example.dk", idProperty="email")["id"] == "102"


def test_the_history_of_a_property_comes_newest_first() -> None:
    sandbox = Sandbox()
    sandbox.patch(f"{CONTACTS}/101", json={"properties": {"firstname": "Axel"}})
    told = sandbox.json(f"{CONTACTS}/101", propertiesWithHistory="firstname")["propertiesWithHistory"]["firstname"]
    assert [change["value"] for change in told] == ["Axel", "Aksel"]
    assert [change["sourceType"] for change in told] == ["INTEGRATION", "IMPORT"]


def test_an_archived_record_is_out_of_view_and_in_the_bin() -> None:
    sandbox = Sandbox()
    assert sandbox.delete(f"{CONTACTS}/101").status_code == 204
    assert sandbox.get(f"{CONTACTS}/101").status_code == 404
    assert ids(sandbox.json(CONTACTS)) == ["102", "103"]
    binned = sandbox.json(CONTACTS, archived="true")["results"]
    assert [(row["id"], row["archived"]) for row in binned] == [("101", True)]
    assert binned[0]["archivedAt"]
    assert sandbox.json(f"{CONTACTS}/101", archived="true")["archived"] is True


def test_archiving_what_is_not_in_view_is_a_404() -> None:
    sandbox = Sandbox()
    sandbox.delete(f"{CONTACTS}/101")
    assert sandbox.delete(f"{CONTACTS}/101").status_code == 404
    assert sandbox.delete(f"{CONTACTS}/999").status_code == 404


def test_an_archived_email_is_gone_for_good() -> None:
    sandbox = Sandbox()
    assert sandbox.delete(f"{EMAILS}/41").status_code == 204
    assert sandbox.json(EMAILS, archived="true")["results"] == []
    assert sandbox.post("/__sandbox/act", json={"action": "restore", "record": "emails/41"}).status_code == 400


def test_an_archived_note_is_in_the_bin_and_comes_back() -> None:
    sandbox = Sandbox()
    sandbox.delete(f"{NOTES}/31")
    assert ids(sandbox.json(NOTES, archived="true")) == ["31"]
    sandbox.act(action="restore", record="notes/31")
    assert ids(sandbox.json(NOTES)) == ["31"]


def test_archiving_a_contact_detaches_it_and_a_restore_attaches_it_again() -> None:
    sandbox = Sandbox()
    sandbox.delete(f"{CONTACTS}/102")
    assert "associations" not in sandbox.json(f"{DEALS}/21", associations="contacts")
    sandbox.act(action="restore", record="contacts/102")
    linked = sandbox.json(f"{CONTACTS}/102", associations="companies,deals,notes,emails")["associations"]
    assert {name: len(found["results"]) for name, found in linked.items()} == {
        "companies": 3,
        "deals": 1,
        "notes": 1,
        "emails": 1,
    }


def test_there_is_no_restore_by_the_api() -> None:
    sandbox = Sandbox()
    sandbox.delete(f"{CONTACTS}/101")
    assert sandbox.patch(f"{CONTACTS}/101", json={"properties": {"firstname": "x"}}).status_code == 404
    assert sandbox.post(f"{CONTACTS}/101/restore").status_code == 404


def test_a_creation_answers_201_with_an_id_that_no_record_had() -> None:
    sandbox = Sandbox()
    sandbox.delete(f"{CONTACTS}/103")
    made = sandbox.do(CONTACTS, {"properties": {"email": "ny@example.dk"}}, 201)
    assert int(made["id"]) > 103
    assert sandbox.json(f"{CONTACTS}/{made['id']}")["properties"]["email"] == "ny@example.dk"


def test_a_creation_can_bring_its_associations() -> None:
    sandbox = Sandbox()
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}]
    body = {
        "properties": {"hs_timestamp": "2026-01-01T00:00:00Z", "hs_note_body": "x"},
        "associations": [{"to": {"id": "101"}, "types": types}],
    }
    made = sandbox.do(NOTES, body, 201)
    assert sandbox.portal.links.of("contacts", "101", "notes") == {made["id"]: ("",)}


def test_an_engagement_needs_its_time() -> None:
    answer = Sandbox().post(NOTES, json={"properties": {"hs_note_body": "x"}})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "MISSING_REQUIRED_PROPERTY")


def test_the_bin_is_emptied_after_ninety_days() -> None:
    sandbox = Sandbox()
    sandbox.portal.now = lambda: datetime(2026, 1, 1, tzinfo=UTC)
    sandbox.delete(f"{CONTACTS}/101")
    sandbox.portal.now = lambda: datetime(2026, 3, 31, tzinfo=UTC)
    assert ids(sandbox.json(CONTACTS, archived="true")) == ["101"]
    sandbox.portal.now = lambda: datetime(2026, 4, 1, 0, 0, 1, tzinfo=UTC)
    assert ids(sandbox.json(CONTACTS, archived="true")) == []
    assert sandbox.post("/__sandbox/act", json={"action": "restore", "record": "contacts/101"}).status_code == 400
