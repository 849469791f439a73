"""Anchors from the command's side: what is stopped, what `status` says of it, and `audit recover`."""

import json
import shutil
from pathlib import Path

import pytest

from hubspot_retention.cli.audit_recover import read_holds
from hubspot_retention.cli.main import run
from hubspot_retention.core.audit.checkpoint import COSIGNATURE
from hubspot_retention.errors import UsageError
from hubspot_retention.evidence.keys import SigningKey
from tests.faults.people import a_portal, asks_to_go
from tests.unit.cli.conftest import MakeHouse
from tests.unit.cli.house import House

HOLD = {"record": "contacts/101", "matter": "J-2026-114", "reason": "a dispute", "review_on": "2027-03-01"}


FILES = ("retention.db", "log.key", "volume/anchor.jsonl")


@pytest.fixture(scope="module")
def installed() -> dict[str, bytes]:
    """What the installation has on its disks, once it was made: to read a portal and approve takes longer than what is
    tried here."""
    return {}


@pytest.fixture
def house(house_of: MakeHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: dict[str, bytes]) -> House:
    """An installation whose log is anchored in a file, with an approved plan."""
    made = house_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102)]))
    (tmp_path / "volume").mkdir()
    monkeypatch.setenv("RETENTION_LOG_KEY_FILE", str(tmp_path / "log.key"))
    monkeypatch.setenv("RETENTION_ANCHOR_FILE", str(tmp_path / "volume" / "anchor.jsonl"))
    if installed:
        for name, content in installed.items():
            (tmp_path / name).write_bytes(content)
        (tmp_path / "log.key").chmod(0o600)
        return made
    SigningKey.generate("log.example.dk").save(tmp_path / "log.key")
    assert made("plan", "new").code == 0
    made.approved("rights")
    installed.update({name: (tmp_path / name).read_bytes() for name in FILES})
    return made


def restored(house: House) -> House:
    """A backup was made, a hold was placed, the log was anchored again, and the backup was restored."""
    database = house.folder / "retention.db"
    for log in house.folder.glob("retention.db-*"):
        assert log.stat().st_size == 0
    shutil.copy(database, house.folder / "backup.db")
    assert house("hold", "place", "contacts/101", "--matter", "J-2026-114", "--reason", "a dispute").code == 0
    assert house("plan", "new").code == 0
    for path in house.folder.glob("retention.db*"):
        path.unlink()
    shutil.copy(house.folder / "backup.db", database)
    return house


def written(house: House, holds: object) -> str:
    path = house.folder / "holds.json"
    path.write_text(json.dumps(holds), encoding="utf-8")
    return str(path)


def recover(house: House, holds: object) -> tuple[str, ...]:
    return ("audit", "recover", "--by", "anna", "--why", "the disk broke", "--holds", written(house, holds))


@pytest.mark.parametrize("mode", ["review", "enforce"])
def test_a_reconciliation_on_a_restored_database_ends_as_blocked(
    house: House, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETENTION_MODE", mode)
    ran = restored(house)("reconcile")
    assert (ran.code, "nothing is disposed of: the audit log is shorter" in ran.err) == (4, True)
    assert house.effects() == []


def test_an_end_of_a_run_is_anchored_and_told_of(house: House) -> None:
    told = house("status", "--json").json
    (row,) = told["anchors"]
    assert (row["name"], row["counts"], row["late"], row["last_error"]) == ("file", True, False, None)
    assert "file: " in house("status").out


def test_what_is_anchored_may_be_disposed_of(house: House) -> None:
    assert house("plan", "apply", "1-rights").code == 0


def test_a_restored_backup_is_stopped_and_brought_back_with_its_holds(house: House) -> None:
    restored(house)
    stopped = house("plan", "apply", "1-rights")
    assert stopped.code == 4
    assert "shorter than its anchor saw it" in stopped.err
    assert house.effects() == []

    back = house(*recover(house, [HOLD, {**HOLD, "record": "contacts/9", "released_at": "2026-11-01"}]))
    assert back.code == 0
    assert back.out == "Brought back by anna: 1 hold placed, there already: 0.\n"
    assert house("plan", "apply", "1-rights").code == 0
    assert house.is_in_view("contacts/101")
    assert not house.is_in_view("contacts/102")
    assert house("audit", "verify").code == 0


def test_nothing_is_brought_back_that_was_not_lost(house: House) -> None:
    ran = house(*recover(house, []))
    assert ran.code == 2
    assert "nothing to bring back" in ran.err


def test_a_reason_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "recover", "--by", "anna", "--why", " ", "--holds", str(tmp_path / "holds.json")]) == 2
    assert "expected what happened" in capsys.readouterr().err


