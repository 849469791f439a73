"""What the anchors of the audit log were last shown, proofs of it for others, words of whoever brought it back."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select

from hubspot_retention.core.audit.anchor import Anchored, Token
from hubspot_retention.store.encoding import from_micros, from_micros_or_none, to_micros, to_micros_or_none
from hubspot_retention.store.prepared import Prepared, upsertion
from hubspot_retention.store.private_text import keep_text
from hubspot_retention.store.service_schema import anchor, anchor_token
from hubspot_retention.store.session import Rows

_ANCHORED = Prepared(select(anchor).order_by(anchor.c.name))
_SAVE = upsertion(anchor)


class AnchorRows(Rows):
    """Anchors."""

    def anchored(self) -> Sequence[Anchored]:
        """What each anchor was last shown, by name."""
        rows = self._open_session.named(_ANCHORED)
        return [
            Anchored(
                name=row.name,
                size=row.size,
                root=bytes(row.root),
                at=from_micros_or_none(row.anchored_at),
                error=row.last_error,
            )
            for row in rows
        ]

    def save_anchored(self, rows: Sequence[Anchored]) -> None:
        """Store what anchors were shown, in place of what stood there of them."""
        self._open_session.change_each(
            _SAVE, [(row.name, row.size, row.root, to_micros_or_none(row.at), row.error) for row in rows]
        )

    def forget_anchored(self) -> None:
        """No anchor was shown anything of the log as it is from now on."""
        self._connection.execute(delete(anchor))

    def keep_tokens(self, tokens: Sequence[Token]) -> None:
        """Store proofs that checkpoints were there."""
        for token in tokens:
            values = {"note": token.note, "answer": token.answer, "stored_at": to_micros(token.at)}
            self._connection.execute(insert(anchor_token).values(values))

    def tokens(self) -> Sequence[Token]:
        """All of them, in the order they were stored."""
        rows = self._connection.execute(select(anchor_token).order_by(anchor_token.c.token_no))
        return [Token(note=row.note, answer=bytes(row.answer), at=from_micros(row.stored_at)) for row in rows]

    def keep_words(self, words: str, at: datetime) -> str:
        """Store words of a person apart from all else; answers the commitment to them, which a log may hold."""
        return keep_text(self._open_session, words, at)
