"""A person who acts while a worker works: holds, requests, stops, approvals, rejections, a database brought back."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

from hubspot_retention.core.plan.model import Plan, PlanStatus
from hubspot_retention.core.record import ObjectType, RecordRef
from hubspot_retention.core.request import RequestEnd, RequestKind
from hubspot_retention.errors import RetentionError, UsageError
from hubspot_retention.workflow.ports import Store
from hubspot_retention.workflow.recover import HandedIn, Recoverer
from hubspot_retention.workflow.remembered import MAY_COME_FOR
from hubspot_retention.workflow.review import Registrar, Reviewer
from tests.simulator.checker import Checker
from tests.simulator.database import Doors, the_policy
from tests.simulator.outside import Outside
from tests.simulator.stage import Stage

_THOUGHTS = 60
"""A person acts for as long as the worker does, or every hold would come before the first `sent`."""


@dataclass(slots=True)
class Person:
    """Acts as the seed says, and tells the checker what was promised. `zeal`: how readily holds are placed."""

    stage: Stage
    doors: Doors
    checker: Checker
    plans: Sequence[Plan]
    outside: Outside | None
    placed: list[tuple[int, RecordRef]] = field(default_factory=list)
    thoughts: int = _THOUGHTS
    zeal: float = 1.0

    def play(self) -> None:
        """A life. Whoever enters after everybody has gone knows them from the plans."""
        everybody = self.checker.portal.everything()
        if not people_of(everybody):
            everybody = [record for records in self.checker.approved.values() for record in records]
        for _ in range(self.thoughts):
            self.stage.step("thinks")
            try:
                self._act(everybody)
            except RetentionError as error:
                self.stage.step(f"is told that it was not done: {type(error).__name__}")

    def _act(self, everybody: Sequence[RecordRef]) -> None:
        stage, checker = self.stage, self.checker
        if checker.is_restored and stage.fate(0.06, "brings the database back"):
            self.recover()
        elif stage.fate((0.2 if checker.under_way else 0.04) * self.zeal, ""):
            self._hold(self._near(checker.under_way) or stage.random.choice(everybody))
        elif self.placed and stage.fate(0.2, "releases a hold"):
            self._release(*self.placed.pop())
        elif stage.fate(0.02, "writes an objection into the register"):
            self._object(stage.random.choice(people_of(everybody)))
        elif checker.asked and stage.fate(0.15, "answers a request"):
            self._answer(next(iter(checker.asked)))
        elif stage.fate(0.02, "stops all disposals"):
            self._registrar.set_kill_switch("stop", stage.now())
            checker.stopped_at = len(checker.log)
        elif checker.stopped_at is not None and stage.fate(0.4, "lets disposals go on"):
            checker.stopped_at = None
            self._registrar.set_kill_switch(None, stage.now())
        elif not checker.decided and stage.fate(0.2, "looks at the plans"):
            self.approve("anna" if stage.fate(0.2, "is the one who asked for them") else "bent")
        elif stage.fate(0.01, "rejects a plan"):
            Reviewer(self._store, "dora", four_eyes=True).reject(self.plans[0].plan_id, "", stage.now())

    @property
    def _store(self) -> Store:
        return cast(Store, self.doors)

    @property
    def _registrar(self) -> Registrar:
        return Registrar(self._store, "dora")

    @property
    def _can_tell_what_is_in_flight(self) -> bool:
        """Not by a clock that is a day ahead: by that a call that was lost just now is long over."""
        return self.stage.wall_offset < MAY_COME_FOR.total_seconds()

    def _near(self, record: RecordRef | None) -> RecordRef | None:
        """What is under way, or something whose hold reaches it, or what may go yet by a call that was lost."""
        portal = self.checker.portal
        lost = [each for _, _, records, _ in portal.late for each in records]
        around = [near for each in (record, *lost) if each is not None for near in portal.around(each)]
        return self.stage.random.choice(around) if any(near != record for near in around) else record

    def _hold(self, record: RecordRef) -> None:
        """A hold: whoever it reaches is held, but for what is named as in flight, and what is reached by that. Of one
        that was merged away the record is held that it is now, from its next read on: of a merge since it was sent
        nobody may have told. Nor is it a promise to what came to hang on it while it was placed."""
        portal, can_tell = self.checker.portal, self._can_tell_what_is_in_flight
        before = {each for each in portal.everything() if record in portal.around(each)}
        hold, in_flight = self._registrar.place_hold(record, "sag-1", "", None, self.stage.now())
        self.placed.append((hold.hold_id, record))
        self.checker.holds += 1
        named = {each.record for each in in_flight}
        heir, _ = portal.heir_of(record)
        after = [each for each in portal.everything() if record in portal.around(each, named)]
        reached = {record: heir} | {each: each for each in after if each in before}
        for each, now in reached.items() if can_tell else ():
            if now not in named and (each == record or each != heir):
                self.checker.promised.setdefault(each, set()).add(hold.hold_id)
        self.stage.tell(f"is told that {record} is {'in flight' if heir in named else 'held'}")

    def _release(self, number: int, record: RecordRef) -> None:
        if self.checker.is_restored:
            return  # in a backup the number may be that of another hold
        for held in list(self.checker.promised):
            self.checker.promised[held].discard(number)
            if not self.checker.promised[held]:
                del self.checker.promised[held]
        self._registrar.release_hold(number, self.stage.now())

    def _object(self, record: RecordRef) -> None:
        now = self.stage.now()
        request = self._registrar.record_request(record, RequestKind.OBJECTION, now, now)
        self.checker.asked.setdefault(record, {})[request.request_id] = len(self.checker.log)

    def _answer(self, record: RecordRef) -> None:
        for number in self.checker.asked.pop(record):
            self._registrar.close_request(number, RequestEnd.ANSWERED, self.stage.now())

    def approve(self, actor: str) -> None:
        """Approve what waits; whoever asked for it may not."""
        with self._store.transaction() as tx:
            found = [tx.plan(plan.plan_id) for plan in self.plans]
        for plan in found:
            if plan is not None and plan.status is PlanStatus.AWAITING_REVIEW:
                reviewer = Reviewer(self._store, actor, four_eyes=True)
                reviewer.approve(plan.plan_id, plan.digest, the_policy()[0], self.stage.now())

    def recover(self) -> None:
        """Hand in what a restored backup may have forgotten, requests first; then it may go on."""
        assert self.outside is not None
        for record in list(self.checker.asked):
            self.checker.asked[record] = {}
            self._object(record)
        handed_in = [
            HandedIn(record=record, matter="sag-1", reason="", review_on=None) for record in self.checker.promised
        ]
        recoverer = Recoverer(self._store, self.outside.anchoring(self.doors), "dora", self.stage.now)
        # Where an earlier try came as far as the anchor, there is nothing left to bring back.
        with suppress(UsageError):
            if recoverer.run("restored", handed_in).refused:
                return
        self.checker.is_restored = False
        self._know_again()

    def _know_again(self) -> None:
        """The numbers of holds are others now."""
        with self._store.transaction() as tx:
            self.placed = [(hold.hold_id, hold.record) for hold, _ in tx.holds()]
        for record in self.checker.promised:
            self.checker.promised[record] = {number for number, held in self.placed if held == record}


def people_of(records: Sequence[RecordRef]) -> list[RecordRef]:
    """The contacts among records."""
    return [each for each in records if each.object_type is ObjectType.CONTACT]
