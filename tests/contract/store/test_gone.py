"""What is removed is gone: no copy of it stays in SQLite's file, wherever the row had lain before."""

import random
from collections.abc import Callable
from datetime import timedelta
from itertools import islice

import pytest
from sqlalchemy.engine import make_url

from hubspot_retention.core.record import RecordId
from hubspot_retention.store.database import SqlStore, open_store
from hubspot_retention.store.location import sqlite_file
from tests.contract.store.test_receipts import a_receipt
from tests.contract.store.test_tombstones import a_stone
from tests.contract.store.values import NOW
from tests.stores import a_database

MANY = 400
YEAR = timedelta(days=365)


def pseudonyms() -> list[str]:
    """Of many people, in no order, so that their rows move from page to page."""
    chance = random.Random(2026)
    return [f"2026:{chance.getrandbits(128):032x}" for _ in range(MANY)]


def bury(store: SqlStore) -> None:
    """Everybody is erased: what is written down before the calls is completed after them."""
    everybody = enumerate(pseudonyms(), 1)
    while batch := list(islice(everybody, 40)):
        with store.transaction() as tx:
            for number, pseudonym in batch:
                tx.bury(a_stone(number, pseudonym))
                tx.keep_receipts([a_receipt(number, pseudonym)])
        with store.transaction() as tx:
            for number, _ in batch:
                tx.complete_tombstone(RecordId(number), NOW)
                tx.complete_receipts(RecordId(number), NOW)


def grow_old(store: SqlStore) -> None:
    """Their period ends."""
    with store.transaction() as tx:
        assert tx.forget_tombstones(NOW + YEAR) == MANY
        assert tx.forget_receipts(NOW + YEAR) == MANY


def lose_their_key(store: SqlStore) -> None:
    """Their key is destroyed."""
    with store.transaction() as tx:
        assert tx.forget_epoch("2026") == MANY
        assert tx.forget_receipts_of_epoch("2026") == MANY


def merge_and_grow_old(store: SqlStore) -> None:
    """They stand for other records first."""
    with store.transaction() as tx:
        for number in range(1, MANY + 1):
            tx.move_tombstones(RecordId(number), RecordId(number + 10 * MANY))
            tx.move_receipts(RecordId(number), RecordId(number + 10 * MANY))
    grow_old(store)


@pytest.mark.parametrize("let_go", [grow_old, lose_their_key, merge_and_grow_old])
def test_of_nobody_who_is_forgotten_a_pseudonym_stays(sqlite_url: str, let_go: Callable[[SqlStore], None]) -> None:
    path = sqlite_file(make_url(sqlite_url))
    with open_store(a_database(path)) as store:
        bury(store)
        let_go(store)
    content = path.read_bytes()
    assert [each for each in pseudonyms() if each.encode() in content] == []


def test_of_who_was_not_erased_after_all_nothing_stays(sqlite_url: str) -> None:
    path = sqlite_file(make_url(sqlite_url))
    with open_store(a_database(path)) as store:
        with store.transaction() as tx:
            tx.bury(a_stone(101, "2026:ada0ada0"))
            tx.keep_receipts([a_receipt(101, "2026:ada0ada0")])
        with store.transaction() as tx:
            tx.lift_tombstone(RecordId(101))
            tx.lift_receipts(RecordId(101))
    assert b"ada0ada0" not in path.read_bytes()


def test_the_words_of_a_stop_are_gone_once_disposals_go_on(sqlite_url: str) -> None:
    path = sqlite_file(make_url(sqlite_url))
    with open_store(a_database(path)) as store:
        for words in ("anna: Aksel's lawyer called", None):
            with store.transaction() as tx:
                tx.set_kill_switch(words)
    assert b"Aksel" not in path.read_bytes()
