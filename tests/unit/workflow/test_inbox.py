"""The inbox: each event is a hint, and nothing follows from it but a look at the truth."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import CapturedCall, CapturingLogger

from hubspot_retention.core.alarm import AlarmKind
from hubspot_retention.core.deadline.obligation import ObligationState
from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.plan.model import ItemState
from hubspot_retention.core.record import ObjectType, RecordRef
from hubspot_retention.core.webhook.event import Event
from hubspot_retention.errors import PortalContractError, PortalPausedError, PortalTemporaryError, UsageError
from hubspot_retention.workflow import inbox as module
from hubspot_retention.workflow.inbox import InboxReport
from hubspot_retention.workflow.ports import Transaction
from tests.faults.conftest import MakeWorld
from tests.faults.people import (
    a_company,
    a_customer,
    a_deal,
    a_portal,
    asks_to_go,
    inactive,
    old_agreement,
    unsubscribed,
    won_deal,
)
from tests.faults.world import World, ref
from tests.unit.workflow.hints import (
    APP,
    alarms,
    an_event,
    deliver,
    inbox,
    look_at,
    obligation,
    oblige,
    waiting,
    wanted,
)
from tests.unit.workflow.test_foreign import in_the_bin, needed


def run(world: World, *events: Event, source: Any = None, **parts: Any) -> dict[str, int]:
    """Events arrive and are worked off; what became of them."""
    deliver(world, *events)
    return dict(inbox(world, source, **parts).run(world.clock.now()).outcomes)


class Failing:
    """A portal of which some calls fail: `fails` answers with what, by method and arguments."""

    def __init__(self, portal: Any, fails: Callable[[str, tuple[Any, ...]], Exception | None]) -> None:
        self._portal = portal
        self.fails = fails

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._portal, name)

        def call(*arguments: Any, **named: Any) -> Any:
            error = self.fails(name, arguments)
            if error is not None:
                raise error
            return method(*arguments, **named)

        return call


def unreadable(*ids: int) -> Callable[[str, tuple[Any, ...]], Exception | None]:
    """Some records cannot be read; with none, none can."""

    def fails(name: str, arguments: tuple[Any, ...]) -> Exception | None:
        if name == "presence" and (not ids or set(ids) & set(arguments[1])):
            return PortalTemporaryError("HubSpot answers 502")
        return None

    return fails


def no_bin(name: str, arguments: tuple[Any, ...]) -> Exception | None:
    """The bin cannot be read."""
    return PortalContractError("the bin cannot be read") if name == "read_archived" else None


# Who is to be looked at.


@pytest.mark.parametrize("kind", ["propertyChange", "associationChange", "creation", "restore"])
def test_whatever_happens_to_a_contact_has_the_ledger_look(world_of: MakeWorld, kind: str) -> None:
    world = world_of(a_portal(contacts=[unsubscribed(101), unsubscribed(102)]))
    assert run(world, an_event("contacts/101", kind)) == {"looked": 1}
    assert wanted(world) == {"contacts/101"}
    assert obligation(world, "contacts/101").reason == "webhook"  # type: ignore[union-attr]
    assert waiting(world) == 0


def test_many_events_of_one_record_are_one_look(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[unsubscribed(101)]))
    looks: list[Sequence[RecordRef]] = []
    events = [an_event("contacts/101", number=number) for number in range(5)]
    found = run(world, *events, look_at=lambda tx, refs, now, code: looks.append(refs))
    assert (found, looks) == ({"looked": 5}, [[ref("contacts/101")]])


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (an_event("contacts/101", portal_id=1), "other-portal"),
        (an_event("tickets/101"), "other-class"),
        (an_event("contacts/101", object_type=None), "other-class"),
        (an_event("contacts/101", event_type="contact.newMessage"), "other-kind"),
        (an_event("contacts/101", object_id=0), "no-record"),
        (an_event("contacts/101", change_source="INTEGRATION", source_id=APP), "own-write"),
        (an_event("contacts/101", "associationChange", change_source="INTEGRATION", source_id=APP), "own-write"),
    ],
)
def test_what_nothing_follows_from_is_settled_without_a_read(world_of: MakeWorld, event: Event, why: str) -> None:
    world = world_of(a_portal(contacts=[unsubscribed(101)]))
    before = len(world.sandbox.journal.entries())
    assert run(world, event) == {why: 1}
    assert len(world.sandbox.journal.entries()) == before
    assert (wanted(world), waiting(world)) == (set(), 0)


@pytest.mark.parametrize(
    "source", [{"change_source": "INTEGRATION", "source_id": "1"}, {"change_source": "CRM_UI", "source_id": APP}]
)
def test_what_another_wrote_is_no_echo_of_ours(world_of: MakeWorld, source: dict[str, Any]) -> None:
    world = world_of(a_portal(contacts=[unsubscribed(101)]))
    assert run(world, an_event("contacts/101", **source)) == {"looked": 1}


def test_without_a_known_app_nothing_is_an_echo(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[unsubscribed(101)]))
    event = an_event("contacts/101", change_source="INTEGRATION", source_id="")
    assert run(world, event, app_id="") == {"looked": 1}


def test_a_late_echo_of_what_this_service_erased_disturbs_nothing(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    world.apply(world.rights())
    oblige(world, "contacts/101", ObligationState.DONE)
    events = [
        an_event("contacts/101"),
        an_event("contacts/101", "deletion"),
        an_event("contacts/101", "privacyDeletion"),
    ]
    assert run(world, *events) == {"own-disposal": 3}
    assert obligation(world, "contacts/101").state is ObligationState.DONE  # type: ignore[union-attr]
    assert (wanted(world), alarms(world)) == (set(), [])


def test_what_our_app_deleted_without_a_plan_is_no_echo_of_ours(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_customer(101)]))
    world.act("archive", record="contacts/101")
    event = an_event("contacts/101", "deletion", change_source="INTEGRATION", source_id=APP)
    assert run(world, event) == {"deletion": 1}
    assert len(alarms(world)) == 1


# Whom a change reaches.


def around(world_of: MakeWorld) -> World:
    """Two people of a company, one of them on its deal; a third on a deal of somebody else."""
    world = world_of(
        a_portal(
            contacts=[unsubscribed(101), unsubscribed(102), unsubscribed(103), unsubscribed(104)],
            companies=[a_company(11), a_company(12)],
            deals=[won_deal(21), won_deal(22)],
            links=(
                ("contacts/101", "companies/11"),
                ("deals/21", "companies/11"),
                ("contacts/102", "deals/21"),
                ("contacts/103", "deals/22"),
            ),
        )
    )
    for record in ("contacts/101", "contacts/102", "contacts/103", "deals/21", "deals/22"):
        oblige(world, record)
    return world


@pytest.mark.parametrize(
    ("record", "reached"),
    [
        ("companies/11", {"contacts/101", "contacts/102", "deals/21"}),
        ("deals/21", {"contacts/101", "contacts/102", "deals/21"}),
        ("deals/22", {"contacts/103", "deals/22"}),
        ("companies/12", set()),
    ],
)
def test_a_change_of_a_company_or_a_deal_is_looked_at_in_all_that_it_reaches(
    world_of: MakeWorld, record: str, reached: set[str]
) -> None:
    world = around(world_of)
    assert run(world, an_event(record, property_name="legal_hold")) == {"looked": 1}
    assert wanted(world) == reached


def test_only_who_is_under_an_obligation_is_looked_at_because_of_another(world_of: MakeWorld) -> None:
    world = around(world_of)
    oblige(world, "contacts/102", ObligationState.DONE)
    oblige(world, "contacts/101", ObligationState.ENDED)
    run(world, an_event("companies/11"))
    assert wanted(world) == {"deals/21"}


def test_a_deal_is_looked_at_even_if_nothing_was_known_of_it(world_of: MakeWorld) -> None:
    world = world_of(a_portal(deals=[a_deal(21)]))
    run(world, an_event("deals/21"))
    assert wanted(world) == {"deals/21"}


@pytest.mark.parametrize(
    ("name", "reached"), [("legal_hold", {"contacts/102", "deals/21"}), ("email", {"contacts/102"})]
)
def test_a_hold_of_a_contact_reaches_its_deals(world_of: MakeWorld, name: str, reached: set[str]) -> None:
    world = around(world_of)
    run(world, an_event("contacts/102", property_name=name))
    assert wanted(world) == reached


# Merges.


def merged(loser: int, winner: int, **more: Any) -> Event:
    return an_event(f"contacts/{winner}", "merge", others=(("primary", winner), ("merged", loser)), **more)


def test_a_merge_carries_the_hold_to_the_winner_and_takes_it_out_of_its_plan(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102)]))
    plan = world.rights()
    world.registrar().place_hold(ref("contacts/102"), "J-2026-1", "strid", None, world.clock.now())
    world.act("merge", record="contacts/102", into="contacts/101")
    assert run(world, merged(102, 101)) == {"merged": 1}
    assert world.state(plan, "contacts/101") == (ItemState.SKIPPED, "held-now")
    assert wanted(world) == {"contacts/101"}
    with world.store.transaction() as tx:
        assert ref("contacts/101") in tx.hold_register()


def test_the_winner_is_who_answers_whatever_the_event_says(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[inactive(101), inactive(102), inactive(103)]))
    world.act("merge", record="contacts/102", into="contacts/103")
    assert run(world, merged(102, 101)) == {"merged": 1}
    assert wanted(world) == {"contacts/103"}


def test_a_merge_into_a_new_record_moves_both(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[inactive(101), inactive(102), inactive(103)]))
    for loser in ("contacts/101", "contacts/102"):
        world.act("merge", record=loser, into="contacts/103")
    others = (("new", 103), ("primary", 101), ("merged", 102))
    assert run(world, an_event("contacts/103", "merge", others=others)) == {"merged": 1}
    assert world.words("contacts/101") == world.words("contacts/102") == ["merge.seen"]


def test_an_event_about_a_merged_away_record_is_a_merge_too(world_of: MakeWorld) -> None:
    world = world_of(a_portal(deals=[a_deal(21), a_deal(22)]))
    world.act("merge", record="deals/22", into="deals/21")
    assert run(world, an_event("deals/22")) == {"merged": 1}
    assert wanted(world) == {"deals/21"}


def test_a_merge_that_hubspot_does_not_show_yet_waits_and_then_is_only_looked_at(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[inactive(101), inactive(102)]))
    tick = inbox(world)
    deliver(world, merged(102, 101))
    assert tick.run(world.clock.now()) == InboxReport(outcomes=(), waiting=1, more=False)
    world.clock.present += timedelta(minutes=2)
    assert tick.run(world.clock.now()).outcomes == (("looked", 1),)
    assert wanted(world) == {"contacts/101", "contacts/102"}


ANEW = (("new", 103), ("primary", 101), ("merged", 102))


@pytest.mark.parametrize("others", [ANEW[1:], ANEW], ids=["into the first", "into a new one"])
@pytest.mark.parametrize("how", ["register", "ledger"])
@pytest.mark.parametrize("privacy", [True, False])
def test_a_merge_of_somebody_held_into_a_record_that_is_gone_by_the_time_calls_somebody(
    world_of: MakeWorld, privacy: bool, how: str, others: tuple[tuple[str, int], ...]
) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(each) for each in (101, 102, 103)]))
    _, winner = others[0]
    oblige(world, f"contacts/{winner}")
    oblige(world, "contacts/102", ObligationState.HELD if how == "ledger" else ObligationState.OPEN)
    if how == "register":
        world.registrar().place_hold(ref("contacts/102"), "J-2026-1", "strid", None, world.clock.now())
    for _, loser in others[1:]:
        world.act("merge", record=f"contacts/{loser}", into=f"contacts/{winner}")
    world.act("erase" if privacy else "archive", record=f"contacts/{winner}")
    told = [
        an_event(f"contacts/{winner}", "merge", others=others),
        an_event(f"contacts/{winner}", "deletion", number=1),
    ]
    if privacy:
        told.append(an_event(f"contacts/{winner}", "privacyDeletion", number=2))
    run(world, *told)
    (alarm,) = alarms(world)
    assert (alarm.about, dict(alarm.facts)["was"]) == (f"contacts/{winner}", "held")
    assert "merge.seen" in world.words("contacts/102")
    assert not any(obligation(world, f"contacts/{each}").is_live for each in (102, winner))  # type: ignore[union-attr]
    with world.store.transaction() as tx:
        assert (ref(f"contacts/{winner}") in tx.hold_register()) is (how == "register")


def test_what_was_merged_into_somebody_erased_who_was_to_stay_makes_them_no_freer(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_customer(101), asks_to_go(102)]))
    oblige(world, "contacts/102")
    world.act("merge", record="contacts/102", into="contacts/101")
    world.act("erase", record="contacts/101")
    run(world, merged(102, 101), an_event("contacts/101", "privacyDeletion", number=1))
    (alarm,) = alarms(world)
    assert (alarm.about, dict(alarm.facts)["was"]) == ("contacts/101", "unknown")


def test_where_merges_are_told_of_in_a_circle_the_record_itself_is_judged(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_customer(101)]))
    world.act("erase", record="contacts/101")
    around = [merged(102, 101), an_event("contacts/101", "merge", number=1, others=(("primary", 102), ("merged", 101)))]
    assert run(world, *around) == {"deletion": 2}
    assert [alarm.about for alarm in alarms(world)] == ["contacts/101"]


# Deletions and restorations.


def test_a_deletion_of_what_was_to_stay_calls_somebody_and_settles_the_ledger(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_customer(101)]))
    oblige(world, "contacts/101", ObligationState.HELD)
    world.act("archive", record="contacts/101")
    assert run(world, an_event("contacts/101", "deletion")) == {"deletion": 1}
    (alarm,) = alarms(world)
    assert (alarm.kind, alarm.about) == (AlarmKind.FOREIGN_DELETION, "contacts/101")
    assert obligation(world, "contacts/101").state is ObligationState.ENDED  # type: ignore[union-attr]


def test_both_deletions_of_one_erasure_are_one_matter(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_customer(101)]))
    world.act("erase", record="contacts/101")
    events = [an_event("contacts/101", "deletion"), an_event("contacts/101", "privacyDeletion")]
    assert run(world, *events) == {"privacy-deletion": 2}
    assert world.words("contacts/101") == ["foreign-deletion.seen"]


@pytest.mark.parametrize(
    ("occurred", "counts"), [(timedelta(minutes=-5), True), (timedelta(days=-30), False), (timedelta(days=1), False)]
)
def test_since_when_it_is_gone_is_believed_as_far_as_it_makes_sense(
    world_of: MakeWorld, occurred: timedelta, counts: bool
) -> None:
    world = world_of(a_portal(contacts=[a_customer(101)]))
    world.act("erase", record="contacts/101")
    at = world.clock.now().replace(microsecond=0)
    world.clock.present = at
    run(world, an_event("contacts/101", "privacyDeletion", occurred_at=at + occurred))
    deleted_at = dict(world.entries("contacts/101")[0].facts)["deleted_at"]
    assert datetime.fromisoformat(str(deleted_at)) == (at + occurred if counts else at)


def test_a_deletion_that_hubspot_does_not_show_yet_waits(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_customer(101)]))
    tick = inbox(world)
    deliver(world, an_event("contacts/101", "deletion"))
    assert tick.run(world.clock.now()).waiting == 1
    before = len(world.sandbox.journal.entries())
    assert tick.run(world.clock.now() + timedelta(seconds=119)).waiting == 1
    assert len(world.sandbox.journal.entries()) == before
    world.act("archive", record="contacts/101")
    world.clock.present += timedelta(minutes=2)
    assert tick.run(world.clock.now()) == InboxReport(outcomes=(("deletion", 1),), waiting=0, more=False)
    assert len(alarms(world)) == 1


def test_to_have_waited_for_hubspot_does_not_count_as_a_failure(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_customer(101)]))
    tick = inbox(world, Failing(world.portal, no_bin), attempts=2)
    deliver(world, an_event("contacts/101", "deletion"))
    tick.run(world.clock.now())
    world.act("archive", record="contacts/101")
    world.clock.present += timedelta(minutes=2)
    assert tick.run(world.clock.now()) == InboxReport(outcomes=(), waiting=1, more=False)
    world.clock.present += timedelta(minutes=1)
    assert tick.run(world.clock.now()).outcomes == (("failed:PortalContractError", 1),)


def test_what_is_there_again_when_its_deletion_is_heard_of_is_looked_at(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_customer(101)]))
    events = [an_event("contacts/101", "restore"), an_event("contacts/101", "deletion")]
    assert run(world, *events) == {"looked": 2}
    assert (wanted(world), alarms(world)) == ({"contacts/101"}, [])


def test_the_restoration_of_what_this_service_archived_is_seen_and_looked_at(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[inactive(101)]))
    world.apply(world.time_rules())
    world.act("restore", record="contacts/101")
    assert run(world, an_event("contacts/101", "restore")) == {"restored": 1}
    assert world.words("contacts/101")[-1] == "restoration.seen"
    assert wanted(world) == {"contacts/101"}


@pytest.mark.parametrize(("kind", "outcome"), [("restore", "restored"), ("propertyChange", "looked")])
def test_what_has_just_gone_by_our_hand_is_back_if_that_is_told_and_not_because_it_is_seen(
    world_of: MakeWorld, kind: str, outcome: str
) -> None:
    world = world_of(a_portal(contacts=[inactive(101)]))
    plan = world.time_rules()
    world.apply(plan)
    now = world.clock.now()
    oblige(world, "contacts/101", ObligationState.DONE, plan_id=plan.plan_id, settled_at=now)
    world.act("restore", record="contacts/101")
    event = an_event("contacts/101", kind, occurred_at=now + timedelta(minutes=1))
    assert run(world, event) == {outcome: 1}
    assert ("restoration.seen" in world.words("contacts/101")) is (outcome == "restored")


def test_what_was_restored_and_deleted_by_somebody_before_either_is_heard_of_is_not_ours(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[inactive(101)]))
    world.apply(world.time_rules())
    world.registrar().place_hold(ref("contacts/101"), "J-2026-1", "strid", None, world.clock.now())
    for deed in ("restore", "archive"):
        world.act(deed, record="contacts/101")
    later = world.clock.now() + timedelta(minutes=1)
    restored = an_event("contacts/101", "restore", occurred_at=later)
    assert run(world, restored, an_event("contacts/101", "deletion", number=1)) == {"deletion": 2}
    assert world.words("contacts/101")[-2:] == ["restoration.seen", "foreign-deletion.seen"]
    assert [alarm.about for alarm in alarms(world)] == ["contacts/101"]


def test_whoever_was_restored_and_deleted_again_lies_in_the_bin_and_needs_their_letters_still(
    world_of: MakeWorld,
) -> None:
    world = in_the_bin(world_of)
    for deed in ("restore", "archive"):
        world.act(deed, record="contacts/101")
    restored = an_event("contacts/101", "restore", occurred_at=world.clock.now() + timedelta(minutes=1))
    assert run(world, restored, an_event("contacts/101", "deletion", number=1)) == {"deletion": 2}
    assert needed(world) == [101]


@pytest.mark.parametrize("record", ["contacts/101", "deals/21"])
def test_a_restoration_that_nobody_told_of_is_seen_by_the_next_change(world_of: MakeWorld, record: str) -> None:
    lost = {"createdate": "2014-01-10T09:00:00Z", "closedate": "2016-02-01T09:00:00Z", "hs_is_closed": "true"}
    world = world_of(a_portal(contacts=[inactive(101)], deals=[a_deal(21, **lost)]))
    world.apply(world.time_rules())
    world.act("restore", record=record)
    assert run(world, an_event(record)) == {"looked": 1}
    assert world.words(record)[-1] == "restoration.seen"
    assert wanted(world) == {record}


@pytest.mark.parametrize("record", ["deals/21", "companies/11"])
def test_what_is_back_although_nobody_told_of_it_ends_the_alarm_of_its_deletion_with_the_next_change(
    world_of: MakeWorld, record: str
) -> None:
    world = world_of(a_portal(deals=[won_deal(21)], companies=[a_company(11, lifecyclestage="customer")]))
    world.act("archive", record=record)
    run(world, an_event(record, "deletion"))
    assert [alarm.about for alarm in alarms(world)] == [record]
    world.act("restore", record=record)
    run(world, an_event(record, number=1))
    assert alarms(world) == []


@pytest.mark.parametrize("record", ["deals/21", "companies/11"])
def test_whom_a_record_reached_that_is_gone_nobody_can_tell_so_all_who_are_held_are_looked_at(
    world_of: MakeWorld, record: str
) -> None:
    world = world_of(a_portal(contacts=[unsubscribed(101)], deals=[a_deal(21)], companies=[a_company(11)]))
    oblige(world, "contacts/101", ObligationState.HELD)
    oblige(world, "contacts/102", ObligationState.HELD, heard_at=world.clock.now() + timedelta(minutes=1))
    oblige(world, "contacts/103", ObligationState.OPEN)
    world.act("archive", record=record)
    run(world, an_event(record, "deletion"))
    assert wanted(world) == {"contacts/101"}


def test_who_is_held_and_was_heard_of_once_the_record_was_told_to_be_gone_is_not_looked_at(
    world_of: MakeWorld,
) -> None:
    world = world_of(a_portal(companies=[a_company(11)]))
    told_at = world.clock.now().replace(microsecond=0)
    oblige(world, "contacts/101", ObligationState.HELD, heard_at=told_at - timedelta(seconds=1))
    oblige(world, "contacts/102", ObligationState.HELD, heard_at=told_at)
    world.act("archive", record="companies/11")
    deliver(world, an_event("companies/11", "deletion"), at=told_at)
    inbox(world).run(world.clock.now())
    assert wanted(world) == {"contacts/101"}


def test_where_nobody_is_held_nobody_is_looked_at_because_a_company_is_gone(world_of: MakeWorld) -> None:
    world = world_of(a_portal(companies=[a_company(11)]))
    world.act("archive", record="companies/11")
    assert run(world, an_event("companies/11", "deletion")) == {"deletion": 1}
    assert wanted(world) == set()


def test_a_deal_that_this_service_archived_has_nobody_looked_at(world_of: MakeWorld) -> None:
    world = world_of(a_portal(deals=[old_agreement(21)]))
    world.apply(world.time_rules())
    oblige(world, "contacts/101", ObligationState.HELD)
    assert run(world, an_event("deals/21", "deletion")) == {"own-disposal": 1}
    assert wanted(world) == set()


# What goes wrong.


@pytest.mark.parametrize(
    "event",
    [an_event("contacts/101"), an_event("deals/21"), merged(102, 101), an_event("deals/21", "restore")],
    ids=["plain", "around", "merge", "in-view"],
)
def test_what_follows_and_that_the_event_is_done_with_are_one(world_of: MakeWorld, event: Event) -> None:
    def broken(tx: Transaction, refs: Sequence[RecordRef], now: datetime, code: str) -> None:
        look_at(tx, refs, now, code)
        raise UsageError("the disk is full")

    world = world_of(a_portal(contacts=[a_customer(101), a_customer(102)], deals=[a_deal(21)]))
    world.act("merge", record="contacts/102", into="contacts/101")
    with pytest.raises(UsageError):
        run(world, event, look_at=broken)
    assert (wanted(world), waiting(world)) == (set(), 1)
    assert inbox(world).run(world.clock.now()).handled == 1
    assert wanted(world) == {f"{event.object_type}/{event.object_id}"}


def test_one_record_that_cannot_be_read_delays_no_other_and_is_tried_ever_later(world_of: MakeWorld) -> None:
    world = world_of(a_portal(deals=[a_deal(21), a_deal(22), a_deal(23)]))
    tick = inbox(world, Failing(world.portal, unreadable(22)))
    deliver(world, *(an_event(f"deals/{each}") for each in (21, 22, 23)))
    assert tick.run(world.clock.now()).outcomes == (("looked", 2),)
    assert wanted(world) == {"deals/21", "deals/23"}
    pauses = (1, 4, 16, 64)
    for minutes in pauses:
        assert tick.run(world.clock.now() + timedelta(seconds=60 * minutes - 1)).handled == 0
        assert waiting(world) == 1
        world.clock.present += timedelta(minutes=minutes)
        report = tick.run(world.clock.now())
    assert report.outcomes == (("failed:PortalTemporaryError", 1),)
    assert (waiting(world), report.waiting) == (0, 0)
    assert "deals/22" in wanted(world)
    (alarm,) = alarms(world)
    assert (alarm.kind, alarm.about) == (AlarmKind.EVENT_UNREADABLE, "deals/22")


@pytest.mark.parametrize("kind", ["propertyChange", "restore"])
def test_that_a_company_could_not_be_read_is_over_once_something_else_of_it_is_told_and_it_was(
    world_of: MakeWorld, kind: str
) -> None:
    world = world_of(a_portal(companies=[a_company(11), a_company(12)]))
    run(world, an_event("companies/11"), source=Failing(world.portal, unreadable(11)), attempts=1)
    run(world, an_event("companies/12", number=1))
    (alarm,) = alarms(world)
    assert (alarm.kind, alarm.about) == (AlarmKind.EVENT_UNREADABLE, "companies/11")
    run(world, an_event("companies/11", kind, number=2))
    assert alarms(world) == []


def test_it_is_not_over_where_the_ledger_was_only_told_to_look(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_customer(101)]))
    source = Failing(world.portal, unreadable(101))
    run(world, an_event("contacts/101", "restore"), source=source, attempts=1)
    run(world, an_event("contacts/101", number=1))
    assert [alarm.kind for alarm in alarms(world)] == [AlarmKind.EVENT_UNREADABLE]


def test_a_deletion_that_can_never_be_looked_into_calls_somebody(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_customer(101)]))
    world.act("archive", record="contacts/101")

    found = run(world, an_event("contacts/101", "deletion"), source=Failing(world.portal, no_bin), attempts=1)
    assert found == {"failed:PortalContractError": 1}
    (alarm,) = alarms(world)
    assert (alarm.kind, dict(alarm.facts)["was"]) == (AlarmKind.FOREIGN_DELETION, "unknown")
    assert wanted(world) == {"contacts/101"}


def test_an_erasure_that_can_never_be_looked_into_is_told_as_one(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_customer(101)]))
    source = Failing(world.portal, unreadable(101))
    run(world, an_event("contacts/101", "privacyDeletion"), source=source, attempts=1)
    (alarm,) = alarms(world)
    facts = dict(alarm.facts)
    assert (facts["what"], facts["was"], facts["restorable_until"]) == ("privacy-deletion", "unknown", "never")


def test_of_a_company_that_can_never_be_read_all_who_are_held_are_looked_at(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[unsubscribed(101)], companies=[a_company(11)]))
    oblige(world, "contacts/101", ObligationState.HELD)
    source = Failing(world.portal, unreadable())
    assert run(world, an_event("companies/11"), source=source, attempts=1) == {"failed:PortalTemporaryError": 1}
    assert wanted(world) == {"contacts/101"}


class Unlinked:
    """A portal of which some associations cannot be read."""

    def __init__(self, portal: Any, record_id: int) -> None:
        self._portal, self._record_id = portal, record_id

    def linked(self, kind: ObjectType, other: ObjectType, ids: Sequence[int]) -> Any:
        found = dict(self._portal.linked(kind, other, ids))
        return {each: UNKNOWN if each == self._record_id else links for each, links in found.items()}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._portal, name)


def test_whose_associations_cannot_be_read_waits_alone(world_of: MakeWorld) -> None:
    world = around(world_of)
    report = run(
        world,
        an_event("companies/11"),
        an_event("companies/12"),
        an_event("deals/22"),
        source=Unlinked(world.portal, 11),
    )
    assert report == {"looked": 2}
    assert waiting(world) == 1
    assert wanted(world) == {"contacts/103", "deals/22"}


def test_a_fault_of_our_own_in_one_matter_delays_no_other(world_of: MakeWorld) -> None:
    def confused(tx: Transaction, refs: Sequence[RecordRef], now: datetime, code: str) -> None:
        if ref("deals/21") in refs:
            raise ValueError("a bug")
        look_at(tx, refs, now, code)

    world = world_of(a_portal(deals=[a_deal(21), a_deal(22)]))
    events = [an_event("deals/21"), an_event("deals/22")]
    assert run(world, *events, look_at=confused) == {"looked": 1}
    assert waiting(world) == 1


def test_when_the_portal_cannot_be_used_at_all_nothing_is_lost_and_no_record_is_blamed(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[unsubscribed(101)], deals=[a_deal(21)]))
    deliver(world, an_event("deals/21"), an_event("contacts/101"))
    source = Failing(world.portal, lambda name, arguments: PortalTemporaryError("no answer"))
    tick = inbox(world, source)
    for _ in range(9):
        with pytest.raises(PortalTemporaryError):
            tick.run(world.clock.now())
    assert (waiting(world), wanted(world)) == (1, {"contacts/101"})
    source.fails = lambda name, arguments: None
    assert tick.run(world.clock.now()).outcomes == (("looked", 1),)


def test_a_pause_of_the_account_ends_the_round(world_of: MakeWorld) -> None:
    world = world_of(a_portal(deals=[a_deal(21)]))
    deliver(world, an_event("deals/21"))
    source = Failing(
        world.portal, lambda name, arguments: PortalPausedError("daily quota") if name == "presence" else None
    )
    with pytest.raises(PortalPausedError):
        inbox(world, source).run(world.clock.now())
    assert waiting(world) == 1


def test_after_three_records_in_a_row_the_rest_waits_for_the_next_round(world_of: MakeWorld) -> None:
    world = world_of(a_portal(deals=[a_deal(each) for each in range(21, 26)]))
    deliver(world, *(an_event(f"deals/{each}") for each in range(21, 26)))
    tick = inbox(world, Failing(world.portal, unreadable(21, 22, 23, 24)))
    assert tick.run(world.clock.now()) == InboxReport(outcomes=(), waiting=3, more=False)
    assert tick.run(world.clock.now()).outcomes == (("looked", 1),)


def test_one_that_can_be_read_between_them_begins_the_row_anew(world_of: MakeWorld) -> None:
    world = world_of(a_portal(deals=[a_deal(each) for each in range(21, 27)]))
    source = Failing(world.portal, unreadable(21, 22, 24, 25))
    assert run(world, *(an_event(f"deals/{each}") for each in range(21, 27)), source=source) == {"looked": 2}
    assert wanted(world) == {"deals/23", "deals/26"}


def test_all_are_dealt_with_however_many_parts_they_come_in(
    world_of: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BATCH", 2)
    world = world_of(a_portal(deals=[a_deal(each) for each in range(21, 28)]))
    assert run(world, *(an_event(f"deals/{each}") for each in range(21, 28))) == {"looked": 7}


def test_a_part_that_can_be_read_begins_the_row_anew(world_of: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BATCH", 3)
    world = world_of(a_portal(deals=[a_deal(each) for each in range(21, 27)]))
    source = Failing(world.portal, unreadable(24, 25))
    assert run(world, *(an_event(f"deals/{each}") for each in range(21, 27)), source=source) == {"looked": 4}
    assert "deals/26" in wanted(world)


def test_what_is_done_when_another_of_its_part_fails_is_not_done_again(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_customer(101)], deals=[a_deal(21)]))
    world.act("archive", record="contacts/101")
    events = [an_event("deals/21"), an_event("contacts/101", "deletion")]
    assert run(world, *events, source=Failing(world.portal, no_bin)) == {"looked": 1}
    assert waiting(world) == 1


def test_that_a_record_cannot_be_read_is_in_the_lines_with_how_often(
    world_of: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = CapturingLogger()
    monkeypatch.setattr(module, "_log", lines)
    world = world_of(a_portal(deals=[a_deal(21)]))
    tick = inbox(world, Failing(world.portal, unreadable(21)))
    deliver(world, an_event("deals/21"))
    for _ in range(2):
        tick.run(world.clock.now())
        world.clock.present += timedelta(minutes=1)
    said = {"record": "deals/21", "code": "PortalTemporaryError"}
    assert lines.calls == [CapturedCall("warning", ("event.failed",), said | {"times": times}) for times in (1, 2)]


def test_a_round_has_a_limit_and_says_that_there_is_more(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[unsubscribed(each) for each in range(101, 106)]))
    deliver(world, *(an_event(f"contacts/{each}") for each in range(101, 106)))
    tick = inbox(world, limit=3)
    assert [(report.handled, report.more) for report in (tick.run(world.clock.now()) for _ in range(3))] == [
        (3, True),
        (2, False),
        (0, False),
    ]


def test_those_that_wait_take_no_place_from_others(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[unsubscribed(101)], deals=[a_deal(21), a_deal(22)]))
    deliver(world, an_event("deals/21"), an_event("deals/22"), an_event("contacts/101"))
    tick = inbox(world, Failing(world.portal, unreadable(21, 22)), limit=2)
    assert tick.run(world.clock.now()).handled == 0
    report = tick.run(world.clock.now())
    assert (report.outcomes, report.more) == ((("looked", 1),), False)
