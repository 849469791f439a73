"""Which SQLite the store's file is opened with."""

import sqlite3
from types import ModuleType

import pytest

from hubspot_retention.store.driver import DRIVER, choose, is_wal_sound


def _driver(*version: int) -> ModuleType:
    driver = ModuleType("a driver")
    driver.__dict__["sqlite_version_info"] = version
    return driver


OLD, NEW, NEWER = _driver(3, 40, 1), _driver(3, 51, 3), _driver(3, 53, 4)


@pytest.mark.parametrize(
    ("version", "sound"),
    [((3, 40, 1), False), ((3, 51, 2), False), ((3, 51, 3), True), ((3, 52, 0), True), ((4, 0), True)],
)
def test_wal_is_sound_from_the_version_on_in_which_its_bug_is_mended(version: tuple[int, ...], sound: bool) -> None:
    assert is_wal_sound(_driver(*version)) is sound


def test_a_newer_sqlite_is_taken_where_the_interpreter_s_is_too_old() -> None:
    assert choose(OLD, (NEWER,)) is NEWER


def test_the_interpreter_s_own_is_taken_where_it_is_new_enough() -> None:
    assert choose(NEW, (NEWER,)) is NEW


@pytest.mark.parametrize("other", [None, _driver(3, 46, 0)])
def test_the_interpreter_s_own_is_taken_where_no_newer_one_helps(other: ModuleType | None) -> None:
    assert choose(OLD, (other,)) is OLD


def test_where_the_newer_one_is_installed_the_store_may_use_write_ahead_logging() -> None:
    pytest.importorskip("pysqlite3", reason="no wheel of pysqlite3 for this platform")
    assert is_wal_sound(DRIVER)
    assert DRIVER is sqlite3 or DRIVER.__name__.startswith("pysqlite3")
