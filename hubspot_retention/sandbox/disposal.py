"""What becomes of records that go: the bin and back, the privacy delete, the merge.

What can go wrong here is that a record is more, or less, gone than in HubSpot. So every verb says what it
really did, in words for the journal, and nothing but `restore` brings anything back.
"""

from datetime import timedelta

from hubspot_retention.sandbox.clock import parse_instant
from hubspot_retention.sandbox.links import PLAIN
from hubspot_retention.sandbox.origins import API, Origin
from hubspot_retention.sandbox.state import Portal
from hubspot_retention.sandbox.tables import Binned, Values, addresses

BIN = timedelta(days=90)
"""How long an archived record can be restored (HubSpot, "restore deleted records")."""


def archive(portal: Portal, object_type: str, record_id: str, by: Origin = API) -> str:
    """Move a record to the bin, out of its associations; an e-mail is gone for good. Returns what
    happened.
    """
    table = portal.tables[object_type]
    portal.index.note(object_type, record_id, table.live[record_id])
    links = tuple(portal.links.detach(object_type, record_id))
    values = table.remove(record_id)
    portal.events.deleted(table.kind, record_id, by)
    if table.kind.permanent:
        portal.history.forget((object_type, record_id))
        return f"removed {object_type}/{record_id} for good"
    table.bin[record_id] = Binned(values=values, archived_at=portal.now_text(), links=links)
    return f"archived {object_type}/{record_id}"


def empty_bin(portal: Portal, object_type: str) -> None:
    """Drop what has lain in the bin for longer than HubSpot keeps it."""
    table, oldest = portal.tables[object_type], portal.now() - BIN
    for record_id, binned in list(table.bin.items()):
        archived_at = parse_instant(binned.archived_at)
        if archived_at is not None and archived_at < oldest:
            del table.bin[record_id]
            portal.history.forget((object_type, record_id))


def restore(portal: Portal, object_type: str, record_id: str, by: Origin = API) -> str:
    """Take a record out of the bin, with its associations. Raises KeyError for one that is not in it."""
    empty_bin(portal, object_type)
    table = portal.tables[object_type]
    binned = table.bin.pop(record_id)
    portal.index.note(object_type, record_id, None)
    table.add(record_id, binned.values)
    for link in binned.links:
        other = portal.tables[link.to_type]
        if link.to_id in other.live:
            for kind in link.kinds:
                portal.links.join((object_type, record_id), (link.to_type, link.to_id), kind)
        elif link.to_id in other.bin:
            waiting = other.bin[link.to_id]
            back = link._replace(to_type=object_type, to_id=record_id)
            other.bin[link.to_id] = Binned(
                values=waiting.values, archived_at=waiting.archived_at, links=(*waiting.links, back)
            )
    portal.events.restored(table.kind, record_id, by)
    return f"restored {object_type}/{record_id}"


def erase(portal: Portal, record_id: str, by: Origin = API) -> str:
    """Privacy-delete a contact: the record and its associations go, its addresses are blocklisted.

    Correspondence stays: without the contact, on whatever else it hangs on. The subscription states stay as
    well, because they belong to the addresses.
    """
    table = portal.tables["contacts"]
    portal.index.note("contacts", record_id, table.live[record_id])
    portal.links.detach("contacts", record_id)
    values = table.remove(record_id)
    portal.blocklist.update(addresses(values))
    portal.history.forget(("contacts", record_id))
    for merged in [old for old in table.merged if table.winner(old) == record_id]:
        del table.merged[merged]
    for members in portal.lists.values():
        if members.object_type == "contacts":
            members.members.pop(record_id, None)
    portal.events.erased(table.kind, record_id, by)
    return f"erased contacts/{record_id}"


def merge(portal: Portal, object_type: str, winner: str, loser: str, by: Origin = API) -> str:
    """Merge one record into another for good: its id answers with the survivor from now on."""
    return _merged(portal, object_type, (winner, loser), winner, by)


