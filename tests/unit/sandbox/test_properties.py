from typing import Any

import pytest

from tests.unit.sandbox.portals import CONTACTS, Sandbox

PROPERTIES = "/crm/properties/2026-03/contacts"
NEW = {
    "name": "favourite_colour",
    "label": "Favourite colour",
    "type": "string",
    "fieldType": "text",
    "groupName": "contactinformation",
}


def names(sandbox: Sandbox, **params: Any) -> set[str]:
    return {row["name"] for row in sandbox.json(PROPERTIES, **params)["results"]}


def test_the_portal_has_hubspots_own_an_opt_out_per_subscription_type_and_the_retention_group() -> None:
    found = names(Sandbox())
    assert {"email", "lifecyclestage", "hs_email_optout", "hs_email_optout_501", "hs_email_optout_502"} <= found
    assert {"customer_until", "legal_hold", "processing_restricted"} <= found
    assert "hs_email_optout_503" not in found


def test_without_set_up_there_is_no_retention_group() -> None:
    sandbox = Sandbox(with_setup=False)
    assert "customer_until" not in names(sandbox)
    groups = sandbox.json(f"{PROPERTIES}/groups")["results"]
    assert "retention" not in {group["name"] for group in groups}


@pytest.mark.parametrize(
    ("object_type", "name", "value_type"),
    [
        ("contacts", "customer_until", "date"),
        ("contacts", "erasure_requested_at", "datetime"),
        ("contacts", "legal_hold", "bool"),
        ("contacts", "hs_email_optout", "bool"),
        ("contacts", "hs_email_optout_501", "enumeration"),
        ("contacts", "lifecyclestage", "enumeration"),
        ("companies", "legal_hold", "bool"),
        ("deals", "outstanding_balance", "number"),
        ("deals", "contract_end_date", "date"),
        ("deals", "hs_is_closed_won", "bool"),
        ("notes", "hs_timestamp", "datetime"),
    ],
)
def test_a_property_has_its_type(object_type: str, name: str, value_type: str) -> None:
    for base in (f"/crm/properties/2026-03/{object_type}", f"/crm/v3/properties/{object_type}"):
        assert Sandbox().json(f"{base}/{name}")["type"] == value_type


def test_an_unknown_property_is_a_404() -> None:
    answer = Sandbox().get(f"{PROPERTIES}/no_such")
    assert (answer.status_code, answer.json()["category"]) == (404, "OBJECT_NOT_FOUND")


def test_a_new_property_is_defined_and_can_be_written() -> None:
    sandbox = Sandbox()
    made = sandbox.do(PROPERTIES, NEW, 201)
    assert (made["hubspotDefined"], made["archived"]) == (False, False)
    answer = sandbox.patch(f"{CONTACTS}/101", json={"properties": {"favourite_colour": "blue"}})
    assert answer.json()["properties"]["favourite_colour"] == "blue"


def test_a_name_that_exists_is_a_conflict() -> None:
    refusal = Sandbox().do(PROPERTIES, {**NEW, "name": "email"}, 409)
    assert (refusal["category"], refusal["subCategory"]) == (
        "OBJECT_ALREADY_EXISTS",
        "Properties.PROPERTY_WITH_NAME_EXISTS",
    )


@pytest.mark.parametrize("wrong", [{"label": ""}, {"fieldType": "date"}, {"groupName": "nowhere"}, {"type": "poem"}])
def test_a_definition_that_cannot_be_is_refused(wrong: dict[str, str]) -> None:
    Sandbox().do(PROPERTIES, {**NEW, **wrong}, 400)


def test_an_archived_name_comes_back_when_it_is_created_again() -> None:
    sandbox = Sandbox()
    sandbox.do(PROPERTIES, NEW, 201)
    assert sandbox.delete(f"{PROPERTIES}/favourite_colour").status_code == 204
    assert sandbox.get(f"{PROPERTIES}/favourite_colour").status_code == 404
    assert names(sandbox, archived="true") == {"favourite_colour"}
    assert "favourite_colour" not in names(sandbox)
    assert sandbox.do(PROPERTIES, NEW, 201)["archived"] is False


def test_a_value_of_an_archived_property_is_omitted() -> None:
    sandbox = Sandbox()
    sandbox.delete(f"{PROPERTIES}/customer_until")
    found = sandbox.json(f"{CONTACTS}/102", properties="customer_until")["properties"]
    assert "customer_until" not in found


def test_hubspots_own_properties_can_be_neither_archived_nor_changed() -> None:
    sandbox = Sandbox()
    assert sandbox.delete(f"{PROPERTIES}/email").status_code == 400
    assert sandbox.patch(f"{PROPERTIES}/email", json={"label": "x"}).status_code == 400


def test_a_change_of_options_replaces_the_list() -> None:
    sandbox = Sandbox()
    one = {"label": "One", "value": "1"}
    sandbox.do(PROPERTIES, {**NEW, "type": "enumeration", "fieldType": "select", "options": [one]}, 201)
    other = {"label": "Two", "value": "2"}
    changed = sandbox.patch(f"{PROPERTIES}/favourite_colour", json={"options": [other]}).json()
    assert [option["value"] for option in changed["options"]] == ["2"]


def test_batches_create_read_and_archive() -> None:
    sandbox = Sandbox()
    answer = sandbox.do(f"{PROPERTIES}/batch/create", {"inputs": [NEW, {**NEW, "name": "email"}]}, 207)
    assert [row["name"] for row in answer["results"]] == ["favourite_colour"]
    assert answer["errors"][0]["category"] == "OBJECT_ALREADY_EXISTS"
    asked = {"inputs": [{"name": "email"}, {"name": "no_such"}]}
    answer = sandbox.do(f"{PROPERTIES}/batch/read", asked, 207)
    assert [row["name"] for row in answer["results"]] == ["email"]
    gone = {"inputs": [{"name": "favourite_colour"}, {"name": "no_such"}]}
    sandbox.do(f"{PROPERTIES}/batch/archive", gone, 204)
    assert "favourite_colour" not in names(sandbox)


def test_groups_are_made_read_changed_and_removed_when_empty() -> None:
    sandbox = Sandbox()
    groups = f"{PROPERTIES}/groups"
    sandbox.do(groups, {"name": "colours", "label": "Colours"}, 201)
    sandbox.do(groups, {"name": "colours", "label": "Colours"}, 409)
    assert sandbox.patch(f"{groups}/colours", json={"label": "Farver"}).json()["label"] == "Farver"
    assert sandbox.json(f"{groups}/colours")["label"] == "Farver"
    sandbox.do(PROPERTIES, {**NEW, "groupName": "colours"}, 201)
    assert sandbox.delete(f"{groups}/colours").status_code == 400
    sandbox.delete(f"{PROPERTIES}/favourite_colour")
    assert sandbox.delete(f"{groups}/colours").status_code == 204
    assert sandbox.get(f"{groups}/colours").status_code == 404
