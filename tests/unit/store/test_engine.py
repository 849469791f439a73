"""The settings that durability rests on."""

from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from hubspot_retention.store.engine import Access, connect, journal_mode


@pytest.mark.parametrize(
    ("version", "mode"),
    [((3, 40, 1), "DELETE"), ((3, 51, 2), "DELETE"), ((3, 51, 3), "WAL"), ((3, 52, 0), "WAL"), ((4, 0), "WAL")],
)
def test_wal_is_used_from_the_version_on_in_which_it_is_sound(version: tuple[int, ...], mode: str) -> None:
    assert journal_mode(version) == mode


@pytest.mark.parametrize(("version", "mode", "synchronous"), [((3, 40, 1), "delete", 3), ((3, 51, 3), "wal", 2)])
def test_an_acknowledged_transaction_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...], mode: str, synchronous: int
) -> None:
    monkeypatch.setattr("sqlite3.sqlite_version_info", version)
    connection = connect(make_url(f"sqlite:///{tmp_path}/x.db"), Access.RUN)
    found = [
        connection.exec_driver_sql(f"PRAGMA {name}").scalar()
        for name in ("journal_mode", "synchronous", "foreign_keys")
    ]
    connection.close()
    assert found == [mode, synchronous, 1]
