"""The set may only shrink: what changed since the plan is skipped with its reason."""

import pytest

from hubspot_retention.core.plan.model import ItemState, PlanStatus
from hubspot_retention.core.plan.recheck import Skip
from tests.faults.conftest import MakeWorld
from tests.faults.people import (
    a_customer,
    a_deal,
    a_portal,
    asks_to_go,
    days_ago,
    former_customer,
    inactive,
    unsubscribed,
)
from tests.faults.world import Watched


@pytest.mark.parametrize("plan_number", [0, 1])
def test_a_record_that_was_merged_away_is_skipped_and_the_winner_is_not_touched(
    world_of: MakeWorld, plan_number: int
) -> None:
    due = asks_to_go(101) if plan_number == 0 else inactive(101)
    world = world_of(a_portal(contacts=[due, a_customer(102)]))
    plan = world.approve(world.assess()[plan_number])
    world.act("merge", record="contacts/101", into="contacts/102")
    world.apply(plan)
    assert world.calls() == []
    assert world.state(plan, "contacts/101") == (ItemState.SKIPPED, Skip.MERGED)
    assert world.is_in_view("contacts/102")


@pytest.mark.parametrize("way", ["archive", "erase"])
def test_a_record_that_is_gone_already_is_skipped(world_of: MakeWorld, way: str) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    plan = world.rights()
    world.act(way, record="contacts/101")
    world.apply(plan)
    assert world.calls() == []
    assert world.state(plan, "contacts/101") == (ItemState.SKIPPED, Skip.GONE)


def test_a_record_that_goes_between_the_fresh_read_and_the_call_is_settled_by_reading(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    plan = world.rights()
    gone = Watched(world.portal, before={"erase_contact": lambda: world.act("erase", record="contacts/101")})
    world.apply(plan, disposer=gone)
    assert world.state(plan, "contacts/101") == (ItemState.DONE, "read-back-absent")
    last = [call.path for call in world.sandbox.journal.entries()][-2:]
    assert last[0].endswith("contacts/batch/read"), last
    assert last[1].endswith("/details"), "404 means gone only if the same token just read the portal's identity"


def test_who_subscribed_again_is_no_longer_due(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[unsubscribed(101)]))
    plan = world.rights()
    world.act("resubscribe", record="contacts/101", subscriptionId=501)
    world.apply(plan)
    assert world.calls() == []
    assert world.state(plan, "contacts/101")[0] is ItemState.SKIPPED


def test_who_subscribed_again_is_left_alone_also_while_the_property_lags_behind(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[unsubscribed(101, notes_last_contacted=days_ago(30))]))
    plan = world.rights()
    world.act("resubscribe", record="contacts/101", subscriptionId=501)
    world.edit("contacts/101", hs_email_optout="true", hs_email_optout_501="true")
    world.apply(plan)
    assert world.calls() == []
    assert world.state(plan, "contacts/101") == (ItemState.SKIPPED, Skip.UNDETERMINED)


def test_who_is_a_customer_again_is_no_longer_due(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[former_customer(101)]))
    plan = world.time_rules()
    world.edit("contacts/101", customer_until="2099-01-31")
    world.apply(plan)
    assert world.calls() == []
    assert world.state(plan, "contacts/101") == (ItemState.SKIPPED, Skip.NO_LONGER_DUE)


def test_a_record_that_is_still_due_but_since_another_day_is_skipped(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[former_customer(101)]))
    plan = world.time_rules()
    world.edit("contacts/101", event_on="2022-06-30")
    world.apply(plan)
    assert world.calls() == []
    assert world.state(plan, "contacts/101") == (ItemState.SKIPPED, Skip.CHANGED)


def test_an_open_deal_that_comes_after_the_plan_keeps_an_inactive_contact(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[inactive(101)], deals=[a_deal(21)]))
    plan = world.time_rules()
    portal = world.sandbox.portal
    portal.links.join(("contacts", "101"), ("deals", "21"), "")
    world.apply(plan)
    assert world.calls() == []
    assert world.state(plan, "contacts/101")[0] is ItemState.SKIPPED


def test_one_record_that_is_skipped_leaves_the_plan_applied(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102)]))
    plan = world.rights()
    world.act("archive", record="contacts/101")
    report = world.apply(plan)
    assert (report.done, report.skipped, report.plan.status) == (1, 1, PlanStatus.APPLIED)
