"""The settings that durability rests on."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from hubspot_retention.store.database import open_store
from hubspot_retention.store.driver import DRIVER
from hubspot_retention.store.engine import Access, connect, settle_journal
from hubspot_retention.store.errors import StoreError, StoreRefusedError


def _old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubspot_retention.store.engine.is_wal_sound", lambda driver: False)


def _new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubspot_retention.store.engine.is_wal_sound", lambda driver: True)


def _mode(path: Path) -> str:
    link = sqlite3.connect(path)
    (mode,) = link.execute("PRAGMA journal_mode").fetchone()
    link.close()
    return str(mode)


@pytest.mark.parametrize("access", [Access.RUN, Access.BRIEF])
def test_an_acknowledged_transaction_is_on_the_disk(tmp_path: Path, access: Access) -> None:
    connection = connect(make_url(f"sqlite:///{tmp_path}/x.db"), access)
    found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("synchronous", "foreign_keys")]
    connection.close()
    assert found == [3, 1]


class Deaf(DRIVER.Connection):  # type: ignore[misc, name-defined]
    """A SQLite that was built without one of the settings: it says nothing, and keeps what it had."""

    deaf_to = ""

    def execute(self, statement: str, *values: Any) -> Any:
        """Anything else is done."""
        return super().execute("SELECT 0" if f"PRAGMA {self.deaf_to}" == statement else statement, *values)


@pytest.mark.parametrize(
    ("access", "name", "wanted"),
    [
        (Access.RUN, "synchronous", 3),
        (Access.BRIEF, "foreign_keys", 1),
        (Access.BRIEF, "secure_delete", 1),
        (Access.READ, "query_only", 1),
    ],
)
def test_a_sqlite_that_does_not_take_a_setting_is_refused_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, access: Access, name: str, wanted: int
) -> None:
    url = make_url(f"sqlite:///{tmp_path}/x.db")
    open_store(str(url)).close()
    monkeypatch.setattr(Deaf, "deaf_to", name)
    make = DRIVER.connect
    monkeypatch.setattr(DRIVER, "connect", lambda *words, **more: make(*words, **more, factory=Deaf))
    with pytest.raises(StoreRefusedError, match=f"keeps {name}=0 where {wanted} is needed; nothing was done"):
        open_store(str(url), access)


@pytest.mark.parametrize(("prepare", "mode"), [(_old, "delete"), (_new, "wal")])
def test_the_journal_is_the_one_that_the_sqlite_at_hand_may_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prepare: object, mode: str
) -> None:
    assert callable(prepare)
    prepare(monkeypatch)
    open_store(f"sqlite:///{tmp_path}/x.db").close()
    assert _mode(tmp_path / "x.db") == mode


def test_a_newer_sqlite_takes_up_write_ahead_logging_and_an_older_one_gives_it_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes = []
    for prepare in (_old, _new, _old):
        prepare(monkeypatch)
        open_store(f"sqlite:///{tmp_path}/x.db").close()
        modes.append(_mode(tmp_path / "x.db"))
    assert modes == ["delete", "wal", "delete"]


@pytest.mark.parametrize("access", [Access.BRIEF, Access.READ])
def test_an_older_sqlite_does_not_come_beside_a_run_with_write_ahead_logging(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, access: Access
) -> None:
    url = f"sqlite:///{tmp_path}/x.db"
    _new(monkeypatch)
    with open_store(url):
        _old(monkeypatch)
        with pytest.raises(StoreRefusedError, match="is in use by process"):
            open_store(url, access)


def test_an_older_sqlite_gives_up_what_a_newer_one_left_before_a_person_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/x.db"
    _new(monkeypatch)
    open_store(url).close()
    _old(monkeypatch)
    open_store(url, Access.BRIEF).close()
    assert _mode(tmp_path / "x.db") == "delete"


def test_a_journal_that_cannot_be_changed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = make_url(f"sqlite:///{tmp_path}/x.db")
    _old(monkeypatch)
    open_store(str(url)).close()
    hand = DRIVER.connect(tmp_path / "x.db", isolation_level=None)
    hand.execute("BEGIN IMMEDIATE")
    _new(monkeypatch)
    connection = connect(url, Access.RUN)
    connection.connection.driver_connection.execute("PRAGMA busy_timeout=0")  # type: ignore[union-attr]
    with pytest.raises(StoreError, match="the database is busy"):
        settle_journal(connection)
    connection.close()
    hand.close()


def test_a_journal_that_the_file_does_not_take_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _new(monkeypatch)
    connection = connect(make_url("sqlite://"), Access.RUN)
    with pytest.raises(StoreRefusedError, match="keeps journal_mode=memory where wal is needed"):
        settle_journal(connection)
    connection.close()
