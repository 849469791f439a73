"""The long-running service with real processes over HTTP: from a click on «unsubscribe» to the erasure, whatever
fails in between."""

import json
import os
import signal
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from hubspot_retention.clock import Clock
from hubspot_retention.core.alarm import AlarmKind
from hubspot_retention.core.portal import Address
from hubspot_retention.core.record import RecordId
from hubspot_retention.core.tombstone import Tombstone
from hubspot_retention.evidence.keyring import Keyring
from hubspot_retention.store.database import open_store
from hubspot_retention.store.engine import Access
from tests.acceptance.serving import House, a_house, eventually
from tests.faults.people import a_contact, a_customer, a_deal, a_portal

SLOW = {"RETENTION_HOT_MINUTES": "1440"}
"""No hot sweep comes to the help of what is tried."""

QUICK = {"RETENTION_HOT_MINUTES": "0.05"}


def recent(record_id: int) -> dict[str, object]:
    """Somebody whom there is no reason to dispose of."""
    return a_contact(record_id, createdate=ago(days=20))


def ago(**span: float) -> str:
    """An instant in the past as HubSpot writes it."""
    return (Clock().now() - timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%SZ")


PEOPLE = a_portal(
    contacts=[*map(recent, range(101, 121)), a_customer(201, createdate=ago(days=400))],
    deals=[a_deal(21, hs_is_closed="true", hs_is_closed_won="true", closedate=ago(days=300))],
    links=(("contacts/201", "deals/21"),),
)


def is_gone(house: House, record: str) -> bool:
    return record in house.taken()


def is_swept(house: House) -> bool:
    return any((entry["subject"], entry["verb"]) == ("run", "finished") for entry in house.entries())


def test_an_unsubscribe_reaches_the_erasure_by_a_signed_webhook_alone(tmp_path: Path) -> None:
    with a_house(tmp_path, PEOPLE, **SLOW) as house, house.serving():
        house.deliver()
        house.unsubscribe("contacts/101")
        eventually(lambda: is_gone(house, "contacts/101"), "the erasure of who unsubscribed")
        eventually(lambda: "obligation.done" in house.told("contacts/101"), "the end of the obligation")
        told = house.told("contacts/101")
        assert told.index("obligation.opened") < told.index("disposal.sent") < told.index("disposal.done")
        assert house.taken() == ["contacts/101"]
        house.proves()


def test_without_any_webhook_the_hot_sweep_finds_who_unsubscribed(tmp_path: Path) -> None:
    with a_house(tmp_path, PEOPLE, **QUICK) as house, house.serving():
        house.unsubscribe("contacts/102")
        eventually(lambda: is_gone(house, "contacts/102"), "the erasure of who unsubscribed")
        house.proves()


def test_who_unsubscribed_while_the_service_was_down_for_a_day_is_erased_after_its_start(tmp_path: Path) -> None:
    with a_house(tmp_path, PEOPLE, **SLOW) as house:
        with house.serving():
            eventually(lambda: is_swept(house), "the first sweep")
        house.unsubscribe("contacts/103", at=ago(hours=26))
        house.command.environment["RETENTION_FULL_HOURS"] = "0.0001"  # type: ignore[index]
        with house.serving():
            eventually(lambda: is_gone(house, "contacts/103"), "the erasure of who unsubscribed")
        house.proves()


FAULTS: dict[str, dict[str, object]] = {
    "429": {"kind": "429", "probability": 0.2, "retry_after": 0},
    "503": {"kind": "error_before", "status": 503, "probability": 0.2},
    "cut after the effect": {"kind": "connection_cut_after_effect", "path": "gdpr-delete", "count": 2},
    "the account pauses": {"kind": "477", "count": 3, "retry_after": 1},
}
PATIENT_FAULTS: dict[str, dict[str, object]] = {
    "time-out after the effect": {"kind": "timeout_after_effect", "path": "gdpr-delete", "ms": 60_000, "count": 1},
    "down for long": {"kind": "error_before", "status": 503, "count": 12},
}
"""They take a minute each, most of it waiting: a call is given up after 30 seconds, and tried eight times."""

if "RETENTION_TEST_PATIENT_FAULTS" in os.environ:
    FAULTS |= PATIENT_FAULTS


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_hubspots_faults_delay_the_erasure_and_never_repeat_it(tmp_path: Path, fault: dict[str, object]) -> None:
    with a_house(tmp_path, PEOPLE, **SLOW) as house, house.serving():
        eventually(lambda: is_swept(house), "the first sweep")
        house.deliver()
        house.control("faults", [fault])
        house.unsubscribe("contacts/104")
        eventually(lambda: "obligation.done" in house.told("contacts/104"), "the end of the obligation")
        assert house.taken() == ["contacts/104"]
        assert house.told("contacts/104").count("disposal.done") == 1
        house.proves()


def test_who_subscribes_again_inside_the_grace_stays_and_both_are_in_the_log(tmp_path: Path) -> None:
    with a_house(tmp_path, PEOPLE, **QUICK, RETENTION_GRACE_HOURS="24") as house, house.serving():
        house.deliver()
        house.unsubscribe("contacts/105")
        eventually(lambda: "obligation.opened" in house.told("contacts/105"), "the obligation")
        house.act("resubscribe", "contacts/105", subscriptionId=501)
        eventually(lambda: "obligation.ended" in house.told("contacts/105"), "its end")
        assert house.taken() == []
        assert "disposal.sent" not in house.told("contacts/105")


def test_a_hold_placed_with_us_in_between_keeps_the_record(tmp_path: Path) -> None:
    with a_house(tmp_path, PEOPLE, **QUICK) as house:
        house.run("hold", "place", "contacts/106", "--matter", "J-2026-114", "--reason", "tvist")
        with house.serving():
            house.deliver()
            house.unsubscribe("contacts/106")
            house.unsubscribe("contacts/107")
            eventually(lambda: is_gone(house, "contacts/107"), "the erasure of the other")
            assert house.taken() == ["contacts/107"]


def test_a_hold_set_in_hubspot_while_the_grace_runs_keeps_the_record(tmp_path: Path) -> None:
    with a_house(tmp_path, PEOPLE, **QUICK, RETENTION_GRACE_HOURS="0.001") as house, house.serving():
        house.deliver()
        house.control(
            "act",
            [
                {"action": "unsubscribe", "record": "contacts/108", "subscriptionId": 501},
                {"action": "edit", "record": "contacts/108", "properties": {"legal_hold": "true"}},
                {"action": "unsubscribe", "record": "contacts/109", "subscriptionId": 501},
            ],
        )
        eventually(lambda: is_gone(house, "contacts/109"), "the erasure of the other")
        assert house.taken() == ["contacts/109"]


def test_a_customer_who_unsubscribes_stays_and_is_off_the_list(tmp_path: Path) -> None:
    with a_house(tmp_path, PEOPLE, **QUICK) as house, house.serving():
        house.deliver()
        house.unsubscribe("contacts/201")
        house.unsubscribe("contacts/110")
        eventually(lambda: is_gone(house, "contacts/110"), "the erasure of the other")
        eventually(lambda: "marketing.ended" in house.told("contacts/201"), "the end of marketing")
        assert house.taken() == ["contacts/110"]


def test_whom_staff_unsubscribed_in_bulk_waits_for_a_person_with_the_deadline_shown(tmp_path: Path) -> None:
    with a_house(tmp_path, PEOPLE, **QUICK) as house, house.serving():
        house.deliver()
        for record in (111, 112):
            house.unsubscribe(f"contacts/{record}", source="Import")
        shown = eventually(lambda: _waiting(house), "a plan that waits for review")
        assert "unsubscribed" in shown
        assert house.taken() == []


def _waiting(house: House) -> str:
    shown = house.run("status")
    return shown if "rights" in shown and "unsubscribed" in shown and house.told("contacts/112") else ""


def test_a_killed_service_goes_on_where_it_was(tmp_path: Path) -> None:
    with a_house(tmp_path, PEOPLE, **SLOW) as house:
        with house.serving() as process:
            house.deliver()
            house.control("faults", [{"kind": "timeout_after_effect", "path": "gdpr-delete", "ms": 60_000, "count": 1}])
            house.unsubscribe("contacts/113")
            eventually(lambda: is_gone(house, "contacts/113"), "the call")
            os.kill(process.pid, signal.SIGKILL)
            process.wait(30)
            process.returncode = 0
        with house.serving():
            eventually(lambda: "obligation.done" in house.told("contacts/113"), "the settlement")
        assert house.taken() == ["contacts/113"]
        house.proves()


def test_a_second_service_on_the_same_database_is_refused_and_says_who_holds_it(tmp_path: Path) -> None:
    with a_house(tmp_path, PEOPLE, **SLOW) as house, house.serving() as process:
        second = house.command("serve", **{**house.settings, "RETENTION_OPERATIONS_PORT": "0"})
        assert second.returncode != 0
        assert str(process.pid) in second.stderr
        assert "serve" in second.stderr


def test_who_was_erased_and_is_made_anew_is_told_of_by_webhook_and_by_the_full_sweep(tmp_path: Path) -> None:
    keys, folder = tmp_path / "keys" / "pseudonyms.json", tmp_path / "house"
    for made in (keys.parent, folder):
        made.mkdir()
    ring, today = Keyring(keys), Clock().now().date()
    ring.begin(today)
    with a_house(folder, PEOPLE, RETENTION_PSEUDONYM_KEYS=str(keys), **SLOW) as house:
        _bury(house, 900, ring.of(Address("p103@example.dk"), today))
        with house.serving():
            eventually(lambda: house.told("contacts/103") == ["tombstone.hit"], "that the sweep finds who is back")
            house.deliver()
            house.unsubscribe("contacts/101")
            eventually(lambda: "disposal.done" in house.told("contacts/101"), "the erasure")
            _bury(house, 101, ring.of(Address("p101@example.dk"), today))
            anew = _an_integration_makes(house, "p101@example.dk")
            eventually(lambda: house.told(anew)[:1] == ["tombstone.hit"], "that the webhook finds who is back")
        assert {anew: "contacts/101", "contacts/103": "contacts/900"} == _erased_as(house)


def _bury(house: House, record_id: int, sign: str) -> None:
    """Somebody was erased an hour ago: our own erasure, a moment ago, is not taken for a return."""
    now, record = Clock().now(), RecordId(record_id)
    with open_store(house.environment()["RETENTION_DATABASE_URL"], Access.BRIEF) as store, store.transaction() as tx:
        assert [stone.record_id for stone in tx.tombstones_of([sign])] in ([], [record])
        tx.forget_epoch(sign[:4])
        tx.bury(Tombstone(record_id=record, pseudonym=sign, sent_at=now, erased_at=now - timedelta(hours=1)))


def _erased_as(house: House) -> dict[str, str]:
    with open_store(house.environment()["RETENTION_DATABASE_URL"], Access.READ) as store, store.transaction() as tx:
        alarms = [alarm for alarm in tx.alarms() if alarm.kind is AlarmKind.ERASED_PERSON_BACK]
    return {alarm.about: dict(alarm.facts)["erased_as"] for alarm in alarms}


def _an_integration_makes(house: House, address: str) -> str:
    """A contact, by HubSpot's API, which lets in whom its screens and imports refuse."""
    bearer = {"Authorization": f"Bearer {house.command.environment['HUBSPOT_ACCESS_TOKEN']}"}
    url = f"{house.url}/crm/objects/2026-03/contacts"
    made = httpx.post(url, json={"properties": {"email": address}}, headers=bearer)
    return f"contacts/{made.raise_for_status().json()['id']}"


def test_what_somebody_else_deletes_of_what_is_kept_is_told_until_it_is_restored(tmp_path: Path) -> None:
    with a_house(tmp_path, PEOPLE, **SLOW) as house, house.serving():
        eventually(lambda: is_swept(house), "the first sweep")
        house.deliver()
        house.act("archive", "contacts/201")
        eventually(lambda: "foreign-deletion.seen" in house.told("contacts/201"), "that it is seen")
        (alarm,) = json.loads(house.run("alarm", "list", "--json"))
        assert (alarm["kind"], alarm["about"], alarm["level"]) == ("foreign-deletion", "contacts/201", "urgent")
        assert alarm["facts"]["was"] == "kept"
        house.act("restore", "contacts/201")
        eventually(lambda: json.loads(house.run("alarm", "list", "--json")) == [], "the end of the alarm")
        assert house.taken() == []
