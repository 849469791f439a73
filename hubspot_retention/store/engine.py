"""The database connection, with the settings that durability rests on.

SQLite: an acknowledged transaction must survive a power cut. With a rollback journal that needs EXTRA, which
is FULL and also syncs the directory once the journal is gone (sqlite.org/pragma.html#pragma_synchronous); with WAL
EXTRA is FULL, and that is enough. The journal mode belongs to the file, so the one process that runs sets it, and
who comes beside it takes what is there.

PostgreSQL: the writer's lock belongs to the server's session. Should the connection be lost and made anew,
the lock must be won anew: so it is taken whenever a connection is made, not when the store is opened.
"""

import os
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool, PoolProxiedConnection

from hubspot_retention.store.driver import DRIVER, is_wal_sound
from hubspot_retention.store.driver import Connection as Link
from hubspot_retention.store.errors import StoreError, StoreRefusedError, explain
from hubspot_retention.store.location import shown
from hubspot_retention.store.lock import NOBODY_KNOWS, command_words, in_use

if TYPE_CHECKING:
    import psycopg

_BUSY_MS: Final = 10_000
"""How long to wait for another process's transaction. It may hang: whoever wants to stop all disposals must hear so."""
_EXTRA: Final = 3
"""`synchronous` as SQLite numbers it."""
_WAL_KEPT: Final = 64 * 1024 * 1024
"""Bytes. What the log grew to beside a long read is given back once it has been copied to the database."""
_WRITER_KEY: Final = 1_212_436_564
"""Advisory locks are per database; the number only has to be ours, and to fit 31 bits (`pg_locks.objid`)."""
_APPEND_KEY: Final = _WRITER_KEY + 1
_TAKE: Final = f"SELECT pg_try_advisory_lock({_WRITER_KEY})"
_HOLDER: Final = (
    "SELECT a.application_name, a.backend_start FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
    f" WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 0 AND l.objid = {_WRITER_KEY}"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


class Access(StrEnum):
    """What a process opens the database for.

    `run`: to assess or to dispose, as the only process that does; a second one is refused. `brief`: for the short
    transactions of a person (a hold, a stop, an approval) and for arriving webhooks, also while a run goes on, in this
    process or another: they must never have to wait for it, and each of the run's own transactions sees them.
    `read`: to read, beside whoever writes (on SQLite each statement sees the database as it is then).
    """

    RUN = "run"
    BRIEF = "brief"
    READ = "read"


def connect(url: URL, access: Access) -> Connection:
    """Open a connection, on PostgreSQL as the only run there is if it is one. Raises StoreRefusedError."""
    make = _sqlite_engine if url.get_backend_name() == "sqlite" else _postgres_engine
    engine = make(url, access)
    try:
        return engine.connect()
    except DBAPIError as error:
        raise StoreRefusedError(
            f"{shown(url)}: {explain(error.orig, is_lost=error.connection_invalidated)}{_detail(error, url)}"
        ) from error


def _detail(error: DBAPIError, url: URL) -> str:
    """Why a server cannot be reached, in its own words; a password that it repeats is taken out."""
    if not hasattr(error.orig, "sqlstate"):
        return ""
    words = " ".join(str(error.orig).split())
    return f": {words.replace(url.password, '***') if url.password else words}"


def _sqlite_engine(url: URL, access: Access) -> Engine:
    arguments = {"check_same_thread": False}
    engine = create_engine(url, module=DRIVER, poolclass=NullPool, hide_parameters=True, connect_args=arguments)
    writes = access is not Access.READ
    event.listen(engine, "connect", _writing_sqlite if writes else _reading_sqlite)
    if writes:
        engine.dialect.do_begin = begin_immediate  # type: ignore[assignment, method-assign]
    return engine


def _writing_sqlite(dbapi: Link, _record: object) -> None:
    # SQLite leaves what is deleted, and what grew or was moved to another page, where it was until it needs the space.
    # Told only when something is removed for good, it would write over the last of the copies and leave the others.
    _settings(dbapi, synchronous=_EXTRA, secure_delete=1)
    dbapi.execute(f"PRAGMA journal_size_limit={_WAL_KEPT}")


def _reading_sqlite(dbapi: Link, _record: object) -> None:
    # No transaction is begun here: one left open (a plan shown in a pager) would keep the writer from committing.
    _settings(dbapi, query_only=1)


def _settings(dbapi: Link, **more: int) -> None:
    """What cannot be done without is read back: SQLite says nothing of a pragma that it does not know or was built
    without. Raises StoreRefusedError."""
    dbapi.isolation_level = None
    dbapi.execute("PRAGMA cache_size=-8192")
    for name, wanted in {"busy_timeout": _BUSY_MS, "foreign_keys": 1, **more}.items():
        dbapi.execute(f"PRAGMA {name}={wanted}")
        got = dbapi.execute(f"PRAGMA {name}").fetchone()
        if got != (wanted,):
            found = "nothing" if got is None else got[0]
            raise StoreRefusedError(f"the database keeps {name}={found} where {wanted} is needed; nothing was done")


def settle_journal(connection: Connection) -> None:
    """As the only run there is: give the file the journal that this process's SQLite may use. Raises StoreError.

    Where the shared memory of a WAL cannot be had SQLite answers with the rollback journal, which is sound everywhere.
    """
    if connection.dialect.name != "sqlite":
        return
    wanted = "wal" if is_wal_sound(DRIVER) else "delete"
    (got,) = _by_driver(connection, f"PRAGMA journal_mode={wanted}").fetchone()
    if got not in {wanted, "delete"}:
        raise StoreRefusedError(f"the database keeps journal_mode={got} where {wanted} is needed; nothing was done")


def _by_driver(connection: Connection, sql: str) -> Any:
    """The cursor of a statement that goes past SQLAlchemy to SQLite. Raises StoreError."""
    link: Any = connection.connection.driver_connection
    try:
        return link.execute(sql)
    except DRIVER.Error as error:
        raise StoreError(explain(error)) from error


def may_share(connection: Connection) -> bool:
    """Whether this process's SQLite may use the file beside others as it is: an old one no WAL."""
    if connection.dialect.name != "sqlite" or is_wal_sound(DRIVER):
        return True
    return connection.exec_driver_sql("PRAGMA journal_mode").scalar() != "wal"


def _begin_alone(connection: Connection) -> None:
    # The audit log is one chain: who appends must see the entry before. SQLite's write lock does the same.
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_APPEND_KEY})")


