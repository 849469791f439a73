"""What was signed of the audit log: kept for good, so that whoever verifies the log later sees all that was said of it.

What is signed is the text; signatures of the next key, or of a witness, come to stand below those that are there.
"""

from collections.abc import Sequence

from sqlalchemy import bindparam, literal_column, select

from hubspot_retention.core.audit.merkle import Frontier
from hubspot_retention.core.audit.whole import StoredCheckpoint
from hubspot_retention.store.encoding import as_bytes, from_micros, to_micros
from hubspot_retention.store.prepared import Prepared, change_by_key, insertion
from hubspot_retention.store.schema import checkpoint
from hubspot_retention.store.session import Rows, Session

_SIGNED = Prepared(
    select(checkpoint.c.signatures).where(
        checkpoint.c.size == bindparam("size"), checkpoint.c.text == bindparam("text")
    )
)
_ADD = insertion(checkpoint)
_ALL = Prepared(select(checkpoint).order_by(checkpoint.c.size, checkpoint.c.signed_at))
_EDGE = Prepared(select(checkpoint.c.edge).where(checkpoint.c.size == bindparam("size")).limit(literal_column("1")))
_SIGN = change_by_key(checkpoint, ("signatures",))


class CheckpointRows(Rows):
    """Checkpoints."""

    def save_checkpoint(self, signed: StoredCheckpoint) -> None:
        """Keep a checkpoint; of a text that is kept already only signatures that are new."""
        text, _, signatures = signed.note.rpartition("\n\n")
        session = self._open_session
        known = session.scalar(_SIGNED, size=signed.size, text=text)
        if known is None:
            row = (signed.size, text, signatures, signed.edge, to_micros(signed.at))
            session.change_each(_ADD, [row])
            return
        more = [line for line in signatures.splitlines(keepends=True) if line not in known.splitlines(keepends=True)]
        if more:
            session.change(_SIGN, signatures="".join((known, *more)), key_size=signed.size, key_text=text)


def read_checkpoints(session: Session) -> Sequence[StoredCheckpoint]:
    """All of them, the oldest first."""
    with session.read():
        rows = session.named(_ALL)
    return [
        StoredCheckpoint(
            size=row.size,
            edge=as_bytes(row.edge),
            note=f"{row.text}\n\n{row.signatures}",
            at=from_micros(row.signed_at),
        )
        for row in rows
    ]


def read_tree(session: Session, size: int) -> Frontier | None:
    """The edge of the log's tree when the log had so many entries, if it was signed then."""
    with session.read():
        edge = session.scalar(_EDGE, size=size)
    try:
        return None if edge is None else Frontier.decoded(size, as_bytes(edge))
    except ValueError:  # verifying the log names it
        return None
