"""The database connection, with the settings that durability rests on.

SQLite: an acknowledged transaction must survive a power cut. With a rollback journal that needs EXTRA, which is
FULL and also syncs the directory once the journal is gone (sqlite.org/pragma.html#pragma_synchronous); with WAL,
FULL is enough, but WAL has a corruption bug before 3.51.3 (sqlite.org/wal.html#walresetbug).
"""

import os
import sqlite3
from typing import Any, Final

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from hubspot_retention.store.errors import StoreError, StoreRefusedError, explain
from hubspot_retention.store.location import shown
from hubspot_retention.store.lock import command_words

_WAL_IS_SOUND_FROM: Final = (3, 51, 3)
_BUSY_MS: Final = 10_000
_WRITER_KEY: Final = 0x4855_4252_4554  # advisory locks are per database; the number only has to be ours
_HOLDER: Final = (
    "SELECT a.pid, a.application_name, a.backend_start FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
    " WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1"
    " AND l.classid = (%s::bigint >> 32)::oid AND l.objid = (%s::bigint & 4294967295)::oid"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def journal_mode(version: tuple[int, ...]) -> str:
    """The journal mode for a version of SQLite."""
    return "WAL" if version >= _WAL_IS_SOUND_FROM else "DELETE"


def connect(url: URL, *, writes: bool) -> Connection:
    """Open a connection. Errors of the database become StoreError from here on; a password is never in them."""
    if url.get_backend_name() == "sqlite":
        engine = create_engine(
            url, poolclass=NullPool, hide_parameters=True, connect_args={"check_same_thread": False}
        )
        event.listen(engine, "connect", _writing_sqlite if writes else _reading_sqlite)
        event.listen(engine, "begin", _begin_immediate if writes else _begin_deferred)
    else:
        engine = create_engine(
            url,
            poolclass=NullPool,
            hide_parameters=True,
            paramstyle="format",
            connect_args=_postgres_arguments(writes),
        )
    event.listen(engine, "handle_error", _as_store_error)
    try:
        return engine.connect()
    except DBAPIError as error:
        raise StoreRefusedError(f"{shown(url)}: {explain(error)}") from error


def take_writer_lock(connection: Connection, url: URL) -> None:
    """On PostgreSQL: be the only writer of the database, or raise StoreRefusedError, which names who is."""
    taken = connection.exec_driver_sql("SELECT pg_try_advisory_lock(%s::bigint)", (_WRITER_KEY,)).scalar_one()
    holder = None if taken else connection.exec_driver_sql(_HOLDER, (_WRITER_KEY, _WRITER_KEY)).first()
    connection.commit()
    if not taken:
        who = "another process" if holder is None else f"{holder[1]} (since {holder[2]:%Y-%m-%d %H:%M:%S%z})"
        raise StoreRefusedError(
            f"{shown(url)} is in use by {who}. Wait for it to end, or stop it; nothing was done"
        )


def _postgres_arguments(writes: bool) -> dict[str, str]:
    options = "-c synchronous_commit=on -c timezone=UTC"
    if not writes:
        options += " -c default_transaction_read_only=on"
    return {"options": options, "application_name": f"process {os.getpid()}: {command_words()}"[:63]}


def _writing_sqlite(dbapi: sqlite3.Connection, _record: object) -> None:
    mode = journal_mode(sqlite3.sqlite_version_info)
    _settings(dbapi, f"journal_mode={mode}", f"synchronous={'FULL' if mode == 'WAL' else 'EXTRA'}")


def _reading_sqlite(dbapi: sqlite3.Connection, _record: object) -> None:
    _settings(dbapi, "query_only=ON")


def _settings(dbapi: sqlite3.Connection, *more: str) -> None:
    dbapi.isolation_level = None
    for setting in (f"busy_timeout={_BUSY_MS}", "foreign_keys=ON", "cache_size=-16384", *more):
        dbapi.execute(f"PRAGMA {setting}")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_deferred(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _as_store_error(context: ExceptionContext) -> None:
    error: Any = context.sqlalchemy_exception
    if isinstance(error, DBAPIError) and context.connection is not None:
        context.connection.info["failed"] = True
        context.chained_exception = StoreError(explain(error))
