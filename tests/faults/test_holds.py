"""Holds, requests, the kill switch and a rejection win at every step that comes before the call."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest

from hubspot_retention.core.plan.model import ItemState, Plan, PlanStatus
from hubspot_retention.core.plan.recheck import Skip
from hubspot_retention.core.portal import CallResult, Fate
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.core.request import RequestKind
from hubspot_retention.core.webhook.event import Event
from hubspot_retention.errors import BlockedError
from hubspot_retention.workflow.protocol import STILL_THERE
from hubspot_retention.workflow.review import InFlight, Registrar
from tests.faults.conftest import MakeWorld
from tests.faults.people import a_company, a_deal, a_portal, asks_to_go, inactive
from tests.faults.world import PORTAL, Watched, World, ref

NEIGHBOURS = ("contacts/101", "deals/21", "companies/11")


def somebody(world_of: MakeWorld) -> World:
    """Somebody who asked to go, with an open deal and a company."""
    return world_of(
        a_portal(
            contacts=[asks_to_go(101)],
            deals=[a_deal(21)],
            companies=[a_company(11)],
            links=(("contacts/101", "deals/21"), ("contacts/101", "companies/11")),
        )
    )


def hold(world: World, record: str) -> None:
    """Somebody places a hold."""
    world.registrar().place_hold(ref(record), "J-2026-1", "strid", None, world.clock.now())


def assert_held(world: World, plan: Plan) -> None:
    """Nothing was called and the item says why."""
    assert world.calls() == []
    assert world.state(plan, "contacts/101") == (ItemState.SKIPPED, Skip.HELD)
    assert world.words("contacts/101")[-1] == "disposal.skipped"


def test_a_hold_placed_between_plan_and_approval_skips_the_record(world_of: MakeWorld) -> None:
    world = somebody(world_of)
    plan, _ = world.assess()
    hold(world, "companies/11")
    world.apply(world.approve(plan))
    assert_held(world, plan)


@pytest.mark.parametrize("on", NEIGHBOURS)
def test_a_hold_placed_between_approval_and_apply_skips_the_record(world_of: MakeWorld, on: str) -> None:
    world = somebody(world_of)
    plan = world.rights()
    hold(world, on)
    world.apply(plan)
    assert_held(world, plan)


@pytest.mark.parametrize("on", NEIGHBOURS)
def test_a_hold_placed_between_the_fresh_read_and_sent_skips_the_record(world_of: MakeWorld, on: str) -> None:
    world = somebody(world_of)
    plan = world.rights()
    world.apply(plan, source=Watched(world.portal, after={"correspondence": lambda: hold(world, on)}))
    assert_held(world, plan)
    assert "disposal.abandoned" in world.words("contacts/101")


WEBHOOKS = {"contacts": "contact", "deals": "deal", "companies": "company"}


def hear(world: World, record: str, name: str, **more: Any) -> None:
    """A webhook tells that a property has changed: the thread that serves webhooks stores it."""
    kind, number = ref(record).object_type, ref(record).record_id
    said: dict[str, Any] = {
        "portal_id": PORTAL,
        "subscription_id": 7,
        "event_id": world.sandbox.journal.entries()[-1].number,
        "event_type": f"{WEBHOOKS[kind.value]}.propertyChange",
        "object_type": kind,
        "object_id": number,
        "occurred_at": world.clock.now(),
        "property_name": name,
    }

    def store() -> None:
        with world.store.transaction() as tx:
            assert tx.add_events([Event(**(said | more))], world.clock.now()) == 1

    thread = Thread(target=store)
    thread.start()
    thread.join()


def set_and_heard(world: World, record: str, name: str = "legal_hold", value: str = "true") -> None:
    """Somebody holds a record in HubSpot, and the webhook of it arrives."""
    world.edit(record, **{name: value})
    hear(world, record, name)


def abandoned(world: World, record: str) -> list[str | None]:
    """Why the record was to begin again."""
    return [entry.code for entry in world.entries(record) if entry.kind == "disposal.abandoned"]


@pytest.mark.parametrize(
    ("on", "name", "value"),
    [*((record, "legal_hold", "true") for record in NEIGHBOURS), ("deals/21", "outstanding_balance", "1200")],
)
def test_a_hold_set_in_hubspot_after_the_fresh_read_skips_the_record_once_its_webhook_is_heard(
    world_of: MakeWorld, on: str, name: str, value: str
) -> None:
    world = somebody(world_of)
    plan = world.rights()
    comes = {"correspondence": lambda: set_and_heard(world, on, name, value)}
    world.apply(plan, source=Watched(world.portal, after=comes))
    assert_held(world, plan)
    assert abandoned(world, "contacts/101") == ["heard-since"]


def test_a_restriction_set_in_hubspot_after_the_fresh_read_skips_the_record(world_of: MakeWorld) -> None:
    world = somebody(world_of)
    plan = world.rights()
    comes = {"correspondence": lambda: set_and_heard(world, "contacts/101", "processing_restricted")}
    world.apply(plan, source=Watched(world.portal, after=comes))
    assert_held(world, plan)


def test_a_hold_set_in_hubspot_while_a_bundle_is_under_way_saves_the_contact(world_of: MakeWorld) -> None:
    links = (("contacts/101", "emails/41"),)
    letter = {"id": "41", "properties": {"hs_timestamp": "2015-01-01T00:00:00Z"}}
    world = world_of(a_portal(contacts=[asks_to_go(101)], emails=[letter], links=links))
    plan = world.rights()
    comes = {"archive": lambda: set_and_heard(world, "contacts/101")}
    world.apply(plan, disposer=Watched(world.portal, after=comes))
    assert not world.calls("erase")
    assert world.state(plan, "contacts/101") == (ItemState.SKIPPED, Skip.HELD)


def test_a_hold_set_in_hubspot_on_one_of_a_hundred_lets_the_others_be_archived(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[inactive(number) for number in range(101, 105)]))
    plan = world.time_rules()
    world.apply(
        plan, source=Watched(world.portal, after={"read_contacts": lambda: set_and_heard(world, "contacts/103")})
    )
    assert world.state(plan, "contacts/103") == (ItemState.SKIPPED, Skip.HELD)
    assert sorted(world.effects()) == [f"archived contacts/{number}" for number in (101, 102, 104)]


def test_what_is_heard_of_others_and_of_our_own_writes_delays_nobody(world_of: MakeWorld) -> None:
    world = somebody(world_of)
    plan = world.rights()

    def comes() -> None:
        hear(world, "contacts/900", "legal_hold", event_id=1)
        hear(world, "contacts/101", "legal_hold", event_id=2, change_source="INTEGRATION", source_id="4711")
        hear(world, "companies/11", "customer_until", event_id=3)

    world.apply(plan, source=Watched(world.portal, after={"correspondence": comes}), app_id="4711")
    assert world.effects() == ["erased contacts/101"]
    assert abandoned(world, "contacts/101") == []


def test_what_is_heard_delays_a_record_only_until_it_was_read_again(world_of: MakeWorld) -> None:
    world = somebody(world_of)
    plan = world.rights()
    comes = {"correspondence": lambda: hear(world, "contacts/101", "jobtitle")}
    world.apply(plan, source=Watched(world.portal, after=comes))
    assert world.effects() == ["erased contacts/101"]
    assert abandoned(world, "contacts/101") == ["heard-since"]


@pytest.mark.parametrize("on", NEIGHBOURS)
def test_a_hold_flag_set_in_hubspot_after_the_plan_skips_the_record(world_of: MakeWorld, on: str) -> None:
    world = somebody(world_of)
    plan = world.rights()
    world.edit(on, legal_hold="true")
    world.apply(plan)
    assert_held(world, plan)


def test_a_debt_that_comes_up_after_the_plan_skips_the_record(world_of: MakeWorld) -> None:
    world = somebody(world_of)
    plan = world.rights()
    world.edit("deals/21", outstanding_balance="1200")
    world.apply(plan)
    assert_held(world, plan)


def test_a_hold_on_the_id_of_a_record_that_was_merged_away_holds_the_winner(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102)]))
    world.act("merge", record="contacts/102", into="contacts/101")
    plan = world.rights()
    hold(world, "contacts/102")
    world.apply(plan)
    assert_held(world, plan)


def test_an_access_request_that_comes_between_the_fresh_read_and_sent_skips_the_record(world_of: MakeWorld) -> None:
    world = somebody(world_of)
    plan = world.rights()
    now = world.clock.now()

    def asks() -> None:
        world.registrar().record_request(ref("contacts/101"), RequestKind.ACCESS, now, now)

    world.apply(plan, source=Watched(world.portal, after={"correspondence": asks}))
    assert_held(world, plan)


def test_a_hold_placed_while_a_bundle_is_under_way_saves_the_contact(world_of: MakeWorld) -> None:
    links = (("contacts/101", "emails/41"),)
    letter = {"id": "41", "properties": {"hs_timestamp": "2015-01-01T00:00:00Z"}}
    world = world_of(a_portal(contacts=[asks_to_go(101)], emails=[letter], links=links))
    plan = world.rights()
    world.apply(plan, disposer=Watched(world.portal, after={"archive": lambda: hold(world, "contacts/101")}))
    assert not world.calls("erase")
    assert world.state(plan, "contacts/101") == (ItemState.SKIPPED, Skip.HELD)


def in_flight_at_the_call(world: World, plan: Plan, verb: str, held: str) -> tuple[InFlight, ...]:
    """What somebody is told who places a hold at the moment in which a call leaves."""
    told: list[tuple[InFlight, ...]] = []

    def place() -> None:
        now = world.clock.now()
        told.append(world.registrar().place_hold(ref(held), "J-2026-1", "strid", None, now)[1])

    world.apply(plan, disposer=Watched(world.portal, before={verb: place}))
    return told[0]


@pytest.mark.parametrize("on", ["contacts/101", "deals/99", "companies/99"])
def test_a_hold_that_comes_after_sent_is_told_what_is_in_flight(world_of: MakeWorld, on: str) -> None:
    world = somebody(world_of)
    plan = world.rights()
    assert in_flight_at_the_call(world, plan, "erase_contact", on) == (InFlight(plan.plan_id, ref("contacts/101")),)
    placed = next(entry for entry in world.entries(on) if entry.kind == "hold.placed")
    assert placed.code == "in-flight"


def test_a_hold_on_a_contact_is_told_of_the_deals_in_flight_but_not_of_other_people(world_of: MakeWorld) -> None:
    lost = a_deal(22, hs_is_closed="true", closedate="2016-02-01T09:00:00Z")
    world = world_of(a_portal(contacts=[inactive(101), inactive(102)], deals=[lost]))
    plan = world.time_rules()
    told: list[InFlight] = []

    def place() -> None:
        told.extend(world.registrar().place_hold(ref("contacts/900"), "J-1", "strid", None, world.clock.now())[1])

    world.apply(plan, disposer=Watched(world.portal, before={"archive": place}))
    assert {found.record.object_type for found in told} <= {ObjectType.DEAL}
    told.clear()


def test_a_hold_on_who_was_merged_away_is_told_of_whom_they_became(world_of: MakeWorld) -> None:
    world = somebody(world_of)
    plan = world.rights()
    with world.store.transaction() as tx:
        tx.rename_record(ObjectType.CONTACT, RecordId(7), RecordId(8), world.clock.now())
        tx.rename_record(ObjectType.CONTACT, RecordId(8), RecordId(101), world.clock.now())
        tx.rename_record(ObjectType.CONTACT, RecordId(101), RecordId(7), world.clock.now())
    told = in_flight_at_the_call(world, plan, "erase_contact", "contacts/7")
    assert told == (InFlight(plan.plan_id, ref("contacts/101")),)


def test_a_hold_on_who_was_merged_away_is_told_of_whom_the_fresh_read_found_them_to_be(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102)]))
    world.act("merge", record="contacts/102", into="contacts/101")
    plan = world.rights()
    told = in_flight_at_the_call(world, plan, "erase_contact", "contacts/102")
    assert told == (InFlight(plan.plan_id, ref("contacts/101")),)
    (merge,) = (entry for entry in world.entries("contacts/102") if entry.kind == "merge.seen")
    assert dict(merge.facts) == {"winner": "contacts/101", "held": False}


class NobodyAnswers:
    """A portal whose answers to calls are all lost; the calls may take effect later."""

    def erase_contact(self, contact_id: RecordId) -> CallResult:
        """Lost."""
        return CallResult(Fate.UNKNOWN, 502)


def now_held(world: World) -> tuple[InFlight, ...]:
    """What somebody who places a hold on 101 now is told to be in flight."""
    return world.registrar().place_hold(ref("contacts/101"), "J-1", "strid", None, world.clock.now())[1]


def test_a_hold_on_what_a_plan_sent_before_it_expired_is_told_that_it_is_in_flight(world_of: MakeWorld) -> None:
    world = somebody(world_of)
    plan = world.rights()

    class Dies:
        """The process dies in the call."""

    with pytest.raises(AttributeError):
        world.apply(plan, disposer=Dies())
    expired = replace(world.plan(plan), status=PlanStatus.EXPIRED)
    with world.store.transaction() as tx:
        tx.save_plan(expired)
    assert now_held(world) == (InFlight(plan.plan_id, ref("contacts/101")),)


def test_a_hold_on_who_was_there_after_a_lost_answer_is_told_that_the_call_may_take_effect_yet(
    world_of: MakeWorld,
) -> None:
    world = somebody(world_of)
    plan = world.rights()
    world.apply(plan, disposer=NobodyAnswers())
    in_flight = (InFlight(plan.plan_id, ref("contacts/101")),)
    assert world.state(plan, "contacts/101") == (ItemState.PENDING, STILL_THERE)
    told: list[tuple[InFlight, ...]] = []
    world.apply(plan, source=Watched(world.portal, before={"read_contacts": lambda: told.append(now_held(world))}))
    assert told == [in_flight]
    assert world.calls("erase") == []


def test_the_call_may_take_effect_yet_also_when_its_record_is_skipped_by_now(world_of: MakeWorld) -> None:
    world = somebody(world_of)
    plan = world.rights()
    world.apply(plan, disposer=NobodyAnswers())
    world.edit("contacts/101", legal_hold="true")
    world.apply(plan)
    assert world.state(plan, "contacts/101")[0] is ItemState.SKIPPED
    assert now_held(world) == (InFlight(plan.plan_id, ref("contacts/101")),)


def test_once_the_record_is_gone_nothing_is_in_flight_any_more(world_of: MakeWorld) -> None:
    world = somebody(world_of)
    plan = world.rights()
    world.apply(plan, disposer=NobodyAnswers())
    world.apply(plan)
    assert world.state(plan, "contacts/101")[0] is ItemState.DONE
    assert now_held(world) == ()


def test_long_after_its_plan_has_expired_no_call_is_believed_to_take_effect_any_more(world_of: MakeWorld) -> None:
    world = somebody(world_of)
    world.apply(world.rights(), disposer=NobodyAnswers())
    world.clock.present += timedelta(hours=49)
    assert now_held(world) == ()


def test_a_hold_on_a_record_that_is_not_in_flight_is_told_nothing(world_of: MakeWorld) -> None:
    world = somebody(world_of)
    world.rights()
    _, told = world.registrar().place_hold(ref("contacts/101"), "J-1", "strid", None, world.clock.now())
    assert told == ()


def stop(world: World, plan: Plan) -> None:
    """All disposals stop."""
    world.registrar().set_kill_switch("bent: stop", world.clock.now())


def reject(world: World, plan: Plan) -> None:
    """Somebody rejects the plan that is being applied."""
    world.reviewer().reject(plan.plan_id, "forkert", world.clock.now())


@pytest.mark.parametrize("say", [stop, reject])
def test_whoever_stops_an_application_stops_it_within_one_record(
    world_of: MakeWorld, say: Callable[[World, Plan], None]
) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(number) for number in range(101, 111)]))
    world.workers = 1
    plan = world.rights()
    report = world.apply(plan, disposer=Watched(world.portal, after={"erase_contact": lambda: say(world, plan)}))
    assert len(world.calls("erase")) == 1
    assert (report.done, report.waiting) == (1, 9)


def test_a_hold_that_another_process_places_between_the_fresh_read_and_sent_skips_the_record(
    world_of: MakeWorld,
) -> None:
    world = somebody(world_of)
    plan = world.rights()

    def place() -> None:
        with world.beside() as store:
            now = world.clock.now()
            Registrar(store, "dorte").place_hold(ref("companies/11"), "J-2026-1", "strid", None, now)

    world.apply(plan, source=Watched(world.portal, after={"correspondence": place}))
    assert_held(world, plan)
    assert world.store.verify_log().intact


def test_another_process_stops_an_application_within_one_record(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(number) for number in range(101, 106)]))
    world.workers = 1
    plan = world.rights()

    def stop_beside() -> None:
        with world.beside() as store:
            Registrar(store, "dorte").set_kill_switch("dorte: stop", world.clock.now())

    world.apply(plan, disposer=Watched(world.portal, after={"erase_contact": stop_beside}))
    assert len(world.calls("erase")) == 1


def test_a_plan_that_was_rejected_while_it_was_applied_stays_rejected(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102)]))
    world.workers = 1
    plan = world.rights()
    world.apply(plan, disposer=Watched(world.portal, after={"erase_contact": lambda: reject(world, plan)}))
    assert world.plan(plan).status is PlanStatus.REJECTED
    assert world.plan(plan).decided_by == "bent"
    with pytest.raises(BlockedError, match="rejected"):
        world.apply(plan)


def test_nothing_is_applied_while_the_kill_switch_is_set_and_it_goes_on_when_it_is_cleared(world_of: MakeWorld) -> None:
    world = somebody(world_of)
    plan = world.rights()
    stop(world, plan)
    with pytest.raises(BlockedError, match="stopped"):
        world.apply(plan)
    assert world.calls() == []
    world.registrar().set_kill_switch(None, world.clock.now())
    world.apply(plan)
    assert world.state(plan, "contacts/101")[0] is ItemState.DONE


def test_a_hold_that_was_released_lets_the_next_plan_go(world_of: MakeWorld) -> None:
    world = somebody(world_of)
    now = world.clock.now()
    placed, _ = world.registrar().place_hold(ref("deals/21"), "J-1", "strid", None, now)
    assert not [item for item in world.items(world.assess()[0]) if item.action.value == "erase"]
    world.registrar().release_hold(placed.hold_id, now)
    world.apply(world.rights())
    assert world.effects() == ["erased contacts/101"]
