"""Opens the service's own database, and is what the use cases call their store."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy.engine import URL

from hubspot_retention.core.audit.chain import Head
from hubspot_retention.core.audit.cut import Cut
from hubspot_retention.core.audit.entry import StoredEntry
from hubspot_retention.core.audit.merkle import Frontier
from hubspot_retention.core.audit.verify import VerifyReport
from hubspot_retention.core.audit.whole import StoredCheckpoint
from hubspot_retention.store.anchors import AnchorRows
from hubspot_retention.store.audit_log import AuditRows, read_end, read_entries
from hubspot_retention.store.checkpoints import CheckpointRows, read_checkpoints, read_tree
from hubspot_retention.store.engine import Access, connect, may_share, settle_journal
from hubspot_retention.store.holds import HoldRows
from hubspot_retention.store.inbox import InboxRows
from hubspot_retention.store.items import ItemRows
from hubspot_retention.store.late_calls import LateCallRows
from hubspot_retention.store.location import (
    FileInUse,
    prepare_file,
    read_url,
    refuse_network,
    require_file,
    sqlite_file,
)
from hubspot_retention.store.lock import FileLock
from hubspot_retention.store.log_cuts import CutRows, read_cut, read_entry_of
from hubspot_retention.store.merges import MergeRows
from hubspot_retention.store.migrate import REVISIONS, bring_up_to_date, version_of
from hubspot_retention.store.needed_in_bin import NeededRows
from hubspot_retention.store.owner_warnings import OwnerWarningRows
from hubspot_retention.store.plan_history import PlanHistoryRows
from hubspot_retention.store.portal_notes import NoteRows
from hubspot_retention.store.private_text import PrivateTextRows
from hubspot_retention.store.requests import RequestRows
from hubspot_retention.store.runs import RunRows
from hubspot_retention.store.service_notes import ServiceNoteRows
from hubspot_retention.store.session import Session
from hubspot_retention.store.standing import StandingRows
from hubspot_retention.store.verifying import verify_log


class SqlTransaction(
    AuditRows,
    RunRows,
    ItemRows,
    PlanHistoryRows,
    HoldRows,
    RequestRows,
    MergeRows,
    NoteRows,
    StandingRows,
    InboxRows,
    ServiceNoteRows,
    AnchorRows,
    CheckpointRows,
    OwnerWarningRows,
    LateCallRows,
    NeededRows,
    CutRows,
    PrivateTextRows,
):
    """One transaction of the store: everything in it is durable together, or nothing is."""

    def finish(self) -> None:
        """What remains to be written before the commit."""
        self._write_log()

    def end(self) -> None:
        """From now on nothing can be done with it."""
        self._open = False


class SqlStore:
    """The service's own database, as `open_store` opens it. One transaction at a time in the process."""

    def __init__(self, session: Session, lock: FileLock | None = None) -> None:
        self._session = session
        self._lock = lock

    @contextmanager
    def transaction(self) -> Iterator[SqlTransaction]:
        """Begin a transaction; commits at the end, rolls back on an exception.

        Threads wait for each other; within a thread it is not to be nested (RuntimeError).
        """
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

    def entry(self, seq: int) -> StoredEntry | None:
        """One entry of the audit log by its number; `None` if it is not there."""
        return read_entry_of(self._session, seq)

    def cut(self) -> Cut | None:
        """Where the audit log begins, if its oldest entries were removed at the end of their period."""
        return read_cut(self._session)

    def audit_head(self) -> Head:
        """Where the audit log ends, as it is kept beside it."""
        return read_end(self._session).head

    def tree(self) -> Frontier:
        """The right edge of the audit log's tree as it is now, as it is kept beside the log."""
        return read_end(self._session).edge

    def tree_at(self, size: int) -> Frontier | None:
        """The edge as it was when the log had so many entries, if it was signed then."""
        return read_tree(self._session, size)

    def checkpoints(self) -> Sequence[StoredCheckpoint]:
        """What was ever signed of the audit log, the oldest first."""
        return read_checkpoints(self._session)

    def verify_log(self) -> VerifyReport:
        """Verify the whole audit log against its head, also while entries are appended."""
        return verify_log(self._session)

    def close(self) -> None:
        """Close the connection and let go of the lock."""
        self._session.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(url: str, access: Access = Access.RUN, *, makes: bool = True) -> SqlStore:
    """Open the database of `url`, upgrading it where needed. `makes`: whether an SQLite file that is not there is made.

    Raises NoDatabaseError, StoreRefusedError, StoreError.
    """
    parsed, name = read_url(url), None
    if parsed.get_backend_name() == "sqlite":
        name, path = Path(str(parsed.database)).absolute(), sqlite_file(parsed)
        refuse_network(path.parent)
        if not makes:
            require_file(path)
        parsed = parsed.set(database=str(path))
    if access is Access.RUN:
        return _open_running(parsed, name)
    if not _is_ready(parsed):
        _open_running(parsed, name).close()
    file = None if name is None else FileInUse(name)
    return SqlStore(Session(connect(parsed, access), file))


def _is_ready(url: URL) -> bool:
    """Whether there is a database of the version that this code needs, in a state that it may use beside others."""
    if url.get_backend_name() == "sqlite" and not sqlite_file(url).is_file():
        return False
    session = Session(connect(url, Access.READ))
    try:
        with session.begin() as connection:
            return may_share(connection) and version_of(connection) == REVISIONS[-1]
    finally:
        session.close()


def _open_running(url: URL, name: Path | None) -> SqlStore:
    """`name`: what an SQLite file was asked for by; `None` for a server."""
    with ExitStack() as undone_on_failure:
        lock, file = None, None
        if name is not None:
            prepare_file(sqlite_file(url))
            lock = FileLock(sqlite_file(url))
            lock.take()
            undone_on_failure.callback(lock.release)
            file = FileInUse(name)
        session = Session(connect(url, Access.RUN), file)
        undone_on_failure.callback(session.close)
        with session.begin() as connection:
            if version_of(connection) != REVISIONS[-1]:
                bring_up_to_date(connection)
        settle_journal(session.connection)
        undone_on_failure.pop_all()
    return SqlStore(session, lock)
