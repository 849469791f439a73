from typing import Any

import pytest

from tests.unit.sandbox.portals import CONTACTS, EMAILS, NOTES, Sandbox, ids


def inputs(*record_ids: str, **more: Any) -> dict[str, Any]:
    return {"inputs": [{"id": record_id} for record_id in record_ids], **more}


def test_a_batch_read_of_known_ids_is_a_200() -> None:
    body = Sandbox().do(f"{CONTACTS}/batch/read", inputs("101", "103", properties=["email"]))
    assert ids(body) == ["101", "103"]
    assert "errors" not in body


def test_unknown_and_archived_ids_make_a_batch_read_a_207() -> None:
    sandbox = Sandbox()
    sandbox.delete(f"{CONTACTS}/103")
    body = sandbox.do(f"{CONTACTS}/batch/read", inputs("101", "103", "999", properties=[]), 207)
    assert ids(body) == ["101"]
    assert body["numErrors"] == 1
    error = body["errors"][0]
    assert (error["category"], error["context"]["ids"]) == ("OBJECT_NOT_FOUND", ["103", "999"])


def test_a_batch_read_looks_into_the_bin_when_asked() -> None:
    sandbox = Sandbox()
    sandbox.delete(f"{CONTACTS}/103")
    body = sandbox.do(f"{CONTACTS}/batch/read?archived=true", inputs("101", "103", properties=[]), 207)
    assert [(row["id"], row["archived"]) for row in body["results"]] == [("103", True)]


@pytest.mark.parametrize(("count", "more"), [(101, {}), (51, {"propertiesWithHistory": ["email"]})])
def test_a_batch_read_that_is_too_large_is_refused(count: int, more: dict[str, Any]) -> None:
    body = inputs(*(str(n) for n in range(count)), properties=[], **more)
    Sandbox().do(f"{CONTACTS}/batch/read", body, 400)


def test_a_batch_read_can_ask_by_address_and_with_history() -> None:
    asked = inputs("p101@example.dk", idProperty="email", propertiesWithHistory=["firstname"])
    rows = Sandbox().do(f"{CONTACTS}/batch/read", asked)["results"]
    assert rows[0]["propertiesWithHistory"]["firstname"][0]["value"] == "Aksel"


def test_a_batch_archive_is_a_204_without_results_whatever_became_of_each_id() -> None:
    sandbox = Sandbox()
    answer = sandbox.post(f"{CONTACTS}/batch/archive", json=inputs("101", "999"))
    assert (answer.status_code, answer.content) == (204, b"")
    assert ids(sandbox.json(CONTACTS)) == ["102", "103"]
    assert sandbox.post(f"{CONTACTS}/batch/archive", json=inputs("101", "999")).status_code == 204
    assert sandbox.destructive()[1]["effect"] == ["found no contacts/101", "found no contacts/999"]


def test_a_batch_archive_of_emails_and_notes_leaves_only_the_notes_in_the_bin() -> None:
    sandbox = Sandbox()
    sandbox.post(f"{EMAILS}/batch/archive", json=inputs("41"))
    sandbox.post(f"{NOTES}/batch/archive", json=inputs("31"))
    assert ids(sandbox.json(EMAILS, archived="true")) == []
    assert ids(sandbox.json(NOTES, archived="true")) == ["31"]


def test_a_batch_update_writes_what_it_can() -> None:
    body = {
        "inputs": [
            {"id": "101", "properties": {"city": "Ribe"}},
            {"id": "103", "properties": {"customer_until": "soon"}},
        ]
    }
    answer = Sandbox().do(f"{CONTACTS}/batch/update", body, 207)
    assert ids(answer) == ["101"]
    assert answer["errors"][0]["category"] == "VALIDATION_ERROR"


def test_a_batch_create_without_trace_ids_makes_all_or_nothing() -> None:
    sandbox = Sandbox()
    rows: list[dict[str, Any]] = [
        {"properties": {"email": "a@example.dk"}},
        {"properties": {"email": "nobody"}},
    ]
    sandbox.do(f"{CONTACTS}/batch/create", {"inputs": rows}, 400)
    assert ids(sandbox.json(CONTACTS)) == ["101", "102", "103"]
    traced = [{**row, "objectWriteTraceId": str(n)} for n, row in enumerate(rows)]
    answer = sandbox.do(f"{CONTACTS}/batch/create", {"inputs": traced}, 207)
    assert answer["results"][0]["objectWriteTraceId"] == "0"
    assert answer["errors"][0]["context"] == {"ids": ["1"]}


def test_a_batch_create_answers_201() -> None:
    answer = Sandbox().do(f"{CONTACTS}/batch/create", {"inputs": [{"properties": {"email": "a@example.dk"}}]}, 201)
    assert len(answer["results"]) == 1


def test_an_upsert_finds_by_address_or_makes() -> None:
    rows = [
        {"idProperty": "email", "id": "p101@example.dk", "properties": {"city": "Ribe"}},
        {"idProperty": "email", "id": "ny@example.dk", "properties": {"city": "Ribe"}},
    ]
    found = Sandbox().do(f"{CONTACTS}/batch/upsert", {"inputs": rows})["results"]
    assert [(row["new"], row["properties"]["city"]) for row in found] == [(False, "Ribe"), (True, "Ribe")]
    assert found[0]["id"] == "101"


@pytest.mark.parametrize("verb", ["read", "update", "archive", "create", "upsert"])
def test_a_batch_without_inputs_is_refused(verb: str) -> None:
    Sandbox().do(f"{CONTACTS}/batch/{verb}", {}, 400)
