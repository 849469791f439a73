"""Plans that wait for a person: one for what came up since the last run, beside those of the night."""

from dataclasses import replace
from datetime import timedelta

import pytest

from hubspot_retention.core.plan.model import ItemState, Plan, PlanStatus
from tests.faults.conftest import MakeWorld
from tests.faults.people import a_portal, asks_to_go, former_customer, inactive
from tests.faults.world import MANY
from tests.unit.workflow.ticking import DAY, Ticking, newcomers


@pytest.fixture
def ticking(world_of: MakeWorld) -> Ticking:
    """Two due by the night's plans, and newcomers; nobody approved anything standing."""
    contacts = [asks_to_go(201), former_customer(202), *newcomers(*range(101, 107))]
    made = Ticking(world=world_of(a_portal(contacts=contacts)))
    made.approve_policy()
    made.sweep()
    made.tick()
    return made


def records(ticking: Ticking, plan: Plan) -> list[str]:
    """Whom a plan holds."""
    return [str(item.record) for item in ticking.world.items(plan)]


def test_what_a_plan_of_the_night_holds_is_not_read_or_planned_again(ticking: Ticking) -> None:
    assert [ticking.known(f"contacts/{each}").plan_id for each in (201, 202)] == ["1-rights", "1-time"]
    assert {ticking.state(f"contacts/{each}") for each in (201, 202)} == {"review"}
    before = len(ticking.world.sandbox.journal.entries())
    report = ticking.tick()
    assert (report.looked, report.plans) == (0, [])
    assert len(ticking.world.sandbox.journal.entries()) == before


def test_what_came_up_since_waits_in_one_plan_that_shows_its_deadline(ticking: Ticking) -> None:
    ticking.unsubscribe(101, hours_ago=5)
    ticking.unsubscribe(102, hours_ago=2)
    (plan,) = ticking.tick().plans
    assert records(ticking, plan) == ["contacts/101", "contacts/102"]
    assert plan.rules[0].earliest_erase_by == ticking.known("contacts/101").erase_by
    assert [each.status for each in ticking.plans()] == [PlanStatus.AWAITING_REVIEW] * 3


def test_a_record_that_a_plan_of_the_night_holds_is_not_planned_twice_when_it_is_looked_at(ticking: Ticking) -> None:
    ticking.hint("contacts/201", "contacts/202")
    report = ticking.tick()
    assert (report.looked, report.plans) == (2, [])
    assert ticking.known("contacts/201").plan_id == "1-rights"


