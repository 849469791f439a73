"""What was signed of the log is kept, and the edge of its tree beside its head."""

from dataclasses import replace
from typing import Any

import pytest

from hubspot_retention.core.audit.checkpoint import Checkpoint
from hubspot_retention.core.audit.merkle import Frontier
from hubspot_retention.core.audit.verify import Damage
from hubspot_retention.core.audit.whole import StoredCheckpoint
from hubspot_retention.store import verifying
from hubspot_retention.store.database import SqlStore, open_store
from hubspot_retention.store.errors import StoreError
from hubspot_retention.store.verifying import verify_log
from tests.contract.store.values import NOW
from tests.unit.core.audit.entries import an_entry

LINE = "— log.example.dk AAAAAAE=\n"
MORE = "— witness.example.dk AAAAAAI=\n"


def signed_of(store: SqlStore) -> StoredCheckpoint:
    """What is signed of a log as it is, by somebody."""
    edge = store.tree()
    text = Checkpoint("log.example.dk", edge.size, edge.root()).text()
    return StoredCheckpoint(size=edge.size, edge=edge.encoded(), note=f"{text}\n{LINE}", at=NOW)


def grow(store: SqlStore, number: int) -> None:
    """Append entries in one transaction."""
    with store.transaction() as tx:
        for _ in range(number):
            tx.audit(an_entry())


def keep(store: SqlStore, *signed: StoredCheckpoint) -> None:
    """Store checkpoints."""
    with store.transaction() as tx:
        for each in signed:
            tx.save_checkpoint(each)


def test_the_edge_of_the_tree_grows_with_the_log(store: SqlStore) -> None:
    assert (store.tree().size, store.tree().nodes) == (0, ())
    for number in (1, 2, 7):
        grow(store, number)
        assert store.tree().root() == Frontier.of(entry.body for entry in store.entries()).root()
    assert store.tree().size == 10


def test_a_transaction_that_is_rolled_back_leaves_the_edge_as_it_was(store: SqlStore) -> None:
    grow(store, 3)
    before = store.tree().root()
    with pytest.raises(KeyboardInterrupt):
        _die_while_appending(store)
    assert store.tree().root() == before
    assert store.verify_log().intact


def _die_while_appending(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.audit(an_entry())
        raise KeyboardInterrupt


def test_what_was_signed_comes_back_the_oldest_first_with_the_edge_of_its_size(store: SqlStore) -> None:
    grow(store, 3)
    first = signed_of(store)
    grow(store, 4)
    second = signed_of(store)
    keep(store, second, first)
    assert list(store.checkpoints()) == [first, second]
    assert [tree and tree.root() for tree in map(store.tree_at, (3, 7, 5))] == [first.root, second.root, None]
    grow(store, 2)
    assert store.verify_log().intact


def test_a_signature_that_comes_later_stands_below_the_first_and_once(store: SqlStore) -> None:
    grow(store, 3)
    signed = signed_of(store)
    keep(store, signed, replace(signed, note=signed.note + MORE), replace(signed, note=signed.note + MORE))
    (kept,) = store.checkpoints()
    assert kept.note == signed.note + MORE


def test_an_edge_that_fits_no_tree_of_its_size_is_not_used(store: SqlStore) -> None:
    grow(store, 3)
    keep(store, replace(signed_of(store), edge=bytes(31)))
    assert store.tree_at(3) is None
    assert [finding.damage for finding in store.verify_log().findings] == [Damage.SIGNED]


def test_nothing_is_appended_to_a_log_that_has_lost_its_tree(url: str) -> None:
    with open_store(url) as store:
        grow(store, 3)
        with store.transaction() as tx:
            tx._connection.exec_driver_sql("UPDATE audit_head SET edge = hash")
        with pytest.raises(StoreError, match="has lost its tree"), store.transaction() as tx:
            tx.audit(an_entry())
        assert [finding.damage for finding in store.verify_log().findings] == [Damage.TREE]


def test_a_long_log_is_verified_in_two_processes(url: str) -> None:
    with open_store(url) as store:
        for number in (9, 3, 8):
            grow(store, number)
            keep(store, signed_of(store))
        whole, halves = store.verify_log(), verify_log(store._session, long=10, level=2)
        assert (halves.intact, halves.entries, halves.head) == (True, 20, whole.head)
        assert halves.edge.nodes == whole.edge.nodes


def test_a_machine_that_can_have_no_second_process_verifies_a_long_log_in_one(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def refused(number: int) -> Any:
        asked.append(number)
        raise OSError("no shared memory")

    monkeypatch.setattr(verifying, "processors", lambda: 2)
    monkeypatch.setattr(verifying, "pool_of", refused)
    with open_store(sqlite_url) as store:
        grow(store, 20)
        report = verify_log(store._session, long=10, level=2)
    assert (report.intact, report.entries, asked) == (True, 20, [1])


def test_what_is_missing_in_the_middle_of_a_long_log_is_named(sqlite_url: str) -> None:
    with open_store(sqlite_url) as store:
        grow(store, 20)
        with store.transaction() as tx:
            for statement in ("DROP TRIGGER audit_entry_remains", "DELETE FROM audit_entry WHERE seq = 8"):
                tx._connection.exec_driver_sql(statement)
        found = verify_log(store._session, long=10, level=2).findings
        assert str(found[0]) == "entry 8: missing"
        assert found == store.verify_log().findings
