"""The ledger hears runs: what opens an obligation, with which deadline, and what it costs."""

from collections.abc import Mapping
from typing import Any

import pytest

from hubspot_retention.core.deadline.ledger import MOST_ATTEMPTS
from hubspot_retention.core.deadline.obligation import Obligation, ObligationState
from hubspot_retention.core.deadline.timing import lapsed_deadline
from hubspot_retention.core.decision.history import NOTHING_REMEMBERED, Remembered, write_starts
from hubspot_retention.core.decision.model import Decision
from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.plan.model import ItemState, PlanKind
from hubspot_retention.core.plan.query import ALL_ITEMS
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.hubspot.portal import HubSpotPortal
from hubspot_retention.workflow.deciding import Decided
from hubspot_retention.workflow.obligations import Hearing, Obligations
from tests.contract.store.values import PORTAL, a_run
from tests.documents import clienti
from tests.faults.conftest import MakeWorld
from tests.faults.people import a_customer, a_deal, a_portal, asks_to_go, days_ago, inactive, lost_deal, unsubscribed
from tests.faults.world import ref
from tests.unit.core.deadline.lines import BY_THE_PERSON, an_inactive, an_unsubscribe, decided
from tests.unit.workflow.desk import HOUR, NOW, Desk, former_customer
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


# Decisions, one by one


def of(record: str, decision: Decision, **said: Remembered) -> Decided:
    """A decision of a record; `before` is what was remembered, `opt_out` what is known now."""
    values: dict[str, Any] = {"before": NOTHING_REMEMBERED, "opt_out": NOTHING_REMEMBERED}
    return Decided(decision._replace(record=RecordRef.parse(record)), **values | said)


def hear(desk: Desk, *entries: Decided, **hearing: Any) -> Mapping[RecordId, Obligation]:
    """The ledger hears of decisions about contacts."""
    values: dict[str, Any] = {"portal_id": PORTAL, "at": NOW, "is_fresh": True}
    with desk.store.transaction() as tx:
        ledger = Obligations(clienti(), DAY)
        return ledger.hear(tx, ObjectType.CONTACT, entries, Hearing(**values | hearing))


def states(found: Mapping[RecordId, Obligation]) -> dict[int, str]:
    """The states of what was heard of."""
    return {number: each.state.value for number, each in found.items()}


RETAINED = decided("retain")
IN_DOUBT = decided("undetermined", "start-unknown", of="unsubscribed")


def test_what_no_longer_obliges_ends_and_who_never_obliged_stands_in_nobodys_way(desk: Desk) -> None:
    desk.oblige("contacts/102")
    found = hear(desk, of("contacts/101", RETAINED), of("contacts/102", RETAINED), of("contacts/103", an_unsubscribe()))
    assert states(found) == {102: "ended", 103: "open"}


def test_who_is_doubted_stands_in_nobodys_way(desk: Desk) -> None:
    found = hear(desk, of("contacts/101", IN_DOUBT), of("contacts/102", an_unsubscribe()))
    assert states(found) == {101: "look", 102: "open"}


def test_what_was_remembered_and_what_is_known_now_count(desk: Desk) -> None:
    desk.oblige("contacts/101", disposition=None)
    stays = RETAINED._replace(marketing_ends=True)
    ended = of("contacts/101", stays, before=Remembered(marketing_ended=True), opt_out=BY_THE_PERSON)
    found = hear(desk, ended, of("contacts/102", an_unsubscribe(), opt_out=BY_THE_PERSON))
    assert states(found) == {101: "done", 102: "open"}
    assert found[RecordId(102)].by_person


def test_what_was_heard_since_a_page_was_read_is_newer_than_the_page_but_not_than_a_read_by_id(desk: Desk) -> None:
    desk.oblige("contacts/101", heard_at=NOW + HOUR)
    assert states(hear(desk, of("contacts/101", RETAINED), is_fresh=False)) == {101: "open"}
    assert states(hear(desk, of("contacts/101", RETAINED))) == {101: "ended"}


