"""The service for days: full and hot sweeps, inbox, due tick, standing approvals and alarms, over a whole town.

It is the house itself, with its works, its desk and its watch: only portal, store, clocks and chance are the
simulator's. First everything goes wrong that can, though never for longer than the deadlines bear; then it heals.
"""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final, cast

from hubspot_retention.core.audit.entry import read_entry
from hubspot_retention.core.facts.observation import OptOut, OptOutSource
from hubspot_retention.core.policy.model import Mode, RetentionPolicy
from hubspot_retention.core.record import ObjectType, PortalId, RecordId, RecordRef
from hubspot_retention.service.house import House, Instead, open_house
from hubspot_retention.service.names import DUE, FULL, HOT, INBOX, SELF_CHECK, WATCH
from hubspot_retention.settings import Settings
from hubspot_retention.store.errors import StoreError
from hubspot_retention.workflow.approvals import Approver
from hubspot_retention.workflow.gate import Permission
from tests.simulator.account import DAY, FIVE_DAYS, Account
from tests.simulator.checker import Process, ViolationError
from tests.simulator.database import Doors, database, empty, the_policy
from tests.simulator.estate import SURVIVES
from tests.simulator.installation import SimulatedApplication, another_policy, settings_of
from tests.simulator.officer import Officer
from tests.simulator.outside import Outside
from tests.simulator.portal import PORTAL
from tests.simulator.schedule import word_of
from tests.simulator.stage import BEGIN, Actor, Decision, Script, Stage
from tests.simulator.town import Town
from tests.simulator.town_checker import TownChecker, each_obligation_ends_once
from tests.simulator.townsfolk import FIRM, FIRST, Townsfolk, populate

SLEEPS: Final = "sleeps until the next tick"
NAPS: Final = "waits, for something failed"
_NAP: Final = 400.0
_ANOTHER: Final = PortalId(999)
_LONG: Final = 2.5 * DAY
_ROUNDS_TO_HEAL, _STEPS = 8, 900
_ANCHORED: Final = 3
"""One of so many days has an anchor, which is lost now and then."""
_STOP_AFTER: Final = timedelta(hours=6)


