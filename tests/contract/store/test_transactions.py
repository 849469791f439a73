"""Everything of a transaction is there, or nothing; one writer at a time; the audit log only grows."""

import threading
from contextlib import suppress

import pytest
from sqlalchemy import text

from hubspot_retention.core.audit.entry import read_entry
from hubspot_retention.core.plan.model import ItemState
from hubspot_retention.core.plan.query import ALL_ITEMS
from hubspot_retention.store.database import SqlStore, open_store
from hubspot_retention.store.engine import Access
from hubspot_retention.store.errors import StoreError, StoreRefusedError
from tests.contract.store.values import a_hold, a_record, a_run, an_item, stored_plan
from tests.unit.core.audit.entries import an_entry


class _MishapError(Exception):
    """Something that goes wrong in the middle."""


@pytest.fixture(params=["sqlite", "rollback", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """A new database on each of the two, on SQLite with either journal."""
    return str(request.getfixturevalue(f"{request.param}_url"))


def _count(store: SqlStore) -> int:
    return sum(1 for _ in store.entries())


def test_an_exception_leaves_nothing_behind(store: SqlStore) -> None:
    def change() -> None:
        with store.transaction() as tx:
            tx.audit(an_entry())
            tx.place_hold(a_hold(), "complaint")
            raise _MishapError

    with pytest.raises(_MishapError):
        change()
    with store.transaction() as tx:
        assert not tx.holds()
    assert _count(store) == 0
    assert store.audit_head().count == 0


def test_a_failed_statement_dooms_its_transaction_even_if_nobody_listens(store: SqlStore) -> None:
    def change() -> None:
        with store.transaction() as tx:
            tx.audit(an_entry())
            with suppress(StoreError):
                tx._connection.execute(text("INSERT INTO no_such_table VALUES (1)"))

    with pytest.raises(StoreError, match=r"nothing (of it )?was stored"):
        change()
    assert _count(store) == 0
    with store.transaction() as tx:
        assert tx.audit(an_entry()) == 1


def test_transactions_are_not_nested(store: SqlStore) -> None:
    with store.transaction(), pytest.raises(RuntimeError, match="not nested"), store.transaction():
        pass


def test_a_transaction_cannot_be_used_after_its_end(store: SqlStore) -> None:
    with store.transaction() as tx:
        pass
    with pytest.raises(RuntimeError, match="this transaction has ended"):
        tx.kill_switch()


def test_a_store_is_not_closed_within_a_transaction(store: SqlStore) -> None:
    with store.transaction(), pytest.raises(RuntimeError, match="cannot be closed"):
        store.close()


def test_a_closed_store_cannot_be_used(store: SqlStore) -> None:
    store.close()
    store.close()
    with pytest.raises(RuntimeError, match="the store is closed"), store.transaction():
        pass


def test_threads_wait_for_each_other(store: SqlStore) -> None:
    def append() -> None:
        for _ in range(20):
            with store.transaction() as tx:
                tx.audit(an_entry())

    threads = [threading.Thread(target=append) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _count(store) == 80
    assert store.verify_log().intact


def test_entries_are_numbered_chained_and_read_on_from_anywhere(store: SqlStore) -> None:
    with store.transaction() as tx:
        assert [tx.audit(an_entry(record=f"contacts/{number}")) for number in range(1500)] == list(range(1, 1501))
    assert [read_entry(entry.body).record for entry in store.entries(1498)] == ["contacts/1498", "contacts/1499"]
    report = store.verify_log()
    assert (report.intact, report.entries) == (True, 1500)
    assert store.audit_head() == report.head


def test_within_a_transaction_the_log_is_read_as_it_was_before_it(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.audit(an_entry())
        assert (_count(store), store.audit_head().count) == (0, 0)
    assert (_count(store), store.audit_head().count) == (1, 1)


def test_what_is_stored_is_there_after_opening_again(url: str) -> None:
    with open_store(url) as store, store.transaction() as tx:
        run_id = tx.start_run(a_run())
        tx.audit(an_entry())
    with open_store(url) as store:
        assert _count(store) == 1
        with store.transaction() as tx:
            assert tx.start_run(a_run()) == run_id + 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET hash = body WHERE seq = 1",
        "DELETE FROM audit_entry WHERE seq = 1",
        "UPDATE audit_head SET entries = 0",
        "DELETE FROM audit_head",
    ],
)
def test_the_database_refuses_to_change_the_log(store: SqlStore, statement: str) -> None:
    with store.transaction() as tx:
        tx.audit(an_entry())
    with pytest.raises(StoreError, match="the database refused"), store.transaction() as tx:
        tx._connection.execute(text(statement))
    assert store.verify_log().intact


def test_sqlite_refuses_to_replace_an_entry(sqlite_url: str) -> None:
    with open_store(sqlite_url) as store:
        with store.transaction() as tx:
            tx.audit(an_entry())
        with pytest.raises(StoreError), store.transaction() as tx:
            tx._connection.execute(text("INSERT OR REPLACE INTO audit_entry VALUES (1, x'00', x'00')"))
        assert store.verify_log().intact


@pytest.mark.parametrize("table", ["audit_entry", "audit_head"])
def test_postgres_refuses_to_empty_the_log(postgres_url: str, table: str) -> None:
    with open_store(postgres_url) as store, pytest.raises(StoreError), store.transaction() as tx:
        tx._connection.execute(text(f"TRUNCATE {table}"))


def test_a_lost_head_stops_everything(store: SqlStore) -> None:
    """Appending and verifying."""
    with store.transaction() as tx:
        if tx._connection.dialect.name == "sqlite":
            tx._connection.execute(text("DROP TRIGGER audit_head_remains"))
        else:
            tx._connection.execute(text("DROP TRIGGER audit_head_remains ON audit_head"))
        tx._connection.execute(text("DELETE FROM audit_head"))
    with pytest.raises(StoreError, match="has lost its head"), store.transaction() as tx:
        tx.audit(an_entry())
    with pytest.raises(StoreError, match="has lost its head"):
        store.verify_log()


def test_a_second_writer_is_refused_and_the_first_is_named(url: str) -> None:
    with open_store(url), pytest.raises(StoreRefusedError, match=r"is in use by process \d+.*since 20"):
        open_store(url)


def test_a_writer_may_open_when_the_last_one_has_closed(url: str) -> None:
    open_store(url).close()
    open_store(url).close()


def test_a_reader_reads_beside_a_writer(url: str) -> None:
    with open_store(url) as writer, open_store(url, Access.READ) as reader:
        with writer.transaction() as tx:
            tx.audit(an_entry())
        assert _count(reader) == 1
        assert reader.verify_log().intact


def test_a_person_writes_briefly_beside_a_run_and_its_next_transaction_sees_it(url: str) -> None:
    with open_store(url) as run, open_store(url, Access.BRIEF) as person:
        with person.transaction() as tx:
            placed = tx.place_hold(a_hold(), "a dispute")
            tx.audit(an_entry())
        with run.transaction() as tx:
            assert placed.record in tx.hold_register()
            tx.audit(an_entry())
        assert run.verify_log().intact


def test_a_run_and_a_person_append_to_one_chain(url: str) -> None:
    def append(store: SqlStore) -> None:
        for _ in range(20):
            with store.transaction() as tx:
                tx.audit(an_entry())

    with open_store(url) as run, open_store(url, Access.BRIEF) as person:
        threads = [threading.Thread(target=append, args=(store,)) for store in (run, person)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert _count(run) == 40
        assert run.verify_log().intact


def test_a_reader_in_the_middle_of_a_plan_does_not_keep_the_writer_waiting(url: str) -> None:
    with open_store(url) as writer, open_store(url, Access.READ) as reader:
        plan = stored_plan(writer, *[an_item(number) for number in range(600)])
        with reader.transaction() as shown:
            items = shown.items(plan.plan_id, ALL_ITEMS)
            next(items)
            with writer.transaction() as tx:
                tx.set_item_state(plan.plan_id, a_record(599), ItemState.DONE)
            assert [item.state for item in items][-1] is ItemState.DONE


def test_the_log_verifies_while_it_grows(url: str) -> None:
    with open_store(url) as writer, open_store(url, Access.READ) as reader:
        stop = threading.Event()

        def append() -> None:
            while not stop.is_set():
                with writer.transaction() as tx:
                    tx.audit(an_entry())

        thread = threading.Thread(target=append)
        thread.start()
        try:
            reports = [reader.verify_log() for _ in range(10)]
        finally:
            stop.set()
            thread.join()
    assert all(report.intact for report in reports)


def test_a_reader_cannot_write(url: str) -> None:
    with open_store(url, Access.READ) as reader:
        with pytest.raises(StoreError, match="can only be read here"), reader.transaction() as tx:
            tx.audit(an_entry())
        assert _count(reader) == 0


def test_a_reader_of_a_new_database_makes_it_and_lets_go_of_it(url: str) -> None:
    with open_store(url, Access.READ), open_store(url):
        pass
