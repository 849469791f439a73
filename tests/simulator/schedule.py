"""One schedule: a tiny portal with plans, workers that die, freeze and come back, people who act, faults.

First everything goes wrong that can (safety); then the faults heal, and everything must end (liveness).
"""

import json
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

from hubspot_retention.core.plan.model import FINAL_STATES, Action, Plan, PlanStatus
from hubspot_retention.core.plan.query import ALL_ITEMS
from hubspot_retention.core.policy.model import Mode, RetentionPolicy
from hubspot_retention.core.record import ObjectType, PortalId, RecordRef
from hubspot_retention.core.webhook.event import Event
from hubspot_retention.errors import RetentionError
from hubspot_retention.store.errors import StoreRefusedError
from hubspot_retention.workflow.carry import Tools
from hubspot_retention.workflow.dispose import Applier
from hubspot_retention.workflow.fresh import FreshReader
from hubspot_retention.workflow.gate import Freshness, Permission, Unwatched
from hubspot_retention.workflow.ports import Disposer, RecordSource, Store
from hubspot_retention.workflow.times import Times
from tests.simulator.checker import Backup, Checker, Process, ViolationError
from tests.simulator.database import Doors, database, template, the_policy, wanted
from tests.simulator.estate import is_estate, portal_of
from tests.simulator.estate_checker import EstateChecker
from tests.simulator.outside import Outside
from tests.simulator.people import Person
from tests.simulator.portal import PORTAL, SimulatedPortal
from tests.simulator.remains import pseudonym, require_remains
from tests.simulator.spools import spool
from tests.simulator.stage import Actor, Decision, Script, Stage
from tests.simulator.town import Town

_PERMISSION = Permission(mode=Mode.REVIEW, allow_erase=True)
_STEPS, _LONGER = 160, 320
_FEWER = 0.3
"""How many holds there are where each reaches several records."""
_MORE = 6
"""How much likelier it is that a worker dies or freezes between the word `sent` and what becomes of it."""
_ANOTHER = PortalId(999)
_SIZES = (2, 3, 4, 6)
_WORDS: Final = {ObjectType.CONTACT: "contact", ObjectType.DEAL: "deal", ObjectType.COMPANY: "company"}
_OVER = (PlanStatus.APPLIED, PlanStatus.REJECTED, PlanStatus.EXPIRED)


