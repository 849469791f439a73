"""One schedule: a tiny portal with approved plans, a worker that dies and comes back, people who act, faults.

First everything goes wrong that can (safety); then the faults heal, and everything must end (liveness).
"""

import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from typing import Any, cast

import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.pool import NullPool

from hubspot_retention.bootstrap import new_spool
from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.plan.model import FINAL_STATES, Action, Plan, PlanStatus
from hubspot_retention.core.plan.query import ALL_ITEMS
from hubspot_retention.core.policy.model import Guardrails, Mode, RetentionPolicy
from hubspot_retention.core.policy.parse import parse_policy
from hubspot_retention.core.record import ObjectType, PortalId, RecordId, RecordRef
from hubspot_retention.errors import RetentionError
from hubspot_retention.store.database import SqlStore
from hubspot_retention.store.errors import StoreError
from hubspot_retention.store.migrate import bring_up_to_date
from hubspot_retention.store.session import Session
from hubspot_retention.workflow.assess import Assessment, AssessOrder, Watcher
from hubspot_retention.workflow.carry import Tools
from hubspot_retention.workflow.dispose import Applier
from hubspot_retention.workflow.fresh import FreshReader
from hubspot_retention.workflow.gate import Permission
from hubspot_retention.workflow.ports import Disposer, RecordSource, Store
from hubspot_retention.workflow.review import Registrar, Reviewer
from hubspot_retention.workflow.times import Times
from tests.faults.world import CLIENTI
from tests.simulator.checker import Checker, ViolationError
from tests.simulator.portal import PORTAL, SimulatedPortal, contacts
from tests.simulator.stage import BEGIN, Actor, Decision, Stage

_MANY = Guardrails(max_disposals=5_000, max_percent=100, percent_from=25, max_shrink_percent=20)
_PERMISSION = Permission(mode=Mode.REVIEW, allow_erase=True)
_STEPS = 160
_THOUGHTS = 60
"""A person acts for as long as the worker does, or every hold would come before the first `sent`."""
_ANOTHER = PortalId(999)
_SIZES = (2, 3, 4, 6)


