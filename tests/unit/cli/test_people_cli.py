"""`audit find`, `audit pseudonym-keys`: what was done about one person, and the end of being able to ask."""

import io
import json
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from hubspot_retention.bootstrap import application
from tests.faults.people import a_portal, asks_to_go, inactive
from tests.unit.cli.conftest import MakeHouse
from tests.unit.cli.house import House, wide_lines

ADDRESS = "p101@example.dk"


@pytest.fixture
def house(house_of: MakeHouse, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> House:
    """Two people who asked to go and one who stays; the keys lie apart from the database."""
    monkeypatch.setenv("RETENTION_PSEUDONYM_KEYS", str(tmp_path_factory.mktemp("keys") / "pseudonyms.json"))
    return house_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102), inactive(103)]))


@pytest.fixture
def gone(house: House) -> House:
    """The two have gone."""
    assert house("audit", "pseudonym-keys", "new").code == 0
    house.act("unsubscribe", record="contacts/101", subscriptionId=501)
    house("plan", "new")
    assert house("plan", "apply", house.approved("rights")).code == 0
    return house


def year() -> str:
    """The epoch of today."""
    house = application()
    return str(house.policy()[0].civil.local_date(house.clock.now()).year)


def test_a_person_is_found_with_all_that_was_done_and_nobody_else(gone: House) -> None:
    found = gone("audit", "find", "--email", " P101@Example.dk", "--json").json
    assert found["records"] == ["contacts/101"]
    said = [f"{entry['subject']}.{entry['verb']}" for entry in found["entries"]]
    assert said == [
        "obligation.opened",
        "disposal.intended",
        "disposal.sent",
        "disposal.done",
        "consent-receipt.stored",
        "obligation.done",
    ]
    shown = gone("audit", "find", "--email", ADDRESS).out
    assert "disposal.done" in shown
    assert f"Records: contacts/101. Years that could be looked up: {year()}." in shown


