"""The beginning of the log goes with what tells of it, in one transaction, and with nothing less."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert
from sqlalchemy.engine import make_url

from hubspot_retention.core.audit.checkpoint import Checkpoint
from hubspot_retention.core.audit.cut import Cut, checkpoint_of
from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.audit.verify import Damage
from hubspot_retention.store.database import SqlStore, open_store
from hubspot_retention.store.errors import StoreError
from hubspot_retention.store.location import sqlite_file
from hubspot_retention.store.schema import audit_entry
from hubspot_retention.store.verifying import verify_log
from tests.contract.store.test_checkpoints import LINE, grow, keep, signed_of
from tests.contract.store.values import NOW
from tests.stores import a_database
from tests.unit.core.audit.entries import NOW as TOLD_AT
from tests.unit.core.audit.entries import an_entry

BEFORE = TOLD_AT.replace(year=2027, microsecond=0)


def a_cut(store: SqlStore) -> Cut:
    """Of the whole log as it is, as somebody signs it; nothing is done yet."""
    last, edge = store.entry(store.tree().size), store.tree()
    assert last is not None
    keep(store, signed_of(store))
    cut = Cut(size=edge.size, hash=last.hash, edge=edge.encoded(), before=BEFORE, note="")
    return replace(cut, note=f"{checkpoint_of(cut, 'log.example.dk').text()}\n{LINE}")


def carry_out(store: SqlStore, cut: Cut) -> int:
    """Tell of it and let the entries go."""
    with store.transaction() as tx:
        entry = Entry(subject=Subject.LOG, verb=Verb.CUT, at=NOW, actor="service", facts=cut.facts())
        return tx.cut_log(replace(cut, entry_seq=tx.audit(entry)))


def shortened(store: SqlStore, before: int, after: int) -> Cut:
    """Cut a log of so many entries, and let it grow."""
    grow(store, before)
    cut = a_cut(store)
    grow(store, 1)
    assert carry_out(store, cut) == before
    grow(store, after)
    return cut


def test_what_was_cut_is_gone_and_the_rest_verifies(store: SqlStore) -> None:
    cut = shortened(store, 6, 5)
    assert [entry.seq for entry in store.entries()] == list(range(7, 14))
    assert store.cut() == replace(cut, entry_seq=8)
    keep(store, signed_of(store))
    report = store.verify_log()
    assert (report.findings, report.entries, report.removed) == ((), 13, 6)
    assert report.edge.root() == store.tree().root()


def test_nothing_of_what_went_stays_on_the_disk(sqlite_url: str) -> None:
    path, pseudonym = sqlite_file(make_url(sqlite_url)), "2026:9f86d081884c7d65"
    with open_store(a_database(path)) as store:
        with store.transaction() as tx:
            tx.audit(an_entry(facts=(("subject", pseudonym),)))
            tx.keep_words("a dispute with a neighbour", NOW)
        grow(store, 4)
        cut = a_cut(store)
        grow(store, 1)
        carry_out(store, cut)
        with store.transaction() as tx:
            assert tx.forget_texts(NOW + timedelta(days=1)) == 1
    content = b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))
    assert b"log.example.dk" in content
    assert pseudonym.encode() not in content
    assert b"neighbour" not in content


def test_a_log_that_was_cut_can_be_cut_again(store: SqlStore) -> None:
    shortened(store, 6, 2)
    cut = a_cut(store)
    grow(store, 1)
    assert carry_out(store, cut) == 4
    assert [entry.seq for entry in store.entries()] == [11, 12]
    assert store.verify_log().intact


def test_a_transaction_that_is_rolled_back_removes_nothing(store: SqlStore) -> None:
    grow(store, 6)
    cut = a_cut(store)
    grow(store, 1)
    with pytest.raises(KeyboardInterrupt):
        _die_while_cutting(store, cut)
    assert (store.cut(), store.audit_head().count, store.verify_log().intact) == (None, 7, True)


def _die_while_cutting(store: SqlStore, cut: Cut) -> None:
    with store.transaction() as tx:
        tx.cut_log(cut)
        raise KeyboardInterrupt


def test_the_database_lets_nothing_else_go(store: SqlStore) -> None:
    shortened(store, 6, 5)
    for statement in (
        "DELETE FROM audit_entry",
        "DELETE FROM audit_entry WHERE seq = 7",
        "DELETE FROM audit_cut",
        "UPDATE audit_cut SET size = 9",
    ):
        with pytest.raises(StoreError), store.transaction() as tx:
            tx._connection.exec_driver_sql(statement)
    assert store.verify_log().intact


def test_a_long_log_that_was_cut_is_verified_in_two_processes(url: str) -> None:
    with open_store(url) as store:
        shortened(store, 7, 3)
        keep(store, signed_of(store))
        grow(store, 8)
        whole, halves = store.verify_log(), verify_log(store._session, long=10, level=2)
        assert (halves.findings, halves.entries, halves.removed, halves.head) == ((), 20, 7, whole.head)
        assert halves.edge.nodes == whole.edge.nodes


CHANGES: dict[str, Callable[[Cut], Cut]] = {
    "nobody signed for it": lambda cut: replace(cut, note=""),
    "what was signed is something else": lambda cut: replace(
        cut, note=f"{Checkpoint('log.example.dk', cut.size, cut.tree.root()).text()}\n{LINE}"
    ),
    "another tree": lambda cut: replace(cut, edge=cut.edge[::-1]),
    "another hash": lambda cut: replace(cut, hash=bytes(32)),
    "another time": lambda cut: replace(cut, before=BEFORE.replace(year=2026)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_cut_of_which_anything_is_not_as_it_was_signed_is_found(
    sqlite_url: str, change: Callable[[Cut], Cut]
) -> None:
    with open_store(a_database(sqlite_file(make_url(sqlite_url)))) as store:
        grow(store, 6)
        cut = a_cut(store)
        grow(store, 1)
        with store.transaction() as tx:
            seq = tx.audit(Entry(subject=Subject.LOG, verb=Verb.CUT, at=NOW, facts=cut.facts()))
            tx.cut_log(replace(change(cut), entry_seq=seq))
        assert store.verify_log().findings[0].damage is Damage.BEGIN


def test_entries_that_went_without_a_word_are_found(sqlite_url: str) -> None:
    with open_store(sqlite_url) as store:
        grow(store, 9)
        with store.transaction() as tx:
            for statement in ("DROP TRIGGER audit_entry_remains", "DELETE FROM audit_entry WHERE seq <= 5"):
                tx._connection.exec_driver_sql(statement)
        assert next(str(finding) for finding in store.verify_log().findings) == "entries 1 to 5: missing"


def test_a_cut_that_no_entry_tells_of_is_found(store: SqlStore) -> None:
    grow(store, 6)
    cut = a_cut(store)
    grow(store, 2)
    with store.transaction() as tx:
        tx.cut_log(replace(cut, entry_seq=8))
    assert str(store.verify_log().findings[0]).startswith("entries 1 to 6: missing at the beginning, and nobody")


def test_an_entry_that_came_back_before_the_beginning_is_found(store: SqlStore) -> None:
    grow(store, 2)
    back = store.entry(2)
    assert back is not None
    cut = a_cut(store)
    grow(store, 1)
    carry_out(store, cut)
    with store.transaction() as tx:
        tx._connection.execute(insert(audit_entry).values(seq=2, body=back.body, hash=back.hash))
    assert not store.verify_log().intact