class InlineExecutor:
    """What is submitted is done at once: the order of a schedule is the seed's alone."""

    def __init__(self, *_arguments: object, **_named: object) -> None:
        pass

    def submit(self, work: Any, *arguments: Any) -> "Future[Any]":
        """Do it now. A death is not caught."""
        future: Future[Any] = Future()
        try:
            future.set_result(work(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future

    def map(self, work: Any, items: Any) -> list[Any]:
        """Do all of it now."""
        return [work(item) for item in items]

    def shutdown(self, *_arguments: object, **_named: object) -> None:
        """Nothing is under way."""

    def __enter__(self) -> "InlineExecutor":
        return self

    def __exit__(self, *_exception: object) -> None:
        return None


@cache
def the_policy() -> tuple[str, RetentionPolicy]:
    """Clienti's, parsed once."""
    text = CLIENTI.read_text(encoding="utf-8")
    return text, parse_policy(text)


@cache
def _database() -> tuple[sqlite3.Connection, SqlStore]:
    """One database in memory, filled anew for each schedule. Durability is shown elsewhere."""
    raw = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    engine = create_engine("sqlite://", creator=lambda: raw, poolclass=NullPool)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    session = Session(engine.connect())
    with session.begin() as connection:
        bring_up_to_date(connection)
    return raw, SqlStore(session)


@cache
def _empty() -> bytes:
    return _database()[0].serialize()


@cache
def _template(size: int) -> tuple[bytes, tuple[Plan, ...]]:
    """A store after a run and its approval, by the real assessment and the real review."""
    raw, store = _database()
    raw.deserialize(_empty())
    text, policy = the_policy()
    stage = Stage(0)
    stage.faults = False
    order = AssessOrder(
        as_of=BEGIN,
        what_if=False,
        actor="anna",
        expected_portal=PORTAL,
        guardrails=_MANY,
        valid_for=timedelta(hours=24),
    )
    source = cast(RecordSource, SimulatedPortal(stage, contacts(size)))
    spool = new_spool()
    made = Assessment(source, store, spool, policy).run(order, stage.now, Watcher())
    spool.close()
    reviewer = Reviewer(store, "bent", four_eyes=True)
    plans = tuple(reviewer.approve(plan.plan_id, plan.digest, text, BEGIN) for plan in made)
    return raw.serialize(), plans


@dataclass(slots=True)
class Doors:
    """The store as one process has it: at each transaction the turn may go to somebody else, or the disk fail."""

    inner: SqlStore
    stage: Stage
    checker: Checker
    __weakref__: Any = field(init=False, repr=False, compare=False)
    __hash__ = object.__hash__

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """A real transaction; its words are durable once it has ended."""
        self.stage.step("begins a transaction")
        said: list[Entry] = []
        self.stage.in_transaction = True
        try:
            with self.inner.transaction() as tx:
                audit = tx.audit

                def heard(entry: Entry) -> int:
                    said.append(entry)
                    return audit(entry)

                tx.audit = heard  # type: ignore[method-assign]
                yield tx
                if self.stage.fate(0.01, "the database fails, nothing is stored"):
                    raise StoreError("the disk is full")
            self.checker.durable(said)
        finally:
            self.stage.in_transaction = False
        self.stage.step("has committed" + "".join(f" {entry.kind}" for entry in said[:4]))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


@dataclass(slots=True)
class Schedule:
    """One seed. `run` raises ViolationError."""

    seed: int
    muted: frozenset[Decision] = frozenset()
    stage: Stage = field(init=False)
    portal: SimulatedPortal = field(init=False)
    checker: Checker = field(init=False)
    plans: tuple[Plan, ...] = field(init=False)
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.stage = Stage(self.seed, self.muted)
        size = self.stage.random.choice(_SIZES)
        content, self.plans = _template(size)
        raw, inner = _database()
        raw.deserialize(content)
        self.portal = SimulatedPortal(self.stage, contacts(size))
        self.checker = Checker(
            stage=self.stage,
            portal=self.portal,
            plans={plan.plan_id: plan for plan in self.plans},
            approved=_approved(inner, self.plans),
            policy_digest=the_policy()[1].digest,
        )
        self.checker.listen()
        self.store = cast(Store, Doors(inner, self.stage, self.checker))

    def run(self) -> None:
        """Safety, then liveness, then the log itself."""
        try:
            self._let_things_go_wrong()
            self._heal_and_end()
        finally:
            self.stage.clear()
        report = _database()[1].verify_log()
        if not report.intact:
            raise ViolationError("E3", "the log does not verify")

    def _let_things_go_wrong(self) -> None:
        stage = self.stage
        stage.enter("worker", self._work)
        stage.enter("person", self._be_a_person)
        while stage.steps < _STEPS and stage.actors:
            self._happen()
            if not any(actor.name == "worker" for actor in stage.actors):
                if not self._is_open():
                    break
                stage.enter("worker", self._work)
            actor = stage.random.choice(stage.actors)
            if actor.name == "worker" and stage.fate(0.012, ""):
                stage.kill(actor)
            elif actor.name == "worker" and stage.fate(0.02, "the worker is frozen"):
                self._freeze(actor)
            else:
                stage.seconds += stage.random.random() * 0.2
                stage.go_on(actor)

    def _is_open(self) -> bool:
        """Whether a plan is left that a worker could go on with."""
        with _database()[1].transaction() as tx:
            plans = [tx.plan(plan.plan_id) for plan in self.plans]
        over = (PlanStatus.APPLIED, PlanStatus.REJECTED, PlanStatus.EXPIRED)
        return any(plan is not None and plan.status not in over for plan in plans)

    def _freeze(self, worker: Actor) -> None:
        """Time goes by without the worker; others act."""
        self.stage.seconds += self.stage.random.choice((3.0, 7.0, 40.0, 400.0))
        for actor in [actor for actor in self.stage.actors if actor is not worker] * 3:
            if not actor.ended:
                self.stage.go_on(actor)

    def _happen(self) -> None:
        """What happens in the world, whoever acts."""
        stage, there = self.stage, self.portal.there
        if there and stage.fate(0.01, "a hold is set in HubSpot"):
            key = stage.random.choice(list(there))
            there[key] = there[key]._replace(legal_hold=True)
        if len(there) > 2 and stage.fate(0.004, "a record is merged away"):
            loser, winner = stage.random.sample(list(there), 2)
            self.portal.merged[loser] = winner
            del there[loser]
        if stage.fate(0.006, "the wall clock jumps"):
            stage.wall_offset = stage.random.choice((0.0, 0.0, 240.0, -3_600.0, 86_400.0))
        if there and stage.fate(0.005, "a record can no longer be read"):
            self.portal.poison.add(stage.random.choice(list(there)))

    # The worker: comes back for as long as there is something to do.

    def _work(self) -> None:
        """A new process: settings are read anew, then both plans are applied."""
        stage, policy = self.stage, the_policy()[1]
        if stage.fate(0.04, "the worker is started with another policy"):
            policy = replace(policy, digest="f" * 64)
        wrong = stage.fate(0.04, "the worker is started with the token of another portal")
        self.portal.portal_id = _ANOTHER if wrong else PORTAL
        self.checker.run_policy = policy.digest
        left = list(self.plans)
        for _attempt in range(3):
            for plan in list(left):
                try:
                    if self._applier(policy).apply(plan.plan_id, "carl").plan.status is PlanStatus.APPLIED:
                        left.remove(plan)
                except RetentionError as error:
                    stage.step(f"is stopped by {type(error).__name__}")
            if not left:
                return
            stage.step("rests")

    def _applier(self, policy: RetentionPolicy) -> Applier:
        source = cast(RecordSource, self.portal)
        tools = Tools(
            source=source,
            disposer=cast(Disposer, self.portal),
            store=self.store,
            fresh=FreshReader(source, new_spool, policy),
            policy=policy,
            times=Times(self.stage.now, self.stage.monotonic),
            workers=1,
        )
        return Applier(tools, _PERMISSION)

    # People.

    def _be_a_person(self) -> None:
        """Holds, releases, stops, rejections, as the seed says."""
        placed: list[tuple[int, RecordId]] = []
        everybody = list(self.portal.there)
        for _ in range(_THOUGHTS):
            self.stage.step("thinks")
            try:
                self._act(everybody, placed)
            except RetentionError as error:
                self.stage.step(f"is told that nothing was stored: {type(error).__name__}")

    def _act(self, everybody: Sequence[RecordId], placed: list[tuple[int, RecordId]]) -> None:
        stage, registrar, checker = self.stage, Registrar(self.store, "dora"), self.checker
        if stage.fate(0.08, ""):
            key = stage.random.choice(everybody)
            record = RecordRef(ObjectType.CONTACT, key)
            hold, in_flight = registrar.place_hold(record, "sag-1", "", None, stage.now())
            placed.append((hold.hold_id, key))
            checker.holds += 1
            if not in_flight:
                checker.promised[key] = hold.hold_id
            stage.tell(f"is told that {key} is {'in flight' if in_flight else 'held'}")
        elif placed and stage.fate(0.15, ""):
            number, key = placed.pop()
            checker.promised = {held: hold for held, hold in checker.promised.items() if hold != number}
            registrar.release_hold(number, stage.now())
        elif stage.fate(0.05, "stops all disposals"):
            registrar.set_kill_switch("stop", stage.now())
            checker.stopped_at = len(checker.log)
        elif checker.stopped_at is not None and stage.fate(0.4, "lets disposals go on"):
            checker.stopped_at = None
            registrar.set_kill_switch(None, stage.now())
        elif stage.fate(0.01, "rejects a plan"):
            Reviewer(self.store, "dora", four_eyes=True).reject(self.plans[0].plan_id, "", stage.now())

    # Liveness.

    def _heal_and_end(self) -> None:
        """The faults heal; each item that may still be carried out must end, but for records that stay unreadable."""
        stage = self.stage
        stage.clear()
        stage.faults, stage.wall_offset, self.portal.portal_id = False, 0.0, PORTAL
        with _database()[1].transaction() as tx:
            tx.set_kill_switch(None)
        self.checker.stopped_at = None
        stage.enter("worker", self._work)
        for _ in range(3_000):
            if not stage.actors:
                break
            stage.seconds += 0.05
            stage.go_on(stage.actors[0])
        self._all_has_ended()

    def _all_has_ended(self) -> None:
        with _database()[1].transaction() as tx:
            for known in self.plans:
                plan = tx.plan(known.plan_id)
                if plan is None or plan.status in (PlanStatus.REJECTED, PlanStatus.EXPIRED):
                    continue
                for item in tx.items(plan.plan_id, ALL_ITEMS):
                    waits = item.record.record_id in self.portal.poison
                    if item.action is not Action.NONE and item.state not in FINAL_STATES and not waits:
                        raise ViolationError("L1", f"{item.record} has not ended: {item.state.value}")


def _approved(store: SqlStore, plans: Sequence[Plan]) -> dict[RecordId, str]:
    with store.transaction() as tx:
        return {
            item.record.record_id: item.action.value
            for plan in plans
            for item in tx.items(plan.plan_id, ALL_ITEMS)
            if item.action is not Action.NONE
        }


@contextmanager
def inline() -> Iterator[None]:
    """The workflow's threads are the stage's own for the length of a block."""
    with pytest.MonkeyPatch.context() as patched:
        for module in ("carry", "overlap"):
            patched.setattr(f"hubspot_retention.workflow.{module}.ThreadPoolExecutor", InlineExecutor)
        yield


def shrink(seed: int, invariant: str) -> Schedule:
    """The same violation with as few of fate's decisions as can be, taken away one by one."""
    muted: frozenset[Decision] = frozenset()
    found = _violated(seed, muted, invariant)
    assert found is not None
    for number in found.stage.fired:
        smaller = _violated(seed, muted | {number}, invariant)
        if smaller is not None:
            muted, found = muted | {number}, smaller
    return found


def _violated(seed: int, muted: frozenset[Decision], invariant: str) -> Schedule | None:
    schedule = Schedule(seed, muted)
    try:
        schedule.run()
    except ViolationError as error:
        return schedule if error.invariant == invariant else None
    return None


def story_of(seed: int, invariant: str) -> str:
    """What led to a violation, with as little in it as can be."""
    found = shrink(seed, invariant)
    return f"seed {seed}, fate's decisions left: {len(found.stage.fired)}\n" + "\n".join(found.stage.story)
