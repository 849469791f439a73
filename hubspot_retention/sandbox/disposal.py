"""What becomes of records that go: the bin and back, the privacy delete, the merge.

What can go wrong here is that a record is more, or less, gone than in HubSpot. So every verb says what it
really did, in words for the journal, and nothing but `restore` brings anything back.
"""

from datetime import timedelta

from hubspot_retention.sandbox.clock import parse_instant
from hubspot_retention.sandbox.links import PLAIN
from hubspot_retention.sandbox.state import Portal
from hubspot_retention.sandbox.tables import Binned, Values, addresses

BIN = timedelta(days=90)
"""How long an archived record can be restored (HubSpot, "restore deleted records")."""


def archive(portal: Portal, object_type: str, record_id: str) -> str:
    """Move a record to the bin, out of its associations; an e-mail is gone for good. Returns what
    happened.
    """
    table = portal.tables[object_type]
    portal.index.note(object_type, record_id, table.live[record_id])
    links = tuple(portal.links.detach(object_type, record_id))
    values = table.remove(record_id)
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


def restore(portal: Portal, object_type: str, record_id: str) -> str:
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
    return f"restored {object_type}/{record_id}"


def erase(portal: Portal, record_id: str) -> str:
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
    return f"erased contacts/{record_id}"


def merge(portal: Portal, object_type: str, winner: str, loser: str) -> str:
    """Merge one record into another for good: its id answers with the survivor from now on."""
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
    portal.change(object_type, winner, _merged_values(portal, object_type, (winner, kept), (loser, given)))
    return f"merged {object_type}/{loser} into {object_type}/{winner}"


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
