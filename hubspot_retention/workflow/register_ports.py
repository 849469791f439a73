"""What the registers of holds and requests need of a transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from hubspot_retention.core.decision.history import Remembered
from hubspot_retention.core.hold import Hold, HoldRegister
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.core.request import RequestEnd, SubjectRequest


class RegisterTransaction(Protocol):
    """Holds, what may have been sent before one, requests, and the merges through which they are read."""

    def note_late_call(self, plan_id: str, record: RecordRef, at: datetime) -> None:
        """A record was still there after a call whose answer was lost: the call may take effect yet."""

    def forget_late_call(self, record: RecordRef) -> None:
        """The record is gone: nothing more can happen to it."""

    def late_calls(self, since: datetime) -> Sequence[tuple[str, RecordRef]]:
        """The records that were still there since an instant, with the plan of the call, in the order of records."""

    def late_call(self, record: RecordRef, since: datetime) -> str | None:
        """The plan of the call, of a record that was still there since an instant."""

    def forget_late_calls(self, before: datetime) -> Sequence[RecordRef]:
        """Take away those of records that were still there before an instant; answers the records."""

    def place_hold(self, hold: Hold, reason: str) -> Hold:
        """Store a hold (its `hold_id` is given by the store); the free-text reason goes into a table of its own."""

    def forget_texts(self, before: datetime) -> int:
        """Erase what people wrote before an instant, but for the reasons of holds that were in force since; answers how
        many texts there were."""

    def hold_commitment(self, hold_id: int) -> str | None:
        """A salted digest of the hold's reason: what the audit log holds of it, so that the text can be erased."""

    def release_hold(self, hold_id: int, at: datetime, by: str) -> Hold | None:
        """Release a hold in force; `None` if there is none of that number."""

    def holds(self, *, released: bool = False) -> Sequence[tuple[Hold, str]]:
        """Holds in force (or all) with their reasons."""

    def hold_register(self) -> HoldRegister:
        """The matters in force, by record."""

    def add_request(self, request: SubjectRequest) -> SubjectRequest:
        """Store a request (its `request_id` is given by the store)."""

    def close_request(self, request_id: int, at: datetime, end: RequestEnd) -> SubjectRequest | None:
        """Close an open request; `None` if there is none of that number."""

    def requests(self, *, followed: bool = True) -> Sequence[SubjectRequest]:
        """All requests of the register. `followed`: one whose contact was merged away stands there once more under
        each contact it was merged into, with its own number."""

    def rename_record(self, object_type: ObjectType, loser: RecordId, winner: RecordId, at: datetime) -> bool:
        """A record was merged into another, or got a new id: holds and requests bind the winner too; memory,
        tombstones and a live obligation move to it (state `look`, reason `merged`; the loser's ends). Answers whether
        that was new."""

    def note_merge(self, object_type: ObjectType, loser: RecordId, winner: RecordId, at: datetime) -> bool:
        """A record became another: holds and requests bind the winner too, and nothing else moves yet. Answers whether
        that was new."""

    def recall_as_merged(
        self, object_type: ObjectType, merged: Mapping[RecordId, Sequence[RecordId]]
    ) -> Mapping[RecordId, Remembered]:
        """What would be remembered of records once these merges into them were followed; one of which that is nothing
        is not in the answer."""

    def heir_of(self, object_type: ObjectType, record_id: RecordId) -> RecordId:
        """Where a record lives now, by the merges that were heard of."""

    def became(self, record: RecordRef) -> frozenset[RecordRef]:
        """Every record that this one has become, by the merges that were heard of."""
