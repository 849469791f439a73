"""What the use cases need of a transaction to remember people who are gone, without knowing them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from hubspot_retention.core.consent import ConsentReceipt
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.core.tombstone import Tombstone


class PeopleTransaction(Protocol):
    """Tombstones, consent receipts, and what people in the bin need."""

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

    def keep_receipts(self, receipts: Sequence[ConsentReceipt]) -> None:
        """Store receipts, each if there is none yet of that contact, pseudonym and subscription."""

    def complete_receipts(self, record_id: RecordId, at: datetime) -> int:
        """The contact was seen to be gone; answers how many receipts count from now on."""

    def lift_receipts(self, record_id: RecordId) -> None:
        """The contact was not erased after all; what was erased before stays."""

    def receipts_of(self, pseudonyms: Sequence[str]) -> Sequence[ConsentReceipt]:
        """The receipts under any of a few pseudonyms, the oldest first."""

    def forget_receipts(self, before: datetime) -> int:
        """Take away those of consents last used before an instant; answers how many."""

    def forget_receipts_of_epoch(self, epoch: str) -> int:
        """Take away those of an epoch, which prove nobody's consent once its key is destroyed; answers how many."""

    def note_needs(self, contact_id: RecordId, records: Sequence[RecordRef], at: datetime) -> None:
        """A contact is about to go into the bin who needs these, beside what was noted of it before."""

    def needed_in_bin(self, object_type: ObjectType, ids: Sequence[RecordId]) -> Mapping[RecordId, Sequence[RecordId]]:
        """Which contacts need each of some records, in their order; one that nobody needs is not in the answer."""

    def forget_needs(self, contact_id: RecordId) -> None:
        """The contact is in view again, where everybody sees what it needs, or it is gone for good."""

    def forget_old_needs(self, before: datetime) -> int:
        """Take away what was noted before an instant; answers how many rows."""
