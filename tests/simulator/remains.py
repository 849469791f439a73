"""What must stay of somebody who is gone: a tombstone under a pseudonym (T1; of nobody who is there: T2), and a receipt
that a third party verifies without us (E5)."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from hubspot_retention.core.portal import Address
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.evidence.pseudonyms import PseudonymKeys
from hubspot_retention.evidence.sealing import checkpoint, receipt
from hubspot_retention.evidence.standalone import Given, read_key, verify_receipt
from hubspot_retention.store.database import SqlStore
from tests.simulator.checker import ViolationError, Word
from tests.simulator.outside import KEY
from tests.simulator.stage import BEGIN
from tests.simulator.town import Town, address_of

_EPOCH: Final = "2026"
_KEYS: Final = PseudonymKeys({_EPOCH: bytes(range(32))})
"""They lie outside the database: a backup that is restored does not touch them."""
_DONE: Final = "disposal.done"


def pseudonym(address: Address) -> str:
    """What stands for an address."""
    return _KEYS.of(address, _EPOCH)


def require_remains(town: Town, store: SqlStore, kept: list[Word], erased: set[RecordRef]) -> None:
    """Of whoever was `erased`, as far as the log knows, the right things stay. Raises ViolationError."""
    done = sorted(record for record in erased if (_DONE, str(record)) in kept)
    for record in done:
        if not _is_remembered(store, record.record_id):
            raise ViolationError("T1", f"{record} was erased, and nobody would notice if it came back")
    for key in town.there:
        if _is_remembered(store, key):
            raise ViolationError("T2", f"contacts/{key} is there, and counts as erased")
    if done:
        _require_receipt(store, done[-1])


def _is_remembered(store: SqlStore, key: RecordId) -> bool:
    with store.transaction() as tx:
        stones = tx.tombstones_of([pseudonym(address_of(key))])
    return any(stone.record_id == key and stone.erased_at is not None for stone in stones)


def _require_receipt(store: SqlStore, record: RecordRef) -> None:
    """A receipt tells of the disposal, under the pseudonym, and is verified by the one file that is handed out."""
    written = receipt(store, checkpoint(store, [KEY], BEGIN), str(record))
    findings: list[str] = []
    with TemporaryDirectory() as folder:
        path = Path(folder, "receipt.json")
        path.write_text(written, encoding="utf-8")
        told = verify_receipt(path, Given([read_key(str(KEY.public))], [], []), findings)
    named = any(
        dict(json.loads(entry["body"]).get("facts", ())).get("subject") == pseudonym(address_of(record.record_id))
        for entry in json.loads(written)["entries"]
    )
    if findings or record.object_type is not ObjectType.CONTACT or _DONE not in told or not named:
        raise ViolationError("E5", f"the receipt of {record} does not show its disposal: {findings or told}")
