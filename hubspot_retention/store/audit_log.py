"""The audit log in the database: appended to in the transaction that makes the change, and never changed."""

from collections.abc import Iterator

from sqlalchemy import select

from hubspot_retention.core.audit.chain import Head, LogEnd
from hubspot_retention.core.audit.entry import Entry, StoredEntry
from hubspot_retention.store.encoding import as_bytes
from hubspot_retention.store.errors import StoreError
from hubspot_retention.store.prepared import Prepared, following, insertion, overwriting
from hubspot_retention.store.schema import audit_entry, audit_head
from hubspot_retention.store.session import Rows, Session

_PAGE = 1000
_HEAD = Prepared(select(audit_head))
_OVERWRITE_HEAD = overwriting(audit_head)
_APPEND = insertion(audit_entry)
_FOLLOWING = following(audit_entry, _PAGE)
NO_HEAD = "the audit log has lost its head: verify it before anything else"
_NO_TREE = "the audit log has lost its tree, or entries: verify it before anything else"


class AuditRows(Rows):
    """Appending. What a transaction appends is written at its end in one go: a run has thousands of entries, and a
    statement for each costs more than all the rest of it."""

    _end: LogEnd | None = None

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._appended: list[tuple[int, bytes, bytes]] = []

    def audit(self, entry: Entry) -> int:
        """Append an entry to the audit log; answers its sequence number."""
        self._require_open()
        if self._end is None:
            self._end = read_end(self._session)
        stored = self._end.append(entry)
        self._appended.append((stored.seq, stored.body, stored.hash))
        return stored.seq

    def _write_log(self) -> None:
        """Before the commit: what was appended, and where the log ends now."""
        if self._end is not None:
            session, head = self._open_session, self._end.head
            session.change_each(_APPEND, self._appended)
            session.change(_OVERWRITE_HEAD, entries=head.count, hash=head.hash, edge=self._end.edge.encoded())


def read_end(session: Session) -> LogEnd:
    """Where the log ends, its chain and its tree. Raises StoreError if that is lost."""
    with session.read():
        found = session.row(_HEAD)
    if found is None:
        raise StoreError(NO_HEAD)
    try:
        return LogEnd.read(Head(found.entries, as_bytes(found.hash)), as_bytes(found.edge))
    except ValueError as error:
        raise StoreError(_NO_TREE) from error


def read_entries(session: Session, after: int) -> Iterator[StoredEntry]:
    """Entries after a sequence number, in pages, each read in a short transaction of its own."""
    for page in pages(session, after):
        yield from [StoredEntry(*row) for row in page]


def pages(session: Session, after: int) -> Iterator[list[tuple[int, bytes, bytes]]]:
    """Entries after a sequence number as plain rows: number, bytes, hash."""
    while True:
        with session.read():
            found = session.rows(_FOLLOWING, after=after)
        if not found:
            return
        _, bodies, hashes = zip(*found, strict=True)
        whole_bytes = {*map(type, bodies), *map(type, hashes)} == {bytes}
        yield found if whole_bytes else [(seq, as_bytes(body), as_bytes(link)) for seq, body, link in found]
        after = found[-1][0]
