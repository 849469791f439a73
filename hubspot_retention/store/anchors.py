"""What the anchors of the audit log were last shown, and words of whoever brought a database back."""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from hubspot_retention.core.audit.anchor import Anchored
from hubspot_retention.store.encoding import from_micros_or_none, to_micros_or_none
from hubspot_retention.store.private_text import keep_text
from hubspot_retention.store.service_schema import anchor
from hubspot_retention.store.session import Rows


class AnchorRows(Rows):
    """Anchors."""

    def anchored(self) -> Sequence[Anchored]:
        """What each anchor was last shown, by name."""
        rows = self._connection.execute(select(anchor).order_by(anchor.c.name))
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
        for row in rows:
            self._connection.execute(delete(anchor).where(anchor.c.name == row.name))
            self._connection.execute(
                insert(anchor).values(
                    name=row.name,
                    size=row.size,
                    root=row.root,
                    anchored_at=to_micros_or_none(row.at),
                    last_error=row.error,
                )
            )

    def forget_anchored(self) -> None:
        """No anchor was shown anything of the log as it is from now on."""
        self._connection.execute(delete(anchor))

    def keep_words(self, words: str) -> str:
        """Store words of a person apart from all else; answers the commitment to them, which a log may hold."""
        return keep_text(self._connection, words)
