"""The ledger hears runs: what opens an obligation, with which deadline, and what it costs."""

import pytest

from hubspot_retention.core.deadline.ledger import MOST_ATTEMPTS
from hubspot_retention.core.deadline.obligation import ObligationState
from hubspot_retention.core.deadline.timing import lapsed_deadline
from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.record import ObjectType
from hubspot_retention.hubspot.portal import HubSpotPortal
from tests.faults.conftest import MakeWorld
from tests.faults.people import a_customer, a_deal, a_portal, asks_to_go, days_ago, inactive, lost_deal, unsubscribed
from tests.faults.world import ref
from tests.unit.workflow.ticking import DAY, Ticking, newcomers


@pytest.fixture
def carried(world_of: MakeWorld) -> Ticking:
    """An inactive contact whom an open deal keeps, seen by a full run."""
    document = a_portal(contacts=[inactive(101)], deals=[a_deal(21)], links=(("contacts/101", "deals/21"),))
    ticking = Ticking(world=world_of(document))
    ticking.sweep()
    ticking.later(hours=24)
    return ticking


def close(ticking: Ticking) -> None:
    """The deal is lost, long ago."""
    ticking.world.edit("deals/21", hs_is_closed="true", closedate="2026-01-10T09:00:00Z")


def test_a_run_opens_an_obligation_in_the_plan_that_holds_it(world_of: MakeWorld) -> None:
    ticking = Ticking(world=world_of(a_portal(contacts=[asks_to_go(101), inactive(102)], deals=[lost_deal(21)])))
    ticking.sweep()
    found = {each: ticking.known(each) for each in ("contacts/101", "contacts/102", "deals/21")}
    assert [each.plan_id for each in found.values()] == ["1-rights", "1-time", "1-time"]
    assert {each.state for each in found.values()} == {ObligationState.OPEN}
    (entry,) = [each for each in ticking.world.entries("contacts/101") if each.kind == "obligation.opened"]
    assert (entry.rule, entry.code, entry.plan_id) == ("erasure-request", "period-ended", "1-rights")
    assert dict(entry.facts)["due_at"] == "2020-03-01T09:00:00+00:00"