def test_the_address_may_come_on_standard_input(gone: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{ADDRESS}\n"))
    assert gone("audit", "find", "--json").json["records"] == ["contacts/101"]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n"))
    assert gone("audit", "find").code == 2


@pytest.mark.parametrize("email", ["foo", "@example.dk", "foo@", "", " "])
def test_what_is_no_address_is_refused_and_not_repeated(gone: House, email: str) -> None:
    ran = gone("audit", "find", "--email", email)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "--email: found no e-mail address, expected one such as name@example.dk\n"


def test_the_receipt_of_a_consent_is_shown_with_the_day_until_which_it_is_kept(gone: House) -> None:
    (receipt,) = gone("audit", "find", "--email", ADDRESS, "--json").json["receipts"]
    assert (receipt["subscription"], receipt["state"], receipt["counts"]) == ("501", "withdrawn", True)
    assert receipt["kept_until"] > receipt["at"]
    shown = gone("audit", "find", "--email", ADDRESS).out
    assert "Kept until" in shown
    assert "withdrawn" in shown
    assert wide_lines(shown) == []
    assert gone("audit", "find", "--email", "p102@example.dk", "--json").json["receipts"] == []


def test_who_is_made_anew_after_the_erasure_is_told_of_as_the_contact_they_are_now(gone: House) -> None:
    made = {"properties": {"email": ADDRESS}}
    url, token = f"{gone.sandbox.url}/crm/objects/2026-03/contacts", gone.sandbox.token
    assert httpx.post(url, json=made, headers={"Authorization": f"Bearer {token}"}).status_code == 201
    with application().store() as store, store.transaction() as tx:
        stones = tx.tombstones_of(list(tx.pseudonyms_of_gone()))
        tx.forget_epoch(year())
        for stone in stones:
            tx.bury(replace(stone, erased_at=stone.sent_at - timedelta(hours=1)))
    gone("plan", "new")
    (alarm,) = gone("alarm", "list", "--json").json
    assert (alarm["kind"], alarm["facts"]["erased_as"]) == ("erased-person-back", "contacts/101")
    found = gone("audit", "find", "--email", ADDRESS, "--json").json
    assert set(found["records"]) == {"contacts/101", alarm["about"]}


def test_whoever_was_never_erased_is_not_found(gone: House) -> None:
    ran = gone("audit", "find", "--email", "p103@example.dk")
    assert ran.out == f"The log says nothing of that address. Years that could be looked up: {year()}.\n"


def test_a_destroyed_key_finds_nobody_and_breaks_no_proof(gone: House) -> None:
    ran = gone("audit", "pseudonym-keys", "destroy", year(), "--yes")
    gone_too = "2 tombstones and 1 consent receipt with it. Destroy its backups as well"
    assert ran.out == f"the key of {year()} is destroyed, and {gone_too}\n"
    assert gone("audit", "find", "--email", ADDRESS, "--json").json == {
        "epochs": [],
        "records": [],
        "entries": [],
        "receipts": [],
        "removed_before": None,
    }
    assert gone("audit", "verify").code == 0
    assert gone("audit", "pseudonym-keys", "list").out == "none\n"
    assert gone("audit", "pseudonym-keys", "destroy", year(), "--yes").code == 2
    assert gone("audit", "tail", "-n", "1", "--json").json[0]["subject"] == "pseudonym-key"


def test_while_the_database_takes_no_entry_no_key_is_made_and_the_log_tells_who_made_it_in_the_end(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubspot_retention.store.engine._BUSY_MS", 100)
    with application().store("brief", makes=True) as store, store.transaction():
        ran = house("audit", "pseudonym-keys", "new")
    assert (ran.code, "nothing was stored" in ran.err) == (1, True)
    assert house("audit", "pseudonym-keys", "list").code == 2
    assert house("audit", "pseudonym-keys", "new").code == 0
    (told,) = house("audit", "tail", "-n", "1", "--json").json
    assert (told["subject"], told["verb"], told["actor"]) == ("pseudonym-key", "created", "anna")


def test_nothing_is_destroyed_unasked(gone: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert gone("audit", "pseudonym-keys", "destroy", year()).code == 2
    assert gone("audit", "pseudonym-keys", "list", "--json").json == {"epochs": [year()]}


def test_no_address_stands_in_database_log_or_answers(gone: House, caplog: pytest.LogCaptureFixture) -> None:
    answers = [
        gone("-vv", "audit", "find", "--email", ADDRESS),
        gone("-vv", "audit", "find", "--email", ADDRESS, "--json"),
        gone("-vv", "audit", "pseudonym-keys", "list"),
        gone("status"),
        gone("portal", "check"),
    ]
    kept = b"".join(path.read_bytes() for path in gone.folder.iterdir())
    for sign in ("p101", "P101", "@example.dk"):
        assert not any(sign in answer.out + answer.err for answer in answers)
        assert sign.encode() not in kept
        assert sign not in caplog.text


def test_status_and_check_say_whether_people_are_remembered(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert house("status", "--json").json["tombstones"] == {"state": "broken", "kept": 0}
    assert tombstones(house) == "problem"
    house("audit", "pseudonym-keys", "new")
    assert house("status", "--json").json["tombstones"] == {"state": "on", "kept": 0}
    assert "Tombstones are on" in house("status").out
    assert tombstones(house) == "fine"
    monkeypatch.delenv("RETENTION_PSEUDONYM_KEYS")
    assert house("status", "--json").json["tombstones"] == {"state": "off", "kept": 0}
    assert tombstones(house) == "notice"
    assert house("audit", "find", "--email", ADDRESS).code == 2


def tombstones(house: House) -> str:
    """What `portal check` says of them."""
    found = json.loads(house("portal", "check", "--json").out)["findings"]
    return next(str(finding["verdict"]) for finding in found if finding["topic"] == "tombstones")


def test_nobody_is_erased_while_the_keys_cannot_be_read(house: House) -> None:
    house("plan", "new")
    ran = house("plan", "apply", house.approved("rights"))
    assert (ran.code, house.effects()) == (2, [])
    assert "Is the volume mounted?" in ran.err


def test_keys_that_lie_with_the_database_are_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(house.folder) / "keys"
    folder.mkdir()
    monkeypatch.setenv("RETENTION_PSEUDONYM_KEYS", str(folder / "pseudonyms.json"))
    ran = house("audit", "pseudonym-keys", "new")
    assert (ran.code, list(folder.iterdir())) == (2, [])
    assert "lies with the database" in ran.err
