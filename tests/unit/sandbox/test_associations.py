from typing import Any

import pytest

from tests.unit.sandbox.portals import CONTACTS, Sandbox, a_contact, a_document

BASE = "/crm/associations/2026-03"
NONE = "crm.associations.NO_ASSOCIATIONS_FOUND"


def test_a_batch_read_tells_the_type_ids_of_a_primary_company() -> None:
    body = Sandbox().do(f"{BASE}/contacts/companies/batch/read", {"inputs": [{"id": "102"}]})
    found = {to["toObjectId"]: [kind["typeId"] for kind in to["associationTypes"]] for to in body["results"][0]["to"]}
    assert found == {"11": [1, 279], "12": [279]}


def test_v4_writes_the_other_id_as_a_number() -> None:
    path = "/crm/v4/associations/contacts/deals/batch/read"
    assert Sandbox().do(path, {"inputs": [{"id": "102"}]})["results"][0]["to"][0]["toObjectId"] == 21


@pytest.mark.parametrize(
    ("first", "second", "type_ids"),
    [
        ("contacts", "companies", [1, 279]),
        ("companies", "contacts", [2, 280]),
        ("deals", "companies", [5, 341]),
        ("companies", "deals", [6, 342]),
        ("contacts", "deals", [4]),
        ("deals", "contacts", [3]),
        ("contacts", "calls", [193]),
        ("calls", "contacts", [194]),
        ("contacts", "emails", [197]),
        ("emails", "contacts", [198]),
        ("contacts", "meetings", [199]),
        ("meetings", "contacts", [200]),
        ("contacts", "notes", [201]),
        ("notes", "contacts", [202]),
        ("contacts", "tasks", [203]),
        ("tasks", "contacts", [204]),
        ("notes", "deals", [214]),
        ("tasks", "deals", [216]),
    ],
)
def test_the_labels_of_a_pair_have_the_documented_ids(first: str, second: str, type_ids: list[int]) -> None:
    rows = Sandbox().json(f"{BASE}/{first}/{second}/labels")["results"]
    assert sorted(row["typeId"] for row in rows) == type_ids


def test_an_input_without_associations_makes_it_a_207_that_means_none() -> None:
    body = Sandbox().do(f"{BASE}/contacts/deals/batch/read", {"inputs": [{"id": "101"}, {"id": "102"}]}, 207)
    assert [row["from"]["id"] for row in body["results"]] == ["102"]
    error = body["errors"][0]
    assert (error["category"], error["subCategory"]) == ("OBJECT_NOT_FOUND", NONE)
    assert error["context"]["fromObjectId"] == ["101"]


def test_a_partial_fault_is_another_kind_of_error_than_none() -> None:
    sandbox = Sandbox()
    sandbox.fault("partial_207")
    body = sandbox.do(f"{BASE}/contacts/deals/batch/read", {"inputs": [{"id": "101"}, {"id": "102"}]}, 207)
    assert body["errors"][0]["context"] == {"ids": ["102"]}
    assert "subCategory" not in body["errors"][0]


def test_a_batch_read_takes_a_thousand_inputs_and_no_more() -> None:
    path = f"{BASE}/contacts/deals/batch/read"
    Sandbox().do(path, {"inputs": [{"id": "102"}] * 1000})
    Sandbox().do(path, {"inputs": [{"id": "102"}] * 1001}, 400)


def many_deals() -> Sandbox:
    deals = [{"id": str(n), "properties": {}} for n in range(1, 502)]
    links = [{"from": "contacts/101", "to": f"deals/{n}"} for n in range(1, 502)]
    return Sandbox(a_document(contacts=[a_contact("101")], deals=deals, associations=links))


def test_the_associations_of_one_input_are_paged() -> None:
    sandbox, path = many_deals(), f"{BASE}/contacts/deals/batch/read"
    first = sandbox.do(path, {"inputs": [{"id": "101"}]})["results"][0]
    assert len(first["to"]) == 500
    after = first["paging"]["next"]["after"]
    rest = sandbox.do(path, {"inputs": [{"id": "101", "after": after}]})["results"][0]
    assert [to["toObjectId"] for to in rest["to"]] == ["501"]
    assert "paging" not in rest


