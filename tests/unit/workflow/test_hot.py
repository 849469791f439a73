"""The hot sweep: what changed is looked at, nothing falls between two sweeps, and a search decides nothing."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from hubspot_retention.core.alarm import Alarm, AlarmKind, AlarmLevel
from hubspot_retention.core.deadline.obligation import ObligationState
from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.record import ObjectType, RecordRef
from hubspot_retention.errors import PortalContractError, PortalPausedError, PortalTemporaryError
from hubspot_retention.workflow.event_alarms import alarm_about, settle
from hubspot_retention.workflow.hot import HotOptions
from hubspot_retention.workflow.watch import raise_alarm
from tests.faults.conftest import MakeWorld
from tests.faults.people import (
    LONG_AGO,
    a_company,
    a_contact,
    a_customer,
    a_deal,
    a_portal,
    asks_to_go,
    inactive,
    unsubscribed,
    won_deal,
)
from tests.faults.world import PORTAL, World, ref
from tests.unit.workflow.hints import alarms, foreign, hot_sweep, obligation, oblige, wanted

C, D, F = ObjectType.CONTACT, ObjectType.DEAL, ObjectType.COMPANY


class Searched:
    """A portal whose searches are given; they are noted with the instant they go back to."""

    def __init__(self, portal: Any, **pages: Any) -> None:
        self._portal, self._pages = portal, pages
        self.since: dict[ObjectType, list[datetime]] = {}

    def changed(self, kind: ObjectType, since: datetime) -> Iterator[Any]:
        self.since.setdefault(kind, []).append(since)
        for page in self._pages.get(kind.value, ()):
            if isinstance(page, Exception):
                raise page
            yield page

    def __getattr__(self, name: str) -> Any:
        return getattr(self._portal, name)


def mark(world: World, kind: ObjectType) -> datetime | None:
    with world.store.transaction() as tx:
        return tx.watermark(PORTAL, f"hot-{kind.value}")


def people(world_of: MakeWorld, number: int = 3) -> World:
    long_ago = {"lastmodifieddate": LONG_AGO}
    return world_of(a_portal(contacts=[a_contact(each, **long_ago) for each in range(101, 101 + number)]))


def test_who_unsubscribes_asks_or_is_held_is_looked_at(world_of: MakeWorld) -> None:
    world = people(world_of, 6)
    world.act("unsubscribe", record="contacts/101")
    world.act("unsubscribe", record="contacts/102", subscriptionId=501)
    world.edit("contacts/103", erasure_requested_at="2026-11-20T09:00:00Z")
    world.edit("contacts/104", legal_hold="true")
    world.edit("contacts/105", lastname="Hansen")
    report = hot_sweep(world).run(world.clock.now())
    assert wanted(world) == {f"contacts/{each}" for each in (101, 102, 103, 104)}
    assert obligation(world, "contacts/101").reason == "hot-sweep"  # type: ignore[union-attr]
    assert (dict(report.found), report.looked, report.short) == ({C: 4, D: 0, F: 0}, 4, ())


def test_the_very_first_sweep_goes_back_a_day_and_the_next_to_before_the_first(world_of: MakeWorld) -> None:
    world = people(world_of)
    source = Searched(world.portal)
    first = world.clock.now()
    sweep = hot_sweep(world, source)
    sweep.run(first)
    sweep.run(first + timedelta(minutes=15))
    overlap = timedelta(minutes=15)
    assert (
        source.since[C] == source.since[D] == source.since[F] == [first - timedelta(days=1) - overlap, first - overlap]
    )


def test_a_clock_that_was_set_back_leaves_no_gap(world_of: MakeWorld) -> None:
    world = people(world_of)
    source = Searched(world.portal)
    now = world.clock.now()
    sweep = hot_sweep(world, source)
    sweep.run(now + timedelta(days=365))
    sweep.run(now)
    assert source.since[C][1] == now - timedelta(minutes=15)


def test_the_overlap_is_never_less_than_the_index_may_lag() -> None:
    with pytest.raises(ValueError, match=r"^overlap: expected at least 10 minutes$"):
        HotOptions(portal_id=PORTAL, overlap=timedelta(minutes=9))
    assert HotOptions(portal_id=PORTAL, overlap=timedelta(minutes=10)).overlap == timedelta(minutes=10)


def test_a_record_that_the_index_showed_late_is_found_by_the_next_sweep(world_of: MakeWorld) -> None:
    world = people(world_of)
    world.sandbox.portal.index.freeze()
    world.fault("stale_search", path="/search$", count=None)
    world.act("unsubscribe", record="contacts/101")
    hot_sweep(world).run(world.clock.now())
    assert wanted(world) == set()
    world.sandbox.gateway.faults.clear()
    world.clock.present += timedelta(minutes=9)
    hot_sweep(world).run(world.clock.now())
    assert wanted(world) == {"contacts/101"}


def test_a_search_that_is_not_whole_is_looked_at_and_gone_over_again(world_of: MakeWorld) -> None:
    world = people(world_of)
    source = Searched(world.portal, contacts=[[101], UNKNOWN, [102]])
    report = hot_sweep(world, source).run(world.clock.now())
    assert (report.short, report.looked) == ((C,), 2)
    assert wanted(world) == {"contacts/101", "contacts/102"}
    assert (mark(world, C), mark(world, D)) == (None, world.clock.now())


def test_the_mark_moves_only_when_all_is_durable(world_of: MakeWorld) -> None:
    world = people(world_of)
    source = Searched(world.portal, contacts=[[101], PortalTemporaryError("HubSpot answers 502"), [102]])
    with pytest.raises(PortalTemporaryError):
        hot_sweep(world, source).run(world.clock.now())
    assert wanted(world) == {"contacts/101"}
    assert mark(world, C) is None


def test_a_class_that_cannot_be_searched_keeps_no_other_from_being_swept(world_of: MakeWorld) -> None:
    world = people(world_of)
    oblige(world, "contacts/101", ObligationState.HELD)
    world.edit("contacts/101", lastname="Hansen")
    error = PortalTemporaryError("HubSpot answers 502")
    with pytest.raises(PortalTemporaryError):
        hot_sweep(world, Searched(world.portal, contacts=[error])).run(world.clock.now())
    assert mark(world, D) == mark(world, F) == world.clock.now()
    assert wanted(world) == {"contacts/101"}


def test_a_pause_of_the_account_ends_the_sweep(world_of: MakeWorld) -> None:
    world = people(world_of)
    with pytest.raises(PortalPausedError):
        hot_sweep(world, Searched(world.portal, contacts=[PortalPausedError("quota")])).run(world.clock.now())
    assert mark(world, D) is None


def test_a_record_that_is_found_twice_is_looked_at_once(world_of: MakeWorld) -> None:
    world = people(world_of)
    report = hot_sweep(world, Searched(world.portal, contacts=[[101, 102], [101]])).run(world.clock.now())
    assert (dict(report.found)[C], report.looked) == (2, 2)


def test_what_this_service_erased_is_not_looked_for_where_the_index_still_shows_it(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101), inactive(102)]))
    world.apply(world.rights())
    world.apply(world.time_rules())
    oblige(world, "contacts/101", ObligationState.DONE)
    world.act("restore", record="contacts/102")
    hot_sweep(world, Searched(world.portal, contacts=[[101, 102]])).run(world.clock.now())
    assert wanted(world) == {"contacts/102"}
    assert obligation(world, "contacts/101").state is ObligationState.DONE  # type: ignore[union-attr]
    assert [entry.record for entry in world.entries() if entry.kind == "restoration.seen"] == ["contacts/102"]


def test_what_has_just_gone_by_our_hand_is_left_to_a_later_sweep(world_of: MakeWorld) -> None:
    """What shows it may be from before it went."""
    world = world_of(a_portal(contacts=[inactive(101)]))
    plan = world.time_rules()
    world.apply(plan)
    gone_at = world.clock.now()
    oblige(world, "contacts/101", ObligationState.DONE, plan_id=plan.plan_id, settled_at=gone_at)
    world.act("restore", record="contacts/101")
    for minutes, back in ((9, False), (10, True)):
        world.clock.present = gone_at + timedelta(minutes=minutes)
        hot_sweep(world, Searched(world.portal, contacts=[[101]])).run(world.clock.now())
        assert wanted(world) == ({"contacts/101"} if back else set())
        assert ("restoration.seen" in world.words("contacts/101")) is back


@pytest.mark.parametrize("record", ["contacts/101", "deals/21", "companies/11"])
def test_the_alarm_of_a_deletion_is_over_once_the_record_is_back_although_nobody_told_of_it(
    world_of: MakeWorld, record: str
) -> None:
    world = world_of(
        a_portal(contacts=[a_customer(101)], deals=[won_deal(21)], companies=[a_company(11, lifecyclestage="customer")])
    )

    def delete_and_hear() -> None:
        judge, now = foreign(world), world.clock.now()
        world.act("archive", record=record)
        loss = judge.lost(ref(record), now)
        with world.store.transaction() as tx:
            judge.gone(tx, loss, now)

    delete_and_hear()
    nothing = Searched(world.portal)
    hot_sweep(world, nothing).run(world.clock.now())
    assert [alarm.about for alarm in alarms(world)] == [record]
    world.act("restore", record=record)
    report = hot_sweep(world, nothing).run(world.clock.now())
    assert alarms(world) == []
    assert wanted(world) == {record} - {"companies/11"}
    assert report.looked == len(wanted(world))
    delete_and_hear()
    assert [alarm.about for alarm in alarms(world)] == [record]
    assert world.words(record).count("foreign-deletion.seen") == 2


def test_that_an_erased_person_is_back_is_over_once_the_contact_is_gone_although_nobody_told_of_it(
    world_of: MakeWorld,
) -> None:
    world = people(world_of)
    for number in (101, 102):
        with world.store.transaction() as tx:
            about, now = f"contacts/{number}", world.clock.now()
            raise_alarm(tx, Alarm(kind=AlarmKind.ERASED_PERSON_BACK, about=about, level=AlarmLevel.WARNING, at=now))
    world.act("archive", record="contacts/101")
    hot_sweep(world).run(world.clock.now())
    assert [alarm.about for alarm in alarms(world) if alarm.kind is AlarmKind.ERASED_PERSON_BACK] == ["contacts/102"]


def test_alarms_that_are_over_keep_no_other_from_being_asked_for(
    world_of: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubspot_retention.workflow.hot._FIRST_ASKED", 1)
    world = people(world_of)
    hot_sweep(world).run(world.clock.now())
    world.clock.present += timedelta(hours=2)
    with world.store.transaction() as tx:
        for about in ("contacts/101", "contacts/102"):
            kind, now = AlarmKind.FOREIGN_DELETION, world.clock.now()
            raise_alarm(tx, Alarm(kind=kind, about=about, level=AlarmLevel.URGENT, at=now))
        settle(tx, alarm_about(tx, ref("contacts/101")), world.clock.now())
    hot_sweep(world).run(world.clock.now())
    assert alarms(world) == []


@pytest.mark.parametrize("value", ["true", "false"])
@pytest.mark.parametrize("record", ["companies/11", "deals/21"])
def test_a_hold_that_was_set_or_lifted_is_looked_at_in_all_that_it_reaches(
    world_of: MakeWorld, record: str, value: str
) -> None:
    world = world_of(
        a_portal(
            contacts=[unsubscribed(101), unsubscribed(102)],
            companies=[a_company(11)],
            deals=[a_deal(21)],
            links=(("deals/21", "companies/11"), ("contacts/101", "companies/11"), ("contacts/102", "companies/11")),
        )
    )
    oblige(world, "contacts/101")
    world.edit(record, legal_hold=value)
    hot_sweep(world).run(world.clock.now())
    assert wanted(world) == {"contacts/101"}


def test_a_hold_of_a_contact_is_looked_at_in_its_deals(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_contact(101)], deals=[a_deal(21)], links=(("contacts/101", "deals/21"),)))
    oblige(world, "deals/21")
    world.edit("contacts/101", legal_hold="true")
    hot_sweep(world).run(world.clock.now())
    assert wanted(world) == {"contacts/101", "deals/21"}


class Unlinked(Searched):
    """A portal whose associations cannot be read."""

    def linked(self, kind: ObjectType, other: ObjectType, ids: Sequence[int]) -> Any:
        return dict.fromkeys(ids, UNKNOWN)


def test_where_nobody_can_tell_whom_a_hold_reaches_the_mark_stays(world_of: MakeWorld) -> None:
    world = people(world_of)
    report = hot_sweep(world, Unlinked(world.portal, companies=[[11]], contacts=[[101]])).run(world.clock.now())
    assert report.short == (C, F)
    assert (mark(world, C), mark(world, F), mark(world, D)) == (None, None, world.clock.now())
    assert wanted(world) == {"contacts/101"}


@pytest.mark.parametrize("state", list(ObligationState))
def test_what_is_under_an_obligation_and_has_changed_is_looked_at_again(
    world_of: MakeWorld, state: ObligationState
) -> None:
    world = people(world_of)
    oblige(world, "contacts/101", state)
    oblige(world, "contacts/102", state)
    world.edit("contacts/101", legal_hold="false")
    hot_sweep(world, Searched(world.portal)).run(world.clock.now())
    begun = (ObligationState.HELD, ObligationState.OPEN, ObligationState.REVIEW, ObligationState.RAISED)
    assert wanted(world) == ({"contacts/101"} if state in begun else set())


def test_what_changed_just_before_it_was_heard_of_may_have_been_seen_or_not(world_of: MakeWorld) -> None:
    world = people(world_of)
    oblige(world, "contacts/101", ObligationState.HELD, heard_at=world.clock.now() + timedelta(minutes=5))
    world.edit("contacts/101", lastname="Hansen")
    hot_sweep(world, Searched(world.portal)).run(world.clock.now())
    assert wanted(world) == {"contacts/101"}


@pytest.mark.parametrize(("later", "looked_at"), [(timedelta(), {"contacts/101"}), (timedelta(seconds=1), set())])
def test_what_changed_longer_before_it_was_heard_of_than_clocks_and_answers_lag_was_seen(
    world_of: MakeWorld, later: timedelta, looked_at: set[str]
) -> None:
    world = people(world_of)
    heard_at = datetime.fromisoformat(LONG_AGO) + timedelta(minutes=15) + later
    oblige(world, "contacts/101", ObligationState.HELD, heard_at=heard_at)
    hot_sweep(world, Searched(world.portal)).run(world.clock.now())
    assert wanted(world) == looked_at


def test_what_does_not_say_when_it_changed_is_looked_at(world_of: MakeWorld) -> None:
    world = people(world_of)
    oblige(world, "contacts/101", ObligationState.HELD)
    del world.sandbox.portal.tables["contacts"].live["101"]["lastmodifieddate"]
    hot_sweep(world, Searched(world.portal)).run(world.clock.now())
    assert wanted(world) == {"contacts/101"}


def test_what_was_merged_away_without_a_word_follows_to_the_winner(world_of: MakeWorld) -> None:
    world = people(world_of)
    oblige(world, "contacts/102", ObligationState.HELD)
    world.registrar().place_hold(ref("contacts/102"), "J-2026-1", "strid", None, world.clock.now())
    world.act("merge", record="contacts/102", into="contacts/103")
    hot_sweep(world, Searched(world.portal)).run(world.clock.now())
    assert wanted(world) == {"contacts/103"}
    with world.store.transaction() as tx:
        assert ref("contacts/103") in tx.hold_register()


def few(monkeypatch: pytest.MonkeyPatch, first: int, in_turn: int) -> None:
    monkeypatch.setattr("hubspot_retention.workflow.hot._FIRST_ASKED", first)
    monkeypatch.setattr("hubspot_retention.workflow.hot._ASKED_IN_TURN", in_turn)


@pytest.mark.parametrize("state", ["held", "review"])
def test_whoever_others_always_come_before_is_asked_in_turn(
    world_of: MakeWorld, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    few(monkeypatch, 1, 2)
    world = people(world_of, 5)
    for record in range(101, 106):
        call_by = world.clock.now() + timedelta(days=record)
        oblige(world, f"contacts/{record}", ObligationState(state), call_by=call_by)
        world.edit(f"contacts/{record}", lastname="Hansen")
    sweep, asked = hot_sweep(world, Searched(world.portal)), list[set[str]]()
    for _ in range(4):
        sweep.run(world.clock.now())
        asked.append(wanted(world))
        for each in asked[-1]:
            oblige(world, each, ObligationState(state), call_by=world.clock.now() + timedelta(days=int(each[-3:])))
    assert [sorted(int(one[-1]) for one in each) for each in asked] == [[1, 2, 3], [1, 4, 5], [1], [1, 2, 3]]


def test_the_most_pressing_are_asked_first(world_of: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    few(monkeypatch, 1, 0)
    world = people(world_of)
    for record, state in (("101", "held"), ("102", "open"), ("103", "review")):
        call_by = world.clock.now() + timedelta(days=int(record))
        oblige(world, f"contacts/{record}", ObligationState(state), call_by=call_by)
        world.edit(f"contacts/{record}", lastname="Hansen")
    hot_sweep(world, Searched(world.portal)).run(world.clock.now())
    assert wanted(world) == {"contacts/101", "contacts/102"}


def test_what_is_held_and_somebody_deleted_without_a_word_calls_somebody(world_of: MakeWorld) -> None:
    world = people(world_of)
    oblige(world, "contacts/101", ObligationState.HELD)
    world.act("archive", record="contacts/101")
    hot_sweep(world).run(world.clock.now())
    (alarm,) = alarms(world)
    assert (alarm.about, dict(alarm.facts)["was"]) == ("contacts/101", "held")
    assert obligation(world, "contacts/101").state is ObligationState.ENDED  # type: ignore[union-attr]


class Unbinned(Searched):
    """A portal of which one record's bin cannot be read."""

    def read_archived(self, record: RecordRef) -> Any:
        if record == ref("contacts/101"):
            raise PortalContractError("the bin cannot be read")
        return self._portal.read_archived(record)


def test_one_record_that_cannot_be_looked_into_keeps_no_other_from_it(world_of: MakeWorld) -> None:
    world = people(world_of)
    for record in ("contacts/101", "contacts/102"):
        oblige(world, record, ObligationState.HELD)
        world.act("archive", record=record)
    with pytest.raises(PortalContractError):
        hot_sweep(world, Unbinned(world.portal)).run(world.clock.now())
    assert [alarm.about for alarm in alarms(world)] == ["contacts/102"]
    assert obligation(world, "contacts/101").is_live  # type: ignore[union-attr]
