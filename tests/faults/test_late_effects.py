"""A call whose answer was lost, whose record was still there when it was read back, and which took effect afterwards:
the person is remembered, and the deletion is nobody else's."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from hubspot_retention.core.plan.model import ItemState, Plan, PlanItem
from hubspot_retention.core.portal import CallResult, Fate
from hubspot_retention.core.record import RecordId
from hubspot_retention.workflow import protocol
from hubspot_retention.workflow.aftermath import LATE
from hubspot_retention.workflow.foreign import OURS
from hubspot_retention.workflow.ports import Transaction
from hubspot_retention.workflow.remembered import expire_remembered, settle_remembered
from tests.faults.conftest import MakeWorld
from tests.faults.test_holds import hold
from tests.faults.test_receipts import receipts, who_said_no
from tests.faults.test_tombstones import Answers, pseudonym, stones
from tests.faults.world import World, ref
from tests.unit.workflow.hints import alarms
from tests.unit.workflow.test_foreign import told
from tests.unit.workflow.ticking import Ticking


@pytest.fixture
def world(world_of: MakeWorld) -> World:
    """The portal of one person."""
    return who_said_no(world_of)


def lost(world: World) -> Plan:
    """The call is made, nobody hears an answer, and the record is there when it is read back."""
    plan = world.rights()
    world.apply(plan, disposer=Answers(world, CallResult(Fate.UNKNOWN)), pseudonym=pseudonym)
    assert world.is_in_view("contacts/101")
    assert world.state(plan, "contacts/101")[0] is ItemState.PENDING
    return plan


def effect(world: World) -> None:
    """The call takes effect."""
    world.portal.erase_contact(RecordId(101))


def counted(world: World) -> tuple[list[bool], list[bool]]:
    """Whether tombstones and receipts count."""
    kept = ([stone.erased_at for stone in stones(world)], [each.erased_at for each in receipts(world)])
    return [at is not None for at in kept[0]], [at is not None for at in kept[1]]


def test_until_it_can_take_effect_no_more_what_was_kept_stays_and_counts_for_nothing(world: World) -> None:
    lost(world)
    assert counted(world) == ([False], [False])
    world.clock.present += timedelta(hours=23)
    expire_remembered(world.store, world.policy, world.clock.now())
    assert counted(world) == ([False], [False])
    world.clock.present += timedelta(hours=2)
    expire_remembered(world.store, world.policy, world.clock.now())
    assert counted(world) == ([], [])


def test_the_next_start_of_the_plan_finds_it_done(world: World) -> None:
    plan = lost(world)
    effect(world)
    world.apply(plan, pseudonym=pseudonym)
    assert world.state(plan, "contacts/101") == (ItemState.DONE, LATE)
    assert counted(world) == ([True], [True])
    assert world.words("contacts/101")[-2:] == ["disposal.done", "consent-receipt.stored"]


def test_whoever_hears_of_it_first_settles_it_as_ours(world: World) -> None:
    plan = lost(world)
    effect(world)
    assert told(world, "contacts/101", privacy=True) == OURS
    assert world.state(plan, "contacts/101") == (ItemState.DONE, LATE)
    assert (counted(world), alarms(world)) == (([True], [True]), [])
    assert told(world, "contacts/101", privacy=True) == OURS
    assert world.words("contacts/101").count("disposal.done") == 1


def test_who_was_held_meanwhile_and_goes_is_remembered_and_a_person_is_told(world: World) -> None:
    plan = lost(world)
    hold(world, "contacts/101")
    world.apply(plan, pseudonym=pseudonym)
    assert world.state(plan, "contacts/101")[0] is ItemState.SKIPPED
    assert counted(world) == ([False], [False])
    effect(world)
    assert told(world, "contacts/101", privacy=True) != OURS
    assert (counted(world), len(alarms(world))) == (([True], [True]), 1)
    assert world.state(plan, "contacts/101")[0] is ItemState.SKIPPED
    assert "disposal.verified" in world.words("contacts/101")


def test_an_erasure_that_is_tried_again_and_refused_leaves_what_the_first_may_need(world: World) -> None:
    plan = lost(world)
    world.apply(plan, disposer=Answers(world, CallResult(Fate.REFUSED, 400)), pseudonym=pseudonym)
    assert world.state(plan, "contacts/101")[0] is ItemState.FAILED
    assert counted(world) == ([False], [False])
    effect(world)
    told(world, "contacts/101", privacy=True)
    assert counted(world) == ([True], [True])


def test_a_call_that_is_made_again_keeps_its_own_when_the_first_is_over(world: World) -> None:
    plan = lost(world)
    with world.store.transaction() as tx:
        (item,) = [item for known, item in tx.items_of_record(ref("contacts/101")) if known.plan_id == plan.plan_id]
        tx.set_item_state(plan.plan_id, item.record, ItemState.SENT)
    world.clock.present += timedelta(hours=25)
    expire_remembered(world.store, world.policy, world.clock.now())
    assert counted(world) == ([False], [False])


def _as_it_once_was(tx: Transaction, item: PlanItem, state: ItemState, at: datetime) -> int:
    if state in (ItemState.DONE, ItemState.UNKNOWN):
        return settle_remembered(tx, item, state, at)
    tx.lift_tombstone(item.record.record_id)
    tx.lift_receipts(item.record.record_id)
    return 0


@pytest.mark.parametrize("settle", [settle_remembered, _as_it_once_was])
def test_nobody_who_goes_late_is_forgotten(
    world: World, monkeypatch: pytest.MonkeyPatch, settle: Callable[..., int]
) -> None:
    """And a service that lifts what it kept when the record was there, as it once did, is seen to forget them."""
    monkeypatch.setattr(protocol, "settle_remembered", settle)
    lost(world)
    effect(world)
    told(world, "contacts/101", privacy=True)
    assert (counted(world) == ([True], [True])) is (settle is settle_remembered)


def test_a_due_tick_that_looks_for_the_record_in_vain_settles_the_duty_as_met(world: World) -> None:
    ticking = Ticking(world=world)
    ticking.hint("contacts/101")
    ticking.tick()
    lost(world)
    effect(world)
    ticking.hint("contacts/101")
    ticking.later(hours=1)
    ticking.tick()
    assert (ticking.state("contacts/101"), counted(world)) == ("done", ([True], [True]))
    assert ticking.gone == []
