"""Tombstones: which contacts were erased here, under their pseudonyms."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import Row, bindparam, delete, func, insert, select, update

from hubspot_retention.core.record import RecordId
from hubspot_retention.core.tombstone import Tombstone
from hubspot_retention.store.encoding import from_micros, from_micros_or_none, to_micros, to_micros_or_none
from hubspot_retention.store.people_schema import tombstone
from hubspot_retention.store.prepared import Prepared
from hubspot_retention.store.session import Rows

_ASKED_AT_ONCE: Final = 500
_PENDING: Final = (tombstone.c.record_id == bindparam("contact"), tombstone.c.erased_at.is_(None))
_COMPLETE: Final = Prepared(update(tombstone).where(*_PENDING), ["erased_at"])
_LIFT: Final = Prepared(delete(tombstone).where(*_PENDING))


class TombstoneRows(Rows):
    """Tombstones."""

    def bury(self, stone: Tombstone) -> None:
        """Set a tombstone, if there is none yet of that contact under that pseudonym."""
        here = (tombstone.c.record_id == stone.record_id, tombstone.c.pseudonym == stone.pseudonym)
        if self._connection.execute(select(tombstone.c.record_id).where(*here)).first() is None:
            values = {
                "record_id": stone.record_id,
                "pseudonym": stone.pseudonym,
                "epoch": stone.epoch,
                "sent_at": to_micros(stone.sent_at),
                "erased_at": to_micros_or_none(stone.erased_at),
            }
            self._connection.execute(insert(tombstone).values(values))

    def complete_tombstone(self, record_id: RecordId, at: datetime) -> None:
        """The contact was seen to be gone."""
        self._open_session.change(_COMPLETE, contact=record_id, erased_at=to_micros(at))

    def lift_tombstone(self, record_id: RecordId) -> None:
        """The contact was not erased after all; what was erased before stays."""
        self._open_session.change(_LIFT, contact=record_id)

    def move_tombstones(self, loser: RecordId, winner: RecordId) -> None:
        """What was erased goes on as another id. One that is pending stays with the call that it belongs to: that
        settles it by the id it was sent with."""
        here = (tombstone.c.record_id == loser, tombstone.c.erased_at.is_not(None))
        rows = self._connection.execute(select(tombstone).where(*here)).all()
        self._connection.execute(delete(tombstone).where(*here))
        for row in rows:
            self.bury(replace(_tombstone_of(row), record_id=winner))

    def tombstones_of(self, pseudonyms: Sequence[str]) -> Sequence[Tombstone]:
        """The tombstones under any of these pseudonyms, in the order they were set."""
        found: list[Tombstone] = []
        for start in range(0, len(pseudonyms), _ASKED_AT_ONCE):
            part = pseudonyms[start : start + _ASKED_AT_ONCE]
            rows = self._connection.execute(select(tombstone).where(tombstone.c.pseudonym.in_(part)))
            found.extend(_tombstone_of(row) for row in rows)
        return sorted(found, key=lambda stone: (stone.sent_at, stone.record_id))

    def pseudonyms_of_gone(self) -> Iterator[str]:
        """The pseudonyms of everybody who is known to be gone, in no order."""
        yield from self._connection.scalars(select(tombstone.c.pseudonym).where(tombstone.c.erased_at.is_not(None)))

    def count_tombstones(self) -> int:
        """How many there are."""
        return self._connection.execute(select(func.count()).select_from(tombstone)).scalar_one()

    def forget_tombstones(self, before: datetime) -> int:
        """Take away those that were set before an instant; answers how many."""
        return self._connection.execute(delete(tombstone).where(tombstone.c.sent_at < to_micros(before))).rowcount

    def forget_epoch(self, epoch: str) -> int:
        """Take away those of an epoch, which lead to nobody once its key is destroyed; answers how many."""
        return self._connection.execute(delete(tombstone).where(tombstone.c.epoch == epoch)).rowcount


def _tombstone_of(row: Row[tuple[object, ...]]) -> Tombstone:
    return Tombstone(
        record_id=RecordId(row.record_id),
        pseudonym=row.pseudonym,
        sent_at=from_micros(row.sent_at),
        erased_at=from_micros_or_none(row.erased_at),
    )
