"""What people do in the portal: they unsubscribe, edit, archive, restore, merge and erase, without limits or
tokens.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from hubspot_retention.sandbox import disposal
from hubspot_retention.sandbox.clock import instant_text, parse_instant
from hubspot_retention.sandbox.object_types import object_type
from hubspot_retention.sandbox.origins import API, PERSON, Origin
from hubspot_retention.sandbox.preference_changes import opt_out_of_all, set_state
from hubspot_retention.sandbox.state import Portal
from hubspot_retention.sandbox.subscriptions import SubscriptionState
from hubspot_retention.sandbox.tables import addresses
from hubspot_retention.sandbox.values import as_text, loaded
from hubspot_retention.sandbox.writing import consequences

_SOURCE = re.compile(r"[A-Z][A-Z_]{1,39}")


class ActError(Exception):
    """An act that is not possible; the message says what was found and what was expected."""


def act(portal: Portal, raw: Mapping[str, Any]) -> str:
    """Carry out one act and return what happened. Raises ActError.

    {"action": "unsubscribe" | "resubscribe", "record": "contacts/101" or "email": ..., "subscriptionId"?,
    "at"?, "source"?}; {"action": "edit", "record", "properties"}; {"action": "create", "type", "properties"};
    {"action": "archive" | "restore" | "erase", "record"}; {"action": "merge", "record", "into", "newId"?}: the
    survivor is `into`, or with `newId` a record with an id of its own.
    Each may have "changeSource" and "sourceId": how the change came, in HubSpot's words, if not by a person (IMPORT).
    """
    action = _ACTIONS.get(str(raw.get("action")))
    if action is None:
        raise ActError(f"action: found {raw.get('action')!r}, expected one of {sorted(_ACTIONS)}")
    return action(portal, raw)


def _by(raw: Mapping[str, Any]) -> Origin:
    source, source_id = raw.get("changeSource"), raw.get("sourceId")
    if source is None and source_id is None:
        return PERSON
    if not isinstance(source, str) or _SOURCE.fullmatch(source) is None:
        raise ActError(f"changeSource: found {source!r}, expected a word of HubSpot's such as IMPORT or WORKFLOWS")
    if source_id is None and source in (API.source, PERSON.source):
        return API if source == API.source else PERSON
    return Origin(source, None if source_id is None else str(source_id))


def _record(portal: Portal, raw: Mapping[str, Any], key: str = "record", *, binned: bool = False) -> tuple[str, str]:
    spelling, _, record_id = str(raw.get(key, "")).partition("/")
    kind = object_type(spelling)
    if kind is not None:
        table = portal.tables[kind.name]
        if binned:
            disposal.empty_bin(portal, kind.name)
        if record_id in (table.bin if binned else table.live):
            return kind.name, record_id
    place = "in the bin" if binned else "in view"
    raise ActError(f"{key}: found {raw.get(key)!r}, expected a record {place}, such as contacts/101")


def _address(portal: Portal, raw: Mapping[str, Any]) -> str:
    if raw.get("email"):
        return str(raw["email"])
    name, record_id = _record(portal, raw)
    address = portal.tables[name].live[record_id].get("email", "")
    if not address:
        raise ActError(f"record: {raw['record']} has no email, expected one that has")
    return address


def _subscribe(portal: Portal, raw: Mapping[str, Any], status: str) -> str:
    address = _address(portal, raw)
    at = parse_instant(str(raw["at"])) if "at" in raw else portal.now()
    if at is None:
        raise ActError(f"at: found {raw['at']!r}, expected an instant of ISO 8601")
    source = str(raw.get("source", "Self Service"))
    kind = raw.get("subscriptionId")
    if kind is None and status == "UNSUBSCRIBED":
        opt_out_of_all(portal, address, source, at=instant_text(at), by=_by(raw))
        return "unsubscribed from everything"
    kinds = list(portal.subscriptions.types) if kind is None else [kind]
    for each in kinds:
        if each not in portal.subscriptions.types:
            raise ActError(f"subscriptionId: found {each!r}, expected one of {list(portal.subscriptions.types)}")
        state = SubscriptionState(status=status, timestamp=instant_text(at), source=source)
        set_state(portal, address, each, state, by=_by(raw))
    word = "unsubscribed from" if status == "UNSUBSCRIBED" else "subscribed to"
    return f"{word} {', '.join(map(str, kinds))}"


def _edit(portal: Portal, raw: Mapping[str, Any]) -> str:
    name, record_id = _record(portal, raw)
    values = _values(portal, name, raw)
    own = consequences(portal, name, portal.tables[name].live[record_id], values, backwards=True)
    portal.change(name, record_id, {**own, **values}, by=_by(raw))
    return f"edited {name}/{record_id}"


def _values(portal: Portal, name: str, raw: Mapping[str, Any]) -> dict[str, str]:
    values: dict[str, str] = {}
    for prop, value in dict(raw.get("properties") or {}).items():
        definition = portal.definitions.live(name, prop)
        text = "" if value is None else as_text(value)
        if definition is None or text is None:
            raise ActError(f"properties.{prop}: found {value!r}, expected a scalar for a property of the portal")
        values[prop] = loaded(definition, text)
    return values


def _create(portal: Portal, raw: Mapping[str, Any]) -> str:
    """As an import or the screens do: an address on the blocklist is refused."""
    kind = object_type(str(raw.get("type", "")))
    if kind is None:
        raise ActError(f"type: found {raw.get('type')!r}, expected an object type such as contacts")
    values = {name: value for name, value in _values(portal, kind.name, raw).items() if value}
    blocked = portal.blocklist.intersection(addresses(values))
    if kind.name == "contacts" and blocked:
        raise ActError("properties.email: found an address that was permanently erased, expected another")
    table = portal.tables[kind.name]
    if any(address in table.by_email for address in addresses(values)):
        raise ActError("properties.email: found the address of another contact, expected an address of its own")
    at, by = portal.now_text(), _by(raw)
    record_id = table.new_id()
    portal.index.note(kind.name, record_id, None)
    own = consequences(portal, kind.name, {}, values)
    table.add(record_id, {kind.created: at, kind.modified: at, **own, **values})
    portal.events.created(kind, record_id, table.live[record_id], by)
    return f"created {kind.name}/{record_id}"


def _archive(portal: Portal, raw: Mapping[str, Any]) -> str:
    return disposal.archive(portal, *_record(portal, raw), _by(raw))


def _restore(portal: Portal, raw: Mapping[str, Any]) -> str:
    return disposal.restore(portal, *_record(portal, raw, binned=True), _by(raw))


def _erase(portal: Portal, raw: Mapping[str, Any]) -> str:
    name, record_id = _record(portal, raw)
    if name != "contacts":
        raise ActError(f"record: found {raw['record']!r}, expected a contact")
    return disposal.erase(portal, record_id, _by(raw))


def _merge(portal: Portal, raw: Mapping[str, Any]) -> str:
    name, loser = _record(portal, raw)
    other, winner = _record(portal, raw, "into")
    if name != other or winner == loser:
        raise ActError(f"into: found {raw['into']!r}, expected another record of {name}")
    merge = disposal.merge_anew if raw.get("newId") else disposal.merge
    return merge(portal, name, winner, loser, _by(raw))


_ACTIONS: dict[str, Callable[[Portal, Mapping[str, Any]], str]] = {
    "unsubscribe": lambda portal, raw: _subscribe(portal, raw, "UNSUBSCRIBED"),
    "resubscribe": lambda portal, raw: _subscribe(portal, raw, "SUBSCRIBED"),
    "edit": _edit,
    "create": _create,
    "archive": _archive,
    "restore": _restore,
    "erase": _erase,
    "merge": _merge,
}
