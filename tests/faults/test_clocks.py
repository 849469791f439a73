"""Our clock jumps by an hour, a day or ten years, either way, and is set right again: nobody goes early, nobody stays.

HubSpot's clock is the truth. `RETENTION_TEST_EVERY_CLOCK` set: the jump comes at each look at the clock, else at a few.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hubspot_retention.bootstrap import Options, application
from hubspot_retention.core.plan.model import PlanStatus
from hubspot_retention.errors import BlockedError
from hubspot_retention.sandbox.act import act
from hubspot_retention.sandbox.options import SandboxOptions
from hubspot_retention.sandbox.running import RunningSandbox
from hubspot_retention.service.house import House, Instead, open_house
from hubspot_retention.service.names import DUE, FULL, HOT, INBOX, SELF_CHECK
from hubspot_retention.workflow.review import Reviewer
from tests.contract.store.service_values import an_approval
from tests.faults.people import (
    Document,
    a_contact,
    a_customer,
    a_portal,
    asks_to_go,
    days_ago,
    former_customer,
    inactive,
)
from tests.faults.soaking import Mailbox, PortalsClock
from tests.faults.world import Monotonic, World, a_world, another_portal

HOUR, DAY, DECADE = timedelta(hours=1), timedelta(days=1), timedelta(days=3653)
JUMPS = (HOUR, DAY, DECADE, -HOUR, -DAY, -DECADE)
EVERY = "RETENTION_TEST_EVERY_CLOCK" in os.environ
DUE_NOW = {"contacts/101", "contacts/102", "contacts/103"}


def people() -> Document:
    """Three whose time has come, one of them opted out at no known instant; others whose time comes later."""
    return a_portal(
        contacts=[
            asks_to_go(101),
            inactive(102),
            a_contact(103, hs_email_optout_501="true", createdate=f"{days_ago(20)}T09:00:00Z"),
            a_contact(201, createdate=f"{days_ago(362)}T09:00:00Z"),
            former_customer(202, until=days_ago(725)),
            *map(a_customer, range(301, 307)),
        ]
    )


@dataclass(slots=True)
class Hand:
    """Sets our clock wrong at one of the looks at it."""

    right: Callable[[], datetime]
    jump: timedelta
    at: int
    looks: int = 0
    is_mended: bool = False

    def __call__(self) -> datetime:
        """What the clock shows."""
        self.looks += 1
        wrong = not self.is_mended and self.looks >= self.at
        return self.right() + (self.jump if wrong else timedelta())


def disposed_of_what_was_due(world: World, *, refusable: bool) -> None:
    """A run, its approvals, its applications; a refusal is an answer, too, while the clock may be wrong."""
    try:
        plans = world.assess()
        for plan in plans:
            world.approve(plan)
        for plan in plans:
            world.apply(plan)
    except BlockedError:
        assert refusable


def apply_what_is_left(world: World) -> None:
    """A person goes on with plans that were approved under the wrong clock."""
    with world.store.transaction() as tx:
        plans = list(tx.plans())
    for plan in plans:
        if plan.status in (PlanStatus.APPROVED, PlanStatus.APPLYING, PlanStatus.PARTLY_APPLIED):
            try:
                world.apply(plan)
            except BlockedError:
                assert world.plan(plan).status is not PlanStatus.APPLIED


def looks(jump: timedelta) -> Iterable[int]:
    """At which looks at the clock it jumps."""
    if EVERY:
        return range(1, 80)
    return (1, 24) if jump == DECADE else (24,)


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_a_clock_that_jumps_during_a_run_takes_nobody_early_and_once_it_is_right_nobody_stays(
    server: RunningSandbox, tmp_path: Path, jump: timedelta, record_property: Callable[[str, object], None]
) -> None:
    for at in looks(jump):
        folder = tmp_path / str(at)
        folder.mkdir()
        with a_world(server, people(), folder) as world:
            hand = Hand(world.clock.now, jump, at)
            world.clock.now = hand  # type: ignore[method-assign]
            disposed_of_what_was_due(world, refusable=True)
            assert gone(world) <= DUE_NOW, f"look {at}"
            hand.is_mended = True
            apply_what_is_left(world)
            assert gone(world) <= DUE_NOW, f"look {at}"
            disposed_of_what_was_due(world, refusable=False)
            assert gone(world) == DUE_NOW, f"look {at}"
    record_property(f"jumps by {jump}", len(list(looks(jump))))


def gone(world: World) -> set[str]:
    """Who was taken away."""
    return {effect.split()[1] for effect in world.effects()}


class SetClock(PortalsClock):
    """A wall clock that somebody may set."""

    offset = timedelta()

    def now(self) -> datetime:
        """The present."""
        return super().now() + self.offset


@dataclass(slots=True)
class Service:
    """The long-running process on a portal, step by step."""

    sandbox: RunningSandbox
    house: House
    clock: SetClock
    monotonic: Monotonic

    def work(self, *names: str) -> None:
        """Ticks."""
        self.house.want(*names)
        while self.house.works.step() is not None:
            pass

    def review(self) -> None:
        """A person approves what waits."""
        reviewer, text = Reviewer(self.house.store, "bent", four_eyes=False), self.house.app.policy()[1]
        with self.house.store.transaction() as tx:
            waiting = [plan for plan in tx.plans() if plan.status is PlanStatus.AWAITING_REVIEW and plan.rules]
        for plan in waiting:
            if self.clock.now() <= plan.expires_at:
                reviewer.approve(plan.plan_id, plan.digest, text, self.clock.now())

    def pass_by(self, span: timedelta) -> None:
        """Time passes, for everybody."""
        self.sandbox.portal.forward(span)
        self.monotonic.pass_by(span.total_seconds())

    def here(self) -> set[str]:
        """Who is in view."""
        return {f"contacts/{number}" for number in self.sandbox.portal.tables["contacts"].live}


@contextmanager
def a_service(server: RunningSandbox, folder: Path) -> Iterator[Service]:
    """It has swept once; whoever unsubscribes goes without being asked for."""
    sandbox = another_portal(server, people(), SandboxOptions(journal=False))
    clock, monotonic = SetClock(sandbox), Monotonic()
    environment = {
        "HUBSPOT_BASE_URL": sandbox.url,
        "HUBSPOT_ACCESS_TOKEN": sandbox.token,
        "RETENTION_DATABASE_URL": f"sqlite:///{folder / 'retention.db'}",
        "RETENTION_MODE": "review",
        "RETENTION_ALLOW_ERASE": "true",
    }
    app = application(Options(environment=environment), clock)
    instead = Instead(monotonic=monotonic, sleep=lambda _: None, tells=Mailbox(clock))
    with open_house(app, instead=instead) as house:
        policy, text = app.policy()
        now = clock.now()
        granted = an_approval(max_per_day=50, granted_at=now, until_at=now + 300 * DAY, policy_digest=policy.digest)
        with house.store.transaction() as tx:
            tx.approve_policy(policy.digest, text, now, "anna")
            tx.grant_standing(granted)
        service = Service(sandbox, house, clock, monotonic)
        service.work(SELF_CHECK, FULL, HOT, DUE)
        yield service


@pytest.mark.parametrize("jump", JUMPS if EVERY else (HOUR, DECADE, -DECADE), ids=str)
def test_what_the_service_hears_while_its_clock_is_wrong_is_done_in_time_once_it_is_right(
    server: RunningSandbox, tmp_path: Path, jump: timedelta
) -> None:
    with a_service(server, tmp_path) as service:
        before = service.here()
        service.clock.offset = jump
        own = {"email": "new@example.dk", "lifecyclestage": "lead", "hs_email_optout_501": "true"}
        act(service.sandbox.portal, {"action": "create", "type": "contacts", "properties": own})
        (new,) = service.here() - before
        for _ in range(2):
            service.work(HOT, INBOX, DUE)
            service.pass_by(HOUR / 2)
        assert before < service.here(), "nobody goes while the clocks differ"
        service.clock.offset = timedelta()
        for _ in range(4):
            service.pass_by(DAY)
            service.work(HOT, INBOX, DUE)
            service.review()
            service.work(DUE)
        assert new not in service.here(), "five days from when it was heard of"
        assert service.here() >= {"contacts/202", *(f"contacts/{number}" for number in range(301, 307))}
        assert service.house.store.verify_log().intact
