"""One event as HubSpot tells it: ids and codes. A hint to look, never an order; property values are dropped unread."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hubspot_retention.core.record import ObjectType, RecordId, RecordRef


class EventKind(StrEnum):
    """What happened, as HubSpot spells it after the dot: `contact.privacyDeletion`."""

    CREATION = "creation"
    DELETION = "deletion"
    PRIVACY_DELETION = "privacyDeletion"
    PROPERTY_CHANGE = "propertyChange"
    MERGE = "merge"
    RESTORE = "restore"
    ASSOCIATION_CHANGE = "associationChange"


_KINDS = {kind.value: kind for kind in EventKind}
_WRITES = (EventKind.PROPERTY_CHANGE, EventKind.ASSOCIATION_CHANGE)
_OF_MERGES = ("primary", "merged", "new")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event of a subscription. `event_type` as HubSpot spells it, such as `contact.propertyChange`.

    `object_type` is `None` for what this service does not know. `others`: further records by what they are in the
    event, such as `("primary", 101)`, `("merged", 102)`, `("new", 103)`, `("from", 1)`, `("to", 2)`.
    """

    portal_id: int
    subscription_id: int
    event_id: int
    event_type: str
    object_type: ObjectType | None
    object_id: int
    occurred_at: datetime
    property_name: str = ""
    change_source: str = ""
    source_id: str = ""
    others: tuple[tuple[str, int], ...] = ()

    @property
    def kind(self) -> EventKind | None:
        """What happened; `None` for what this service does not know."""
        return _KINDS.get(self.event_type.rpartition(".")[2])

    def named(self, role: str) -> tuple[int, ...]:
        """The further records that are this in the event, such as every `merged` one."""
        return tuple(record_id for name, record_id in self.others if name == role)

    @property
    def records(self) -> frozenset[RecordRef]:
        """The record that the event is about, and all that a merge names; none of a class that is not known here."""
        kind = self.object_type
        if kind is None:
            return frozenset()
        of_merge = self.others if self.kind is EventKind.MERGE else ()
        others = (record_id for name, record_id in of_merge if name in _OF_MERGES)
        return frozenset(RecordRef(kind, RecordId(record_id)) for record_id in (self.object_id, *others))

    def is_own_write(self, app_id: str) -> bool:
        """Whether a change that our own app made comes back; never where `app_id` is empty."""
        is_ours = self.change_source == "INTEGRATION" and self.source_id == app_id != ""
        return is_ours and self.kind in _WRITES


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event in the inbox: its number, when it arrived."""

    number: int
    event: Event
    received_at: datetime
