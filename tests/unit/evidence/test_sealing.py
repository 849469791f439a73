"""Receipts and checkpoints of the real store, against the tree and its proofs as RFC 6962 defines them.

`RETENTION_TEST_RECEIPTS` says how large the log grows, with receipts at every size (the scoreboard's long form: 400).
"""

import json
import os
import sqlite3
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import pytest

from hubspot_retention.core.audit.anchor import Token
from hubspot_retention.core.audit.checkpoint import COSIGNATURE, Checkpoint, open_note, sign
from hubspot_retention.core.audit.entry import StoredEntry
from hubspot_retention.core.audit.rotation import Rotation
from hubspot_retention.core.audit.verify import Damage
from hubspot_retention.core.audit.whole import StoredCheckpoint
from hubspot_retention.errors import RetentionError, UsageError
from hubspot_retention.evidence import standalone
from hubspot_retention.evidence.cut_signed import verify_signed
from hubspot_retention.evidence.keys import SigningKey
from hubspot_retention.evidence.sealing import UnsignableError, checkpoint, exported, receipt
from hubspot_retention.store.database import SqlStore, open_store
from tests.unit.core.audit.entries import NOW, an_entry
from tests.unit.workflow.handmade_log import NOW as RECENT
from tests.unit.workflow.handmade_log import OVER, Log

SIZES = int(os.environ.get("RETENTION_TEST_RECEIPTS", "40"))
KEY = SigningKey.generate("log.example.dk")
RECORDS = 5
Tell = Callable[[str, object], None]