@pytest.mark.parametrize(
    "holds",
    [{}, [1], [{}], [{**HOLD, "record": "tickets/1"}], [{**HOLD, "matter": "a b"}], [{**HOLD, "review_on": "soon"}]],
)
def test_a_file_of_holds_that_is_none_is_refused(tmp_path: Path, holds: object) -> None:
    path = tmp_path / "holds.json"
    path.write_text(json.dumps(holds), encoding="utf-8")
    with pytest.raises(UsageError):
        read_holds(path)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read as JSON"):
        read_holds(tmp_path / "none.json")


def told_of_anchors(house: House) -> tuple[str, str]:
    """What `portal check` says of them, up to the colon."""
    found = house("portal", "check", "--json").json["findings"]
    ((verdict, text),) = [(each["verdict"], each["text"]) for each in found if each["topic"] == "anchors"]
    return verdict, text.partition(":")[0]


def test_with_an_anchor_the_check_says_who_is_shown_the_log(house: House) -> None:
    assert told_of_anchors(house) == ("fine", "The audit log is shown to file")


def test_without_an_anchor_status_and_check_say_what_would_not_be_noticed(house_of: MakeHouse) -> None:
    bare = house_of(a_portal(contacts=[asks_to_go(101)]))
    assert "a restored backup would not be noticed" in bare("status").out
    assert told_of_anchors(bare) == ("notice", "No anchor is set that could be asked")
    ran = bare(*recover(bare, []))
    assert (ran.code, "no anchor is set" in ran.err) == (2, True)


def test_an_anchor_beside_the_database_is_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETENTION_ANCHOR_FILE", str(house.folder / "anchor.jsonl"))
    ran = house("plan", "apply", "1-rights")
    assert (ran.code, "lies beside the database" in ran.err) == (2, True)


def test_the_key_of_a_witness_signs_no_log(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    SigningKey.generate("witness.example.dk", COSIGNATURE).save(house.folder / "witness.key")
    monkeypatch.setenv("RETENTION_LOG_KEY_FILE", str(house.folder / "witness.key"))
    ran = house("plan", "apply", "1-rights")
    assert (ran.code, "the key of a witness" in ran.err) == (2, True)


@pytest.mark.parametrize("words", [("plan", "new"), ("reconcile",)])
def test_anchors_that_cannot_be_are_told_of_before_the_portal_is_read(
    house: House, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("RETENTION_ANCHOR_FILE", str(house.folder / "anchor.jsonl"))
    house.sandbox.gateway.journal.clear()
    ran = house(*words)
    assert (ran.code, "lies beside the database" in ran.err) == (2, True)
    assert [entry.path for entry in house.sandbox.gateway.journal.entries() if "/crm/objects/" in entry.path] == []


def test_a_witness_that_cannot_be_reached_is_made_up_for_by_the_file(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETENTION_WITNESS_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("RETENTION_WITNESS_KEY", str(SigningKey.generate("witness.example.dk", COSIGNATURE).public))
    assert house("plan", "apply", "1-rights").code == 0
    errors = {row["name"]: row["last_error"] for row in house("status", "--json").json["anchors"]}
    assert errors == {"file": None, "witness": "anchor-unreadable"}


def test_a_witness_puts_aside_what_it_kept_of_a_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = str(SigningKey.generate("log.example.dk").public)
    assert run(["witness", "forget", "--state", str(tmp_path / "seen"), "--log", log]) == 0
    assert capsys.readouterr().out == "Nothing was kept of log.example.dk.\n"
