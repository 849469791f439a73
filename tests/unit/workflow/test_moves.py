"""Where records went that others merged or brought back, and what is taken out of plans."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hubspot_retention.core.deadline.obligation import ObligationState
from hubspot_retention.core.decision.history import Remembered
from hubspot_retention.core.plan.model import Action, ItemState, Plan, PlanStatus
from hubspot_retention.core.plan.recheck import Skip
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.workflow.foreign import DELETION
from hubspot_retention.workflow.moves import take_out
from tests.faults.conftest import MakeWorld
from tests.faults.people import a_portal, asks_to_go, inactive, unsubscribed
from tests.faults.world import PORTAL, World, ref
from tests.unit.workflow.hints import foreign, obligation, oblige
from tests.unit.workflow.ticking import Ticking

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def taken_out(world: World, record: str, why: Skip = Skip.HELD) -> int:
    with world.store.transaction() as tx:
        return take_out(tx, ref(record), why, world.clock.now())


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (PlanStatus.AWAITING_REVIEW, ItemState.PENDING),
        (PlanStatus.APPROVED, ItemState.PENDING),
        (PlanStatus.APPLYING, ItemState.PREPARED),
        (PlanStatus.PARTLY_APPLIED, ItemState.PENDING),
    ],
)
def test_a_record_is_taken_out_of_a_plan_that_waits_or_runs(
    world_of: MakeWorld, status: PlanStatus, state: ItemState
) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102)]))
    plan, _ = world.assess()
    put(world, plan, status, state)
    assert taken_out(world, "contacts/101") == 1
    assert world.state(plan, "contacts/101") == (ItemState.SKIPPED, "held-now")
    assert world.state(plan, "contacts/102") == (ItemState.PENDING, "")
    entry = world.entries("contacts/101")[-1]
    assert (entry.kind, entry.code, entry.plan_id, entry.actor) == (
        "disposal.skipped",
        "held-now",
        plan.plan_id,
        "service",
    )
    assert taken_out(world, "contacts/101") == 0


def put(world: World, plan: Plan, status: PlanStatus, state: ItemState) -> None:
    with world.store.transaction() as tx:
        tx.save_plan(replace(plan, status=status))
        tx.set_item_state(plan.plan_id, ref("contacts/101"), state)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (PlanStatus.APPLYING, ItemState.SENT),
        (PlanStatus.APPLYING, ItemState.UNKNOWN),
        (PlanStatus.APPLIED, ItemState.DONE),
        (PlanStatus.REJECTED, ItemState.PENDING),
        (PlanStatus.SUPERSEDED, ItemState.PENDING),
    ],
)
def test_what_was_sent_or_will_never_be_stays_as_it_is(
    world_of: MakeWorld, status: PlanStatus, state: ItemState
) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    plan, _ = world.assess()
    put(world, plan, status, state)
    assert taken_out(world, "contacts/101") == 0
    assert world.state(plan, "contacts/101") == (state, "")


def test_the_end_of_marketing_stays_in_the_plan_of_somebody_who_is_held(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[unsubscribed(101, legal_hold="true")]))
    plan, _ = world.assess()
    assert world.item(plan, "contacts/101").action is Action.END_MARKETING
    assert taken_out(world, "contacts/101") == 0


# Merges.


def merge(world: World, loser: str, winner: str) -> None:
    with world.store.transaction() as tx:
        foreign(world).merged(tx, ref(loser), ref(winner), world.clock.now())


def test_a_hold_on_a_merged_away_record_takes_the_winner_out_of_its_plan_at_once(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102)]))
    plan = world.rights()
    world.registrar().place_hold(ref("contacts/102"), "J-2026-1", "strid", None, world.clock.now())
    merge(world, "contacts/102", "contacts/101")
    assert world.state(plan, "contacts/101") == (ItemState.SKIPPED, "held-now")
    assert world.state(plan, "contacts/102") == (ItemState.SKIPPED, "merged-into-another")
    entry = world.entries("contacts/102")[-1]
    assert (entry.kind, dict(entry.facts)) == ("merge.seen", {"winner": "contacts/101", "held": True})
    assert (entry.code, entry.portal_id, entry.actor) == (None, PORTAL, "service")
    assert entry.policy_digest == world.policy.digest


def test_a_merge_of_people_who_are_not_held_leaves_the_winner_in_its_plan(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102)]))
    plan = world.rights()
    merge(world, "contacts/102", "contacts/101")
    assert world.state(plan, "contacts/101") == (ItemState.PENDING, "")


def test_the_obligation_of_a_merged_away_record_ends_once_and_goes_on_as_the_winners(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102)]))
    oblige(world, "contacts/102")
    for _ in range(2):
        merge(world, "contacts/102", "contacts/101")
    assert world.words("contacts/102") == ["obligation.ended", "merge.seen"]
    assert world.words("contacts/101") == ["obligation.opened"]
    told = [*world.entries("contacts/101"), *world.entries("contacts/102")]
    assert {(entry.portal_id, entry.actor) for entry in told} == {(PORTAL, "service")}
    assert obligation(world, "contacts/102").state is ObligationState.ENDED  # type: ignore[union-attr]
    assert obligation(world, "contacts/101").is_live  # type: ignore[union-attr]


def follow(world: World, winner: int, *losers: int) -> None:
    with world.store.transaction() as tx:
        merged = {RecordId(winner): tuple(map(RecordId, losers))}
        foreign(world).follow(tx, ObjectType.CONTACT, merged, world.clock.now())


def test_a_merge_is_followed_where_the_loser_is_remembered_or_owes(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    oblige(world, "contacts/102")
    oblige(world, "contacts/104", ObligationState.ENDED, settled_at=world.clock.now())
    with world.store.transaction() as tx:
        tx.note(ObjectType.CONTACT, [(RecordId(103), Remembered(starts="event_on=2026-01-01"))])
    follow(world, 101, 102, 103, 104, 105)
    seen = {number: "merge.seen" in world.words(f"contacts/{number}") for number in (102, 103, 104, 105)}
    assert seen == {102: True, 103: True, 104: False, 105: False}


def test_a_record_that_names_itself_as_merged_into_it_stays_in_its_plan(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    plan = world.rights()
    follow(world, 101, 101)
    assert world.state(plan, "contacts/101") == (ItemState.PENDING, "")
    assert "merge.seen" not in world.words("contacts/101")


# Restorations.


def came_back(world: World, record: str) -> bool:
    with world.store.transaction() as tx:
        return foreign(world).back(tx, ref(record), world.clock.now())


def test_the_restoration_of_what_this_service_archived_is_written_down(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[inactive(101)]))
    plan = world.time_rules()
    world.apply(plan)
    world.act("restore", record="contacts/101")
    assert came_back(world, "contacts/101")
    entry = world.entries("contacts/101")[-1]
    assert (entry.kind, entry.code, dict(entry.facts)) == ("restoration.seen", "archive", {"plan": plan.plan_id})


def test_that_a_record_came_back_is_written_down_once(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[inactive(101)]))
    world.apply(world.time_rules())
    world.act("restore", record="contacts/101")
    assert [came_back(world, "contacts/101") for _ in range(3)] == [True, False, False]
    assert world.words("contacts/101").count("restoration.seen") == 1


def archived(world: World, settled_ago: timedelta) -> Plan:
    """A plan of an hour ago took the contact away, as the ledger was told so long ago."""
    _, plan = world.assess()
    now = world.clock.now()
    gone: dict[str, Any] = {"settled_at": now - settled_ago, "plan_id": plan.plan_id, "first_seen_at": now - 2 * HOUR}
    oblige(world, "contacts/101", ObligationState.DONE, **gone)
    with world.store.transaction() as tx:
        tx.save_plan(replace(plan, status=PlanStatus.APPLIED, built_at=now - HOUR))
        tx.set_item_state(plan.plan_id, ref("contacts/101"), ItemState.DONE)
    return plan


@pytest.mark.parametrize(("ago", "came"), [(-MINUTE, False), (9 * MINUTE, False), (10 * MINUTE, True)])
def test_what_has_just_gone_by_our_hand_is_not_back_because_it_is_seen(
    world_of: MakeWorld, ago: timedelta, came: bool
) -> None:
    """What shows it may lag behind, and a list may have been begun before it went."""
    world = world_of(a_portal(contacts=[inactive(101)]))
    archived(world, ago)
    assert came_back(world, "contacts/101") is came


@pytest.mark.parametrize(("ago", "came"), [(9 * MINUTE, False), (10 * MINUTE, True)])
def test_that_somebody_has_it_looked_at_makes_what_has_just_gone_no_older(
    world_of: MakeWorld, ago: timedelta, came: bool
) -> None:
    world = world_of(a_portal(contacts=[inactive(101)]))
    archived(world, 10 * MINUTE)
    oblige(world, "contacts/101", ObligationState.LOOK, first_seen_at=world.clock.now() - ago)
    assert came_back(world, "contacts/101") is came


@pytest.mark.parametrize(("left", "came"), [(0 * MINUTE, False), (-MINUTE, True)])
def test_what_goes_by_a_plan_that_is_being_carried_out_has_just_gone(
    world_of: MakeWorld, left: timedelta, came: bool
) -> None:
    """The ledger is told at its end. After it has expired nothing of it is carried out."""
    world = world_of(a_portal(contacts=[inactive(101)]))
    plan, now = archived(world, HOUR), world.clock.now()
    oblige(world, "contacts/101", first_seen_at=now - 2 * HOUR)
    with world.store.transaction() as tx:
        running = replace(plan, status=PlanStatus.APPLYING, built_at=now - HOUR, expires_at=now + left)
        tx.save_plan(running)
    assert came_back(world, "contacts/101") is came


def test_what_has_just_gone_and_is_told_to_have_been_restored_is_back(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[inactive(101)]))
    archived(world, MINUTE)
    now = world.clock.now()
    with world.store.transaction() as tx:
        assert not foreign(world).back(tx, ref("contacts/101"), now, told_at=now - HOUR)
        assert foreign(world).back(tx, ref("contacts/101"), now, told_at=now - 59 * MINUTE)


# Full runs.


def archived_and_restored(world_of: MakeWorld) -> Ticking:
    """A plan took the contact away, and an hour later a person restored it; nobody told of it."""
    ticking = Ticking(world=world_of(a_portal(contacts=[inactive(101)])))
    _, plan = ticking.sweep()
    ticking.world.approve(plan)
    ticking.tick()
    assert ticking.gone_from_view(101)
    ticking.later(hours=1)
    ticking.world.act("restore", record="contacts/101")
    return ticking


def test_a_full_run_that_sees_what_this_service_archived_writes_down_once_that_it_is_back(world_of: MakeWorld) -> None:
    ticking = archived_and_restored(world_of)
    for _ in range(3):
        ticking.sweep()
        ticking.later(hours=1)
    assert ticking.world.words("contacts/101").count("restoration.seen") == 1


def test_who_deletes_what_a_full_run_has_seen_back_is_somebody_else(world_of: MakeWorld) -> None:
    ticking = archived_and_restored(world_of)
    ticking.sweep()
    ticking.world.act("archive", record="contacts/101")
    world, judge, record = ticking.world, foreign(ticking.world), ref("contacts/101")
    loss = judge.lost(record, world.clock.now())
    with world.store.transaction() as tx:
        assert judge.gone(tx, loss, world.clock.now()) == DELETION
    assert world.words("contacts/101")[-1] == "foreign-deletion.seen"


def test_a_what_if_writes_nothing_down(world_of: MakeWorld) -> None:
    ticking = archived_and_restored(world_of)
    ticking.sweep("what-if")
    assert "restoration.seen" not in ticking.world.words("contacts/101")
