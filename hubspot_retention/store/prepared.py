"""Statements of the hot paths, compiled once to the driver's own text and run on its cursor.

SQLAlchemy says what a statement is and how a database spells it. To have it run one, too, takes 50 to 100 µs where
SQLite takes 5 (measured 2026-11), and whoever disposes of records does little else.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Dialect,
    Executable,
    LargeBinary,
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
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

_Process = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A statement as one driver takes it. `names`: of its parameters, in their order; `fixed`: the values of those that
    stand in the statement itself; `into`, `out_of`: how values of some types become the driver's, and back."""

    sql: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any]
    into: Mapping[str, _Process]
    named: Callable[[Iterable[Any]], Any]
    out_of: tuple[tuple[int, _Process], ...]

    def bound(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """The parameters in their order. Raises KeyError for one that is missing."""
        into = self.into
        known = {**self.fixed, **values} if self.fixed else values
        given = [known[name] for name in self.names]
        if into:
            given = [
                into[name](value) if name in into else value for name, value in zip(self.names, given, strict=True)
            ]
        return tuple(given)

    def read(self, rows: list[Sequence[Any]]) -> list[Sequence[Any]]:
        """The driver's rows with the values that were stored."""
        return list(map(self._processed, rows)) if self.out_of else rows

    def _processed(self, row: Sequence[Any]) -> Sequence[Any]:
        values = list(row)
        for place, process in self.out_of:
            values[place] = process(values[place])
        return tuple(values)


class Prepared:
    """A statement whose parameters have names. `columns`: which an insert or an update sets, all of them named; a
    statement that each database spells in its own way is made from its dialect."""

    def __init__(
        self, statement: Executable | Callable[[Dialect], Executable], columns: Sequence[str] | None = None
    ) -> None:
        self._statement = statement
        self._columns = columns
        self._ready: dict[str, Ready] = {}

    def ready(self, dialect: Dialect) -> Ready:
        """The statement for a database, compiled once."""
        found = self._ready.get(dialect.name)
        if found is None:
            found = self._ready[dialect.name] = self._compiled(dialect)
        return found

    def _compiled(self, dialect: Dialect) -> Ready:
        statement: Any = self._statement if isinstance(self._statement, Executable) else self._statement(dialect)
        compiled = statement.compile(
            dialect=dialect, column_keys=self._columns, compile_kwargs={"render_postcompile": True}
        )
        assert isinstance(compiled, SQLCompiler)
        assert compiled.positiontup is not None
        names = tuple(compiled.positiontup)
        types = {bind.key: bind.type for bind in compiled.binds.values() if not bind.unique}
        into = {name: _bind(types[name], dialect) for name in names if name in types}
        columns = list(getattr(statement, "exported_columns", ()))
        out_of = [_result(column.type, dialect) for column in columns]
        return Ready(
            sql=compiled.string,
            names=names,
            fixed={name: value for name, value in compiled.params.items() if name not in types},
            into={name: process for name, process in into.items() if process is not None},
            named=_row_of([column.key for column in columns]),
            out_of=tuple((place, process) for place, process in enumerate(out_of) if process is not None),
        )


def _row_of(names: Sequence[str]) -> Callable[[Iterable[Any]], Any]:
    row: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]
    make: Callable[[Iterable[Any]], Any] = row._make
    return make


def _bind(kind: TypeEngine[Any], dialect: Dialect) -> _Process | None:
    return None if isinstance(kind, LargeBinary) else kind.dialect_impl(dialect).bind_processor(dialect)


def _result(kind: TypeEngine[Any], dialect: Dialect) -> _Process | None:
    """Bytes are left as the driver gives them: a hand may have put a text there, and verification must name it. So are
    truths, which SQLite has as numbers: to rewrite a row for them takes as long as to fetch it."""
    return (
        None if isinstance(kind, LargeBinary | Boolean) else kind.dialect_impl(dialect).result_processor(dialect, None)
    )


def insertion(table: Table) -> Prepared:
    """Insert a row: all its columns, in their order."""
    return Prepared(insert(table), [column.name for column in table.c])


def upsertion(table: Table) -> Prepared:
    """Insert a row, or replace the one of the same key: all its columns, in their order."""

    def make(dialect: Dialect) -> Executable:
        statement = inserting(table, dialect)
        others = {column.name: statement.excluded[column.name] for column in table.c if not column.primary_key}
        found: Executable = statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=others)
        return found

    return Prepared(make, [column.name for column in table.c])


def inserting(table: Table, dialect: Dialect) -> Any:
    """An insert that may say what to do about a row that is there already."""
    return (sqlite.insert if dialect.name == "sqlite" else postgresql.insert)(table)


def change_by_key(table: Table, names: tuple[str, ...]) -> Prepared:
    """Change some columns of one row; those of its key are named `key_…`."""
    here = [column == bindparam(f"key_{column.name}") for column in table.primary_key]
    return Prepared(update(table).where(*here), names)


def overwriting(table: Table) -> Prepared:
    """Overwrite all but the key in every row of a table of one row."""
    return Prepared(update(table), [column.name for column in table.c if not column.primary_key])


def following(table: Table, most: int) -> Prepared:
    """Up to so many rows that follow a key of one column, in its order: `after`."""
    (key,) = table.primary_key.columns
    statement = select(*table.c).where(key > bindparam("after")).order_by(key)
    return Prepared(statement.limit(literal_column(str(most))).offset(literal_column("0")))  # SQLite: both or none


def lookup(table: Table, *names: str) -> Prepared:
    """Rows of one object type by record ids: the type's number, `type`, and `ids` as `id_list` makes them. `names`: of
    the columns that are wanted, all where none is named."""
    wanted_columns = [table.c[name] for name in names] or list(table.c)

    def make(dialect: Dialect) -> Executable:
        if dialect.name == "sqlite":
            wanted: Any = select(func.json_each(bindparam("ids")).table_valued("value").c.value)
            condition: ColumnElement[bool] = table.c.record_id.in_(wanted)
        else:
            condition = table.c.record_id == any_(bindparam("ids", type_=ARRAY(BigInteger)))
        return select(*wanted_columns).where(table.c.object_type == bindparam("type"), condition)

    return Prepared(make)


def id_list(ids: Iterable[int], dialect: Dialect) -> Any:
    """Ids as the one parameter of `lookup`."""
    return f"[{','.join(map(str, ids))}]" if dialect.name == "sqlite" else list(ids)
