"""A log whose oldest entries were removed at the end of their period, as the command tells of it."""

from datetime import timedelta
from pathlib import Path

import pytest

from hubspot_retention.bootstrap import application
from hubspot_retention.core.record import RecordId
from hubspot_retention.core.tombstone import Tombstone
from hubspot_retention.evidence.keys import SigningKey
from hubspot_retention.store.database import open_store
from tests.faults.aged import YEARS, Stand
from tests.faults.people import a_portal, asks_to_go
from tests.stores import a_database
from tests.unit.cli.conftest import MakeHouse
from tests.unit.cli.house import House


@pytest.fixture
def house(
    house_of: MakeHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> House:
    """An installation of ten years, with a file as its anchor."""
    made = house_of(a_portal(contacts=[asks_to_go(101)]))
    (tmp_path / "volume").mkdir()
    key = SigningKey.generate("log.example.dk")
    key.save(tmp_path / "log.key")
    monkeypatch.setenv("RETENTION_LOG_KEY_FILE", str(tmp_path / "log.key"))
    monkeypatch.setenv("RETENTION_ANCHOR_FILE", str(tmp_path / "volume" / "anchor.jsonl"))
    monkeypatch.setenv("RETENTION_PSEUDONYM_KEYS", str(tmp_path_factory.mktemp("keys") / "pseudonyms.key"))
    (tmp_path / "retention.db").unlink(missing_ok=True)
    with open_store(a_database(tmp_path / "retention.db")) as store:
        Stand(tmp_path / "volume", store, key, witnessed=False).live(YEARS, every=500)
    return made


def test_reconcile_removes_them_and_what_is_read_afterwards_says_so(house: House) -> None:
    ran = house("reconcile")
    assert (ran.code, "12 entries of the audit log were removed: their period is over" in ran.err) == (0, True)

    verified = house("audit", "verify")
    assert verified.code == 0
    assert "The first 12 of them were removed at the end of the log's own period." in verified.out
    assert house("audit", "verify", "--json").json["removed"] == 12
    assert house("audit", "export", "--key", str(house.folder / "log.key")).code == 0

    early = house("audit", "report", "--from", "2018-01-01", "--to", "2025-12-31")
    assert (early.code, "--from: entries from before 202" in early.err) == (2, True)
    assert house("audit", "report", "--from", "2024-01-01", "--to", "2025-12-31").code == 0

    assert house("audit", "pseudonym-keys", "new").code == 0
    assert "were removed from the log at the end of its own" in house("audit", "find", "--email", "a@example.dk").out
    gone = house("audit", "receipt", "contacts/1000", "--key", str(house.folder / "log.key"))
    assert (gone.code, "knows nothing of contacts/1000 since" in gone.err) == (2, True)


def test_by_a_clock_that_is_years_ahead_reconcile_takes_nothing_away(
    house_of: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, app = house_of(a_portal(contacts=[asks_to_go(101)])), application()
    now, (policy, text) = app.clock.now(), app.policy()
    with app.store() as store, store.transaction() as tx:
        tx.approve_policy(policy.digest, text, now, "bent")
        tx.bury(Tombstone(record_id=RecordId(7), pseudonym="2026:9f86d081884c7d65", sent_at=now, erased_at=now))
    monkeypatch.setattr("hubspot_retention.clock.Clock.now", lambda self: now + timedelta(days=YEARS))
    ran = house("reconcile")
    assert (ran.code, "nothing was read: our clock and HubSpot's differ by" in ran.err) == (4, True)
    with app.store("read") as store, store.transaction() as tx:
        assert tx.count_tombstones() == 1


def test_what_another_key_signed_is_told_as_damage_before_anything_was_removed(house: House) -> None:
    assert house("audit", "verify").code == 0
    (house.folder / "log.key").unlink()
    SigningKey.generate("log.example.dk").save(house.folder / "log.key")
    ran = house("audit", "verify")
    assert (ran.code, "or not by the log's key" in ran.out) == (1, True)


def test_what_a_key_signed_that_was_lost_is_right_where_the_new_key_s_file_names_it(house: House) -> None:
    file = house.folder / "log.key"
    lost = SigningKey.load(file).public
    file.unlink()
    SigningKey.generate("log.example.dk").save(file)
    assert house("audit", "checkpoint", "--key", str(file)).code != 0

    file.write_text(f"{file.read_text()}{lost}\n")
    assert house("audit", "verify").code == 0
    assert house("audit", "checkpoint", "--key", str(file)).code == 0
    assert house("audit", "verify").code == 0


def test_a_beginning_that_another_key_signed_for_is_told_as_damage(house: House) -> None:
    assert house("reconcile").code == 0
    (house.folder / "log.key").unlink()
    SigningKey.generate("log.example.dk").save(house.folder / "log.key")
    ran = house("audit", "verify")
    assert (ran.code, "missing at the beginning, and nobody signed" in ran.out) == (1, True)
