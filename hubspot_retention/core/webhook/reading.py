"""The bytes of a request as events. Only ids and codes leave this module: no `propertyValue`, no words of a person's.

A body that cannot be read at all (no JSON, no array, an element that is no event of a portal) is refused as a whole.
If it is signed, HubSpot has said something that we do not understand: that is our trouble, not theirs. A 2xx would
lose it in silence and a 4xx might, so it is answered 503: HubSpot tries again for a day, in which the alarm reaches
a person; the sweeps carry the deadlines in the meantime.

Inside a good array nothing is refused. An event of a kind, an object or a shape that this service does not know is
kept with what can be read of it, so that it is seen and not lost, and does not take its neighbours with it.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from hubspot_retention.core.record import TYPE_IDS, ObjectType
from hubspot_retention.core.webhook.event import Event

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = 4_102_444_800_000
_LARGEST: Final = 2**63 - 1
_CODE: Final = re.compile(r"[A-Za-z0-9_.:;=/-]{1,100}")
"""What a code of HubSpot's looks like. An address or a person's words do not, and are not kept."""

_BY_WORD: Final = {
    "contact": ObjectType.CONTACT,
    "company": ObjectType.COMPANY,
    "deal": ObjectType.DEAL,
    "ticket": ObjectType.TICKET,
}
"""What stands before the dot; the engagement types come as `object.*` only."""
_BY_TYPE_ID: Final = {type_id: kind for kind, type_id in TYPE_IDS.items()}


class UnreadableEventsError(ValueError):
    """A body that holds no events. The message is a code; it never holds what was found."""


class _Wire(msgspec.Struct, rename="camel", gc=False):
    """An event on the wire. All but the portal may be missing, or be something else than is documented."""

    portal_id: int
    subscription_type: Any = None
    event_type: Any = None
    event_id: Any = None
    subscription_id: Any = None
    occurred_at: Any = None
    object_id: Any = None
    object_type_id: Any = None
    property_name: Any = None
    change_source: Any = None
    source_id: Any = None
    primary_object_id: Any = None
    merged_object_ids: Any = None
    new_object_id: Any = None
    from_object_id: Any = None
    to_object_id: Any = None


_EVENTS: Final = msgspec.json.Decoder(list[_Wire])


def read_events(body: bytes) -> tuple[Event, ...]:
    """The events of a request, in its order. Raises UnreadableEventsError."""
    try:
        found = _wires(body)
    except msgspec.ValidationError:
        raise UnreadableEventsError("no-events") from None
    except (ValueError, RecursionError):
        raise UnreadableEventsError("no-json") from None
    return tuple([_event(wire) for wire in found])


def _wires(body: bytes) -> list[_Wire]:
    """The events on the wire. JSON may escape half a character, as of words that were cut off in an emoji: that is
    read once more, with a question mark in its place."""
    try:
        return _EVENTS.decode(body)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        whole = json.dumps(json.loads(body.decode()), ensure_ascii=False)
        return _EVENTS.decode(whole.encode(errors="replace"))


def _event(wire: _Wire) -> Event:
    event_type = _code(wire.subscription_type) or _code(wire.event_type)
    others = _others(wire)
    return Event(
        portal_id=wire.portal_id,
        subscription_id=_number(wire.subscription_id),
        event_id=_number(wire.event_id),
        event_type=event_type,
        object_type=_object_type(event_type, wire.object_type_id),
        object_id=_number(wire.object_id) or _first(others),
        occurred_at=_instant(_number(wire.occurred_at)),
        property_name=_code(wire.property_name),
        change_source=_code(wire.change_source),
        source_id=_code(wire.source_id),
        others=others,
    )


def _others(wire: _Wire) -> tuple[tuple[str, int], ...]:
    merged = wire.merged_object_ids if isinstance(wire.merged_object_ids, list) else ()
    found = (
        ("new", wire.new_object_id),
        ("primary", wire.primary_object_id),
        *(("merged", each) for each in merged),
        ("from", wire.from_object_id),
        ("to", wire.to_object_id),
    )
    return tuple([(role, number) for role, each in found if (number := _number(each))])


def _first(others: tuple[tuple[str, int], ...]) -> int:
    """Which record an event without `objectId` is about: what a merge left, or where an association begins."""
    return others[0][1] if others else 0


def _object_type(event_type: str, type_id: object) -> ObjectType | None:
    word = event_type.partition(".")[0]
    return _BY_TYPE_ID.get(_code(type_id)) if word == "object" else _BY_WORD.get(word)


def _instant(milliseconds: int) -> datetime:
    """An instant of this century; 1970 stands for one that cannot be read."""
    return _EPOCH + timedelta(milliseconds=milliseconds if milliseconds <= _LATEST else 0)


def _number(found: object) -> int:
    """A positive id, which HubSpot writes as a number and at times as text; 0 stands for one that cannot be read."""
    if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) < 20:
        found = int(found)
    return found if type(found) is int and 0 < found <= _LARGEST else 0


def _code(found: object) -> str:
    return found if isinstance(found, str) and _CODE.fullmatch(found) else ""