@dataclass(slots=True)
class Schedule:
    """One seed. `run` raises ViolationError."""

    seed: int
    muted: frozenset[Decision] = frozenset()
    stage: Stage = field(init=False)
    portal: SimulatedPortal = field(init=False)
    checker: Checker = field(init=False)
    plans: tuple[Plan, ...] = field(init=False)
    person: Person = field(init=False)
    outside: Outside | None = None
    _first: int = field(init=False)
    _pace: float = field(init=False)
    _length: int = _STEPS
    _doors: dict[str, Doors] = field(default_factory=dict)
    _backup: tuple[Any, int, Backup] | None = None

    def __post_init__(self) -> None:
        stage = self.stage = Stage(self.seed, self.muted)
        size = stage.random.choice(_SIZES)
        is_approved = stage.random.random() < 0.8
        self._pace = stage.random.choice((0.03, 0.2))
        self.outside = Outside(stage) if stage.random.random() < 0.3 else None
        has_deals = is_estate(self.seed)
        self._length = _LONGER if has_deals else _STEPS
        content, self.plans = template(0 if has_deals else size, is_approved=is_approved, has_deals=has_deals)
        raw, inner = database()
        raw.fill(content)
        self._first = inner.audit_head().count
        self.portal = portal_of(stage, size, has_deals=has_deals)
        known: dict[str, Any] = {
            "stage": stage,
            "portal": self.portal,
            "plans": {plan.plan_id: plan for plan in self.plans},
            "approved": {plan.plan_id: wanted([plan]) for plan in self.plans},
            "decided": {plan.plan_id for plan in self.plans if is_approved},
        }
        self.checker = EstateChecker(town=self.portal, **known) if isinstance(self.portal, Town) else Checker(**known)
        self.checker.listen()
        if self.outside is not None:
            self.outside.on_begun_anew = self.checker.brought_back
        self.person = Person(stage, Doors(inner, stage, self.checker), self.checker, self.plans, self.outside)
        self.person.zeal = _FEWER if has_deals else 1.0

    def run(self, *, heals: bool = True) -> None:
        """Safety, then (`heals`) liveness, then the log itself."""
        try:
            self.stage.perform(self._let_things_go_wrong())
            if heals:
                self._heal_and_end()
        finally:
            self.stage.clear()
        store = database()[1]
        self.checker.compare(word_of(entry.body) for entry in store.entries(self._first))
        if not store.verify_log().intact:
            raise ViolationError("E3", "the log does not verify")
        if isinstance(self.checker, EstateChecker):
            require_remains(self.checker.town, store, self.checker.kept, self.checker.erased)

    def _let_things_go_wrong(self) -> Script:
        stage = self.stage
        self._start_worker()
        stage.enter("person", self.person.play)
        while stage.steps < self._length and stage.actors:
            self._happen()
            if self.outside is not None:
                yield from self._back_up(self.outside)
            if not any(actor.works for actor in stage.actors):
                if not self._is_open():
                    break
                self._start_worker()
            actor = self._next()
            risk = _MORE if "disposal.sent" in actor.doing or "happened" in actor.doing else 1
            if actor.works and stage.fate(0.012 * risk, ""):
                yield from stage.kill(actor)
            elif actor.works and stage.fate(0.012 * risk, f"{actor.name} is frozen"):
                yield from self._freeze(actor)
            else:
                stage.seconds += stage.random.random() * self._pace
                yield actor

    def _next(self) -> Actor:
        """Whose turn it is: a worker's three times out of four."""
        workers = [actor for actor in self.stage.actors if actor.works]
        return self.stage.random.choice(workers if self.stage.random.random() < 0.75 else self.stage.actors)

    def _is_open(self) -> bool:
        """Whether a plan is left that a worker could go on with."""
        with database()[1].transaction() as tx:
            plans = [tx.plan(plan.plan_id) for plan in self.plans]
        return any(plan is not None and plan.status not in _OVER for plan in plans)

    def _freeze(self, worker: Actor) -> Script:
        """Time goes by without a worker; others act, and one of them may be another worker in its place."""
        stage = self.stage
        stage.seconds += stage.random.choice((1.0, 3.0, 7.0, 40.0, 400.0))
        doors = self._doors[worker.name]
        if stage.fate(0.4, f"the connection of {worker.name} to the database is lost") and not doors.is_lost:
            doors.is_lost = True
            self._start_worker()
        for actor in [actor for actor in stage.actors if actor is not worker] * 3:
            if not actor.ended:
                yield actor

    # What happens in the world, whoever acts.

    def _happen(self) -> None:
        stage, there = self.stage, self.portal.there
        self.portal.take_effect()
        if there and stage.fate(0.01 * self.person.zeal, "a hold is set in HubSpot"):
            record = stage.random.choice(self.portal.everything())
            self.portal.set_hold(record)
            if stage.fate(0.7, "its webhook is heard at once", of="webhooks"):
                self._hear(record)
        if len(there) > 2 and stage.fate(0.004, "a record is merged away"):
            self._merge(ObjectType.CONTACT)
        deals = self.portal.of(ObjectType.DEAL)
        if len(deals) > 2 and stage.fate(0.004, "a deal is merged away"):
            self._merge(ObjectType.DEAL)
        if stage.fate(0.003, "the wall clock jumps"):
            stage.wall_offset = stage.random.choice((0.0, 0.0, 240.0, -3_600.0, 3_600.0, 86_400.0, 315_360_000.0))
        if there and stage.fate(0.005, "a record can no longer be read"):
            self.portal.poison.add(stage.random.choice(list(there)))

    def _merge(self, kind: ObjectType) -> None:
        """Of two that become one the other's properties stay, and so does its hold or that there is none."""
        loser, winner = (RecordRef(kind, key) for key in self.stage.random.sample(list(self.portal.of(kind)), 2))
        self.portal.merge(loser, winner)
        self.checker.heard.pop(loser, None)

    def _hear(self, record: RecordRef) -> None:
        """The thread that serves webhooks stores the event."""
        stage = self.stage
        event = Event(
            portal_id=PORTAL,
            subscription_id=7,
            event_id=stage.steps,
            event_type=f"{_WORDS[record.object_type]}.propertyChange",
            object_type=record.object_type,
            object_id=record.record_id,
            occurred_at=stage.now(),
            property_name="legal_hold",
        )
        with database()[1].transaction() as tx:
            tx.add_events([event], stage.now())
        self.checker.heard.setdefault(record, len(self.checker.log))

    def _back_up(self, outside: Outside) -> Script:
        """A backup is made; once the anchor has seen more than it holds, it may be restored."""
        stage, (raw, store) = self.stage, database()
        if self._backup is None:
            if not self.checker.was_restored and stage.fate(0.06, "a backup is made"):
                self._backup = (raw.saved(), store.audit_head().count, self.checker.backup())
            return
        content, size, known = self._backup
        if outside.seen is not None and outside.seen.size > size and stage.fate(0.03, "the backup is restored"):
            for actor in list(stage.actors):
                yield from stage.kill(actor)
            self.portal.late.clear()
            raw.fill(content)
            self.checker.restore(known)
            self._backup = None
            stage.enter("person", self.person.play)

    # Workers: come back for as long as there is something to do.

    def _start_worker(self) -> None:
        """A new process: settings are read anew, then both plans are applied."""
        name = f"worker {len(self._doors) + 1}"
        doors = self._doors[name] = Doors(database()[1], self.stage, self.checker)
        self.stage.enter(name, lambda: self._work(doors))

    def _work(self, doors: Doors) -> None:
        stage, policy, may = self.stage, the_policy()[1], _PERMISSION
        if stage.fate(0.04, "is started with another policy"):
            policy = replace(policy, digest="f" * 64)
        if stage.fate(0.04, "is started with the token of another portal"):
            self.portal.tokens[stage.who] = _ANOTHER
            if stage.random.random() < 0.5:
                self.portal.strangers.add(stage.who)
        if stage.fate(0.03, "is started in mode observe, or may not erase"):
            may = replace(may, mode=Mode.OBSERVE) if stage.random.random() < 0.5 else replace(may, allow_erase=False)
        portal = self.portal.tokens.get(stage.who, PORTAL)
        self.checker.processes[stage.who] = Process(policy_digest=policy.digest, permission=may, portal=portal)
        applier = self._applier(doors, policy, may)
        left = stage.random.sample(self.plans, len(self.plans))
        for _attempt in range(3):
            for plan in list(left):
                try:
                    if applier.apply(plan.plan_id, "carl").plan.status is PlanStatus.APPLIED:
                        left.remove(plan)
                except StoreRefusedError:
                    return
                except RetentionError as error:
                    stage.step(f"is stopped by {type(error).__name__}")
            if not left:
                return
            stage.step("rests")

    def _applier(self, doors: Doors, policy: RetentionPolicy, may: Permission) -> Applier:
        source = cast(RecordSource, self.portal)
        freshness: Freshness = Unwatched() if self.outside is None else self.outside.anchoring(doors)
        tools = Tools(
            source=source,
            disposer=cast(Disposer, self.portal),
            store=cast(Store, doors),
            fresh=FreshReader(source, spool, policy),
            policy=policy,
            times=Times(self.stage.now, self.stage.monotonic),
            workers=1,
            freshness=freshness,
            pseudonym=pseudonym if isinstance(self.portal, Town) else lambda address: None,
        )
        return Applier(tools, may)

    # Liveness.

    def _heal_and_end(self) -> None:
        """The faults heal; each item that may still be carried out must end, but for records that stay unreadable."""
        stage = self.stage
        stage.clear()
        stage.faults, stage.wall_offset = False, 0.0
        stage.seconds += 60
        self.portal.take_effect()
        with database()[1].transaction() as tx:
            tx.set_kill_switch(None)
        self.checker.stopped_at = None
        if self.checker.is_restored:
            self.person.recover()
        self.person.approve("bent")
        self._start_worker()
        stage.perform(self._until_nobody_works())
        self._all_has_ended()

    def _until_nobody_works(self) -> Script:
        for _ in range(3_000):
            if not self.stage.actors:
                return
            self.stage.seconds += 0.05
            yield self.stage.actors[0]

    def _all_has_ended(self) -> None:
        poison = self.portal.poison
        with database()[1].transaction() as tx:
            for known in self.plans:
                plan = tx.plan(known.plan_id)
                if plan is None or plan.status in (PlanStatus.REJECTED, PlanStatus.EXPIRED):
                    continue
                for item in tx.items(plan.plan_id, ALL_ITEMS):
                    near = self.portal.hangs_together(item.record) if poison else ()
                    waits = any(RecordRef(ObjectType.CONTACT, key) in near for key in poison)
                    is_open = item.action not in (Action.OBSERVE, Action.NONE) and item.state not in FINAL_STATES
                    if is_open and not waits:
                        invariant = "L2" if poison else "L1"
                        raise ViolationError(invariant, f"{item.record} has not ended: {item.state.value}")


def word_of(body: bytes) -> tuple[str, str | None]:
    said = json.loads(body)
    return f"{said['subject']}.{said['verb']}", said.get("record")
