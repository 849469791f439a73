from typing import Any

import pytest

from tests.unit.sandbox.portals import CONTACTS, STATUSES, Sandbox, a_contact, a_document

ADDRESS = "p101@example.dk"
STATE = f"{STATUSES}/{ADDRESS}"
BATCH = f"{STATUSES}/batch/read?channel=EMAIL"


def set_to(status: str, subscription: int = 501) -> dict[str, Any]:
    return {"subscriptionId": subscription, "statusState": status, "channel": "EMAIL"}


def opt_outs(sandbox: Sandbox) -> dict[str, str | None]:
    names = "hs_email_optout,hs_email_optout_501,hs_email_optout_502"
    found = sandbox.json(f"{CONTACTS}/101", properties=names)["properties"]
    return {name: found[name] for name in names.split(",")}


def test_the_definitions_have_their_ids_as_text_and_in_v3_another_envelope() -> None:
    sandbox = Sandbox()
    assert [row["id"] for row in sandbox.json("/communication-preferences/v4/definitions")["results"]] == ["501", "502"]
    old = sandbox.json("/communication-preferences/v3/definitions")["subscriptionDefinitions"]
    assert [row["name"] for row in old] == ["Nyhedsbrev", "Driftsinformation"]


def test_a_state_that_nobody_set_is_not_specified_and_has_a_timestamp_all_the_same() -> None:
    rows = Sandbox().json(STATE, channel="EMAIL")["results"]
    assert [(row["subscriptionId"], row["status"]) for row in rows] == [(501, "NOT_SPECIFIED"), (502, "NOT_SPECIFIED")]
    assert all(row["timestamp"] for row in rows)


def test_the_channel_must_be_named() -> None:
    assert Sandbox().get(STATE).status_code == 400


def test_the_states_of_a_document_are_told_under_v4_and_the_date() -> None:
    state = {
        "subscriptionId": 501,
        "status": "UNSUBSCRIBED",
        "timestamp": "2026-11-20T13:30:00Z",
        "source": "Self Service",
    }
    contact = {**a_contact("101"), "subscriptions": [state]}
    sandbox = Sandbox(a_document(contacts=[contact], associations=[]))
    for path in (STATE, f"/communication-preferences/v4/statuses/{ADDRESS}"):
        row = sandbox.json(path, channel="EMAIL")["results"][0]
        assert (row["status"], row["timestamp"], row["source"]) == (
            "UNSUBSCRIBED",
            "2026-11-20T13:30:00Z",
            "Self Service",
        )
        assert row["subscriberIdString"] == ADDRESS


def test_setting_a_state_shows_in_the_opt_out_property_of_the_contact() -> None:
    sandbox = Sandbox()
    row = sandbox.do(STATE, set_to("UNSUBSCRIBED"))["results"][0]
    assert (row["setStatusSuccessReason"], row["source"]) == ("REQUESTED_CHANGE_OCCURRED", "Public status API")
    assert opt_outs(sandbox) == {
        "hs_email_optout": None,
        "hs_email_optout_501": "true",
        "hs_email_optout_502": None,
    }
    sandbox.do(STATE, set_to("SUBSCRIBED"))
    assert opt_outs(sandbox)["hs_email_optout_501"] == "false"


def test_setting_a_state_again_changes_nothing() -> None:
    sandbox = Sandbox()
    sandbox.do(STATE, set_to("UNSUBSCRIBED"))
    before = sandbox.json(STATE, channel="EMAIL")["results"][0]["timestamp"]
    again = sandbox.do(STATE, set_to("UNSUBSCRIBED"))["results"][0]
    assert again["setStatusSuccessReason"] == "NO_STATUS_CHANGE"
    assert sandbox.json(STATE, channel="EMAIL")["results"][0]["timestamp"] == before


