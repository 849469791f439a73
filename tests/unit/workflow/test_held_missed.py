"""What is held and not due, and somebody deletes, is noticed by full runs alone."""

from dataclasses import replace
from typing import Any

import pytest

from hubspot_retention.core.alarm import AlarmKind, AlarmLevel, Outcome
from hubspot_retention.core.plan.model import Action, ItemState
from hubspot_retention.workflow import held_missed
from hubspot_retention.workflow.alarms import settle_alarm
from hubspot_retention.workflow.due import DueTick
from tests.contract.store.values import an_item
from tests.faults.conftest import MakeWorld
from tests.faults.people import a_contact, a_deal, a_portal, days_ago
from tests.faults.world import ref
from tests.unit.workflow.hints import alarms, foreign, hot_sweep, wanted
from tests.unit.workflow.ticking import Ticking, newcomers

FRESH = {"createdate": f"{days_ago(30)}T09:00:00Z"}


def flagged(record: int) -> dict[str, Any]:
    """A lead of last month with a hold set in HubSpot."""
    return a_contact(record, legal_hold="true", **FRESH)


@pytest.fixture
def held(world_of: MakeWorld) -> Ticking:
    """Two contacts and a deal that are held there, seen by a full run; a contact whom nothing holds."""
    document = a_portal(
        contacts=[flagged(101), flagged(102), *newcomers(103)], deals=[a_deal(24, outstanding_balance="100")]
    )
    ticking = Ticking(world=world_of(document))
    night(ticking)
    return ticking


def night(ticking: Ticking) -> None:
    """A full run, and the due tick after it; a day later it is the next."""
    ticking.sweep()
    tick(ticking)
    ticking.later(hours=24)


def tick(ticking: Ticking) -> None:
    """A due tick that tells of what others deleted."""
    judge = foreign(ticking.world)

    def gone(obligation: Any) -> None:
        loss = judge.lost(obligation.record, ticking.now)
        with ticking.world.store.transaction() as tx:
            judge.gone(tx, loss, ticking.now)

    DueTick(replace(ticking.parts(), on_gone=gone)).run(ticking.now)


def called_for(ticking: Ticking) -> list[str]:
    """The records of which an urgent alarm says that they were held and somebody deleted them."""
    found = alarms(ticking.world)
    assert {(each.kind, each.level) for each in found} <= {(AlarmKind.FOREIGN_DELETION, AlarmLevel.URGENT)}
    assert {dict(each.facts)["was"] for each in found} <= {"held"}
    return [each.about for each in found]


def place_hold(ticking: Ticking, record: str) -> None:
    """A person places a hold in the register."""
    ticking.world.registrar().place_hold(ref(record), "J-2026-1", "strid", None, ticking.now)


def disposed_of(ticking: Ticking, record: str, state: ItemState) -> None:
    """A plan of ours took a record away, or may have."""
    target = ref(record)
    with ticking.world.store.transaction() as tx:
        plan = replace(next(iter(tx.plans())), plan_id="ours")
        tx.add_plan(plan)
        tx.add_items("ours", [an_item(int(target.record_id), target.object_type, action=Action.ARCHIVE, state=state)])
    ticking.world.act("archive", record=record)


def test_of_whom_hubspot_holds_the_very_first_contact_is_missed_too(world_of: MakeWorld) -> None:
    ticking = Ticking(world=world_of(a_portal(contacts=[flagged(1), flagged(2)])))
    night(ticking)
    ticking.world.act("archive", record="contacts/1")
    night(ticking)
    assert called_for(ticking) == ["contacts/1"]


def test_whoever_was_held_at_the_last_run_and_is_gone_at_this_one_calls_somebody(held: Ticking) -> None:
    held.world.act("archive", record="contacts/101")
    held.world.act("archive", record="deals/24")
    night(held)
    assert called_for(held) == ["contacts/101", "deals/24"]
    assert {dict(each.facts)["in_bin"] for each in alarms(held.world)} == {"yes"}


def test_whoever_came_under_a_hold_of_the_register_since_the_last_run_is_missed_too(held: Ticking) -> None:
    place_hold(held, "contacts/103")
    held.world.act("archive", record="contacts/103")
    night(held)
    assert called_for(held) == ["contacts/103"]


def test_what_is_held_still_is_not_looked_at(held: Ticking) -> None:
    place_hold(held, "contacts/103")
    held.sweep()
    assert wanted(held.world) == set()
    assert held.obligation("contacts/101") is None


