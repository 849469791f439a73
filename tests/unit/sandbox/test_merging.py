from tests.unit.sandbox.portals import CONTACTS, Sandbox, a_contact, a_document, ids

BATCH_READ = f"{CONTACTS}/batch/read"


def merged() -> Sandbox:
    sandbox = Sandbox()
    sandbox.do(f"{CONTACTS}/merge", {"primaryObjectId": "101", "objectIdToMerge": "102"})
    return sandbox


def test_the_id_of_a_merged_record_answers_with_the_survivor() -> None:
    sandbox = merged()
    assert sandbox.json(f"{CONTACTS}/102")["id"] == "101"
    assert ids(sandbox.do(BATCH_READ, {"inputs": [{"id": "102"}], "properties": []})) == ["101"]


def test_a_merged_record_is_in_no_list_and_no_bin() -> None:
    sandbox = merged()
    assert ids(sandbox.json(CONTACTS)) == ["101", "103"]
    assert sandbox.json(CONTACTS, archived="true")["results"] == []


def test_the_survivor_tells_whom_it_took_in() -> None:
    names = "hs_merged_object_ids,hs_calculated_merged_vids,hs_additional_emails,customer_until"
    found = merged().json(f"{CONTACTS}/101", properties=names)["properties"]
    assert found["hs_merged_object_ids"] == "102"
    assert found["hs_calculated_merged_vids"].startswith("102:")
    assert found["hs_additional_emails"] == "p102@example.dk"
    assert found["customer_until"] == "2024-10-31"


def test_the_survivor_takes_over_the_associations() -> None:
    linked = merged().json(f"{CONTACTS}/101", associations="companies,deals,notes")["associations"]
    assert [row["id"] for row in linked["companies"]["results"]] == ["11", "11", "12"]
    assert set(linked) == {"companies", "deals", "notes"}


def test_merging_again_leads_from_every_old_id_to_the_last_survivor() -> None:
    sandbox = merged()
    sandbox.do(f"{CONTACTS}/merge", {"primaryObjectId": "103", "objectIdToMerge": "101"})
    assert sandbox.json(f"{CONTACTS}/102")["id"] == "103"
    found = sandbox.json(f"{CONTACTS}/103", properties="hs_merged_object_ids")["properties"]
    assert found["hs_merged_object_ids"] == "102;101"


def test_archiving_a_merged_id_takes_the_survivor() -> None:
    sandbox = merged()
    assert sandbox.delete(f"{CONTACTS}/102").status_code == 204
    assert ids(sandbox.json(CONTACTS)) == ["103"]


def test_a_single_update_takes_a_merged_id_and_a_batch_does_not() -> None:
    sandbox = merged()
    assert sandbox.patch(f"{CONTACTS}/102", json={"properties": {"city": "Aarhus"}}).json()["id"] == "101"
    inputs = [{"id": "102", "properties": {"city": "Ribe"}}, {"id": "103", "properties": {"city": "Ribe"}}]
    body = sandbox.do(f"{CONTACTS}/batch/update", {"inputs": inputs}, 207)
    assert ids(body) == ["103"]
    assert body["errors"][0]["context"] == {"ids": ["102"]}


def test_a_record_cannot_be_merged_with_itself_or_with_nobody() -> None:
    sandbox = merged()
    sandbox.do(f"{CONTACTS}/merge", {"primaryObjectId": "101", "objectIdToMerge": "102"}, 400)
    sandbox.do(f"{CONTACTS}/merge", {"primaryObjectId": "101", "objectIdToMerge": "999"}, 404)


def test_a_document_tells_of_earlier_merges() -> None:
    contact = {**a_contact("101"), "mergedIds": ["77"]}
    sandbox = Sandbox(a_document(contacts=[contact], associations=[]))
    assert sandbox.json(f"{CONTACTS}/77")["id"] == "101"


def test_an_engagement_cannot_be_merged() -> None:
    Sandbox().do("/crm/objects/2026-03/notes/merge", {"primaryObjectId": "31", "objectIdToMerge": "31"}, 400)
