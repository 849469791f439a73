"""What is said of a database's error."""

import sqlite3

import psycopg
import pytest

from hubspot_retention.store.errors import explain


def _sqlite(code: int, name: str) -> sqlite3.Error:
    error = sqlite3.OperationalError("Anna Kirkegaard")
    error.sqlite_errorcode, error.sqlite_errorname = code, name
    return error


@pytest.mark.parametrize(
    ("original", "words"),
    [
        (_sqlite(13, "SQLITE_FULL"), "the disk is full; nothing was stored (SQLITE_FULL)"),
        (
            _sqlite(778, "SQLITE_IOERR_WRITE"),
            "the disk could not be read or written; nothing was stored (SQLITE_IOERR_WRITE)",
        ),
        (_sqlite(1, "SQLITE_ERROR"), "the database refused; nothing was stored (SQLITE_ERROR)"),
        (psycopg.errors.DiskFull("Anna"), "the database's disk is full; nothing was stored (SQLSTATE 53100)"),
        (psycopg.errors.CheckViolation("Anna"), "the database refused; nothing was stored (SQLSTATE 23514)"),
        (psycopg.OperationalError("Anna"), "the database cannot be reached"),
        (psycopg.InterfaceError("Anna"), "the database refused; nothing was stored (InterfaceError)"),
    ],
)
def test_an_error_is_told_by_its_code_and_never_by_what_was_stored(original: Exception, words: str) -> None:
    assert explain(original) == words


UNKNOWN = "it may have been stored, or not; look before you do it again"


@pytest.mark.parametrize(
    ("original", "is_lost", "is_unknown"),
    [
        (psycopg.OperationalError("Anna"), True, True),
        (psycopg.OperationalError("Anna"), False, True),
        (psycopg.InterfaceError("Anna"), True, True),
        (psycopg.errors.AdminShutdown("Anna"), True, True),
        (psycopg.errors.DiskFull("Anna"), False, False),
        (_sqlite(13, "SQLITE_FULL"), False, False),
    ],
)
def test_where_the_connection_is_lost_in_the_commit_nobody_says_that_nothing_was_stored(
    original: Exception, is_lost: bool, is_unknown: bool
) -> None:
    words = explain(original, is_lost=is_lost, in_commit=True)
    assert (UNKNOWN in words, "nothing was stored" in words) == (is_unknown, not is_unknown)


def test_a_connection_that_is_lost_is_told_so_whatever_the_driver_calls_it() -> None:
    assert explain(psycopg.InterfaceError("Anna"), is_lost=True) == "the database cannot be reached"
