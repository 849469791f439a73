"""Statements of the hot paths, compiled once to the driver's own text and run with plain tuples.

SQLAlchemy's parameter handling costs more than the database does where a million records are noted.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Dialect,
    Table,
    any_,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite


@lru_cache(maxsize=32)
def insertion(table: Table, dialect: Dialect) -> str:
    """Insert a row; its values in the order of the table's columns."""
    return str(insert(table).compile(dialect=dialect, column_keys=list(table.c.keys())))


@lru_cache(maxsize=32)
def upsertion(table: Table, dialect: Dialect) -> str:
    """Insert a row, or replace the one of the same key; its values in the order of the table's columns."""
    make: Any = sqlite.insert if dialect.name == "sqlite" else postgresql.insert
    statement = make(table)
    keys = list(table.primary_key.columns)
    others = {column.name: statement.excluded[column.name] for column in table.c if not column.primary_key}
    statement = statement.on_conflict_do_update(index_elements=keys, set_=others)
    return str(statement.compile(dialect=dialect, column_keys=list(table.c.keys())))


@lru_cache(maxsize=32)
def whole(table: Table, dialect: Dialect) -> str:
    """All rows of a table, key and all."""
    return str(select(*table.c).compile(dialect=dialect))


@lru_cache(maxsize=32)
def following(table: Table, most: int, dialect: Dialect) -> str:
    """Up to so many rows that follow a key of one column, in its order: the key."""
    (key,) = table.primary_key.columns
    statement = select(*table.c).where(key > bindparam("after")).order_by(key)
    statement = statement.limit(literal_column(str(most))).offset(literal_column("0"))  # SQLite wants both or none
    return str(statement.compile(dialect=dialect))


@lru_cache(maxsize=32)
def change_by_key(table: Table, names: tuple[str, ...], dialect: Dialect) -> str:
    """Change some columns of one row: their values in the order of the table, then its key."""
    assert names == tuple(column.name for column in table.c if column.name in names)
    statement = update(table).where(*(column == bindparam(f"key_{column.name}") for column in table.primary_key))
    return str(statement.compile(dialect=dialect, column_keys=list(names)))


@lru_cache(maxsize=32)
def overwriting(table: Table, dialect: Dialect) -> str:
    """Overwrite all but the key in every row of a table of one row."""
    names = [column.name for column in table.c if not column.primary_key]
    return str(update(table).compile(dialect=dialect, column_keys=names))


@lru_cache(maxsize=32)
def lookup(table: Table, dialect: Dialect) -> str:
    """Rows of one object type by record ids: the type's number, then the ids as `id_list` makes them."""
    if dialect.name == "sqlite":
        wanted: Any = select(func.json_each(bindparam("ids")).table_valued("value").c.value)
        condition: ColumnElement[bool] = table.c.record_id.in_(wanted)
    else:
        condition = table.c.record_id == any_(bindparam("ids", type_=ARRAY(BigInteger)))
    statement = select(*table.c).where(table.c.object_type == bindparam("type"), condition)
    return str(statement.compile(dialect=dialect))


def id_list(ids: Iterable[int], dialect: Dialect) -> Any:
    """Ids as the one parameter of `lookup`."""
    return f"[{','.join(map(str, ids))}]" if dialect.name == "sqlite" else list(ids)


def fetched(connection: Connection, sql: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
    """The rows that a statement finds, as the driver's own tuples: where they are a million, a row object of SQLAlchemy
    for each is half of the time."""
    result = connection.exec_driver_sql(sql, parameters)
    assert result.cursor is not None
    rows: list[Any] = list(result.cursor.fetchall())
    result.close()
    return rows