def begin_immediate(link: PoolProxiedConnection) -> None:
    """How every transaction begins. In the dialect's own place for it: as an event it costs more than SQLite takes."""
    link.execute("BEGIN IMMEDIATE")


def _postgres_engine(url: URL, access: Access) -> Engine:
    read_only = "" if access is not Access.READ else " -c default_transaction_read_only=on"
    arguments = {
        "options": "-c synchronous_commit=on -c plan_cache_mode=force_custom_plan"
        f" -c lock_timeout={_BUSY_MS}{read_only}",
        "application_name": f"process {os.getpid()}: {command_words()}"[:63],
    }
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True, paramstyle="format", connect_args=arguments)
    if access is not Access.READ:
        event.listen(engine, "begin", _begin_alone)
    if access is Access.RUN:

        @event.listens_for(engine, "connect")
        def take_writer_lock(dbapi: "psycopg.Connection[tuple[object, ...]]", _record: object) -> None:
            _take_writer_lock(dbapi, url)

    return engine


def _take_writer_lock(dbapi: "psycopg.Connection[tuple[object, ...]]", url: URL) -> None:
    taken = dbapi.execute(_TAKE).fetchone() == (True,)
    holder = None if taken else dbapi.execute(_HOLDER).fetchone()
    dbapi.commit()
    if not taken:
        dbapi.close()
        raise StoreRefusedError(in_use(shown(url), *_named(holder)))


def _named(holder: tuple[object, ...] | None) -> tuple[str, str]:
    """Who has the lock, in words, and the command that it runs. Of another role's session PostgreSQL does not tell
    everybody when it began."""
    name, since = holder or (None, None)
    if not name:
        return NOBODY_KNOWS, ""
    began = "" if since is None else f" (since {since:%Y-%m-%d %H:%M:%S%z})"
    return f"{name}{began}", str(name).partition(": ")[2]
