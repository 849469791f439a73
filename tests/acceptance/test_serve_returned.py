"""Who was erased and is made anew is told of, by the long-running service with real processes over HTTP."""

from datetime import timedelta
from pathlib import Path

import httpx

from hubspot_retention.clock import Clock
from hubspot_retention.core.portal import Address
from hubspot_retention.core.record import RecordId
from hubspot_retention.core.tombstone import Tombstone
from hubspot_retention.evidence.keyring import Keyring
from hubspot_retention.store.database import open_store
from hubspot_retention.store.engine import Access
from tests.acceptance.serving import SLOW, House, a_house, eventually, recent
from tests.faults.people import a_portal

PEOPLE = a_portal(contacts=[recent(number) for number in range(101, 106)])


def test_who_was_erased_and_is_made_anew_is_told_of_and_tombstones_follow_a_merge(tmp_path: Path) -> None:
    keys, folder = tmp_path / "keys" / "pseudonyms.json", tmp_path / "house"
    for made in (keys.parent, folder):
        made.mkdir()
    ring, today = Keyring(keys), Clock().now().date()
    ring.begin(today, str)
    with a_house(folder, PEOPLE, RETENTION_PSEUDONYM_KEYS=str(keys), **SLOW) as house:
        _bury(house, 900, ring.of(Address("p103@example.dk"), today))
        with house.serving():
            eventually(lambda: house.told("contacts/103") == ["tombstone.hit"], "that the sweep finds who is back")
            house.deliver()
            house.unsubscribe("contacts/101")
            eventually(lambda: "disposal.done" in house.told("contacts/101"), "the erasure")
            _bury(house, 101, ring.of(Address("p101@example.dk"), today))
            anew = _an_integration_makes(house, "p101@example.dk")
            eventually(lambda: house.told(anew)[:1] == ["tombstone.hit"], "that the webhook finds who is back")
            sign = ring.of(Address("somebody@example.dk"), today)
            _stands(house, 104, sign)
            house.act("merge", "contacts/104", into="contacts/105")
            eventually(lambda: _stands_for(house, sign) == [105], "that the tombstone follows the merge")
        assert {anew: "contacts/101", "contacts/103": "contacts/900"} == _erased_as(house)


def _stands(house: House, record_id: int, sign: str) -> None:
    """A tombstone stands for a record that somebody then merges away."""
    now = Clock().now()
    with open_store(house.environment()["RETENTION_DATABASE_URL"], Access.BRIEF) as store, store.transaction() as tx:
        tx.bury(Tombstone(record_id=RecordId(record_id), pseudonym=sign, sent_at=now, erased_at=now))


def _stands_for(house: House, sign: str) -> list[int]:
    with house.store() as store, store.transaction() as tx:
        return [stone.record_id for stone in tx.tombstones_of([sign])]


def _bury(house: House, record_id: int, sign: str) -> None:
    """Somebody was erased an hour ago: our own erasure, a moment ago, is not taken for a return."""
    now, record = Clock().now(), RecordId(record_id)
    with open_store(house.environment()["RETENTION_DATABASE_URL"], Access.BRIEF) as store, store.transaction() as tx:
        assert [stone.record_id for stone in tx.tombstones_of([sign])] in ([], [record])
        tx.forget_epoch(sign[:4])
        tx.bury(Tombstone(record_id=record, pseudonym=sign, sent_at=now, erased_at=now - timedelta(hours=1)))


def _erased_as(house: House) -> dict[str, str]:
    """Whose return was told of: the log says it for good, the alarm only as long as they are there."""
    hits = [one for one in house.entries() if (one["subject"], one["verb"]) == ("tombstone", "hit")]
    return {one["record"]: dict(one["facts"])["erased_as"] for one in hits}


def _an_integration_makes(house: House, address: str) -> str:
    """A contact, by HubSpot's API, which lets in whom its screens and imports refuse."""
    bearer = {"Authorization": f"Bearer {house.command.environment['HUBSPOT_ACCESS_TOKEN']}"}
    url = f"{house.url}/crm/objects/2026-03/contacts"
    made = httpx.post(url, json={"properties": {"email": address}}, headers=bearer)
    return f"contacts/{made.raise_for_status().json()['id']}"