def merge_anew(portal: Portal, object_type: str, winner: str, loser: str, by: Origin = API) -> str:
    """Merge two records into a third, whose id is new: both old ones answer with it (HubSpot, since 2025)."""
    return _merged(portal, object_type, (winner, loser), portal.tables[object_type].new_id(), by)


def _merged(portal: Portal, object_type: str, pair: tuple[str, str], survivor: str, by: Origin) -> str:
    winner, loser = pair
    moved = _absorb(portal, object_type, pair, by)
    if survivor != winner:
        _renumber(portal, object_type, winner, survivor)
    details = {
        "primaryObjectId": int(winner),
        "mergedObjectIds": [int(loser)],
        "newObjectId": int(survivor),
        "numberOfPropertiesMoved": moved,
    }
    portal.events.merged(portal.tables[object_type].kind, survivor, details, by)
    both = "" if survivor == winner else f" and {object_type}/{winner}"
    return f"merged {object_type}/{loser}{both} into {object_type}/{survivor}"


def _renumber(portal: Portal, object_type: str, record_id: str, new_id: str) -> None:
    table = portal.tables[object_type]
    links = portal.links.detach(object_type, record_id)
    values = table.remove(record_id)
    portal.index.note(object_type, record_id, values)
    portal.index.note(object_type, new_id, None)
    ids = [part for part in values.get("hs_merged_object_ids", "").split(";") if part]
    table.add(new_id, {**values, "hs_merged_object_ids": ";".join([*ids, record_id])})
    table.merged[record_id] = new_id
    portal.history.move((object_type, record_id), (object_type, new_id))
    for link in links:
        for kind in link.kinds:
            portal.links.join((object_type, new_id), (link.to_type, link.to_id), kind)


def _absorb(portal: Portal, object_type: str, pair: tuple[str, str], by: Origin) -> int:
    winner, loser = pair
    table = portal.tables[object_type]
    kept, given = table.live[winner], table.live[loser]
    links = portal.links.detach(object_type, loser)
    portal.index.note(object_type, loser, given)
    table.remove(loser)
    table.merged[loser] = winner
    for link in links:
        if (link.to_type, link.to_id) != (object_type, winner):
            for kind in link.kinds:
                if kind == PLAIN or not _taken(portal, (object_type, winner), link.to_type, kind):
                    portal.links.join((object_type, winner), (link.to_type, link.to_id), kind)
    changes = _merged_values(portal, object_type, (winner, kept), (loser, given))
    portal.change(object_type, winner, changes, by=by)
    return len(changes)


def _taken(portal: Portal, record: tuple[str, str], other: str, kind: str) -> bool:
    return any(kind in kinds for kinds in portal.links.of(*record, other).values())


def _merged_values(
    portal: Portal, object_type: str, winner: tuple[str, Values], loser: tuple[str, Values]
) -> dict[str, str]:
    kept, given = winner[1], loser[1]
    modified = portal.tables[object_type].kind.modified
    changes = {name: value for name, value in given.items() if name not in kept and name != modified}
    ids = [part for part in kept.get("hs_merged_object_ids", "").split(";") if part]
    ids += [part for part in given.get("hs_merged_object_ids", "").split(";") if part]
    changes["hs_merged_object_ids"] = ";".join([*ids, loser[0]])
    if object_type != "contacts":
        return changes
    at = parse_instant(portal.now_text())
    stamp = f"{loser[0]}:{int(at.timestamp() * 1000) if at else 0}"
    vids = [part for part in kept.get("hs_calculated_merged_vids", "").split(";") if part]
    changes["hs_calculated_merged_vids"] = ";".join([*vids, stamp])
    changes["hs_all_contact_vids"] = ";".join([winner[0], *ids, loser[0]])
    also = [address for address in addresses(given) if address not in addresses(kept)[:1]]
    if "email" in kept and also:
        listed = [part for part in kept.get("hs_additional_emails", "").split(";") if part]
        changes["hs_additional_emails"] = ";".join(dict.fromkeys([*listed, *also]))
    return changes
