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

MANY = Guardrails(max_disposals=5_000, max_percent=100, percent_from=25, max_shrink_percent=20)


@cache
def the_policy() -> tuple[str, RetentionPolicy]:
    """Clienti's, parsed once."""
    text = CLIENTI.read_text(encoding="utf-8")
    return text, parse_policy(text)


class Content(Protocol):
    """A database that can be emptied and filled."""

    def serialize(self) -> bytes:
        """All that is in it."""

    def deserialize(self, content: bytes) -> None:
        """This and nothing else."""


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
        begin_anew()  # the one in memory is as its last schedule left it, and no longer empty


def begin_anew() -> None:
    """Another database in memory: one that was filled anew often with the content of one kind of schedule brings the
    interpreter's SQLite down with that of another."""
    _in_memory.cache_clear()
    _forget()


def _forget() -> None:
    empty.cache_clear()
    template.cache_clear()


@cache
def _in_memory() -> tuple[Content, SqlStore]:
    raw = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    engine = create_engine("sqlite://", creator=lambda: raw, poolclass=NullPool)
    engine.dialect.do_begin = begin_immediate  # type: ignore[assignment, method-assign]
    session = Session(engine.connect())
    with session.begin() as connection:
        bring_up_to_date(connection)
    return cast(Content, raw), SqlStore(session)


@cache
def empty() -> bytes:
    """The database before anything was stored."""
    return database()[0].serialize()


@cache
def template(size: int, *, is_approved: bool, has_deals: bool = False) -> tuple[bytes, tuple[Plan, ...]]:
    """A store after a run, by the real assessment, and after its approval, by the real review."""
    raw, store = database()
    raw.deserialize(empty())
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
    return raw.serialize(), plans


def wanted(plans: Sequence[Plan]) -> dict[RecordRef, str]:
    """What plans do, by record."""
    with database()[1].transaction() as tx:
        return {
            item.record: item.action.value
            for plan in plans
            for item in tx.items(plan.plan_id, ALL_ITEMS)
            if item.action is not Action.NONE
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