def test_the_list_of_one_record_is_paged_and_in_v3_tells_names() -> None:
    sandbox = many_deals()
    page = sandbox.json(f"{CONTACTS}/101/associations/deals", limit=2)
    assert [to["toObjectId"] for to in page["results"]] == ["1", "2"]
    assert page["paging"]["next"]["after"] == "2"
    old = sandbox.json("/crm/v3/objects/contacts/101/associations/deals", limit=1)
    assert old["results"] == [{"id": "1", "type": "contact_to_deal"}]


def test_the_list_of_an_unknown_record_is_a_404() -> None:
    assert Sandbox().get(f"{CONTACTS}/999/associations/deals").status_code == 404


def body_of(kind: int | None = None) -> dict[str, Any]:
    row: dict[str, Any] = {"from": {"id": "101"}, "to": {"id": "21"}}
    if kind is not None:
        row["types"] = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": kind}]
    return {"inputs": [row]}


def test_associations_are_made_and_taken_away_in_batches() -> None:
    sandbox = Sandbox()
    sandbox.do(f"{BASE}/contacts/deals/batch/create", body_of(4), 201)
    assert "101" in sandbox.portal.links.of("deals", "21", "contacts")
    sandbox.do(f"{BASE}/contacts/deals/batch/archive", {"inputs": [{"from": {"id": "101"}, "to": [{"id": "21"}]}]}, 204)
    assert "101" not in sandbox.portal.links.of("deals", "21", "contacts")
    assert sandbox.destructive()[-1]["kind"] == "detach"


def test_default_associations_answer_with_both_directions() -> None:
    rows = Sandbox().do(f"{BASE}/contacts/deals/batch/associate/default", body_of())["results"]
    assert [row["associationSpec"]["associationTypeId"] for row in rows] == [4, 3]


def test_a_type_that_does_not_belong_to_the_pair_is_refused() -> None:
    Sandbox().do(f"{BASE}/contacts/deals/batch/create", body_of(3), 400)


def test_an_association_with_a_record_that_is_not_there_is_an_error_of_its_input() -> None:
    inputs = {"inputs": [{"from": {"id": "999"}, "to": {"id": "21"}}]}
    body = Sandbox().do(f"{BASE}/contacts/deals/batch/associate/default", inputs, 207)
    assert body["errors"][0]["context"]["ids"] == ["999", "21"]


def test_a_single_association_is_put_and_taken_away() -> None:
    sandbox = Sandbox()
    assert sandbox.put(f"{CONTACTS}/101/associations/default/deals/21").status_code == 200
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    assert sandbox.put(f"{CONTACTS}/101/associations/companies/12", json=types).json()["labels"] == ["Primary"]
    assert sandbox.delete(f"{CONTACTS}/101/associations/deals/21").status_code == 204
    assert sandbox.portal.links.of("contacts", "101", "deals") == {}


def test_a_new_primary_company_takes_the_place_of_the_old_one() -> None:
    sandbox = Sandbox()
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    sandbox.put(f"{CONTACTS}/102/associations/companies/12", json=types)
    linked = sandbox.json(f"{CONTACTS}/102", associations="companies")["associations"]["companies"]["results"]
    assert [row["id"] for row in linked if row["type"] == "contact_to_company"] == ["12"]


def test_a_label_can_be_taken_off_without_the_association() -> None:
    sandbox = Sandbox()
    row = {
        "from": {"id": "102"},
        "to": {"id": "11"},
        "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}],
    }
    sandbox.do(f"{BASE}/contacts/companies/batch/labels/archive", {"inputs": [row]}, 204)
    assert sandbox.portal.links.of("contacts", "102", "companies") == {"11": ("",), "12": ("",)}


def test_a_label_of_a_document_has_a_number_of_the_portals_own() -> None:
    links = [{"from": "contacts/102", "to": "deals/21", "label": "Beslutningstager"}]
    body = Sandbox(a_document(associations=links)).do(f"{BASE}/contacts/deals/batch/read", {"inputs": [{"id": "102"}]})
    kinds = body["results"][0]["to"][0]["associationTypes"]
    assert {(kind["category"], kind["label"]) for kind in kinds} == {
        ("USER_DEFINED", "Beslutningstager"),
        ("HUBSPOT_DEFINED", None),
    }
