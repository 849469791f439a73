"""Where the audit log begins: what its oldest entries left behind when they were removed.

The tables let entries go only after a row here has told of it, in the same transaction; and that row stays for good.
"""

from sqlalchemy import bindparam, delete, insert, literal_column, select

from hubspot_retention.core.audit.cut import Cut
from hubspot_retention.core.audit.entry import StoredEntry
from hubspot_retention.store.encoding import as_bytes, from_micros, to_micros
from hubspot_retention.store.prepared import Prepared
from hubspot_retention.store.schema import audit_cut, audit_entry
from hubspot_retention.store.session import Rows, Session

_LAST = Prepared(select(audit_cut).order_by(audit_cut.c.size.desc()).limit(literal_column("1")))
_ENTRY = Prepared(select(audit_entry).where(audit_entry.c.seq == bindparam("number")))


class CutRows(Rows):
    """Cuts of the log."""

    def cut_log(self, cut: Cut) -> int:
        """Remove the entries of a cut that an entry of this transaction tells of; answers how many went."""
        values = {"hash": cut.hash, "edge": cut.edge, "before_at": to_micros(cut.before), "note": cut.note}
        self._connection.execute(insert(audit_cut).values(size=cut.size, entry_seq=cut.entry_seq, **values))
        return self._connection.execute(delete(audit_entry).where(audit_entry.c.seq <= cut.size)).rowcount


def read_cut(session: Session) -> Cut | None:
    """The last cut; `None` if the log is whole."""
    with session.read():
        row = session.row(_LAST)
    if row is None:
        return None
    return Cut(
        size=row.size,
        hash=as_bytes(row.hash),
        edge=as_bytes(row.edge),
        before=from_micros(row.before_at),
        note=row.note,
        entry_seq=row.entry_seq,
    )


def read_entry_of(session: Session, seq: int) -> StoredEntry | None:
    """One entry by its number."""
    with session.read():
        row = session.row(_ENTRY, number=seq)
    return None if row is None else StoredEntry(row.seq, as_bytes(row.body), as_bytes(row.hash))