def test_of_whom_a_run_cannot_tell_since_when_they_are_opted_out_a_person_hears_in_the_end(
    world_of: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticking = Ticking(
        world=world_of(a_portal(contacts=[unsubscribed(101, createdate=f"{days_ago(7)}T09:00:00Z"), *newcomers(102)]))
    )
    monkeypatch.setattr(HubSpotPortal, "opt_outs", lambda self, addresses: [UNKNOWN for _ in addresses])
    ticking.sweep()
    found = ticking.known("contacts/101")
    assert (found.state, found.reason, found.next_look_at) == (ObligationState.LOOK, "in-doubt", ticking.now)
    assert ticking.obligation("contacts/102") is None
    for _ in range(MOST_ATTEMPTS):
        ticking.tick()
        ticking.later(hours=1)
    assert ticking.state("contacts/101") == "raised"


def test_a_run_that_finds_the_same_says_nothing_new(world_of: MakeWorld) -> None:
    ticking = Ticking(world=world_of(a_portal(contacts=[asks_to_go(101)])))
    ticking.sweep()
    first = ticking.known("contacts/101").first_seen_at
    ticking.later(hours=24)
    ticking.sweep()
    assert (ticking.known("contacts/101").first_seen_at, ticking.known("contacts/101").heard_at) == (first, ticking.now)
    assert len(ticking.told("contacts/101")) == 1


def test_whoever_a_keep_carried_until_lately_has_the_rule_s_time_from_the_run_that_saw_it_lapse(
    carried: Ticking,
) -> None:
    assert carried.obligation("contacts/101") is None
    close(carried)
    carried.sweep()
    found = carried.known("contacts/101")
    assert found.due_at is not None
    assert found.due_at.year == 2015
    assert found.erase_by == lapsed_deadline("inactive-contact", carried.now, carried.world.policy)
    carried.later(hours=24)
    carried.sweep()
    assert carried.known("contacts/101").erase_by == found.erase_by


def test_so_has_one_that_the_due_tick_saw_lapse(carried: Ticking) -> None:
    carried.approve_policy()
    close(carried)
    carried.hint("contacts/101")
    carried.tick()
    found = carried.known("contacts/101")
    assert found.erase_by is not None
    assert found.erase_by > carried.now + 100 * DAY


def test_the_decision_keeps_its_nominal_dates(carried: Ticking) -> None:
    close(carried)
    _, time_rules = carried.sweep()
    decision = carried.world.item(time_rules, "contacts/101").decision
    assert decision.erase_by is not None
    assert decision.erase_by.year == 2015


def test_whoever_was_held_at_the_last_run_has_the_nominal_deadline(world_of: MakeWorld) -> None:
    ticking = Ticking(world=world_of(a_portal(contacts=[inactive(101, legal_hold="false")])))
    ticking.world.edit("contacts/101", legal_hold="true")
    ticking.sweep()
    ticking.later(hours=24)
    ticking.world.edit("contacts/101", legal_hold="false")
    ticking.sweep()
    found = ticking.known("contacts/101")
    assert found.erase_by is not None
    assert found.erase_by.year == 2015


def test_a_contact_that_nobody_has_asked_about_was_carried_as_well(world_of: MakeWorld) -> None:
    recent = f"{days_ago(340)}T09:00:00Z"
    document = a_portal(
        contacts=[inactive(101, createdate=recent)], deals=[a_deal(21)], links=(("contacts/101", "deals/21"),)
    )
    ticking = Ticking(world=world_of(document))
    ticking.later(days=40)
    ticking.sweep()
    assert ticking.world.items(ticking.plans()[0]) != []
    ticking.later(days=1)
    close(ticking)
    ticking.sweep()
    found = ticking.known("contacts/101")
    assert found.erase_by == lapsed_deadline("inactive-contact", ticking.now, ticking.world.policy)


def test_whoever_no_run_has_seen_before_has_the_nominal_deadline(world_of: MakeWorld) -> None:
    ticking = Ticking(world=world_of(a_portal(contacts=newcomers(102))))
    ticking.sweep()
    ticking.later(hours=24)
    ticking.world.act("create", type="contacts", properties={"email": "ny@example.dk", "createdate": "2014-01-10"})
    ticking.sweep()
    (item,) = [item for item in ticking.world.items(ticking.plans()[0]) if item.decision.rule == "inactive-contact"]
    found = ticking.known(str(item.record))
    assert found.erase_by == item.decision.erase_by


def test_a_ledger_that_begins_later_gives_nobody_more_time(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[inactive(101)]))
    world.assess()
    ticking = Ticking(world=world)
    ticking.later(hours=24)
    ticking.sweep()
    found = ticking.known("contacts/101")
    assert found.erase_by is not None
    assert found.erase_by.year == 2015


def test_a_what_if_in_between_does_not_count_as_the_last_run(carried: Ticking) -> None:
    close(carried)
    carried.sweep("what-if")
    carried.later(hours=24)
    carried.sweep()
    found = carried.known("contacts/101")
    assert found.erase_by is not None
    assert found.erase_by > carried.now


def test_only_contacts_and_deals_have_obligations(world_of: MakeWorld) -> None:
    ticking = Ticking(world=world_of(a_portal()))
    ticking.hint("companies/5", "deals/7", "contacts/6", "contacts/6")
    with ticking.world.store.transaction() as tx:
        looks = [str(found.record) for found in tx.obligations((ObligationState.LOOK,))]
        assert looks == ["contacts/6", "deals/7"]
        assert tx.obligations_of(ObjectType.COMPANY, [ref("companies/5").record_id]) == {}


def test_a_full_run_asks_for_a_look_at_a_thousand_and_more_that_it_did_not_see(world_of: MakeWorld) -> None:
    ticking = Ticking(world=world_of(a_portal(contacts=[a_customer(101)])))
    ticking.hint(*(f"contacts/{number}" for number in range(10_000, 11_500)))
    ticking.later(hours=1)
    assert ticking.ledger.look_at_missed(ticking.world.store, ticking.now, ticking.now) == 1_500
    with ticking.world.store.transaction() as tx:
        assert tx.obligations_not_heard_since(ticking.now, ObjectType.CONTACT, 10) == []


def test_a_clock_that_was_set_back_in_a_run_does_not_make_it_ask_for_ever(world_of: MakeWorld) -> None:
    ticking = Ticking(world=world_of(a_portal()))
    ticking.hint("contacts/101")
    since = ticking.now + DAY
    assert ticking.ledger.look_at_missed(ticking.world.store, since, ticking.now) == 1
