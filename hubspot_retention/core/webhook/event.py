"""One event as HubSpot tells it: ids and codes. A hint to look, never an order; property values are dropped unread."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hubspot_retention.core.record import ObjectType


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


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event in the inbox: its number, when it arrived."""

    number: int
    event: Event
    received_at: datetime
