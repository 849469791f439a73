"""What was signed of the audit log: kept for good, so that whoever verifies the log later sees all that was said of it.

What is signed is the text; signatures of the next key, or of a witness, come to stand below those that are there.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, update

from hubspot_retention.core.audit.merkle import Frontier
from hubspot_retention.core.audit.whole import StoredCheckpoint
from hubspot_retention.store.encoding import as_bytes, from_micros, to_micros
from hubspot_retention.store.schema import checkpoint
from hubspot_retention.store.session import Rows


class CheckpointRows(Rows):
    """Checkpoints."""

    def save_checkpoint(self, signed: StoredCheckpoint) -> None:
        """Keep a checkpoint; of a text that is kept already only signatures that are new."""
        text, _, signatures = signed.note.rpartition("\n\n")
        same = (checkpoint.c.size == signed.size, checkpoint.c.text == text)
        known = self._connection.scalar(select(checkpoint.c.signatures).where(*same))
        if known is None:
            values = {"text": text, "signatures": signatures, "signed_at": to_micros(signed.at)}
            self._connection.execute(insert(checkpoint).values(size=signed.size, edge=signed.edge, **values))
            return
        more = [line for line in signatures.splitlines(keepends=True) if line not in known.splitlines(keepends=True)]
        self._connection.execute(update(checkpoint).where(*same).values(signatures="".join((known, *more))))


def read_checkpoints(connection: Connection) -> Sequence[StoredCheckpoint]:
    """All of them, the oldest first."""
    rows = connection.execute(select(checkpoint).order_by(checkpoint.c.size, checkpoint.c.signed_at))
    return [
        StoredCheckpoint(
            size=row.size,
            edge=as_bytes(row.edge),
            note=f"{row.text}\n\n{row.signatures}",
            at=from_micros(row.signed_at),
        )
        for row in rows
    ]


def read_tree(connection: Connection, size: int) -> Frontier | None:
    """The edge of the log's tree when the log had so many entries, if it was signed then."""
    edge = connection.scalar(select(checkpoint.c.edge).where(checkpoint.c.size == size).limit(1))
    try:
        return None if edge is None else Frontier.decoded(size, as_bytes(edge))
    except ValueError:  # verifying the log names it
        return None
