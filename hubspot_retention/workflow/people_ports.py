"""What the use cases need of a transaction to remember people who are gone, without knowing them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from hubspot_retention.core.record import RecordId
from hubspot_retention.core.tombstone import Tombstone


class PeopleTransaction(Protocol):
    """Tombstones."""

    def bury(self, stone: Tombstone) -> None:
        """Set a tombstone, if there is none yet of that contact under that pseudonym."""

    def complete_tombstone(self, record_id: RecordId, at: datetime) -> None:
        """The contact was seen to be gone."""

    def lift_tombstone(self, record_id: RecordId) -> None:
        """The contact was not erased after all; what was erased before stays."""

    def tombstones_of(self, pseudonyms: Sequence[str]) -> Sequence[Tombstone]:
        """The tombstones under any of these pseudonyms, in the order they were set."""

    def pseudonyms_of_gone(self) -> Iterator[str]:
        """The pseudonyms of everybody who is known to be gone, in no order."""

    def count_tombstones(self) -> int:
        """How many there are."""

    def forget_tombstones(self, before: datetime) -> int:
        """Take away those that were set before an instant; answers how many."""

    def forget_epoch(self, epoch: str) -> int:
        """Take away those of an epoch, which lead to nobody once its key is destroyed; answers how many."""
