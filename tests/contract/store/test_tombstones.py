"""Tombstones: set before the call, completed by what was seen, moved by merges, forgotten in time."""

from datetime import timedelta
from typing import Any

from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.core.tombstone import Tombstone
from hubspot_retention.store.database import SqlStore
from tests.contract.store.values import CONTACT, NOW

LATER = NOW + timedelta(hours=1)
ADA, BO = "2026:ada0", "2027:b000"


def a_stone(record_id: int = 101, pseudonym: str = ADA, **changes: Any) -> Tombstone:
    """Somebody is being erased."""
    said: dict[str, Any] = {"record_id": RecordId(record_id), "pseudonym": pseudonym, "sent_at": NOW}
    return Tombstone(**(said | changes))


def test_a_tombstone_is_found_by_its_pseudonym_and_by_no_other(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.bury(a_stone())
        tx.bury(a_stone(102, BO))
        assert list(tx.tombstones_of([ADA, "2026:nobody"])) == [a_stone()]
        assert list(tx.tombstones_of([])) == []
        assert tx.count_tombstones() == 2


def test_one_that_is_pending_is_completed_or_lifted(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.bury(a_stone())
        tx.bury(a_stone(102))
        tx.complete_tombstone(RecordId(101), LATER)
        tx.lift_tombstone(RecordId(102))
        assert list(tx.tombstones_of([ADA])) == [a_stone(erased_at=LATER)]


def test_what_was_completed_is_neither_lifted_nor_set_anew(store: SqlStore) -> None:
    whole = a_stone(erased_at=LATER)
    with store.transaction() as tx:
        tx.bury(whole)
        tx.lift_tombstone(RecordId(101))
        tx.bury(a_stone(sent_at=LATER))
        tx.complete_tombstone(RecordId(101), LATER + timedelta(days=1))
        assert list(tx.tombstones_of([ADA])) == [whole]


def test_of_those_who_are_gone_and_of_no_others_the_pseudonyms_are_listed(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.bury(a_stone(101, erased_at=LATER))
        tx.bury(a_stone(102, BO))
        assert list(tx.pseudonyms_of_gone()) == [ADA]


def test_tombstones_and_epochs_are_forgotten(store: SqlStore) -> None:
    with store.transaction() as tx:
        for stone in (a_stone(101), a_stone(102, sent_at=LATER), a_stone(103, BO, sent_at=LATER)):
            tx.bury(stone)
        assert tx.forget_tombstones(LATER) == 1
        assert tx.forget_epoch("2027") == 1
        assert [stone.record_id for stone in tx.tombstones_of([ADA, BO])] == [102]


def test_a_tombstone_follows_a_merge_and_one_that_is_pending_stays_with_its_call(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.bury(a_stone(101, erased_at=LATER))
        tx.bury(a_stone(101, BO))
        tx.rename_record(CONTACT, RecordId(101), RecordId(202), LATER)
        assert list(tx.tombstones_of([ADA, BO])) == [a_stone(101, BO), a_stone(202, erased_at=LATER)]


def test_the_merge_of_two_companies_moves_no_tombstone(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.bury(a_stone(101, erased_at=LATER))
        tx.rename_record(ObjectType.COMPANY, RecordId(101), RecordId(202), LATER)
        assert [stone.record_id for stone in tx.tombstones_of([ADA])] == [101]
