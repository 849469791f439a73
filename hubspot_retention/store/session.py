"""One connection for the process, used by one thread at a time.

What can go wrong: half of a transaction is kept, because a statement failed, somebody swallowed the error,
and the rest was committed. So an error of the database marks the transaction, and it is rolled back.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError

from hubspot_retention.store.errors import StoreError, StoreRefusedError, explain
from hubspot_retention.store.location import FileInUse
from hubspot_retention.store.prepared import Prepared

_Found = TypeVar("_Found")


class Session:
    """Serialises the use of the connection. From here on errors of the database are StoreError."""

    def __init__(self, connection: Connection, file: FileInUse | None = None) -> None:
        """`file`: the one that must stay in its place; `None` where there is none, or only for a moment."""
        self._connection = connection
        self._file = file
        self._dialect = connection.dialect
        self._link: Any = None
        self._lock = threading.Lock()
        self._owner: int | None = None
        self._failed = False
        self._commits = False
        self._closed = False
        driver: Any = connection.dialect.loaded_dbapi
        self._driver_error: type[Exception] = driver.Error
        event.listen(connection.engine, "handle_error", self._translate)

    def _translate(self, context: ExceptionContext) -> Exception | None:
        if isinstance(context.original_exception, StoreRefusedError):  # the lock was lost with its connection
            self._failed = True
            return context.original_exception
        error = context.sqlalchemy_exception
        if not isinstance(error, DBAPIError):
            return None
        self._failed = True
        return StoreError(explain(error.orig, is_lost=error.connection_invalidated, in_commit=self._commits))

    @property
    def connection(self) -> Connection:
        """The connection. Only for the thread that has the transaction."""
        return self._connection

    @property
    def dialect(self) -> Dialect:
        """How this database spells a statement."""
        return self._dialect

    def rows(self, statement: Prepared, **values: Any) -> list[Any]:
        """The rows that a statement finds, as plain tuples: where they are a million, names for each take time."""
        ready = statement.ready(self._dialect)
        return ready.read(self._on_cursor(ready.sql, ready.bound(values), _fetch_all))

    def named(self, statement: Prepared, **values: Any) -> list[Any]:
        """The rows that it finds, as tuples with the names of its columns."""
        found = self.rows(statement, **values)
        return list(map(statement.ready(self._dialect).named, found)) if found else found

    def row(self, statement: Prepared, **values: Any) -> Any:
        """The only row that it finds, with names, or `None`."""
        found = self.named(statement, **values)
        if len(found) > 1:
            raise RuntimeError("a statement that finds one row at most found several")
        return found[0] if found else None

    def scalar(self, statement: Prepared, **values: Any) -> Any:
        """The first value of the first row that it finds, or `None`."""
        found = self.rows(statement, **values)
        return found[0][0] if found else None

    def change(self, statement: Prepared, **values: Any) -> int:
        """Change something; answers how many rows."""
        ready = statement.ready(self._dialect)
        return self._on_cursor(ready.sql, ready.bound(values), _count)

    def change_each(self, statement: Prepared, rows: Sequence[tuple[Any, ...]]) -> int:
        """The same with each of several rows of parameters, in the statement's order and as the driver takes them;
        answers how many rows in all."""
        if not rows:
            return 0
        return self._on_cursor(statement.ready(self._dialect).sql, rows, _count, many=True)

    def _on_cursor(
        self, sql: str, parameters: Sequence[Any], read: Callable[[Any], _Found], *, many: bool = False
    ) -> _Found:
        """Past SQLAlchemy, in its transaction. Raises StoreError."""
        try:
            cursor = self._link.cursor()
            try:
                (cursor.executemany if many else cursor.execute)(sql, parameters)
                return read(cursor)
            finally:
                cursor.close()
        except self._driver_error as error:
            self._failed = True  # rolling back, SQLAlchemy finds out whether the connection was lost as well
            raise StoreError(explain(error)) from error

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction: committed at the end, rolled back on any exception. Other threads wait. Raises
        StoreRefusedError if another file lies where the database was."""
        if self._owner == threading.get_ident():
            raise RuntimeError("this thread has a transaction open already: transactions are not nested")
        with self._lock:
            if self._closed:
                raise RuntimeError("the store is closed")
            self._owner = threading.get_ident()
            self._failed = self._commits = False
            try:
                with self._connection.begin():
                    self._link = self._connection.connection.driver_connection
                    if self._file is not None:
                        self._file.require_in_place()
                    yield self._connection
                    if self._failed:
                        raise StoreError("a statement of this transaction failed; nothing of it was stored")
                    self._commits = True
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


def _fetch_all(cursor: Any) -> list[Any]:
    found: list[Any] = cursor.fetchall()
    return found


def _count(cursor: Any) -> int:
    return int(cursor.rowcount)


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

    @property
    def _open_session(self) -> Session:
        self._require_open()
        return self._session
