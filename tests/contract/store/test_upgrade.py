"""A database of an earlier version is brought up with everything that it holds."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, MetaData, Table, insert, inspect, select

from hubspot_retention.core.audit.merkle import Frontier
from hubspot_retention.core.audit.verify import Damage
from hubspot_retention.core.hold import Hold
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.store import migrate
from hubspot_retention.store.database import open_store
from hubspot_retention.store.encoding import TYPE_NUMBERS, to_micros
from hubspot_retention.store.engine import Access, connect
from hubspot_retention.store.errors import StoreError
from hubspot_retention.store.location import read_url
from tests.contract.store.service_values import an_event, an_obligation
from tests.contract.store.values import CONTACT, NOW, a_record
from tests.unit.core.audit.entries import a_log, an_entry

AT = to_micros(NOW)
Rows = Mapping[str, list[Any]]

FIRST: dict[str, dict[str, Any]] = {
    "run": {"portal_id": 4242, "kind": "plan", "policy_digest": "ab", "as_of": AT, "started_at": AT}
    | {"actor": "anna.k", "finished_at": AT + 1, "outcome": "done"},
    "plan": {"plan_id": "1-time", "run_id": 1, "kind": "time", "portal_id": 4242}
    | {"policy_name": "clienti", "policy_digest": "ab", "as_of": AT, "built_at": AT, "expires_at": AT}
    | {"requested_by": "anna.k", "digest": "cd", "status": "applied", "population": b'[["contacts",20]]'}
    | {"outcomes": b"[]", "rules": b"[]", "breaches": b"[]", "decided_by": "anna.k", "decided_at": AT},
    "plan_item": {"plan_no": 1, "object_type": TYPE_NUMBERS[CONTACT], "record_id": 101, "outcome": "dispose"}
    | {"action": "erase", "state": "done", "state_code": "", "deadline": AT, "body": b"[]"},
    "hold": {"object_type": TYPE_NUMBERS[CONTACT], "record_id": 102, "matter": "2026-17"}
    | {"placed_by": "anna.k", "placed_at": AT, "review_on": date(2027, 1, 31), "reason_commitment": "ef"},
    "request": {"contact_id": 103, "kind": "access", "received_at": AT, "recorded_by": "anna.k"},
    "memory": {"object_type": TYPE_NUMBERS[CONTACT], "record_id": 104, "starts": "a=ongoing", "opted_out_at": AT}
    | {"opt_out_source": "person", "marketing_ended": True, "archived_by_us": False},
    "private_text": {"commitment": "ef", "salt": b"1234", "text": "complaint"},
    "probe_result": {"portal_id": 4242, "question": "search-lag", "answer": "12", "note": "", "found_at": AT},
    "policy_approval": {"policy_digest": "ab", "document": "name = 'one'", "approved_at": AT}
    | {"approved_by": "anna.k"},
    "boundary": {"portal_id": 4242, "object_type": TYPE_NUMBERS[CONTACT], "record_ids": b"[5,7]"},
    "kill_switch": {"one": 1, "words": "bo.l: wrong policy"},
}
"""A row of each table of the first version, in an order in which they can be stored."""


@pytest.fixture(params=["sqlite_url", "empty_postgres_url"])
def first(request: pytest.FixtureRequest) -> str:
    """A database of the first version with a row in each table and some entries in the log."""
    url = str(request.getfixturevalue(request.param))
    with _connected(url) as connection:
        migrate.bring_up_to_date(connection, "0001")
        for name, row in FIRST.items():
            connection.execute(insert(_table(connection, name)).values(row))
        log, head = _table(connection, "audit_entry"), _table(connection, "audit_head")
        entries, last = a_log(3)
        for entry in entries:
            connection.execute(insert(log).values(seq=entry.seq, body=entry.body, hash=entry.hash))
        connection.execute(head.update().values(entries=last.count, hash=last.hash))
    return url


def _forget_the_last_entry(url: str) -> None:
    """As if a hand had cut off the end of the log of the first version."""
    with _connected(url) as connection:
        drop = "" if url.startswith("sqlite") else " ON audit_entry"
        for trigger in ("audit_entry_stays", *([] if drop else ["audit_entry_remains"])):
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}{drop}")
        connection.exec_driver_sql("DELETE FROM audit_entry WHERE seq = 3")


def test_the_tree_of_a_log_that_exists_is_made_from_its_entries(first: str) -> None:
    with open_store(first) as store:
        assert store.tree().root() == Frontier.of(entry.body for entry in a_log(3)[0]).root()


def test_a_log_that_had_lost_its_end_gets_no_tree_and_is_not_appended_to(first: str) -> None:
    _forget_the_last_entry(first)
    with open_store(first) as store:
        assert [finding.damage for finding in store.verify_log().findings] == [Damage.CUT, Damage.TREE]
        with pytest.raises(StoreError, match="has lost its tree"), store.transaction() as tx:
            tx.audit(an_entry())


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    connection = connect(read_url(url), Access.RUN)
    try:
        with connection.begin():
            yield connection
    finally:
        connection.close()


def _table(connection: Connection, name: str) -> Table:
    return Table(name, MetaData(), autoload_with=connection)


def _everything(url: str) -> Rows:
    """All rows of the tables of the first version, in its columns."""
    with _connected(url) as connection:
        found = {}
        for name in (*FIRST, "audit_entry", "audit_head"):
            table = _table(connection, name)
            found[name] = [dict(row._mapping) for row in connection.execute(select(table))]
        return found


def test_a_first_version_is_brought_up_with_all_its_data(first: str) -> None:
    before = _everything(first)
    assert all(before.values())
    with open_store(first) as store:
        report = store.verify_log()
        assert (report.intact, report.entries) == (True, 3)
        with store.transaction() as tx:
            assert migrate.version_of(tx._connection) == migrate.REVISIONS[-1]
    after = _everything(first)
    assert {
        name: [{column: row[column] for column in before[name][0]} for row in rows] for name, rows in after.items()
    } == before


def test_what_was_there_is_read_and_added_to_as_ever(first: str) -> None:
    with open_store(first) as store, store.transaction() as tx:
        assert tx.hold_register() == {a_record(102): ("2026-17",)}
        assert [each.request_id for each in tx.requests()] == [1]
        assert set(tx.disposed(CONTACT, [RecordId(101)])) == {101}
        assert tx.kill_switch() == "bo.l: wrong policy"
        placed = tx.place_hold(Hold(hold_id=0, record=a_record(9), matter="B", placed_by="bo.l", placed_at=NOW), "")
        assert placed.hold_id == 2
        assert tx.audit(an_entry()) == 4
        tx.save_obligations([an_obligation()])
        assert tx.add_events([an_event()], NOW) == 1
        tx.rename_record(ObjectType.CONTACT, RecordId(102), RecordId(202), NOW)
        assert tx.hold_register()[a_record(202)] == ("2026-17",)


def test_the_words_of_people_are_as_old_as_what_they_were_written_for(first: str) -> None:
    with _connected(first) as connection:
        text = _table(connection, "private_text")
        connection.execute(insert(text).values(commitment="nobody's", salt=b"5678", text="the disk broke"))
    open_store(first).close()
    with _connected(first) as connection:
        text = _table(connection, "private_text")
        since = {row.commitment: row.stored_at for row in connection.execute(select(text))}
    assert since.pop("ef") == AT
    (brought_up,) = since.values()
    assert brought_up > to_micros(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("statement", ["DELETE FROM audit_entry", "UPDATE audit_head SET entries = 0"])
def test_the_log_is_still_append_only(first: str, statement: str) -> None:
    with open_store(first) as store:
        with pytest.raises(StoreError), store.transaction() as tx:
            tx._connection.exec_driver_sql(statement)
        assert store.verify_log().entries == 3


@pytest.mark.parametrize("access", [Access.BRIEF, Access.READ])
def test_whoever_opens_it_first_brings_it_up(first: str, access: Access) -> None:
    with open_store(first, access) as store, store.transaction() as tx:
        assert migrate.version_of(tx._connection) == migrate.REVISIONS[-1]
        assert tx.ticks() == {}


def test_an_upgrade_that_is_cut_short_leaves_the_first_version_as_it_was(
    first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = migrate.bring_up_to_date

    def stopped(connection: Connection) -> None:
        done(connection)
        raise KeyboardInterrupt

    before = _everything(first)
    with monkeypatch.context() as patched:
        patched.setattr("hubspot_retention.store.database.bring_up_to_date", stopped)
        with pytest.raises(KeyboardInterrupt):
            open_store(first)
    assert _everything(first) == before
    with _connected(first) as connection:
        assert migrate.version_of(connection) == "0001"
        assert "obligation" not in inspect(connection).get_table_names()