def root_of(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, word for word."""
    if len(leaves) < 2:
        return sha256(b"\x00" + leaves[0]).digest() if leaves else sha256(b"").digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + root_of(leaves[:k]) + root_of(leaves[k:])).digest()


def path_of(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962, section 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*path_of(m, leaves[:k]), root_of(leaves[k:])]
    return [*path_of(m - k, leaves[k:]), root_of(leaves[:k])]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    """An empty log."""
    with open_store(f"sqlite:///{tmp_path / 'retention.db'}") as found:
        yield found


def tell(store: SqlStore, number: int) -> None:
    with store.transaction() as tx:
        tx.audit(an_entry(record=f"contacts/{number % RECORDS}", run_id=number))


def verifies(tmp_path: Path, text: str) -> bool:
    (tmp_path / "receipt.json").write_text(text)
    return standalone.main(["receipt", str(tmp_path / "receipt.json"), "--key", str(KEY.public)]) == 0


def test_receipts_agree_with_the_definition_at_every_size_of_the_log(
    store: SqlStore, tmp_path: Path, record_property: Tell
) -> None:
    leaves: list[bytes] = []
    proofs = 0
    for number in range(SIZES):
        tell(store, number)
        leaves = [entry.body for entry in store.entries()]
        for record in {f"contacts/{number % RECORDS}", "contacts/0"}:
            text = receipt(store, checkpoint(store, [KEY], NOW), record)
            made = json.loads(text)
            signed = open_note(made["checkpoint"], [KEY.public])
            assert (signed.origin, signed.size, signed.root) == ("log.example.dk", number + 1, root_of(leaves))
            about = [index for index, body in enumerate(leaves) if json.loads(body)["record"] == record]
            assert [row["index"] for row in made["entries"]] == about
            for row in made["entries"]:
                assert row["body"].encode() == leaves[row["index"]]
                assert [b64decode(part) for part in row["proof"]] == path_of(row["index"], leaves)
                proofs += 1
            assert verifies(tmp_path, text)
    record_property("proofs", proofs)


def test_a_checkpoint_signs_the_root_of_the_log_as_it_is(store: SqlStore) -> None:
    assert open_note(checkpoint(store, [KEY], NOW).note, [KEY.public]).root == root_of([])
    for number in range(7):
        tell(store, number)
    signed = checkpoint(store, [KEY], NOW)
    leaves = [entry.body for entry in store.entries()]
    assert (signed.size, open_note(signed.note, [KEY.public]).root) == (7, root_of(leaves))


def test_what_was_stamped_of_more_entries_than_are_exported_is_left_out(store: SqlStore, tmp_path: Path) -> None:
    notes = []
    for size in (2, 3, 4):
        while store.tree().size < size:
            tell(store, size)
        signed = checkpoint(store, [KEY], NOW)
        with store.transaction() as tx:
            tx.save_checkpoint(signed)
        notes.append(signed.note)
    tokens = [Token(note=note, answer=b"token", at=NOW) for note in notes]
    lines = [json.loads(line) for line in exported(store, 3, tokens)]
    assert [line["stamped"] for line in lines if "stamped" in line] == notes[:2]

    log = tmp_path / "log.jsonl"
    log.write_text("".join(exported(store, 3, tokens[2:])))
    assert standalone.main(["export", str(log), "--key", str(KEY.public)]) == 0


def test_of_a_record_that_the_log_does_not_know_there_is_no_receipt(store: SqlStore) -> None:
    tell(store, 1)
    for record in ("contacts/9", "contacts", ""):
        with pytest.raises(UsageError, match="knows nothing of"):
            receipt(store, checkpoint(store, [KEY], NOW), record)


class Shortening:
    """A log whose oldest entries are removed by the service as it is read for the so-many-th time."""

    def __init__(self, store: SqlStore, log: Log, reading: int) -> None:
        self._store, self._log, self._left = store, log, reading

    def entries(self, after: int = 0) -> Iterator[StoredEntry]:
        """The log."""
        self._left -= 1
        if not self._left:
            assert self._log.shorten().removed
        return self._store.entries(after)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def a_log_to_be_shortened(store: SqlStore) -> Log:
    """Half of it is older than the period; of one record there are entries on both sides of what is signed."""
    log = Log(store)
    log.write(*(OVER - timedelta(days=days) for days in (50, 40, 30, 20)))
    log.write(OVER - timedelta(days=10), *[RECENT] * 4, record="contacts/101")
    return log


def signed_now(store: SqlStore) -> StoredCheckpoint:
    """What it is now, signed."""
    tree = store.tree()
    note = sign(Checkpoint("log.example.dk", tree.size, tree.root()), [KEY])
    return StoredCheckpoint(size=tree.size, edge=tree.encoded(), note=note, at=NOW)


@pytest.mark.parametrize("reading", [1, 2])
@pytest.mark.parametrize("later", [0, 3])
def test_while_the_oldest_entries_are_removed_no_receipt_is_made(store: SqlStore, reading: int, later: int) -> None:
    log = a_log_to_be_shortened(store)
    signed = signed_now(store)
    log.write(*[RECENT] * later, record="contacts/101")
    with pytest.raises(RetentionError, match="were removed meanwhile"):
        receipt(cast(SqlStore, Shortening(store, log, reading)), signed, "contacts/101")


def test_of_what_was_signed_before_it_was_removed_altogether_no_receipt_is_made(store: SqlStore) -> None:
    log = a_log_to_be_shortened(store)
    signed = replace(signed_now(store), size=3)
    assert log.shorten().removed > signed.size
    with pytest.raises(RetentionError, match="were removed meanwhile"):
        receipt(store, signed, "contacts/101")


def test_while_the_oldest_entries_are_removed_no_export_ends_well(store: SqlStore) -> None:
    log = a_log_to_be_shortened(store)
    with pytest.raises(RetentionError, match="were removed meanwhile"):
        list(exported(cast(SqlStore, Shortening(store, log, 1))))


def test_a_log_that_was_changed_is_not_signed(store: SqlStore, tmp_path: Path) -> None:
    for number in range(3):
        tell(store, number)
    store.close()
    with sqlite3.connect(tmp_path / "retention.db") as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute("UPDATE audit_entry SET body = CAST(body || ' ' AS BLOB) WHERE seq = 2")
    database.close()
    with (
        open_store(f"sqlite:///{tmp_path / 'retention.db'}") as changed,
        pytest.raises(UnsignableError, match="it is not signed"),
    ):
        checkpoint(changed, [KEY], NOW)


def signed_by(store: SqlStore, *keys: SigningKey, extension: tuple[str, ...] = ()) -> None:
    """One more entry, and a checkpoint of the log with it in the store."""
    tell(store, 1)
    edge = store.tree()
    note = sign(Checkpoint(KEY.name, edge.size, edge.root(), extension), keys)
    with store.transaction() as tx:
        tx.save_checkpoint(StoredCheckpoint(size=edge.size, edge=edge.encoded(), note=note, at=NOW))


def unsigned(store: SqlStore, *keys: SigningKey) -> list[int]:
    """Up to which entries what was signed is not right."""
    findings = verify_signed(store, [key.public for key in keys]).findings
    assert {finding.damage for finding in findings} <= {Damage.SIGNED}
    return [finding.last for finding in findings]


def test_a_log_that_a_stranger_s_key_signed_is_not_signed(store: SqlStore) -> None:
    signed_by(store, KEY)
    signed_by(store, SigningKey.generate(KEY.name))
    signed_by(store, KEY)

    assert store.verify_log().intact
    assert unsigned(store, KEY) == [2]
    with pytest.raises(UnsignableError, match="it is not signed"):
        checkpoint(store, [KEY], NOW)


def test_a_log_of_another_name_is_not_signed_though_the_key_signed_it(store: SqlStore) -> None:
    tell(store, 1)
    edge = store.tree()
    note = sign(Checkpoint("other.example.dk", edge.size, edge.root()), [KEY])
    with store.transaction() as tx:
        tx.save_checkpoint(StoredCheckpoint(size=edge.size, edge=edge.encoded(), note=note, at=NOW))

    assert unsigned(store, KEY) == [1]


@pytest.mark.parametrize("place", [8, 40, -6])
def test_one_changed_character_of_a_stored_signature_is_found_and_told_once(
    store: SqlStore, tmp_path: Path, place: int
) -> None:
    signed_by(store, KEY)
    signed_by(store, KEY)
    store.close()
    with sqlite3.connect(tmp_path / "retention.db") as database:
        ((line,),) = database.execute("SELECT signatures FROM checkpoint WHERE size = 1").fetchall()
        place %= len(line)
        changed = line[:place] + ("A" if line[place] != "A" else "B") + line[place + 1 :]
        database.execute("UPDATE checkpoint SET signatures = ? WHERE size = 1", (changed,))
    database.close()
    with open_store(f"sqlite:///{tmp_path / 'retention.db'}") as changed_store:
        assert unsigned(changed_store, KEY) == [1]
        with pytest.raises(UnsignableError, match="1 finding"):
            checkpoint(changed_store, [KEY], NOW)


def test_what_a_key_signed_before_it_handed_over_stays_right(store: SqlStore) -> None:
    following, last = SigningKey.generate(KEY.name), SigningKey.generate(KEY.name)
    signed_by(store, KEY)
    signed_by(store, following, KEY, extension=(Rotation(str(KEY.public), str(following.public)).line(),))
    signed_by(store, following)
    assert unsigned(store, following) == []
    signed_by(store, last, following, extension=(Rotation(str(following.public), str(last.public)).line(),))
    signed_by(store, last)
    assert unsigned(store, last) == []
    assert checkpoint(store, [last], NOW).size == 5


def test_what_a_key_signed_that_was_lost_is_right_where_a_person_says_so(store: SqlStore) -> None:
    following = SigningKey.generate(KEY.name)
    signed_by(store, KEY)
    signed_by(store, following)

    with pytest.raises(UnsignableError):
        checkpoint(store, [following], NOW)
    assert checkpoint(store, [following], NOW, [KEY.public]).size == 2


def test_a_handing_over_that_the_new_key_alone_signed_leaves_what_the_old_one_signed_a_stranger_s(
    store: SqlStore,
) -> None:
    following = SigningKey.generate(KEY.name)
    signed_by(store, KEY)
    signed_by(store, following, extension=(Rotation(str(KEY.public), str(following.public)).line(),))

    assert unsigned(store, following) == [1]


def test_a_witness_s_key_signs_no_log(store: SqlStore) -> None:
    with pytest.raises(UsageError, match=r"the key of witness\.example\.dk is a witness's"):
        checkpoint(store, [SigningKey.generate("witness.example.dk", COSIGNATURE)], NOW)
