import json
from typing import Any

import pytest

from tests.unit.sandbox.portals import CONTACTS, DEALS, Sandbox, a_contact, a_document, ids

SEARCH = f"{CONTACTS}/search"


def filters(*found: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"filterGroups": [{"filters": list(found)}], "limit": 100} | more


def a_filter(name: str, operator: str, **more: Any) -> dict[str, Any]:
    return {"propertyName": name, "operator": operator, **more}


def people() -> Sandbox:
    contacts = [
        a_contact("1", firstname="Anna", city="Ribe", customer_until="2024-10-31", hs_email_optout="true"),
        a_contact("2", firstname="Bo", city="Aarhus C", customer_until="2025-01-31", num_notes="12"),
        a_contact("3", firstname="anna-lise", lifecyclestage="lead", num_notes="3"),
    ]
    links = [{"from": "contacts/2", "to": "deals/21"}]
    return Sandbox(a_document(contacts=contacts, associations=links))


@pytest.mark.parametrize(
    ("one", "found"),
    [
        (a_filter("firstname", "EQ", value="anna"), ["1"]),
        (a_filter("firstname", "NEQ", value="Anna"), ["2", "3"]),
        (a_filter("num_notes", "LT", value="12"), ["3"]),
        (a_filter("num_notes", "LTE", value="12"), ["2", "3"]),
        (a_filter("num_notes", "GT", value="3"), ["2"]),
        (a_filter("num_notes", "GTE", value="3"), ["2", "3"]),
        (a_filter("num_notes", "BETWEEN", value="3", highValue="4"), ["3"]),
        (a_filter("customer_until", "GT", value="1730332800000"), ["2"]),
        (a_filter("customer_until", "EQ", value="2024-10-31"), ["1"]),
        (a_filter("customer_until", "LT", value="2025-01-01T00:00:00Z"), ["1"]),
        (a_filter("city", "IN", values=["ribe", "aarhus c"]), ["1", "2"]),
        (a_filter("city", "IN", values=["Ribe"]), []),
        (a_filter("city", "NOT_IN", values=["ribe"]), ["2"]),
        (a_filter("lifecyclestage", "EQ", value="LEAD"), []),
        (a_filter("customer_until", "HAS_PROPERTY"), ["1", "2"]),
        (a_filter("customer_until", "NOT_HAS_PROPERTY"), ["3"]),
        (a_filter("firstname", "CONTAINS_TOKEN", value="anna"), ["1", "3"]),
        (a_filter("email", "CONTAINS_TOKEN", value="p1*"), ["1"]),
        (a_filter("firstname", "NOT_CONTAINS_TOKEN", value="anna"), ["2"]),
        (a_filter("hs_email_optout", "EQ", value="true"), ["1"]),
        (a_filter("hs_object_id", "GT", value="1"), ["2", "3"]),
        (a_filter("hs_object_id", "IN", values=["1", "3"]), ["1", "3"]),
        (a_filter("associations.deal", "EQ", value="21"), ["2"]),
    ],
)
def test_an_operator_finds_what_it_says(one: dict[str, Any], found: list[str]) -> None:
    body = people().do(SEARCH, filters(one))
    assert (ids(body), body["total"]) == (found, len(found))


def test_filters_of_a_group_must_all_match_and_one_group_is_enough() -> None:
    groups = [
        {"filters": [a_filter("city", "EQ", value="Ribe"), a_filter("num_notes", "GT", value="1")]},
        {"filters": [a_filter("hs_object_id", "EQ", value="3")]},
    ]
    assert ids(people().do(SEARCH, {"filterGroups": groups})) == ["3"]


def test_a_search_without_filters_counts_everybody() -> None:
    assert people().do(SEARCH, {"limit": 1})["total"] == 3


def test_words_are_looked_for_in_the_values() -> None:
    assert ids(people().do(SEARCH, {"query": "aarhus"})) == ["2"]


def test_a_sort_puts_records_without_the_value_last() -> None:
    up = {"sorts": [{"propertyName": "num_notes", "direction": "ASCENDING"}]}
    down = {"sorts": [{"propertyName": "num_notes", "direction": "DESCENDING"}]}
    assert ids(people().do(SEARCH, up)) == ["3", "2", "1"]
    assert ids(people().do(SEARCH, down)) == ["2", "3", "1"]
    assert ids(people().do(SEARCH, {"sorts": [{"propertyName": "hs_object_id", "direction": "DESCENDING"}]})) == [
        "3",
        "2",
        "1",
    ]