def test_it_takes_in_what_waits_already_but_at_most_once_an_hour(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    (first,) = ticking.tick().plans
    ticking.later(minutes=10)
    ticking.unsubscribe(102)
    assert ticking.tick().plans == []
    assert ticking.state("contacts/102") == "open"
    ticking.later(minutes=51)
    (second,) = ticking.tick().plans
    assert records(ticking, second) == ["contacts/101", "contacts/102"]
    assert ticking.world.plan(first).status is PlanStatus.SUPERSEDED
    assert {ticking.known(f"contacts/{each}").plan_id for each in (101, 102)} == {second.plan_id}


def test_a_hold_set_in_hubspot_takes_a_record_out_at_once_that_has_yet_to_be_taken_off_a_list(ticking: Ticking) -> None:
    ticking.unsubscribe(101, 102)
    (plan,) = ticking.tick().plans
    ticking.world.edit("contacts/101", legal_hold="true")
    ticking.hint("contacts/101")
    ticking.tick()
    assert ticking.world.state(plan, "contacts/101") == (ItemState.SKIPPED, "held-now")
    assert ticking.world.state(plan, "contacts/102")[0] is ItemState.PENDING
    assert (ticking.state("contacts/101"), ticking.known("contacts/101").disposition) == ("open", None)


def test_it_does_not_wait_an_hour_when_a_deadline_is_near(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    ticking.tick()
    ticking.unsubscribe(102, hours_ago=118)
    (second,) = ticking.tick().plans
    assert records(ticking, second) == ["contacts/101", "contacts/102"]


def test_it_leaves_out_who_is_no_longer_due(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    ticking.tick()
    ticking.world.act("resubscribe", record="contacts/101", subscriptionId=501)
    ticking.later(hours=1, minutes=1)
    ticking.unsubscribe(102)
    (second,) = ticking.tick().plans
    assert records(ticking, second) == ["contacts/102"]


def test_it_replaces_no_plan_of_the_night_and_the_next_night_replaces_it(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    (grouped,) = ticking.tick().plans
    assert ticking.world.plan(replace(grouped, plan_id="1-rights")).status is PlanStatus.AWAITING_REVIEW
    ticking.later(hours=2)
    ticking.sweep()
    assert ticking.world.plan(grouped).status is PlanStatus.SUPERSEDED
    ticking.tick()
    assert ticking.known("contacts/101").plan_id == "3-rights"


def test_a_due_plan_replaces_no_plan_that_waits(ticking: Ticking) -> None:
    ticking.unsubscribe(101, source="Import")
    (grouped,) = ticking.tick().plans
    ticking.grant()
    ticking.unsubscribe(102)
    ticking.tick()
    assert ticking.gone_from_view(102)
    assert ticking.world.plan(grouped).status is PlanStatus.AWAITING_REVIEW
    assert ticking.world.plan(replace(grouped, plan_id="1-rights")).status is PlanStatus.AWAITING_REVIEW


def test_time_rules_wait_in_a_plan_of_their_own(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    ticking.world.edit("contacts/102", lifecyclestage="other", customer_until="2024-05-31", createdate="2014-01-01")
    ticking.hint("contacts/102")
    kinds = {plan.kind.value: records(ticking, plan) for plan in ticking.tick().plans}
    assert kinds == {"rights": ["contacts/101"], "time": ["contacts/102"]}


def test_what_a_person_approves_is_carried_out_by_the_next_tick(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    (plan,) = ticking.tick().plans
    ticking.world.approve(plan)
    report = ticking.tick()
    assert report.applied == [plan.plan_id]
    assert ticking.gone_from_view(101)
    assert ticking.told("contacts/101")[-1] == ("done", "read-back-absent")


def test_a_plan_of_the_night_that_a_person_approves_is_carried_out_and_settled(ticking: Ticking) -> None:
    plan = next(plan for plan in ticking.plans() if plan.plan_id == "1-rights")
    ticking.world.approve(plan)
    ticking.tick()
    assert ticking.gone_from_view(201)
    assert ticking.told("contacts/201")[-1] == ("done", "read-back-absent")


def test_what_a_person_approves_is_carried_out_inside_the_grace_as_well(ticking: Ticking) -> None:
    ticking.grace = DAY
    ticking.world.act("unsubscribe", record="contacts/101", subscriptionId=501)
    ticking.later(minutes=1)
    rights, _ = ticking.sweep()
    ticking.world.approve(rights)
    ticking.tick()
    assert ticking.gone_from_view(101)


def test_what_a_person_refused_does_not_come_back_before_the_next_run(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    (plan,) = ticking.tick().plans
    ticking.world.reviewer().reject(plan.plan_id, "no", ticking.now)
    ticking.grant()
    ticking.later(hours=2)
    ticking.tick()
    assert ticking.known("contacts/101").reason == "rejected"
    assert ticking.world.is_in_view("contacts/101")
    ticking.later(hours=2)
    ticking.sweep()
    ticking.tick()
    assert ticking.gone_from_view(101)


def test_a_plan_that_nobody_approved_in_time_is_made_anew(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    (first,) = ticking.tick().plans
    ticking.later(hours=25)
    (second,) = [plan for plan in ticking.tick().plans if "contacts/101" in records(ticking, plan)]
    assert second.plan_id != first.plan_id
    assert ticking.known("contacts/101").plan_id == second.plan_id


def test_an_approval_given_later_takes_what_waits(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    (plan,) = ticking.tick().plans
    ticking.grant()
    ticking.tick()
    assert ticking.gone_from_view(101)
    ticking.world.approve(plan)
    ticking.tick()
    assert ticking.world.state(plan, "contacts/101") == (ItemState.SKIPPED, "gone-already")


def test_an_approval_given_later_takes_what_the_night_s_plan_holds(ticking: Ticking) -> None:
    ticking.grant("erasure-request")
    ticking.tick()
    assert ticking.gone_from_view(201)


def test_what_a_guardrail_of_the_night_blocks_does_not_go_by_itself(ticking: Ticking) -> None:
    ticking.world.guardrails = replace(MANY, max_disposals=0)
    ticking.sweep()
    ticking.grant("erasure-request")
    ticking.world.guardrails = MANY
    ticking.tick()
    ticking.hint("contacts/201")
    assert ticking.tick().looked == 1
    assert ticking.known("contacts/201").reason == "guardrail"
    assert ticking.world.is_in_view("contacts/201")


def test_a_guardrail_blocks_the_grouped_plan_too(ticking: Ticking) -> None:
    ticking.world.guardrails = replace(MANY, max_disposals=1)
    ticking.unsubscribe(101, 102)
    report = ticking.tick()
    assert report.waits[0][1].startswith("a guardrail blocks it: contacts: 2 disposals, at most 1")
    assert ticking.known("contacts/101").reason == "guardrail"


def test_what_came_up_while_a_run_read_the_portal_is_not_ended_by_its_older_page(ticking: Ticking) -> None:
    def meanwhile() -> None:
        ticking.later(minutes=1)
        ticking.unsubscribe(101)
        ticking.tick()
        ticking.later(minutes=1)

    class Between:
        def __getattr__(self, name: str) -> object:
            return getattr(ticking.world.portal, name)

        def deals(self) -> object:
            yield from ticking.world.portal.deals()

        def contacts(self, **how: bool) -> object:
            pages = list(ticking.world.portal.contacts(**how))
            meanwhile()
            yield from pages

    ticking.later(hours=1)
    ticking.portal = Between()
    ticking.sweep()
    assert ticking.state("contacts/101") == "review"
    ticking.portal = None
    ticking.tick()
    assert [verb for verb, _ in ticking.told("contacts/101")] == ["opened"]


def test_a_full_run_has_looked_at_whatever_it_did_not_come_upon(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    ticking.tick()
    ticking.world.act("archive", record="contacts/101")
    ticking.later(hours=3)
    ticking.sweep()
    ticking.tick()
    assert ticking.gone == ["contacts/101"]
    assert ticking.told("contacts/101")[-1] == ("ended", "gone")


def test_a_what_if_tells_the_ledger_nothing(ticking: Ticking) -> None:
    ticking.world.act("unsubscribe", record="contacts/103", subscriptionId=501)
    ticking.sweep("what-if")
    assert ticking.obligation("contacts/103") is None


def test_nothing_is_stored_of_who_is_retained(ticking: Ticking) -> None:
    assert all(ticking.obligation(f"contacts/{each}") is None for each in range(101, 107))


def test_a_plan_holds_what_hangs_on_its_records(world_of: MakeWorld) -> None:
    letter = {"id": "31", "properties": {"hs_timestamp": "2015-02-01T10:00:00Z"}}
    document = a_portal(
        contacts=[*newcomers(101, 102)],
        notes=[letter],
        links=(("contacts/101", "notes/31"), ("contacts/102", "notes/31")),
    )
    ticking = Ticking(world=world_of(document))
    ticking.sweep()
    ticking.unsubscribe(101)
    (plan,) = ticking.tick().plans
    item = ticking.world.item(plan, "contacts/101")
    assert item.bundle is not None
    assert item.bundle.detached == 1
    assert item.block is not None
    assert (ticking.state("contacts/101"), ticking.known("contacts/101").reason) == ("raised", "unverified")


def test_inactive_contacts_of_the_night_stay_in_its_plan(world_of: MakeWorld) -> None:
    ticking = Ticking(world=world_of(a_portal(contacts=[inactive(each) for each in range(101, 106)])))
    ticking.sweep()
    report = ticking.tick()
    assert (report.looked, report.plans) == (0, [])
    assert {ticking.state(f"contacts/{each}") for each in range(101, 106)} == {"review"}
    assert ticking.known("contacts/101").next_look_at > ticking.now + timedelta(days=1)
