"""The same schedule of faults on SQLite and on PostgreSQL: the same story to the letter, and the same database at its
end, row for row and hash for hash.

`RETENTION_TEST_SEEDS_ON_BOTH` says how many seeds of the simulator (the scoreboard's full form: 1,000).
"""

import itertools
import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Connection, Table, func, insert, select, text

from hubspot_retention.store.database import SqlStore, open_store
from hubspot_retention.store.schema import metadata
from tests.simulator.checker import ViolationError
from tests.simulator.database import database, instead
from tests.simulator.inline import inline
from tests.simulator.schedule import Schedule

SEEDS = int(os.environ.get("RETENTION_TEST_SEEDS_ON_BOTH", "2"))
Rows = dict[str, list[tuple[Any, ...]]]


def rows_of(store: SqlStore) -> Rows:
    """Every row of every table."""
    with store._session.begin() as connection:
        return {table.name: sorted(map(tuple, connection.execute(select(table))), key=repr) for table in tables()}


def tables() -> list[Table]:
    """All of the store's."""
    return list(metadata.sorted_tables)


@dataclass(frozen=True, slots=True)
class Saved:
    """PostgreSQL, as the simulator empties and fills its database in memory."""

    store: SqlStore

    def saved(self) -> bytes:
        """All rows."""
        return pickle.dumps(rows_of(self.store))

    def fill(self, content: bytes) -> None:
        """These rows and no others; what is numbered goes on after them. The triggers that keep the log append-only
        are the superuser's to set aside."""
        rows: Rows = pickle.loads(content)
        names = ", ".join(f'"{table.name}"' for table in tables())
        with self.store._session.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
            for table in tables():
                columns = [column.name for column in table.columns]
                if rows[table.name]:
                    connection.execute(
                        insert(table), [dict(zip(columns, row, strict=True)) for row in rows[table.name]]
                    )
            number_on(connection)


def number_on(connection: Connection) -> None:
    """What PostgreSQL numbers goes on after the rows that are there."""
    for table in tables():
        for column in table.primary_key.columns:
            numbered = func.pg_get_serial_sequence(table.name, column.name)
            most = select(func.max(column)).scalar_subquery()
            if len(table.primary_key.columns) == 1 and connection.scalar(select(numbered)) is not None:
                connection.execute(select(func.setval(numbered, func.coalesce(most, 1), most.is_not(None))))


def lived(seed: int, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Rows]:
    """A seed's whole story, and all rows at its end. Salts are the same each time."""
    numbers = itertools.count(1)
    monkeypatch.setattr(
        "hubspot_retention.store.private_text.secrets.token_bytes", lambda size: next(numbers).to_bytes(size, "big")
    )
    one = Schedule(seed)
    try:
        one.run()
    except ViolationError as error:
        pytest.fail(f"seed {seed}: {error}")
    return one.stage.digest, rows_of(database()[1])


@contextmanager
def taking_back_numbers(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a failed transaction has numbered leaves a gap in PostgreSQL's numbers and none in SQLite's, and the number
    of a hold stands in the log. That is the one difference there may be: it is made up for after each failure."""
    begin = store._session.begin

    @contextmanager
    def without_gaps() -> Iterator[Connection]:
        try:
            with begin() as connection:
                yield connection
        except BaseException:
            with begin() as connection:
                number_on(connection)
            raise

    with monkeypatch.context() as patched:
        patched.setattr(store._session, "begin", without_gaps)
        yield


def test_a_seed_comes_to_the_same_end_on_sqlite_and_on_postgresql(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    with inline(), open_store(postgres_url) as store:
        on_sqlite = [lived(seed, monkeypatch) for seed in range(SEEDS)]
        with instead(Saved(store), store), taking_back_numbers(store, monkeypatch):
            for seed, (story, rows) in enumerate(on_sqlite):
                there_story, there_rows = lived(seed, monkeypatch)
                assert there_story == story, f"seed {seed} tells another story"
                assert there_rows == rows, f"seed {seed}"
        assert sum(len(rows["audit_entry"]) for _, rows in on_sqlite) > 20 * SEEDS
    record_property("seeds on both", f"{SEEDS:,}, from 0 on")
