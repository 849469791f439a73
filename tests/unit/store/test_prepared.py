"""Statements that are compiled once: what they ask of the driver, and what comes back."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Column, Date, Integer, LargeBinary, MetaData, Table, Text, bindparam, create_engine, select
from sqlalchemy.pool import NullPool

from hubspot_retention.store.errors import StoreError
from hubspot_retention.store.prepared import (
    Prepared,
    change_by_key,
    following,
    id_list,
    insertion,
    lookup,
    overwriting,
    upsertion,
)
from hubspot_retention.store.session import Session

meta = MetaData()
thing = Table(
    "thing",
    meta,
    Column("object_type", Integer, primary_key=True),
    Column("record_id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("day", Date),
    Column("body", LargeBinary),
)
numbered = Table("numbered", meta, Column("number", Integer, primary_key=True), Column("word", Text))

ADD = insertion(thing)
ALL = Prepared(select(thing).order_by(thing.c.record_id))
NAMED = Prepared(
    select(thing.c.name).where(thing.c.name.in_(["b", "c"]), thing.c.record_id > bindparam("least", required=False))
)
DAY = date(2026, 2, 28)


@pytest.fixture
def session() -> Iterator[Session]:
    """A database with three things."""
    engine = create_engine("sqlite://", poolclass=NullPool)
    opened = Session(engine.connect())
    with opened.begin() as connection:
        meta.create_all(connection)
    with opened.begin():
        opened.change_each(ADD, [(30, number, name, None, b"\x00") for number, name in enumerate("abc", 1)])
    yield opened
    opened.close()


def stored(session: Session) -> list[tuple[Any, ...]]:
    with session.begin():
        return [row[1:3] for row in session.rows(ALL)]


def test_values_come_back_as_they_were_given_with_the_names_of_their_columns(session: Session) -> None:
    with session.begin():
        given = {"object_type": 40, "record_id": 9, "name": "d", "day": DAY, "body": b"\x00\xff"}
        assert session.change(ADD, **given) == 1
        found = session.named(ALL)[-1]
    assert (found.object_type, found.record_id, found.name, found.day, found.body) == (40, 9, "d", DAY, b"\x00\xff")


def test_what_is_no_bytes_in_a_column_of_bytes_comes_back_as_it_lies_there(session: Session) -> None:
    with session.begin() as connection:
        connection.exec_driver_sql("UPDATE thing SET body = 'a hand was here'")
        assert {row.body for row in session.named(ALL)} == {"a hand was here"}


def test_lists_that_stand_in_a_statement_are_spelled_out_once(session: Session) -> None:
    with session.begin():
        assert session.rows(NAMED, least=0) == [("b",), ("c",)]
        assert session.rows(NAMED, least=2) == [("c",)]


def test_a_parameter_that_is_missing_is_no_null(session: Session) -> None:
    with session.begin(), pytest.raises(KeyError, match="least"):
        session.rows(NAMED)


def test_one_row_and_one_value_are_none_where_there_is_none(session: Session) -> None:
    with session.begin():
        assert (session.row(NAMED, least=9), session.scalar(NAMED, least=9)) == (None, None)
        assert (session.row(NAMED, least=2).name, session.scalar(NAMED, least=0)) == ("c", "b")
        with pytest.raises(RuntimeError, match="found several"):
            session.row(NAMED, least=0)


def test_a_row_of_the_same_key_is_replaced(session: Session) -> None:
    with session.begin():
        assert session.change_each(upsertion(thing), [(30, 2, "x", None, None), (30, 4, "y", None, None)]) == 2
    assert stored(session) == [(1, "a"), (2, "x"), (3, "c"), (4, "y")]


def test_one_row_is_changed_by_its_key_and_the_others_are_not(session: Session) -> None:
    rename = change_by_key(thing, ("name",))
    with session.begin():
        assert session.change(rename, name="x", key_object_type=30, key_record_id=2) == 1
        assert session.change(rename, name="x", key_object_type=31, key_record_id=3) == 0
    assert stored(session) == [(1, "a"), (2, "x"), (3, "c")]


def test_the_rows_of_some_ids_are_found_and_those_of_another_type_are_not(session: Session) -> None:
    with session.begin():
        session.change(ADD, object_type=40, record_id=1, name="another", day=None, body=None)
        found = session.named(lookup(thing), type=30, ids=id_list([1, 3, 99], session.dialect))
    assert sorted(row.name for row in found) == ["a", "c"]


def test_so_many_rows_follow_a_key_and_all_but_the_key_is_overwritten(session: Session) -> None:
    with session.begin():
        session.change_each(insertion(numbered), [(number, "old") for number in range(5)])
        assert session.rows(following(numbered, 2), after=1) == [(2, "old"), (3, "old")]
        assert session.change(overwriting(numbered), word="new") == 5
        assert session.rows(following(numbered, 9), after=2) == [(3, "new"), (4, "new")]


def test_without_rows_nothing_is_asked_of_the_database(session: Session) -> None:
    assert session.change_each(ADD, []) == 0


def test_an_error_names_no_value_and_takes_the_whole_transaction_with_it_also_when_it_is_swallowed(
    session: Session,
) -> None:
    def swallowing() -> None:
        with session.begin():
            session.change(ADD, object_type=30, record_id=4, name="d", day=None, body=None)
            with pytest.raises(StoreError) as caught:
                session.change(ADD, object_type=30, record_id=4, name="Anna Kirkegaard", day=None, body=None)
            assert str(caught.value) == "the database refused; nothing was stored (SQLITE_CONSTRAINT_PRIMARYKEY)"

    with pytest.raises(StoreError, match="a statement of this transaction failed"):
        swallowing()
    assert stored(session) == [(1, "a"), (2, "b"), (3, "c")]