def test_pages_go_on_by_a_number_of_results() -> None:
    sandbox = people()
    first = sandbox.do(SEARCH, {"limit": 2})
    assert first["paging"]["next"]["after"] == "2"
    last = sandbox.do(SEARCH, {"limit": 2, "after": "2"})
    assert ids(last) == ["3"]
    assert "paging" not in last


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"limit": 100, "after": "9901"},
        {"filterGroups": [{"filters": [a_filter("firstname", "EQ", value="x")]}] * 6},
        {"filterGroups": [{"filters": [a_filter("firstname", "EQ", value="x")] * 7}]},
        {"filterGroups": [{"filters": [a_filter("firstname", "EQ", value="x")] * 5}] * 4},
        {"sorts": [{"propertyName": "email"}, {"propertyName": "city"}]},
        filters(a_filter("no_such", "EQ", value="x")),
        filters(a_filter("firstname", "LOOKS_LIKE", value="x")),
        filters(a_filter("customer_until", "GT", value="soon")),
        filters(a_filter("firstname", "EQ")),
    ],
)
def test_a_search_beyond_the_limits_is_refused(body: dict[str, Any]) -> None:
    people().do(SEARCH, body, 400)


def test_two_hundred_a_page_and_the_last_of_ten_thousand_are_allowed() -> None:
    people().do(SEARCH, {"limit": 200})
    people().do(SEARCH, {"limit": 100, "after": "9900"})


def test_a_small_portal_shows_what_lies_beyond_what_a_search_pages_through() -> None:
    sandbox = Sandbox(a_document(contacts=[a_contact(str(n)) for n in range(1, 203)]), search_results=200)
    sandbox.do(SEARCH, {"limit": 1, "after": "200"}, 400)
    behind = filters(a_filter("hs_object_id", "GT", value="200"))
    assert ids(sandbox.do(SEARCH, behind)) == ["201", "202"]


def test_a_body_of_more_than_three_thousand_characters_is_refused() -> None:
    body = filters(a_filter("hs_object_id", "IN", values=[str(n) for n in range(700)]))
    assert len(json.dumps(body)) > 3000
    people().do(SEARCH, body, 400)


def test_archived_records_never_appear() -> None:
    sandbox = people()
    sandbox.delete(f"{CONTACTS}/2")
    assert ids(sandbox.do(SEARCH, {})) == ["1", "3"]


def test_a_search_answers_with_neither_associations_nor_history() -> None:
    row = people().do(f"{SEARCH}?associations=deals", {})["results"][1]
    assert not {"associations", "propertiesWithHistory"} & set(row)


def test_a_new_or_changed_record_is_found_only_after_the_lag() -> None:
    sandbox = Sandbox(index_lag_seconds=3600)
    made = sandbox.do(CONTACTS, {"properties": {"email": "ny@example.dk"}}, 201)
    sandbox.patch(f"{CONTACTS}/101", json={"properties": {"city": "Ribe"}})
    assert made["id"] not in ids(sandbox.do(SEARCH, {"limit": 100}))
    assert ids(sandbox.do(SEARCH, filters(a_filter("city", "EQ", value="Ribe")))) == []
    assert sandbox.json(f"{CONTACTS}/101", properties="city")["properties"]["city"] == "Ribe"


def test_without_a_lag_a_change_is_found_at_once() -> None:
    sandbox = Sandbox()
    sandbox.patch(f"{DEALS}/21", json={"properties": {"legal_hold": "true"}})
    held = filters(a_filter("legal_hold", "EQ", value="true"))
    assert ids(sandbox.do(f"{DEALS}/search", held)) == ["21"]


def test_a_stale_search_shows_the_portal_as_it_was() -> None:
    sandbox = people()
    sandbox.fault("stale_search", path="/search$", count=None)
    sandbox.patch(f"{CONTACTS}/3", json={"properties": {"city": "Ribe"}})
    sandbox.delete(f"{CONTACTS}/2")
    assert ids(sandbox.do(SEARCH, {})) == ["1", "2", "3"]
    assert ids(sandbox.do(SEARCH, filters(a_filter("city", "EQ", value="Ribe")))) == ["1"]
    sandbox.delete("/__sandbox/faults")
    assert ids(sandbox.do(SEARCH, {})) == ["1", "3"]


@pytest.mark.parametrize(
    ("direction", "found"), [("ASCENDING", [["2", "3"], ["9"]]), ("DESCENDING", [["9", "3"], ["2"]])]
)
def test_a_range_of_ids_is_paged_in_either_direction(direction: str, found: list[list[str]]) -> None:
    contacts = [a_contact(record_id) for record_id in ("9", "3", "2", "1", "50")]
    sandbox = Sandbox(a_document(contacts=contacts, associations=[]))
    one = a_filter("hs_object_id", "BETWEEN", value="2", highValue="9")
    sort = {"propertyName": "hs_object_id", "direction": direction}
    pages = [sandbox.do(SEARCH, filters(one, limit=2, after=after, sorts=[sort])) for after in ("0", "2")]
    assert [ids(page) for page in pages] == found
    assert [page["total"] for page in pages] == [3, 3]
