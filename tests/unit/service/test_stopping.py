"""A plan that is being applied when the process is to end: the record in hand is finished, the next is not begun."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from hubspot_retention.core.plan.model import ItemState, PlanStatus
from hubspot_retention.sandbox.running import RunningSandbox, running_sandbox
from hubspot_retention.workflow.dispose import Applier
from tests.faults.people import a_portal, asks_to_go, inactive
from tests.faults.world import World, a_world

PEOPLE = range(101, 121)


@pytest.fixture(scope="module")
def server() -> Iterator[RunningSandbox]:
    """One server for all portals."""
    with running_sandbox(a_portal()) as sandbox:
        yield sandbox


@pytest.fixture
def world(tmp_path: Path, server: RunningSandbox) -> Iterator[World]:
    """Twenty people who asked to go, one after the other."""
    with ExitStack() as stack:
        made = stack.enter_context(a_world(server, a_portal(contacts=list(map(asks_to_go, PEOPLE))), tmp_path))
        made.workers = 1
        yield made


class Stop:
    """Says stop after so many calls."""

    def __init__(self, world: World, after: int) -> None:
        self._world, self._after, self._calls = world, after, 0

    def __call__(self) -> bool:
        return self._calls >= self._after

    def __getattr__(self, name: str) -> Any:
        self._calls += name == "erase_contact"
        return getattr(self._world.portal, name)


def test_after_a_stop_no_further_record_is_touched_and_none_is_left_half_done(world: World) -> None:
    plan = world.rights()
    stop = Stop(world, 3)
    report = world.apply(plan, disposer=stop, should_stop=stop)
    assert (report.done, report.unsettled, report.waiting) == (3, 0, len(PEOPLE) - 3)
    assert len(world.calls("erase")) == 3
    assert {item.state for item in world.items(plan)} == {ItemState.DONE, ItemState.PREPARED}


def test_the_plan_goes_on_later_where_it_was(world: World) -> None:
    plan = world.rights()
    stop = Stop(world, 3)
    world.apply(plan, disposer=stop, should_stop=stop)
    assert world.plan(plan).status is PlanStatus.APPLYING
    last = world.entries()[-1]
    assert (last.kind, last.code) == ("plan.stopped", "service-stopping")
    assert world.apply(plan).done == len(PEOPLE)
    assert world.plan(plan).status is PlanStatus.APPLIED
    assert len(world.calls("erase")) == len(PEOPLE)


def test_before_the_first_record_a_stop_costs_nothing(world: World) -> None:
    plan = world.rights()
    report = world.apply(plan, should_stop=lambda: True)
    assert (report.done, report.waiting) == (0, len(PEOPLE))
    assert world.calls("erase") == []
    assert world.apply(plan).done == len(PEOPLE)


def test_a_stop_after_the_last_record_ends_the_plan_all_the_same(world: World) -> None:
    plan = world.rights()
    stop = Stop(world, len(PEOPLE))
    assert world.apply(plan, disposer=stop, should_stop=stop).plan.status is PlanStatus.APPLIED


def test_who_stays_is_not_opted_out_after_a_stop_either(tmp_path: Path, server: RunningSandbox) -> None:
    customers = [asks_to_go(number, lifecyclestage="customer") for number in (101, 102)]
    with a_world(server, a_portal(contacts=[*customers, inactive(103)]), tmp_path) as world:
        plan = world.rights()
        assert world.apply(plan, should_stop=lambda: True).waiting == 2
        assert world.calls() == []


def test_what_was_left_unsettled_can_be_settled_without_a_plan_to_apply(world: World) -> None:
    plan = world.rights()
    world.fault("connection_cut_after_effect", path="gdpr-delete", count=1)
    stop = Stop(world, 1)
    report = world.apply(plan, disposer=stop, should_stop=stop)
    assert report.done + report.unsettled == 1
    Applier(world.tools(), world.permission).settle_left(plan.portal_id, "service")
    states = [item.state for item in world.items(plan)]
    assert ItemState.UNKNOWN not in states
    assert states.count(ItemState.DONE) == 1
    assert len(world.calls("erase")) == 1