def test_an_obligation_is_in_the_plan_of_its_kind_or_in_none(desk: Desk) -> None:
    entries = (of("contacts/101", an_unsubscribe()), of("contacts/102", an_inactive()))
    found = hear(desk, *entries, plans={PlanKind.TIME: "7-time"})
    assert [each.plan_id for each in found.values()] == ["", "7-time"]


def carried_on(desk: Desk, record: str, due: str = "2026-10-01T09:00") -> Decided:
    """A contact that is inactive, as an earlier run saw already; a full run of yesterday let it stay."""
    decision = an_inactive(due)
    return of(record, decision, before=Remembered(starts=write_starts(decision.starts)))


def ran(desk: Desk) -> None:
    """A full run has seen the portal yesterday."""
    with desk.store.transaction() as tx:
        tx.finish_run(tx.start_run(a_run(started_at=NOW - DAY)), NOW - DAY, "done")


def deadlines(desk: Desk, *entries: Decided) -> list[bool]:
    """Whether each has the rule's time from now."""
    lapsed = lapsed_deadline("inactive-contact", NOW, clienti())
    return [each.erase_by == lapsed for each in hear(desk, *entries).values()]


def test_nobody_has_more_time_before_a_run_has_seen_the_portal(desk: Desk) -> None:
    assert deadlines(desk, carried_on(desk, "contacts/101")) == [False]


def test_who_was_carried_has_more_time_and_who_came_due_since_has_not(desk: Desk) -> None:
    ran(desk)
    assert deadlines(desk, carried_on(desk, "contacts/101"), carried_on(desk, "contacts/102", "2026-11-22T01:00")) == [
        True,
        False,
    ]


def test_who_was_carried_against_two_rules_has_the_time_of_the_shorter(desk: Desk) -> None:
    ran(desk)
    withdrew, clicked = NOW - 200 * DAY, NOW - 50 * DAY
    decision = an_unsubscribe(
        rule="consent-withdrawn",
        due_at=withdrew,
        erase_by=withdrew + 30 * DAY,
        starts=(("consent_withdrawn_at", withdrew), ("unsubscribed_at", clicked)),
        due=(("consent-withdrawn", withdrew), ("unsubscribed", clicked)),
    )
    entry = of("contacts/101", decision, before=Remembered(starts=write_starts(decision.starts)))
    assert [each.erase_by for each in hear(desk, entry).values()] == [NOW + 5 * DAY]


def test_a_deadline_that_runs_is_not_moved_and_one_that_begins_again_is(desk: Desk) -> None:
    ran(desk)
    due = an_inactive()
    known: dict[str, Any] = {
        "rule": due.rule,
        "disposition": due.disposition,
        "due_at": due.due_at,
        "erase_by": due.erase_by,
    }
    desk.oblige("contacts/101", **known)
    desk.oblige("contacts/102", "ended", settled_at=NOW - DAY, **known)
    desk.oblige("contacts/104", "held", **known | {"due_at": None, "erase_by": None})
    entries = [carried_on(desk, f"contacts/{number}") for number in (101, 102, 103, 104)]
    assert deadlines(desk, *entries) == [False, True, True, True]


def test_whoever_is_held_now_is_taken_out_of_the_plans_that_wait_and_nobody_else(desk: Desk) -> None:
    plan = desk.plan(former_customer("contacts/101"), former_customer("contacts/102"))
    for record in ("contacts/101", "contacts/102"):
        desk.oblige(record)
    hear(desk, of("contacts/101", decided("held", "hold-flag")), of("contacts/102", an_unsubscribe()))
    with desk.store.transaction() as tx:
        found = {item.record.record_id: item.state for item in tx.items(plan.plan_id, ALL_ITEMS)}
    assert found == {101: ItemState.SKIPPED, 102: ItemState.PENDING}


def test_who_is_to_be_looked_at_keeps_what_is_known(desk: Desk) -> None:
    known = desk.oblige("contacts/101", next_look_at=NOW + DAY)
    with desk.store.transaction() as tx:
        Obligations(clienti(), DAY).look_at(tx, [known.record], NOW, "webhook")
    found = desk.obligation("contacts/101")
    assert found == known._replace(heard_at=NOW, next_look_at=found.next_look_at)
    assert NOW - HOUR < found.next_look_at < NOW
