"""The app's webhooks as HubSpot keeps them: where they go, and which events are subscribed to.

One target for all of them. A new subscription is paused until it is switched on (HubSpot, "Webhooks").
"""

from dataclasses import dataclass
from typing import Any, NamedTuple
from zlib import crc32

from hubspot_retention.sandbox.events import CLASSIC, NEVER_TOLD, Happening
from hubspot_retention.sandbox.object_types import OBJECT_TYPES, object_type
from hubspot_retention.sandbox.origins import APP_ID

MOST_SUBSCRIPTIONS = 1_000
LEAST_CONCURRENT = 6
_FIRST_ID = 6_547_065
_VERBS = ("creation", "deletion", "propertyChange", "merge", "restore", "associationChange")
EVENT_TYPES = frozenset(
    {f"{OBJECT_TYPES[name].singular}.{verb}" for name in CLASSIC for verb in _VERBS}
    | {f"object.{verb}" for verb in _VERBS}
    | {"contact.privacyDeletion"}
)
"""Of HubSpot's event types those that something in the sandbox can cause."""


class SubscriptionError(Exception):
    """A subscription that cannot be; the message says what was found and what was expected."""


@dataclass(slots=True, kw_only=True)
class EventSubscription:
    """One event type, for one property if it is `propertyChange`, of one object type if it is `object.*`."""

    id: int
    event_type: str
    property_name: str | None
    object_type_id: str | None
    active: bool
    created_at: str
    updated_at: str

    @property
    def about(self) -> tuple[str, str | None, str | None]:
        """What tells it from any other."""
        return self.event_type, self.property_name, self.object_type_id


class Wanted(NamedTuple):
    """A subscription that an event belongs to."""

    subscription_id: int
    event_type: str


class WebhookApp:
    """The settings and subscriptions of the app. With `everything`, all events of named objects are subscribed to."""

    def __init__(self, portal_id: int, made_at: str) -> None:
        self.portal_id = portal_id
        self.secret = f"sandbox-client-secret-{portal_id}"
        self.target_url: str | None = None
        self.max_concurrent = 10
        self.everything = False
        self.created_at = self.updated_at = made_at
        self.subscriptions: dict[int, EventSubscription] = {}
        self._next_id = _FIRST_ID

    def subscribe(self, raw: dict[str, Any], at: str, *, active: bool = False) -> EventSubscription:
        """A new subscription; one that exists already is returned as it is. Raises SubscriptionError."""
        about = about_what(raw)
        for known in self.subscriptions.values():
            if known.about == about:
                return known
        if len(self.subscriptions) >= MOST_SUBSCRIPTIONS:
            raise SubscriptionError(f"found {MOST_SUBSCRIPTIONS} subscriptions, expected no more than that")
        made = EventSubscription(
            id=self._next_id,
            event_type=about[0],
            property_name=about[1],
            object_type_id=about[2],
            active=bool(raw.get("active", active)),
            created_at=at,
            updated_at=at,
        )
        self._next_id += 1
        self.subscriptions[made.id] = made
        return made

    def wanted(self, happening: Happening) -> list[Wanted]:
        """The subscriptions that this belongs to."""
        classic, generic, name = happening.classic, happening.generic, happening.property_name
        found = []
        if self.everything and classic and name != "lastmodifieddate":
            found.append(Wanted(crc32(f"{classic} {name}".encode()) or 1, classic))
        for each in () if self.everything else self.subscriptions.values():
            about = (each.event_type, each.property_name or "")
            named = about == (classic, name)
            any_object = about == (generic, name) and each.object_type_id == happening.kind.type_id
            if each.active and (named or any_object):
                found.append(Wanted(each.id, each.event_type))
        return found

    def wire(self, happening: Happening, wanted: Wanted) -> dict[str, Any]:
        """The event as HubSpot writes it: an association change names its two records and no third."""
        event: dict[str, Any] = {
            "eventId": happening.number * 2_654_435_761 % 2**32,
            "subscriptionId": wanted.subscription_id,
            "portalId": self.portal_id,
            "appId": int(APP_ID),
            "occurredAt": int(happening.at.timestamp() * 1000),
            "subscriptionType": wanted.event_type,
            "attemptNumber": 0,
        }
        if happening.what != "associationChange":
            event["objectId"] = int(happening.record_id)
        event |= {**happening.details, "changeSource": happening.by.source}
        if happening.by.source_id is not None:
            event["sourceId"] = happening.by.source_id
        if wanted.event_type.startswith("object."):
            event["objectTypeId"] = happening.kind.type_id
            if happening.property_name:
                event["isSensitive"] = False
        return event


def about_what(raw: dict[str, Any]) -> tuple[str, str | None, str | None]:
    """The event type, property and object type of a subscription that a body describes. Raises SubscriptionError."""
    event_type, name = str(raw.get("eventType", "")), raw.get("propertyName") or None
    if event_type not in EVENT_TYPES:
        raise SubscriptionError(f"eventType: found {raw.get('eventType')!r}, expected one of {sorted(EVENT_TYPES)}")
    if event_type.endswith(".propertyChange") is not isinstance(name, str):
        raise SubscriptionError(f"propertyName: found {name!r}, expected one for a propertyChange and for nothing else")
    if name in NEVER_TOLD:
        raise SubscriptionError(f"propertyName: found {name!r}, expected a property that webhooks can tell of")
    kind = object_type(str(raw.get("objectTypeId", "")))
    if event_type.startswith("object.") and kind is None:
        raise SubscriptionError(f"objectTypeId: found {raw.get('objectTypeId')!r}, expected one such as 0-1")
    return event_type, name, kind.type_id if kind is not None and event_type.startswith("object.") else None
