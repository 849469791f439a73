"""The store of a schedule: one database in memory, filled anew for each, and the doors through which a process uses it.

A crash is the loss of whatever was not committed, which SQLite in memory shows as well as on a disk; that what was
committed survives the machine is shown elsewhere, with real files.
"""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any, Protocol, cast

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from hubspot_retention.bootstrap import new_spool
from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.plan.model import Action, Plan
from hubspot_retention.core.plan.query import ALL_ITEMS
from hubspot_retention.core.policy.model import Guardrails, RetentionPolicy
from hubspot_retention.core.policy.parse import parse_policy
from hubspot_retention.core.record import RecordRef
from hubspot_retention.store.database import SqlStore
from hubspot_retention.store.engine import begin_immediate
from hubspot_retention.store.errors import StoreError, StoreRefusedError
from hubspot_retention.store.migrate import bring_up_to_date
from hubspot_retention.store.session import Session
from hubspot_retention.workflow.assess import Assessment, AssessOrder, Watcher
from hubspot_retention.workflow.ports import RecordSource
from hubspot_retention.workflow.review import Reviewer
from tests.faults.world import CLIENTI
from tests.simulator.checker import Checker
from tests.simulator.estate import SURVIVES, portal_of
from tests.simulator.portal import PORTAL
from tests.simulator.stage import BEGIN, Stage

_NAME = "beside"
MANY = Guardrails(max_disposals=5_000, max_percent=100, percent_from=25, max_shrink_percent=20)


@cache
def the_policy() -> tuple[str, RetentionPolicy]:
    """Clienti's, parsed once."""
    text = CLIENTI.read_text(encoding="utf-8")
    return text, parse_policy(text)


class Content(Protocol):
    """A database that can be emptied and filled."""

    def saved(self) -> Any:
        """All that is in it."""

    def fill(self, content: Any) -> None:
        """With this and nothing else."""


_INSTEAD: list[tuple[Content, SqlStore]] = []


def database() -> tuple[Content, SqlStore]:
    """The database of the schedules, and the store over it."""
    return _INSTEAD[-1] if _INSTEAD else _in_memory()


@contextmanager
def instead(content: Content, store: SqlStore) -> Iterator[None]:
    """Another database than the one in memory, for the length of a block."""
    _INSTEAD.append((content, store))
    _forget()
    try:
        yield
    finally:
        _INSTEAD.pop()
        _in_memory.cache_clear()  # it is as its last schedule left it, and no longer empty
        _forget()


def _forget() -> None:
    empty.cache_clear()
    template.cache_clear()


@dataclass(frozen=True, slots=True)
class _InMemory:
    """A database in memory beside an empty main one. What SQLite knows of `json_each` hangs on the main database, and
    it uses it still when that has been filled anew and the memory given back: so the main one never is."""

    raw: sqlite3.Connection

    def saved(self) -> bytes:
        """All that is in it."""
        return self.raw.serialize(name=_NAME)

    def fill(self, content: bytes) -> None:
        """With this and nothing else."""
        self.raw.deserialize(content, name=_NAME)


def _connected(raw: sqlite3.Connection) -> Session:
    engine = create_engine("sqlite://", creator=lambda: raw, poolclass=NullPool)
    engine.dialect.do_begin = begin_immediate  # type: ignore[assignment, method-assign]
    return Session(engine.connect())


@cache
def _new() -> bytes:
    raw = _connection()
    with _connected(raw).begin() as connection:
        bring_up_to_date(connection)
    return raw.serialize()


def _connection() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)


@cache
def _in_memory() -> tuple[Content, SqlStore]:
    raw = _connection()
    raw.execute(f"attach ':memory:' as {_NAME}")
    content = _InMemory(raw)
    content.fill(_new())
    return content, SqlStore(_connected(raw))


@cache
def empty() -> Any:
    """The database before anything was stored."""
    return database()[0].saved()


@cache
def template(size: int, *, is_approved: bool, has_deals: bool = False) -> tuple[Any, tuple[Plan, ...]]:
    """A store after a run, by the real assessment, and after its approval, by the real review."""
    raw, store = database()
    raw.fill(empty())
    text, policy = the_policy()
    stage = Stage(0)
    stage.faults = False
    order = AssessOrder(
        as_of=BEGIN,
        what_if=False,
        actor="anna",
        expected_portal=PORTAL,
        guardrails=MANY,
        valid_for=timedelta(hours=24),
    )
    source = cast(RecordSource, portal_of(stage, size, has_deals=has_deals))
    if has_deals:
        with store.transaction() as tx:
            tx.save_probe(PORTAL, SURVIVES, BEGIN)
    spool = new_spool()
    plans: tuple[Plan, ...] = Assessment(source, store, spool, policy).run(order, stage.now, Watcher())
    spool.close()
    if is_approved:
        reviewer = Reviewer(store, "bent", four_eyes=True)
        plans = tuple(reviewer.approve(plan.plan_id, plan.digest, text, BEGIN) for plan in plans)
    return raw.saved(), plans


def wanted(plans: Sequence[Plan]) -> dict[RecordRef, str]:
    """What plans do, by record."""
    with database()[1].transaction() as tx:
        return {
            item.record: item.action.value
            for plan in plans
            for item in tx.items(plan.plan_id, ALL_ITEMS)
            if item.action not in (Action.OBSERVE, Action.NONE)
        }


@dataclass(slots=True)
class Doors:
    """The store as one process has it: at each transaction the turn may go to somebody else, or the disk fail.
    `is_lost`: its connection, and with it the lock, went to another process."""

    inner: SqlStore
    stage: Stage
    checker: Checker
    is_lost: bool = False
    __weakref__: Any = field(init=False, repr=False, compare=False)
    __hash__ = object.__hash__

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """A real transaction; its words are durable once it has ended."""
        stage = self.stage
        stage.step("begins a transaction")
        if self.is_lost:
            raise StoreRefusedError("the database is in use by another process")
        said: list[Entry] = []
        looked_at: list[RecordRef] = []
        stage.in_transaction = True
        self.checker.failed()
        try:
            with self.inner.transaction() as tx:
                audit, events_since = tx.audit, tx.events_since

                def heard(entry: Entry) -> int:
                    said.append(entry)
                    return audit(entry)

                def asked(number: int, records: Collection[RecordRef], properties: Collection[str]) -> Any:
                    looked_at.extend(records)
                    return events_since(number, records, properties)

                tx.audit = heard  # type: ignore[method-assign]
                tx.events_since = asked  # type: ignore[method-assign]
                yield tx
                if stage.fate(0.01, "the database fails, nothing is stored"):
                    raise StoreError("the disk is full")
            self.checker.durable(said)
            if not said:
                self.checker.stands(looked_at)
            if stage.fate(0.004, "it is stored, but the database does not say so any more"):
                raise StoreError("the database cannot be reached")
        finally:
            stage.in_transaction = False
        stage.step("has committed" + "".join(f" {entry.kind}" for entry in said[:4]))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)
