"""Writing the present state of a portal down as a portal document."""

from collections.abc import Mapping
from typing import Any

from hubspot_retention.sandbox.links import FIRST, PLAIN, Kinds
from hubspot_retention.sandbox.object_types import OBJECT_TYPES
from hubspot_retention.sandbox.state import Portal
from hubspot_retention.sandbox.subscriptions import SubscriptionState


def dump_document(portal: Portal) -> dict[str, Any]:
    """The document of a portal as it is now; loading it gives the same portal."""
    account = portal.account
    document: dict[str, Any] = {
        "portal": {
            "id": account.id,
            "timeZone": account.time_zone,
            "accountType": account.type,
            "tier": str(account.tier),
        },
        "as_of": portal.now_text(),
        "subscriptionTypes": [
            {"id": kind.id, "name": kind.name} | ({} if kind.newsletter is None else {"newsletter": kind.newsletter})
            for kind in portal.subscriptions.types.values()
        ],
    }
    for name in OBJECT_TYPES:
        document[name] = _records(portal, name)
    document["owners"] = list(portal.owners.values())
    document["files"] = list(portal.files.values())
    document["associations"] = _associations(portal)
    return document


def _records(portal: Portal, name: str) -> list[dict[str, Any]]:
    table = portal.tables[name]
    merged: dict[str, list[str]] = {}
    for old in table.merged:
        merged.setdefault(table.winner(old), []).append(old)
    rows: list[dict[str, Any]] = []
    for record_id in sorted({*table.live, *table.bin}, key=int):
        binned = table.bin.get(record_id)
        values = binned.values if binned else table.live[record_id]
        row: dict[str, Any] = {"id": record_id, "properties": values}
        if binned:
            row |= {"archived": True, "archivedAt": binned.archived_at}
        if record_id in merged:
            row["mergedIds"] = merged[record_id]
        if name == "contacts":
            row["subscriptions"] = _states(portal, values)
        rows.append(row)
    return rows


def _states(portal: Portal, values: Mapping[str, str]) -> list[dict[str, Any]]:
    address = values.get("email", "")
    rows = [{"subscriptionId": kind, **_state(state)} for kind, state in portal.subscriptions.of(address).items()]
    wide = portal.subscriptions.wide_of(address)
    return rows if wide is None else [*rows, {"wide": "PORTAL_WIDE", **_state(wide)}]


def _state(state: SubscriptionState) -> dict[str, Any]:
    row = {
        "status": state.status,
        "timestamp": state.timestamp,
        "source": state.source,
        "legalBasis": state.legal_basis,
        "legalBasisExplanation": state.legal_basis_explanation,
    }
    return {name: value for name, value in row.items() if value is not None}


def _associations(portal: Portal) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        _association(first, (link.to_type, link.to_id), link.kinds) for first, link in portal.links.each()
    ]
    for name in OBJECT_TYPES:
        for record_id, binned in portal.tables[name].bin.items():
            rows += [_association((name, record_id), (link.to_type, link.to_id), link.kinds) for link in binned.links]
    return rows


def _association(first: tuple[str, str], second: tuple[str, str], kinds: Kinds) -> dict[str, Any]:
    row: dict[str, Any] = {"from": "/".join(first), "to": "/".join(second)}
    if FIRST in kinds:
        row["primary"] = True
    for label in kinds:
        if label not in (PLAIN, FIRST):
            row["label"] = label
    return row