def test_what_is_in_view_and_was_missed_is_looked_at_and_nobody_is_called(held: Ticking) -> None:
    held.world.edit("contacts/101", legal_hold="false")
    held.sweep()
    assert wanted(held.world) == {"contacts/101"}
    tick(held)
    assert (held.known("contacts/101").is_live, alarms(held.world)) == (False, [])
    assert held.told("contacts/101") == []


def test_a_hold_that_came_while_the_run_was_under_way_costs_a_look(held: Ticking) -> None:
    held.sweep()
    place_hold(held, "contacts/103")
    with held.world.store.transaction() as tx:
        run_id = next(iter(tx.plans())).run_id
        portal_id = next(iter(tx.plans())).portal_id
    held_missed.HeldMissed(held.world.store, held.ledger, portal_id, run_id).look(held.now)
    assert wanted(held.world) == {"contacts/103"}
    tick(held)
    assert (held.known("contacts/103").is_live, alarms(held.world)) == (False, [])


def test_a_what_if_has_nobody_looked_at(held: Ticking) -> None:
    held.world.act("archive", record="contacts/101")
    held.sweep("what-if")
    assert wanted(held.world) == set()


@pytest.mark.parametrize("record", ["contacts/101", "contacts/103"])
def test_whose_loss_a_person_was_told_of_is_not_told_of_again_each_night(held: Ticking, record: str) -> None:
    place_hold(held, "contacts/103")
    held.world.act("archive", record=record)
    night(held)
    night(held)
    assert called_for(held) == [record]
    settle_alarm(held.world.store, record, Outcome.LOST, "anna", held.now)
    night(held)
    night(held)
    assert called_for(held) == []


def test_whose_loss_was_told_of_and_settled_before_the_run_is_not_told_of_again(held: Ticking) -> None:
    held.world.act("archive", record="contacts/101")
    judge = foreign(held.world)
    loss = judge.lost(ref("contacts/101"), held.now)
    with held.world.store.transaction() as tx:
        judge.gone(tx, loss, held.now)
    held.later(hours=1)
    settle_alarm(held.world.store, "contacts/101", Outcome.LOST, "anna", held.now)
    night(held)
    assert called_for(held) == []


def test_whoever_was_lost_came_back_and_is_lost_again_calls_somebody_again(held: Ticking) -> None:
    held.world.act("archive", record="contacts/101")
    night(held)
    settle_alarm(held.world.store, "contacts/101", Outcome.LOST, "anna", held.now)
    held.later(hours=1)
    held.world.act("restore", record="contacts/101")
    night(held)
    assert called_for(held) == []
    held.world.act("archive", record="contacts/101")
    night(held)
    assert called_for(held) == ["contacts/101"]


def test_whoever_was_seen_back_between_two_runs_and_is_lost_again_calls_somebody_again(held: Ticking) -> None:
    place_hold(held, "contacts/103")
    held.world.act("archive", record="contacts/103")
    night(held)
    held.world.act("restore", record="contacts/103")
    hot_sweep(held.world).run(held.now)
    tick(held)
    assert called_for(held) == []
    held.later(hours=1)
    held.world.act("archive", record="contacts/103")
    night(held)
    assert called_for(held) == ["contacts/103"]


@pytest.mark.parametrize("state", [ItemState.DONE, ItemState.SENT, ItemState.UNKNOWN])
@pytest.mark.parametrize("record", ["contacts/101", "contacts/103"])
def test_what_went_by_our_own_hand_calls_nobody(held: Ticking, record: str, state: ItemState) -> None:
    place_hold(held, "contacts/103")
    disposed_of(held, record, state)
    held.sweep()
    assert wanted(held.world) == set()


def test_of_a_record_that_was_merged_away_the_one_that_stays_is_looked_for(held: Ticking) -> None:
    place_hold(held, "contacts/101")
    held.world.act("merge", record="contacts/101", into="contacts/103")
    with held.world.store.transaction() as tx:
        foreign(held.world).merged(tx, ref("contacts/101"), ref("contacts/103"), held.now)
    night(held)
    assert called_for(held) == []
    held.sweep()
    assert wanted(held.world) == set()
    held.world.act("archive", record="contacts/103")
    night(held)
    assert called_for(held) == ["contacts/103"]


def test_all_are_looked_for_however_many_there_are(held: Ticking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_missed, "_PAGE", 1)
    for record in ("contacts/901", "contacts/902", "contacts/903", "companies/11"):
        place_hold(held, record)
    for record in ("contacts/101", "contacts/102"):
        held.world.act("archive", record=record)
    held.sweep()
    assert wanted(held.world) == {f"contacts/{number}" for number in (101, 102, 901, 902, 903)}
