"""The audit log in the database: appended to in the transaction that makes the change, and never changed."""

from collections.abc import Iterator

from sqlalchemy import select

from hubspot_retention.core.audit.chain import Head, extend
from hubspot_retention.core.audit.entry import Entry, StoredEntry
from hubspot_retention.core.audit.verify import Verifier, VerifyReport
from hubspot_retention.store.errors import StoreError
from hubspot_retention.store.prepared import following, insertion, overwriting, whole
from hubspot_retention.store.schema import audit_entry, audit_head
from hubspot_retention.store.session import Rows, Session

_PAGE = 1000
_NO_HEAD = "the audit log has lost its head: verify it before anything else"


class AuditRows(Rows):
    """Appending."""

    _head: Head | None = None

    def audit(self, entry: Entry) -> int:
        """Append an entry to the audit log; answers its sequence number."""
        connection = self._connection
        if self._head is None:
            self._head = read_head(self._session)
        stored = extend(self._head, entry)
        sql = insertion(audit_entry, connection.dialect)
        connection.exec_driver_sql(sql, (stored.seq, stored.body, stored.hash))
        self._head = Head(stored.seq, stored.hash)
        return stored.seq

    def _write_head(self) -> None:
        """Before the commit: where the log ends now."""
        if self._head is not None:
            sql = overwriting(audit_head, self._connection.dialect)
            self._connection.exec_driver_sql(sql, (self._head.count, self._head.hash))


def read_head(session: Session) -> Head:
    """Where the log ends. Raises StoreError if that is lost."""
    with session.read() as connection:
        row = connection.exec_driver_sql(whole(audit_head, connection.dialect)).one_or_none()
    if row is None:
        raise StoreError(_NO_HEAD)
    return Head(row.entries, _bytes(row.hash))


def read_entries(session: Session, after: int) -> Iterator[StoredEntry]:
    """Entries after a sequence number, in pages, each read in a short transaction of its own."""
    for page in _pages(session, after):
        yield from [StoredEntry(*row) for row in page]


def _pages(session: Session, after: int) -> Iterator[list[tuple[int, bytes, bytes]]]:
    while True:
        with session.read() as connection:
            result = connection.exec_driver_sql(following(audit_entry, _PAGE, connection.dialect), (after,))
            # The driver's own tuples: a row object of SQLAlchemy for each of ten million entries is half of the time.
            assert result.cursor is not None
            found: list[tuple[int, bytes, bytes]] = list(result.cursor.fetchall())
            result.close()
        if not found:
            return
        _, bodies, hashes = zip(*found, strict=True)
        whole_bytes = {*map(type, bodies), *map(type, hashes)} == {bytes}
        yield found if whole_bytes else [(seq, _bytes(body), _bytes(link)) for seq, body, link in found]
        after = found[-1][0]


def _bytes(value: object) -> bytes:
    """What stands in a column of bytes. SQLite keeps whatever a hand puts there, and verification must name it."""
    return value if isinstance(value, bytes) else str(value).encode()


def verify_log(session: Session) -> VerifyReport:
    """Verify the log while others may append to it: its end and its head are read by one statement."""
    verifier = Verifier()
    for page in _pages(session, -1):
        verifier.feed_rows(page)
    end, head = _end_and_head(session, verifier.place)
    verifier.feed(end)
    return verifier.close(head)


def _end_and_head(session: Session, after: int) -> tuple[list[StoredEntry], Head]:
    columns = (audit_entry.c.seq, audit_entry.c.body, audit_entry.c.hash, audit_head.c.entries, audit_head.c.hash)
    both = audit_head.outerjoin(audit_entry, audit_entry.c.seq > after)
    with session.read() as connection:
        rows = connection.execute(select(*columns).select_from(both).order_by(audit_entry.c.seq)).all()
    if not rows:
        raise StoreError(_NO_HEAD)
    entries = [StoredEntry(row[0], _bytes(row[1]), _bytes(row[2])) for row in rows if row[0] is not None]
    return entries, Head(rows[0][3], _bytes(rows[0][4]))