def test_a_contact_that_comes_later_has_the_states_of_its_address() -> None:
    sandbox = Sandbox()
    sandbox.do(f"{STATUSES}/ny@example.dk", set_to("UNSUBSCRIBED"))
    made = sandbox.do(CONTACTS, {"properties": {"email": "ny@example.dk"}}, 201)
    found = sandbox.json(f"{CONTACTS}/{made['id']}", properties="hs_email_optout_501")["properties"]
    assert found["hs_email_optout_501"] == "true"


def test_opting_out_of_all_is_a_state_of_its_own() -> None:
    sandbox = Sandbox()
    wide = f"{STATE}/unsubscribe-all"
    assert sandbox.json(wide, channel="EMAIL")["results"] == []
    sandbox.do(f"{wide}?channel=EMAIL", {})
    row = sandbox.json(wide, channel="EMAIL")["results"][0]
    assert (row["status"], row["wideStatusType"]) == ("UNSUBSCRIBED", "PORTAL_WIDE")
    assert opt_outs(sandbox)["hs_email_optout"] == "true"


def test_subscribing_takes_an_opt_out_of_all_back() -> None:
    sandbox = Sandbox()
    sandbox.do(f"{STATE}/unsubscribe-all?channel=EMAIL", {})
    row = sandbox.do(STATE, set_to("SUBSCRIBED"))["results"][0]
    assert row["setStatusSuccessReason"] == "RESUBSCRIBE_OCCURRED"
    assert sandbox.json(f"{STATE}/unsubscribe-all", channel="EMAIL")["results"] == []
    assert opt_outs(sandbox)["hs_email_optout"] == "false"


@pytest.mark.parametrize(
    "body", [set_to("MAYBE"), set_to("UNSUBSCRIBED", 999), {**set_to("UNSUBSCRIBED"), "channel": "SMS"}]
)
def test_a_state_that_cannot_be_is_refused(body: dict[str, Any]) -> None:
    Sandbox().do(STATE, body, 400)


def test_batches_need_the_enterprise_tier() -> None:
    refusal = Sandbox().do(BATCH, {"inputs": [ADDRESS]}, 403)
    assert refusal["category"] == "MISSING_SCOPES"
    assert refusal["errors"][0]["context"]["requiredGranularScopes"] == [
        "communication_preferences.statuses.batch.read"
    ]


def test_an_enterprise_portal_reads_and_writes_in_batches() -> None:
    sandbox = Sandbox(tier="enterprise")
    written = {**set_to("UNSUBSCRIBED"), "subscriberIdString": ADDRESS}
    sandbox.do(f"{STATUSES}/batch/write", {"inputs": [written]})
    rows = sandbox.do(BATCH, {"inputs": [ADDRESS]})["results"]
    assert rows[0]["subscriberIdString"] == ADDRESS
    assert [row["status"] for row in rows[0]["statuses"]] == ["UNSUBSCRIBED", "NOT_SPECIFIED"]
    sandbox.do(f"{STATUSES}/batch/unsubscribe-all?channel=EMAIL", {"inputs": [ADDRESS]})
    wide = sandbox.do(f"{STATUSES}/batch/unsubscribe-all/read?channel=EMAIL", {"inputs": [ADDRESS]})["results"]
    assert wide[0]["wideStatuses"][0]["status"] == "UNSUBSCRIBED"


def test_v3_has_no_timestamps_and_does_not_tell_never_asked_from_opted_out() -> None:
    sandbox = Sandbox()
    sandbox.do("/communication-preferences/v3/unsubscribe", {"emailAddress": ADDRESS, "subscriptionId": "501"})
    rows = sandbox.json(f"/communication-preferences/v3/status/email/{ADDRESS}")["subscriptionStatuses"]
    assert {row["status"] for row in rows} == {"NOT_SUBSCRIBED"}
    assert all("timestamp" not in row for row in rows)
    sandbox.do("/communication-preferences/v3/subscribe", {"emailAddress": ADDRESS, "subscriptionId": "501"})
    rows = sandbox.json(f"/communication-preferences/v3/status/email/{ADDRESS}")["subscriptionStatuses"]
    assert rows[0]["status"] == "SUBSCRIBED"
