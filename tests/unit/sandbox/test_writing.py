from datetime import UTC, datetime

import pytest

from tests.unit.sandbox.portals import CONTACTS, DEALS, Sandbox


def code_of(sandbox: Sandbox, values: dict[str, object], path: str = f"{CONTACTS}/101") -> str:
    answer = sandbox.patch(path, json={"properties": values})
    assert answer.status_code == 400, answer.text
    return str(answer.json()["errors"][0]["code"])


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"no_such": "x"}, "PROPERTY_DOESNT_EXIST"),
        ({"hs_email_optout": "true"}, "READ_ONLY_VALUE"),
        ({"hs_email_optout_501": "true"}, "READ_ONLY_VALUE"),
        ({"hs_v2_date_exited_customer": "2024-01-01T00:00:00Z"}, "READ_ONLY_VALUE"),
        ({"customer_until": "soon"}, "INVALID_DATE"),
        ({"customer_until": "2024-01-01T10:00:00Z"}, "INVALID_DATE"),
        ({"customer_until": "1704103200000"}, "INVALID_DATE"),
        ({"erasure_requested_at": "yesterday"}, "INVALID_DATE"),
        ({"legal_hold": "maybe"}, "INVALID_BOOLEAN"),
        ({"lifecyclestage": "unicorn"}, "INVALID_OPTION"),
        ({"email": "nobody"}, "INVALID_EMAIL"),
    ],
)
def test_a_value_that_a_property_cannot_have_is_refused(values: dict[str, object], code: str) -> None:
    assert code_of(Sandbox(), values) == code


def test_a_bad_number_is_refused_and_a_good_one_is_kept_as_written() -> None:
    sandbox = Sandbox()
    assert code_of(sandbox, {"outstanding_balance": "lots"}, f"{DEALS}/21") == "INVALID_NUMBER"
    kept = sandbox.patch(f"{DEALS}/21", json={"properties": {"outstanding_balance": "1250.50"}}).json()
    assert kept["properties"]["outstanding_balance"] == "1250.50"


def test_every_problem_of_a_write_is_named_and_nothing_is_written() -> None:
    sandbox = Sandbox()
    values = {"city": "Ribe", "no_such": "x", "customer_until": "soon"}
    answer = sandbox.patch(f"{CONTACTS}/101", json={"properties": values}).json()
    assert [error["context"]["propertyName"] for error in answer["errors"]] == [["no_such"], ["customer_until"]]
    assert sandbox.json(f"{CONTACTS}/101", properties="city")["properties"]["city"] is None


@pytest.mark.parametrize("written", ["2024-10-31", "1730332800000", "2024-10-31T00:00:00Z"])
def test_a_date_answers_as_its_day(written: str) -> None:
    sandbox = Sandbox()
    kept = sandbox.patch(f"{CONTACTS}/101", json={"properties": {"customer_until": written}}).json()
    assert kept["properties"]["customer_until"] == "2024-10-31"


@pytest.mark.parametrize("written", ["2024-10-31T10:00:00Z", "1730368800000", "2024-10-31T11:00:00+01:00"])
def test_a_datetime_answers_in_utc(written: str) -> None:
    sandbox = Sandbox()
    kept = sandbox.patch(f"{CONTACTS}/101", json={"properties": {"erasure_requested_at": written}}).json()
    assert kept["properties"]["erasure_requested_at"] == "2024-10-31T10:00:00Z"


def test_an_empty_string_clears_a_value() -> None:
    sandbox = Sandbox()
    sandbox.patch(f"{CONTACTS}/102", json={"properties": {"customer_until": ""}})
    assert sandbox.json(f"{CONTACTS}/102", properties="customer_until")["properties"]["customer_until"] is None


def test_a_write_moves_the_modification_instant_and_an_idle_one_does_not() -> None:
    sandbox = Sandbox()
    first = sandbox.patch(f"{CONTACTS}/101", json={"properties": {"city": "Ribe"}}).json()
    assert first["properties"]["lastmodifieddate"] == first["updatedAt"] > "2024-01-10T09:00:00Z"
    sandbox.portal.now = lambda: datetime(2040, 1, 1, tzinfo=UTC)
    again = sandbox.patch(f"{CONTACTS}/101", json={"properties": {"city": "Ribe"}}).json()
    assert again["updatedAt"] == first["updatedAt"]


def test_the_address_of_another_contact_is_a_conflict() -> None:
    sandbox = Sandbox()
    answer = sandbox.post(CONTACTS, json={"properties": {"email": "P102@example.dk"}})
    assert (answer.status_code, answer.json()["category"]) == (409, "CONFLICT")
    assert sandbox.patch(f"{CONTACTS}/101", json={"properties": {"email": "p102@example.dk"}}).status_code == 409


def test_an_address_that_was_given_up_is_free() -> None:
    sandbox = Sandbox()
    sandbox.patch(f"{CONTACTS}/101", json={"properties": {"email": "nyt@example.dk"}})
    sandbox.do(CONTACTS, {"properties": {"email": "p101@example.dk"}}, 201)


def test_a_lifecycle_stage_moves_only_forward_until_it_is_cleared() -> None:
    sandbox = Sandbox()
    back = sandbox.patch(f"{CONTACTS}/102", json={"properties": {"lifecyclestage": "lead"}}).json()
    assert back["properties"]["lifecyclestage"] == "customer"
    sandbox.patch(f"{CONTACTS}/102", json={"properties": {"lifecyclestage": ""}})
    now = sandbox.patch(f"{CONTACTS}/102", json={"properties": {"lifecyclestage": "lead"}}).json()
    assert now["properties"]["lifecyclestage"] == "lead"


def test_leaving_and_entering_a_stage_is_dated() -> None:
    sandbox = Sandbox()
    sandbox.patch(f"{CONTACTS}/102", json={"properties": {"lifecyclestage": "other"}})
    names = "hs_v2_date_exited_customer,hs_v2_date_entered_other"
    found = sandbox.json(f"{CONTACTS}/102", properties=names)["properties"]
    assert all(found[name] for name in names.split(","))


def test_the_stage_of_a_deal_decides_whether_it_is_closed() -> None:
    sandbox = Sandbox()
    sandbox.patch(f"{DEALS}/21", json={"properties": {"dealstage": "closedlost"}})
    names = "hs_is_closed,hs_is_closed_won,hs_is_closed_lost"
    found = sandbox.json(f"{DEALS}/21", properties=names)["properties"]
    assert [found[name] for name in names.split(",")] == ["true", "false", "true"]


def test_a_body_that_is_no_json_or_has_no_properties_is_refused() -> None:
    sandbox = Sandbox()
    assert sandbox.post(CONTACTS, content=b"{").status_code == 400
    sandbox.do(CONTACTS, {}, 400)
