"""The events of the inbox, record by record: which matter, and what they can say before anything is read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from hubspot_retention.core.record import ObjectType, PortalId, RecordId, RecordRef
from hubspot_retention.core.webhook.event import Event, EventKind, StoredEvent
from hubspot_retention.workflow.reach import OUR_TYPES

OWN_WRITE: Final = "own-write"

_DELETIONS: Final = frozenset((EventKind.DELETION, EventKind.PRIVACY_DELETION))
_READ_FIRST: Final = frozenset((*_DELETIONS, EventKind.MERGE, EventKind.RESTORE))
_OLD: Final = timedelta(days=2)
"""HubSpot delivers for a day; an event that claims to be older has a wrong clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxOptions:
    """`app_id`: our own app, whose writes echo back. `hold_properties`: the contact properties whose change reaches its
    deals. `limit`: events a round. `attempts`: how often a record that cannot be read is tried."""

    portal_id: PortalId
    app_id: str = ""
    hold_properties: frozenset[str] = frozenset()
    limit: int = 1_000
    attempts: int = 5


@dataclass(slots=True, eq=False)
class Matter:
    """All that the inbox has on one record. `done`: durably."""

    record: RecordRef
    events: list[StoredEvent] = field(default_factory=list)
    done: bool = False

    @property
    def numbers(self) -> list[int]:
        """The numbers of its events."""
        return [stored.number for stored in self.events]

    @property
    def received_at(self) -> datetime:
        """When the last of its events arrived."""
        return max(stored.received_at for stored in self.events)

    @property
    def told_at(self) -> datetime:
        """When the record was deleted, as far as what is told of it makes sense; else when that was heard of."""
        heard_at = min(stored.received_at for stored in self.events)
        told = [stored.event.occurred_at for stored in self.events if stored.event.kind in _DELETIONS]
        first = min(told, default=heard_at)
        return first if heard_at - _OLD <= first <= heard_at else heard_at

    @property
    def is_deletion(self) -> bool:
        """Whether it is told that the record is gone, and not that it is back."""
        return bool(_DELETIONS & self._kinds) and EventKind.RESTORE not in self._kinds

    @property
    def is_privacy_deletion(self) -> bool:
        """Whether it is told that the record was erased for good."""
        return EventKind.PRIVACY_DELETION in self._kinds

    @property
    def restored_at(self) -> datetime | None:
        """When the record was last restored, as far as that is told."""
        told = (stored.event for stored in self.events)
        return max((event.occurred_at for event in told if event.kind is EventKind.RESTORE), default=None)

    @property
    def is_plain(self) -> bool:
        """Whether nothing is told but that something about the record is new or has changed."""
        return not _READ_FIRST & self._kinds

    @property
    def _kinds(self) -> frozenset[EventKind | None]:
        return frozenset(stored.event.kind for stored in self.events)

    def touches(self, properties: frozenset[str]) -> bool:
        """Whether one of some properties has changed."""
        return any(stored.event.property_name in properties for stored in self.events)

    @property
    def merges(self) -> Mapping[RecordRef, RecordRef]:
        """Into which record each is told to have been merged; where that one is new, the first one as well."""
        found: dict[RecordRef, RecordRef] = {}
        for stored in self.events:
            if stored.event.kind is EventKind.MERGE:
                first, merged, new = (self._named(stored.event, role) for role in ("primary", "merged", "new"))
                for winner in (new or first)[:1]:
                    found.update((loser, winner) for loser in (*merged, *(first if new else ())) if loser != winner)
        return found

    @property
    def records(self) -> frozenset[RecordRef]:
        """The record, and all that its merges name."""
        return frozenset((self.record, *self.merges, *self.merges.values()))

    def _named(self, event: Event, role: str) -> list[RecordRef]:
        return [RecordRef(self.record.object_type, RecordId(each)) for each in event.named(role)]


@dataclass(frozen=True, slots=True)
class Sorted:
    """Events as matters, and the numbers of those that nothing follows from, by why."""

    matters: tuple[Matter, ...]
    settled: tuple[tuple[str, tuple[int, ...]], ...]


def sort_events(events: Iterable[StoredEvent], options: InboxOptions) -> Sorted:
    """The matters of some events, in the order in which each was first heard of."""
    matters: dict[RecordRef, Matter] = {}
    settled: dict[str, list[int]] = {}
    for stored in events:
        why = _idle(stored.event, options)
        if why or stored.event.object_type is None:
            settled.setdefault(why, []).append(stored.number)
        else:
            record = RecordRef(stored.event.object_type, RecordId(stored.event.object_id))
            matters.setdefault(record, Matter(record)).events.append(stored)
    return Sorted(tuple(matters.values()), tuple((why, tuple(numbers)) for why, numbers in settled.items()))


def _idle(event: Event, options: InboxOptions) -> str:
    """Why nothing follows from an event; empty if something may."""
    if event.portal_id != options.portal_id:
        return "other-portal"
    if event.object_type not in OUR_TYPES:
        return "other-class"
    if event.kind is None:
        return "other-kind"
    if event.object_id <= 0:
        return "no-record"
    return OWN_WRITE if event.is_own_write(options.app_id) else ""


def is_person(record: RecordRef) -> bool:
    """Whether it is a contact."""
    return record.object_type is ObjectType.CONTACT