@dataclass(slots=True)
class Days:
    """One seed. `run` raises ViolationError."""

    seed: int
    muted: frozenset[Decision] = frozenset()
    stage: Stage = field(init=False)
    town: Town = field(init=False)
    checker: TownChecker = field(init=False)
    account: Account = field(init=False)
    folk: Townsfolk = field(init=False)
    officer: Officer = field(init=False)
    outside: Outside | None = field(init=False)
    settings: Settings = field(init=False)
    sweeps: dict[str, int] = field(default_factory=lambda: {FULL: 0, HOT: 0})
    _policy: tuple[str, RetentionPolicy] = field(init=False)
    _doors: dict[str, Doors] = field(default_factory=dict)
    _wrong_until: float = 0.0
    _may_sleep: float = 30_000.0

    def __post_init__(self) -> None:
        stage = self.stage = Stage(self.seed, self.muted)
        mode, grace = stage.random.choice(("review", "review", "enforce")), stage.random.choice((0, 12))
        self.settings, self._policy = settings_of(mode, grace), the_policy()
        # Not drawn: what other seeds tell does not hang on it.
        self.outside = Outside(stage, stop_after=_STOP_AFTER) if self.seed % _ANCHORED == 1 else None
        raw, inner = database()
        raw.fill(empty())
        self.town = Town(stage, {})
        populate(self.town, stage.random.choice((4, 5, 6)))
        self.checker = TownChecker(
            stage=stage,
            portal=self.town,
            town=self.town,
            plans={},
            approved={},
            decided=set(),
            outside=self.outside,
            grace=timedelta(hours=grace),
            is_counted=mode == "review",
        )
        self.checker.listen()
        self.account = Account(stage, self.town)
        self.folk = Townsfolk(stage, self.town, self.account)
        doors = Doors(inner, stage, self.checker)
        text, policy = self._policy
        self.officer = Officer(stage, doors, self.checker, (), None, text=text, policy=policy, account=self.account)
        self._begin(stage.random.random() < 0.7)

    def _begin(self, verified: bool) -> None:
        """What was before: a policy approved, an approval given, and somebody who unsubscribed days ago."""
        text, policy = self._policy
        with database()[1].transaction() as tx:
            tx.approve_policy(policy.digest, text, BEGIN, "anna")
            if verified:
                tx.save_probe(PORTAL, SURVIVES, BEGIN)
        cap = self.stage.random.choice((1, 2, 50))
        Approver(cast(Any, database()[1]), "bent").grant(policy, "unsubscribed", cap, BEGIN + timedelta(days=30), BEGIN)
        self.checker.caps["unsubscribed"] = cap
        self.checker.kept.extend(word_of(entry.body) for entry in database()[1].entries())
        if self.stage.random.random() < 0.3:
            self.folk.set_hold(RecordRef(ObjectType.COMPANY, FIRM), held=True)
        for key in [each for each in self.town.there if each >= FIRST]:
            ago = self.stage.random.choice((1.0, 20.0, 72.0, 96.0)) * 3_600.0
            source = OptOutSource.PERSON if self.stage.random.random() < 0.8 else OptOutSource.IMPORT
            if key != FIRST:
                opt_out = OptOut(BEGIN - timedelta(seconds=ago), source)
                self.town.there[key] = self.town.there[key]._replace(opt_out=opt_out)
                self.town.changed_at[RecordRef(ObjectType.CONTACT, key)] = -ago
                self.account.wish(key, "unsubscribed", -ago, FIVE_DAYS)

    def run(self, *, heals: bool = True) -> None:
        """Safety and, within what the deadlines bear, liveness; then (`heals`) everything must end."""
        try:
            self.stage.perform(self._let_days_pass())
            if heals:
                self._heal_and_end()
        finally:
            self.stage.clear()
        store = database()[1]
        self.checker.compare(word_of(entry.body) for entry in store.entries())
        if not store.verify_log().intact:
            raise ViolationError("E3", "the log does not verify")
        each_obligation_ends_once(read_entry(stored.body) for stored in store.entries())

    def _let_days_pass(self) -> Script:
        stage = self.stage
        stage.enter("person", self.officer.play)
        self._start_service()
        while stage.seconds < _LONG and stage.steps < _STEPS:
            self._happen()
            self.account.look(self._held())
            if not any(_serves(actor) for actor in stage.actors):
                stage.seconds += stage.random.choice((5.0, 600.0, 7_200.0))
                self._start_service()
            actor = self._next()
            if actor.doing == SLEEPS:
                self._night(stage.random.choice((3_600.0, 21_600.0, 36_000.0)))
            stage.seconds += _NAP if actor.doing == NAPS else 0.0
            yield from self._go_on(actor)

    def _next(self) -> Actor:
        service = [actor for actor in self.stage.actors if _serves(actor)]
        return self.stage.random.choice(service if self.stage.random.random() < 0.85 else self.stage.actors)

    def _go_on(self, actor: Actor) -> Script:
        stage = self.stage
        risk = 6 if "disposal.sent" in actor.doing or "happened" in actor.doing else 1
        if _serves(actor) and stage.fate(0.003 * risk, ""):
            yield from stage.kill(actor)
        elif _serves(actor) and stage.fate(0.003 * risk, f"{actor.name} is frozen"):
            yield from self._freeze(actor)
        else:
            stage.seconds += stage.random.random() * 0.2
            yield actor

    def _freeze(self, service: Actor) -> Script:
        stage = self.stage
        asleep = min(stage.random.choice((3.0, 7.0, 40.0, 4_000.0, 30_000.0)), self._may_sleep)
        self._may_sleep = max(40.0, self._may_sleep - asleep)
        stage.seconds += asleep
        doors = self._doors[service.name]
        if stage.fate(0.4, f"the connection of {service.name} to the database is lost") and not doors.is_lost:
            doors.is_lost = True
            self._start_service()
        for actor in [actor for actor in stage.actors if actor is not service] * 3:
            if not actor.ended:
                yield actor

    def _night(self, seconds: float) -> None:
        """Hours go by; people act in HubSpot, and what it tells arrives."""
        stage = self.stage
        if stage.faults:
            for _ in range(stage.random.choice((1, 1, 2, 3, 4))):
                self.folk.act()
        stage.seconds += seconds
        self.folk.deliver()

    def _happen(self) -> None:
        stage, town = self.stage, self.town
        town.take_effect()
        if stage.fate(0.004, ""):
            self.folk.act()
        if stage.wall_offset and stage.seconds > self._wrong_until:
            stage.tell("the wall clock is right again")
            stage.wall_offset = 0.0
        if stage.fate(0.001, "the wall clock jumps"):
            stage.wall_offset = stage.random.choice((240.0, -3_600.0, 3_600.0, 86_400.0, 315_360_000.0))
            self._wrong_until = stage.seconds + stage.random.choice((60.0, 3_000.0))
        if self.outside is not None and stage.fate(0.004, "the anchor is lost", of="anchor"):
            self.outside.away_until = stage.seconds + stage.random.choice((1_000.0, 10_000.0, 50_000.0))
        if len(town.poison) < 2 and town.there and stage.fate(0.002, "a record can no longer be read"):
            town.poison.add(stage.random.choice(list(town.there)))

    def _held(self) -> frozenset[RecordId]:
        """Who is bound by what anybody outside knows of, or cannot be read."""
        known = self.checker.promised.keys() | self.checker.asked.keys()
        return frozenset(
            key
            for key in self.account.wishes
            if self.town.held(record := RecordRef(ObjectType.CONTACT, key)) is not None
            or not known.isdisjoint((record, *self.town.around(record)))
        )

    # The service.

    def _start_service(self) -> None:
        name = f"service {len(self._doors) + 1}"
        doors = self._doors[name] = Doors(database()[1], self.stage, self.checker)
        self.stage.enter(name, lambda: self._serve(doors))

    def _serve(self, doors: Doors) -> None:
        stage = self.stage
        if stage.fate(0.15, "is started with another policy"):
            self._policy = another_policy() if self._policy is the_policy() else the_policy()
            self.officer.text, self.officer.policy = self._policy
        settings, shifts = self.settings, stage.random.choice((2, 5, 9, 100))
        if stage.fate(0.05, "is started in mode observe, or may not erase"):
            observes = stage.random.random() < 0.5
            settings = replace(settings, mode=Mode.OBSERVE) if observes else replace(settings, allow_erase=False)
        if stage.fate(0.04, "is started with the token of another portal"):
            self.town.tokens[stage.who] = _ANOTHER
            shifts = 1
            if stage.random.random() < 0.5:
                self.town.strangers.add(stage.who)
        self.checker.processes[stage.who] = Process(
            policy_digest=self._policy[1].digest,
            permission=Permission(mode=settings.mode, allow_erase=settings.allow_erase),
            portal=self.town.tokens.get(stage.who, PORTAL),
        )
        app = SimulatedApplication(self.town, doors, self._policy, settings, self.outside)
        instead = Instead(monotonic=stage.monotonic, sleep=lambda seconds: None, tells=self.account)
        with suppress(StoreError), open_house(app, instead=instead) as house:
            house.want(SELF_CHECK)
            for _ in range(shifts):
                house.want(INBOX, DUE, HOT, WATCH)
                self._work(house, doors)
                with suppress(StoreError):
                    house.look()
                house.want(WATCH)
                self._work(house, doors)
                if doors.is_lost:
                    break
                stage.step(NAPS if house.works._wanted else SLEEPS)

    def _work(self, house: House, doors: Doors) -> None:
        works = house.works
        name: str | None = ""
        while name is not None:
            began = self.stage.seconds
            name = works.step()
            if name in (FULL, HOT) and name not in works._failures and not doors.is_lost:
                self.sweeps[name] += 1
                self.account.swept(began, name)
        while house.watching.step() is not None:
            pass

    # Liveness.

    def _heal_and_end(self) -> None:
        """Faults heal, holds are lifted, a person looks each time: whoever was to go goes."""
        stage = self.stage
        stage.clear()
        stage.faults, stage.wall_offset = False, 0.0
        if self.outside is not None:
            self.outside.away_until = 0.0
        stage.seconds += 3_600
        self.town.take_effect()
        with database()[1].transaction() as tx:
            tx.set_kill_switch(None)
            tx.save_probe(PORTAL, SURVIVES, stage.now())
        self.checker.stopped_at = None
        self.officer.release_all()
        for record in list(self.town.held_since):
            self.folk.set_hold(record, held=False)
        self.town.tokens.clear()
        self._start_service()
        rounds = 0
        while self._owed() and rounds < _ROUNDS_TO_HEAL:
            self.officer.approve("bent")
            stage.perform(self._until_it_sleeps())
            self._night(13 * 3_600.0)
            rounds += 1
        for key, rule in self._owed().items():
            raise ViolationError("L2" if self.town.poison else "L1", f"{key} is still there, by {rule}")

    def _owed(self) -> dict[RecordId, str]:
        """Who is to go, and can be read."""
        wishes = self.account.wishes.items()
        return {key: wish.rule for key, wish in wishes if not self.account.is_met(key) and key not in self.town.poison}

    def _until_it_sleeps(self) -> Script:
        stage = self.stage
        for _ in range(3_000):
            if not stage.actors:
                self._start_service()
            (service,) = stage.actors
            stage.seconds += _NAP if service.doing == NAPS else 0.05
            yield service
            if service.doing == SLEEPS:
                return


def _serves(actor: Actor) -> bool:
    return actor.name.startswith("service")
