"""A person in charge while the service runs for days: reviews, standing approvals, policies, holds, stops."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from hubspot_retention.core.plan.model import Plan, PlanStatus
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.record import ObjectType, RecordRef
from hubspot_retention.core.request import RequestEnd
from hubspot_retention.workflow.approvals import Approver
from hubspot_retention.workflow.review import Reviewer
from hubspot_retention.workflow.upkeep import Keeper
from tests.simulator.account import Account
from tests.simulator.database import database
from tests.simulator.people import Person, people_of
from tests.simulator.town_checker import TownChecker
from tests.simulator.townsfolk import AGREEMENT, FIRM

_UNSUBSCRIBED = "unsubscribed"


@dataclass(slots=True)
class Officer(Person):
    """`text`, `policy`: what the installation runs by; a new one comes with a new process."""

    thoughts: int = 1_000
    account: Account | None = None
    text: str = ""
    policy: RetentionPolicy | None = None

    def _act(self, everybody: Sequence[RecordRef]) -> None:
        stage, checker = self.stage, self.checker
        if stage.fate(0.1 if checker.under_way else 0.02, ""):
            self._hold(checker.under_way or stage.random.choice(everybody))
        elif stage.fate(0.1 if checker.under_way else 0.01, ""):
            self._hold(
                stage.random.choice((RecordRef(ObjectType.COMPANY, FIRM), RecordRef(ObjectType.DEAL, AGREEMENT)))
            )
        elif self.placed and stage.fate(0.15, "releases a hold"):
            self._release(*self.placed.pop())
        elif stage.fate(0.01, "writes an objection into the register"):
            self._object(stage.random.choice(people_of(everybody)))
        elif checker.asked and stage.fate(0.15, "answers a request"):
            self._answer(next(iter(checker.asked)))
        elif checker.stopped_at is None and stage.fate(0.01, "stops all disposals"):
            self._registrar.set_kill_switch("stop", stage.now())
            checker.stopped_at = len(checker.log)
        elif checker.stopped_at is not None and stage.fate(0.3, "lets disposals go on"):
            checker.stopped_at = None
            self._registrar.set_kill_switch(None, stage.now())
        elif stage.fate(0.15, "looks at the plans"):
            self.approve("bent")
        elif stage.fate(0.02, "rejects a plan"):
            self._reject()
        elif stage.fate(0.03, "looks at the standing approvals"):
            self._renew()

    def _waiting(self) -> list[Plan]:
        with self._store.transaction() as tx:
            return [plan for plan in tx.plans() if plan.status is PlanStatus.AWAITING_REVIEW and plan.rules]

    def approve(self, actor: str) -> None:
        """Approve the policy that runs, and what waits."""
        assert self.policy is not None
        with self._store.transaction() as tx:
            is_new = tx.approved_policy() != self.text
        if is_new:
            Keeper(self._store, actor).approve_policy(self.policy, self.text, self.stage.now())
        for plan in self._waiting():
            if self.stage.now() <= plan.expires_at and plan.policy_digest == self.policy.digest:
                reviewer = Reviewer(self._store, actor, four_eyes=True)
                reviewer.approve(plan.plan_id, plan.digest, self.text, self.stage.now())

    def _reject(self) -> None:
        for plan in self._waiting()[:1]:
            Reviewer(self._store, "dora", four_eyes=True).reject(plan.plan_id, "", self.stage.now())

    def _renew(self) -> None:
        """Take a standing approval back, or give one again."""
        assert self.policy is not None
        approver, now = Approver(self._store, "bent"), self.stage.now()
        known = approver.list()
        if known and self.stage.random.random() < 0.3:
            approver.revoke(known[0].approval_id, now)
        elif not known:
            approver.grant(self.policy, _UNSUBSCRIBED, 2, now + timedelta(days=30), now)
            caps = cast(TownChecker, self.checker).caps
            caps[_UNSUBSCRIBED] = caps.get(_UNSUBSCRIBED, 0) + 2

    def _release(self, number: int, record: RecordRef) -> None:
        assert self.account is not None
        self.account.ease()
        Person._release(self, number, record)

    def _answer(self, record: RecordRef) -> None:
        assert self.account is not None
        self.account.ease()
        Person._answer(self, record)

    def release_all(self) -> None:
        """Everything that is held or asked for here is over, also what nobody was told was stored."""
        with database()[1].transaction() as tx:
            self.placed = [(hold.hold_id, hold.record) for hold, _ in tx.holds()]
            asked = {request.request_id for request in tx.requests() if request.closed_at is None}
        while self.placed:
            self._release(*self.placed.pop())
        self.checker.asked.clear()
        for number in sorted(asked):
            self._registrar.close_request(number, RequestEnd.ANSWERED, self.stage.now())
