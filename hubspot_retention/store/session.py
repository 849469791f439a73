"""One connection for the process, used by one thread at a time.

What can go wrong: half of a transaction is kept, because a statement failed, somebody swallowed the error,
and the rest was committed. So an error of the database marks the transaction, and it is rolled back.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Delete, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError

from hubspot_retention.store.errors import StoreError, StoreRefusedError, explain


class Session:
    """Serialises the use of the connection. From here on errors of the database are StoreError."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._owner: int | None = None
        self._failed = False
        self._closed = False
        event.listen(connection.engine, "handle_error", self._translate)

    def _translate(self, context: ExceptionContext) -> Exception | None:
        if isinstance(context.original_exception, StoreRefusedError):  # the lock was lost with its connection
            self._failed = True
            return context.original_exception
        error = context.sqlalchemy_exception
        if not isinstance(error, DBAPIError):
            return None
        self._failed = True
        return StoreError(explain(error))

    @property
    def connection(self) -> Connection:
        """The connection. Only for the thread that has the transaction."""
        return self._connection

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction: committed at the end, rolled back on any exception. Other threads wait."""
        if self._owner == threading.get_ident():
            raise RuntimeError("this thread has a transaction open already: transactions are not nested")
        with self._lock:
            if self._closed:
                raise RuntimeError("the store is closed")
            self._owner = threading.get_ident()
            self._failed = False
            try:
                with self._connection.begin():
                    yield self._connection
                    if self._failed:
                        raise StoreError("a statement of this transaction failed; nothing of it was stored")
            finally:
                self._owner = None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """The open transaction of this thread, or a short one of its own."""
        if self._owner == threading.get_ident():
            yield self._connection
        else:
            with self.begin() as connection:
                yield connection

    def close(self) -> None:
        """Close the connection; waits for a transaction of another thread."""
        if self._owner == threading.get_ident():
            raise RuntimeError("this thread has a transaction open: the store cannot be closed in it")
        with self._lock:
            if not self._closed:
                self._closed = True
                self._connection.close()
                self._connection.engine.dispose()


class Rows:
    """What the parts of a transaction share: the connection, as long as the transaction is open."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._open = True
        self._plan_numbers: dict[str, int] = {}

    def _require_open(self) -> None:
        if not self._open:
            raise RuntimeError("this transaction has ended")

    @property
    def _connection(self) -> Connection:
        self._require_open()
        return self._session.connection

    def _erase(self, statement: Delete) -> int:
        """Delete for good: SQLite leaves what is deleted on its pages until it needs them, unless it is told to write
        over it. Answers how many rows there were."""
        connection = self._connection
        if connection.dialect.name != "sqlite":
            return connection.execute(statement).rowcount
        before = connection.exec_driver_sql("PRAGMA secure_delete").scalar()
        connection.exec_driver_sql("PRAGMA secure_delete=1").close()
        try:
            return connection.execute(statement).rowcount
        finally:
            connection.exec_driver_sql(f"PRAGMA secure_delete={before}").close()
