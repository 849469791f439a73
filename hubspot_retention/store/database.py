"""Opens the service's own database, and is what the use cases call their store."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Self

from sqlalchemy.engine import URL

from hubspot_retention.core.audit.chain import Head
from hubspot_retention.core.audit.entry import StoredEntry
from hubspot_retention.core.audit.verify import VerifyReport
from hubspot_retention.store.audit_log import AuditRows, read_entries, read_head, verify_log
from hubspot_retention.store.engine import connect, take_writer_lock
from hubspot_retention.store.holds import HoldRows
from hubspot_retention.store.items import ItemRows
from hubspot_retention.store.location import prepare_directory, read_url, refuse_network, sqlite_file
from hubspot_retention.store.lock import FileLock
from hubspot_retention.store.memory import MemoryRows
from hubspot_retention.store.migrate import REVISIONS, bring_up_to_date, version_of
from hubspot_retention.store.portal_notes import NoteRows
from hubspot_retention.store.requests import RequestRows
from hubspot_retention.store.runs import RunRows
from hubspot_retention.store.session import Session


class SqlTransaction(AuditRows, RunRows, ItemRows, HoldRows, RequestRows, MemoryRows, NoteRows):
    """One transaction of the store: everything in it is durable together, or nothing is."""

    def finish(self) -> None:
        """What remains to be written before the commit."""
        self._write_head()

    def end(self) -> None:
        """From now on nothing can be done with it."""
        self._open = False


class SqlStore:
    """The service's own database. One transaction at a time in the process; threads wait for each other."""

    def __init__(self, session: Session, resources: ExitStack) -> None:
        self._session = session
        self._resources = resources

    @contextmanager
    def transaction(self) -> Iterator[SqlTransaction]:
        """Begin a transaction; commits at the end, rolls back on an exception. Not to be nested (RuntimeError)."""
        with self._session.begin():
            transaction = SqlTransaction(self._session)
            try:
                yield transaction
                transaction.finish()
            finally:
                transaction.end()

    def entries(self, after: int = 0) -> Iterator[StoredEntry]:
        """The audit log from a sequence number on, streamed."""
        return read_entries(self._session, after)

    def audit_head(self) -> Head:
        """Where the audit log ends, as it is kept beside it."""
        return read_head(self._session)

    def verify_log(self) -> VerifyReport:
        """Verify the whole audit log against its head, also while entries are appended."""
        return verify_log(self._session)

    def close(self) -> None:
        """Close the connection and let go of the lock."""
        self._session.close()
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(url: str, *, exclusive: bool = True) -> SqlStore:
    """Open the database of `url`, making or upgrading it where needed.

    `exclusive`: as its only writer. Otherwise it can only be read, beside whoever writes; a database that is not
    there yet, or of an older version, is made ready first. Raises StoreRefusedError, StoreError.
    """
    parsed = read_url(url)
    if parsed.get_backend_name() == "sqlite":
        path = sqlite_file(parsed)
        refuse_network(path.parent)
        parsed = parsed.set(database=str(path))
    with ExitStack() as resources:
        if not exclusive and _is_ready(parsed):
            session = Session(connect(parsed, writes=False))
        else:
            session = _open_writing(parsed, resources)
            if not exclusive:
                session.close()
                resources.close()
                session = Session(connect(parsed, writes=False))
        return SqlStore(session, resources.pop_all())
    raise AssertionError("unreachable")


def _is_ready(url: URL) -> bool:
    """Whether there is a database of the version that this code needs."""
    if url.get_backend_name() == "sqlite" and not sqlite_file(url).is_file():
        return False
    connection = connect(url, writes=False)
    try:
        return version_of(connection) == REVISIONS[-1]
    finally:
        connection.close()
        connection.engine.dispose()


def _open_writing(url: URL, resources: ExitStack) -> Session:
    if url.get_backend_name() == "sqlite":
        path = sqlite_file(url)
        prepare_directory(path)
        lock = FileLock(path)
        lock.take()
        resources.callback(lock.release)
    session = Session(connect(url, writes=True))
    failed = ExitStack()
    failed.callback(session.close)
    with failed:
        if not session.is_sqlite:
            take_writer_lock(session.connection, url)
        with session.begin() as connection:
            if version_of(connection) != REVISIONS[-1]:
                bring_up_to_date(connection)
        failed.pop_all()
    return session
