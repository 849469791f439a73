"""What others did to records, and what is taken out of plans."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast

import pytest

from hubspot_retention.core.alarm import Alarm, AlarmKind, AlarmLevel, AlarmRecord
from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.deadline.obligation import ObligationState
from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.plan.model import Action, ItemState, Plan, PlanItem, PlanStatus
from hubspot_retention.core.portal import Gone
from hubspot_retention.core.request import RequestEnd, RequestKind
from hubspot_retention.workflow.foreign import DELETION, IN_FLIGHT, OURS, PRIVACY_DELETION, Foreign
from hubspot_retention.workflow.watch import raise_alarm
from hubspot_retention.workflow.worth import Loss
from tests.documents import clienti
from tests.faults.conftest import MakeWorld
from tests.faults.people import (
    a_company,
    a_contact,
    a_customer,
    a_deal,
    a_letter,
    a_portal,
    asks_to_go,
    days_ago,
    inactive,
    lost_deal,
    unsubscribed,
    won_deal,
)
from tests.faults.world import PORTAL, World, ref
from tests.unit.core.plan.plans import a_disposal
from tests.unit.workflow.desk import DAY, HOUR, NOW, Desk, former_customer
from tests.unit.workflow.hints import alarms, foreign, obligation, oblige
from tests.unit.workflow.test_moves import came_back, merge

NOBODYS = {"createdate": f"{days_ago(30)}T09:00:00Z"}


def deleted(world: World, record: str, *, privacy: bool = False, act: str | None = "archive") -> str:
    """Somebody deletes a record, and it is heard of."""
    if act:
        world.act("erase" if privacy else act, record=record)
    return told(world, record, privacy=privacy)


def told(world: World, record: str, *, privacy: bool = False) -> str:
    judge, now = foreign(world), world.clock.now()
    loss = judge.lost(ref(record), now, privacy=privacy)
    with world.store.transaction() as tx:
        return judge.gone(tx, loss, now)


def facts(world: World) -> dict[str, str]:
    (alarm,) = alarms(world)
    assert (alarm.kind, alarm.level) == (AlarmKind.FOREIGN_DELETION, AlarmLevel.URGENT)
    return dict(alarm.facts)


def test_a_lead_that_somebody_deleted_is_noted_and_nobody_is_called(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_contact(101, **NOBODYS)]))
    assert deleted(world, "contacts/101") == "deletion"
    assert alarms(world) == []
    assert world.words("contacts/101") == ["foreign-deletion.seen"]
    assert dict(world.entries("contacts/101")[0].facts)["was"] == "free"


@pytest.mark.parametrize(
    ("record", "was"),
    [
        ("contacts/101", "kept"),
        ("contacts/102", "held"),
        ("contacts/103", "held"),
        ("contacts/104", "kept"),
        ("deals/21", "kept"),
        ("deals/22", "kept"),
        ("deals/24", "held"),
        ("companies/11", "kept"),
        ("companies/12", "held"),
    ],
)
def test_what_was_to_stay_and_was_deleted_calls_somebody(world_of: MakeWorld, record: str, was: str) -> None:
    world = world_of(
        a_portal(
            contacts=[
                a_customer(101),
                a_contact(102, legal_hold="true", **NOBODYS),
                a_contact(103, processing_restricted="true", **NOBODYS),
                a_contact(104, customer_until=days_ago(100), lifecyclestage="other"),
            ],
            deals=[won_deal(21), a_deal(22), a_deal(24, outstanding_balance="100")],
            companies=[a_company(11, lifecyclestage="customer"), a_company(12, legal_hold="true")],
        )
    )
    assert deleted(world, record) == "deletion"
    found = facts(world)
    assert (found["was"], found["in_bin"]) == (was, "yes")
    until = world.policy.civil.day_of(world.clock.now() + timedelta(days=90)).isoformat()
    assert found["restorable_until"] == until
    assert dict(world.entries(record)[-1].facts)["restorable_until"] == until


@pytest.mark.parametrize("record", ["deals/23", "companies/13"])
def test_what_nothing_kept_calls_nobody(world_of: MakeWorld, record: str) -> None:
    world = world_of(a_portal(deals=[lost_deal(23)], companies=[a_company(13)]))
    deleted(world, record)
    assert alarms(world) == []


def test_somebody_unsubscribed_whom_staff_deletes_by_hand_was_free_to_go(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[unsubscribed(101, **NOBODYS)]))
    deleted(world, "contacts/101")
    assert alarms(world) == []


def test_a_hold_of_the_register_makes_it_held(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_contact(101, **NOBODYS)]))
    world.registrar().place_hold(ref("contacts/101"), "J-2026-1", "strid", None, world.clock.now())
    deleted(world, "contacts/101")
    assert facts(world)["was"] == "held"


def test_a_hold_of_the_register_is_known_where_no_bin_shows_the_record(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_contact(101)]))
    world.registrar().place_hold(ref("contacts/101"), "J-2026-1", "strid", None, world.clock.now())
    deleted(world, "contacts/101", privacy=True)
    assert facts(world)["was"] == "held"


def test_a_hold_set_since_it_was_due_makes_it_held(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101, legal_hold="true")]))
    oblige(world, "contacts/101")
    deleted(world, "contacts/101")
    assert facts(world)["was"] == "held"


def test_a_deletion_that_is_told_again_is_one_alarm_and_one_entry(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_customer(101)]))
    deleted(world, "contacts/101")
    told(world, "contacts/101")
    assert len(alarms(world)) == 1
    assert world.words("contacts/101") == ["foreign-deletion.seen"]


def test_an_open_request_that_restricts_makes_it_held(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_contact(101, **NOBODYS)]))
    world.registrar().record_request(ref("contacts/101"), RequestKind.ACCESS, world.clock.now(), world.clock.now())
    deleted(world, "contacts/101")
    assert facts(world)["was"] == "held"


@pytest.mark.parametrize("merged", [True, False])
@pytest.mark.parametrize("kind", [RequestKind.ACCESS, RequestKind.PORTABILITY, RequestKind.OBJECTION])
def test_an_open_request_that_restricts_makes_who_was_due_held_where_no_bin_shows_the_record(
    world_of: MakeWorld, kind: RequestKind, merged: bool
) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102)]))
    oblige(world, "contacts/101")
    asked = "contacts/102" if merged else "contacts/101"
    world.registrar().record_request(ref(asked), kind, world.clock.now(), world.clock.now())
    merge(world, "contacts/102", "contacts/101")
    deleted(world, "contacts/101", privacy=True)
    assert facts(world)["was"] == "held"


@pytest.mark.parametrize("record", ["contacts/102", "deals/101"])
def test_a_request_of_somebody_else_makes_nobody_held(world_of: MakeWorld, record: str) -> None:
    world = world_of(a_portal(contacts=[a_contact(101), a_contact(102)], deals=[a_deal(101)]))
    oblige(world, record)
    world.registrar().record_request(ref("contacts/101"), RequestKind.ACCESS, world.clock.now(), world.clock.now())
    world.act("archive", record=record)
    told(world, record, privacy=True)
    assert alarms(world) == []


def test_a_request_that_is_closed_or_restricts_nothing_makes_nobody_held(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    oblige(world, "contacts/101")
    now = world.clock.now()
    world.registrar().record_request(ref("contacts/101"), RequestKind.ERASURE, now, now)
    asked = world.registrar().record_request(ref("contacts/101"), RequestKind.ACCESS, now, now)
    world.registrar().close_request(asked.request_id, RequestEnd.ANSWERED, now)
    deleted(world, "contacts/101", privacy=True)
    assert alarms(world) == []


def test_a_hold_that_only_the_ledger_knows_of_makes_it_held(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_contact(101, **NOBODYS)]))
    oblige(world, "contacts/101", ObligationState.HELD)
    deleted(world, "contacts/101")
    assert facts(world)["was"] == "held"


def test_a_hold_that_only_the_last_plan_knows_of_makes_it_held(world_of: MakeWorld) -> None:
    links = (("contacts/101", "companies/11"),)
    world = world_of(
        a_portal(contacts=[a_contact(101, **NOBODYS)], companies=[a_company(11, legal_hold="true")], links=links)
    )
    world.assess()
    deleted(world, "contacts/101")
    assert facts(world)["was"] == "held"


def test_what_the_ledger_had_is_settled_once(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    oblige(world, "contacts/101")
    at = world.clock.now()
    deleted(world, "contacts/101")
    world.clock.present += timedelta(minutes=1)
    told(world, "contacts/101")
    found = obligation(world, "contacts/101")
    assert found is not None
    assert (found.state, found.reason, found.settled_at) == (ObligationState.ENDED, "gone", at)
    assert world.words("contacts/101").count("obligation.ended") == 1
    assert alarms(world) == []


def test_a_hint_that_led_to_nothing_yet_ends_without_a_word(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_contact(101, **NOBODYS)]))
    oblige(world, "contacts/101", ObligationState.LOOK, due_at=None, disposition=None, rule="")
    deleted(world, "contacts/101")
    assert world.words("contacts/101") == ["foreign-deletion.seen"]
    assert obligation(world, "contacts/101").state is ObligationState.ENDED  # type: ignore[union-attr]


def test_of_whom_nobody_can_tell_any_more_it_is_told_and_that_no_bin_has_them(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_contact(101, **NOBODYS)]))
    assert deleted(world, "contacts/101", privacy=True) == "privacy-deletion"
    found = facts(world)
    assert (found["was"], found["in_bin"], found["restorable_until"]) == ("unknown", "no", "never")


def test_whom_somebody_erases_who_was_due_calls_nobody(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    oblige(world, "contacts/101")
    deleted(world, "contacts/101", privacy=True)
    assert alarms(world) == []


@pytest.mark.parametrize("privacy_first", [True, False])
def test_deletion_and_privacy_deletion_of_one_record_are_one_alarm_in_any_order(
    world_of: MakeWorld, privacy_first: bool
) -> None:
    world = world_of(a_portal(contacts=[a_customer(101)]))
    world.act("erase", record="contacts/101")
    told(world, "contacts/101", privacy=privacy_first)
    told(world, "contacts/101", privacy=not privacy_first)
    told(world, "contacts/101", privacy=privacy_first)
    assert facts(world)["what"] == "privacy-deletion"
    assert facts(world)["restorable_until"] == "never"


@pytest.mark.parametrize(
    ("privacy_first", "told_of"), [(False, ["deletion", "privacy-deletion"]), (True, ["privacy-deletion"])]
)
@pytest.mark.parametrize("who", [asks_to_go, unsubscribed])
def test_the_deletion_and_privacy_deletion_of_somebody_due_call_nobody_in_any_order(
    world_of: MakeWorld, who: Any, privacy_first: bool, told_of: list[str]
) -> None:
    world = world_of(a_portal(contacts=[who(101)]))
    oblige(world, "contacts/101")
    world.act("erase", record="contacts/101")
    told(world, "contacts/101", privacy=privacy_first)
    told(world, "contacts/101", privacy=not privacy_first)
    told(world, "contacts/101")
    assert alarms(world) == []
    entries = [entry for entry in world.entries("contacts/101") if entry.kind == "foreign-deletion.seen"]
    assert [(entry.code, dict(entry.facts)["was"]) for entry in entries] == [(each, "free") for each in told_of]


def test_who_was_due_and_is_held_by_the_time_the_erasure_is_told_of_calls_somebody(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    oblige(world, "contacts/101")
    deleted(world, "contacts/101")
    world.registrar().place_hold(ref("contacts/101"), "J-2026-1", "strid", None, world.clock.now())
    told(world, "contacts/101", privacy=True)
    assert facts(world)["was"] == "held"


@pytest.mark.parametrize(
    ("state", "reason", "ago", "was"),
    [
        ("ended", "gone", 2 * DAY - HOUR, "free"),
        ("ended", "gone", 2 * DAY, "unknown"),
        ("ended", "subscribed-again", HOUR, "unknown"),
        ("done", "gone", HOUR, "unknown"),
    ],
)
def test_an_obligation_that_ended_with_the_record_still_tells_that_it_was_due_for_two_days(
    desk: Desk, state: str, reason: str, ago: timedelta, was: str
) -> None:
    desk.oblige(state=state, reason=reason, settled_at=NOW - ago)
    heard(desk, a_loss(privacy=True))
    (entry,) = desk.entries("foreign-deletion")
    assert dict(entry.facts)["was"] == was


def test_what_the_bin_has_since_it_was_lost_before_is_another_loss(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    oblige(world, "contacts/101")
    deleted(world, "contacts/101")
    world.clock.present += timedelta(minutes=1)
    world.act("restore", record="contacts/101")
    world.edit("contacts/101", lifecyclestage="customer", erasure_requested_at="")
    deleted(world, "contacts/101")
    assert facts(world)["was"] == "kept"


def test_what_this_service_disposed_of_is_nobody_elses_deletion(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    world.apply(world.rights())
    before = world.words("contacts/101")
    assert told(world, "contacts/101") == told(world, "contacts/101", privacy=True) == OURS
    assert (world.words("contacts/101"), alarms(world)) == (before, [])


def test_what_this_service_disposed_of_long_ago_and_a_person_restored_is_not_ours_any_more(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[inactive(101)]))
    world.apply(world.time_rules())
    world.act("restore", record="contacts/101")
    world.clock.present += timedelta(days=1)
    oblige(world, "contacts/101", ObligationState.HELD)
    assert deleted(world, "contacts/101") == "deletion"
    assert facts(world)["was"] == "held"


NEEDED = ref("emails/41")


def needed(world: World) -> list[int]:
    """Who in the bin needs a letter."""
    with world.store.transaction() as tx:
        return [*tx.needed_in_bin(NEEDED.object_type, [NEEDED.record_id]).get(NEEDED.record_id, ())]


def in_the_bin(world_of: MakeWorld) -> World:
    """A contact that this service has put into the bin, and that needs a letter."""
    world = world_of(a_portal(contacts=[inactive(101)], emails=[a_letter(41)], links=(("contacts/101", "emails/41"),)))
    world.apply(world.time_rules())
    assert needed(world) == [101]
    return world


def test_what_somebody_in_the_bin_needs_everybody_can_see_once_they_are_restored(world_of: MakeWorld) -> None:
    world = in_the_bin(world_of)
    world.act("restore", record="contacts/101")
    assert came_back(world, "contacts/101")
    assert needed(world) == []


def test_whoever_is_gone_was_held_if_one_was_who_was_merged_into_them(world_of: MakeWorld) -> None:
    world = world_of(a_portal())
    oblige(world, "contacts/102", ObligationState.HELD)
    loss = Loss(record=ref("contacts/101"), deleted_at=world.clock.now(), merged=(ref("contacts/102"),))
    with world.store.transaction() as tx:
        foreign(world).gone(tx, loss, world.clock.now())
    [found] = alarms(world)
    assert (found.about, dict(found.facts)["was"]) == ("contacts/101", "held")


def test_a_deal_in_view_is_nobody_who_lay_in_the_bin(world_of: MakeWorld) -> None:
    world = in_the_bin(world_of)
    _, plan = world.assess()
    with world.store.transaction() as tx:
        done = a_disposal("deals/101")
        tx.replace_items(plan.plan_id, [PlanItem(decision=done, action=Action.ARCHIVE, state=ItemState.DONE)])
        assert foreign(world).back(tx, ref("deals/101"), world.clock.now() + timedelta(days=1))
    assert needed(world) == [101]


def test_whoever_is_told_to_be_restored_and_lies_in_the_bin_needs_their_letters_still(world_of: MakeWorld) -> None:
    world = in_the_bin(world_of)
    later = world.clock.now() + timedelta(days=1)
    with world.store.transaction() as tx:
        assert foreign(world).back(tx, ref("contacts/101"), later, told_at=later, is_seen=False)
    assert needed(world) == [101]


def test_whoever_was_merged_into_another_lies_in_no_bin(world_of: MakeWorld) -> None:
    world = in_the_bin(world_of)
    with world.store.transaction() as tx:
        foreign(world).merged(tx, ref("deals/101"), ref("deals/102"), world.clock.now())
    assert needed(world) == [101]
    with world.store.transaction() as tx:
        foreign(world).merged(tx, ref("contacts/101"), ref("contacts/102"), world.clock.now())
    assert needed(world) == []


@pytest.mark.parametrize("state", [ItemState.SENT, ItemState.UNKNOWN])
def test_what_is_in_flight_is_settled_by_who_sent_it(world_of: MakeWorld, state: ItemState) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    plan = world.rights()
    with world.store.transaction() as tx:
        tx.set_item_state(plan.plan_id, ref("contacts/101"), state)
    oblige(world, "contacts/101")
    assert deleted(world, "contacts/101", privacy=True) == IN_FLIGHT
    assert obligation(world, "contacts/101").is_live  # type: ignore[union-attr]


def test_a_deletion_that_nobody_can_look_into_is_told_once(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_contact(101)]))
    judge, now = foreign(world), world.clock.now()
    loss = judge.lost(ref("contacts/101"), now)
    for _ in range(2):
        with world.store.transaction() as tx:
            judge.suspected(tx, loss, now)
    assert facts(world)["was"] == "unknown"
    assert world.words("contacts/101") == ["foreign-deletion.seen"]


def test_what_somebody_restores_ends_the_alarm_of_its_deletion(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_customer(101)]))
    deleted(world, "contacts/101")
    world.act("restore", record="contacts/101")
    assert not came_back(world, "contacts/101")
    assert alarms(world) == []


def test_what_is_deleted_again_soon_after_it_was_restored_is_told_of_again(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_customer(101)]))
    deleted(world, "contacts/101")
    with world.store.transaction() as tx:
        (alarm,) = tx.alarms()
        tx.save_alarm(replace(alarm, times=1, last_sent_at=world.clock.now()))
    world.act("restore", record="contacts/101")
    came_back(world, "contacts/101")
    deleted(world, "contacts/101")
    (again,) = alarms(world)
    assert (again.kind, again.settled_at, again.times) == (AlarmKind.FOREIGN_DELETION, None, 1)


@pytest.mark.parametrize("privacy", [True, False])
def test_what_came_back_and_was_to_stay_is_nobody_elses_to_delete_unnoticed(world_of: MakeWorld, privacy: bool) -> None:
    world = world_of(a_portal(contacts=[inactive(101)]))
    world.apply(world.time_rules())
    world.act("restore", record="contacts/101")
    came_back(world, "contacts/101")
    world.registrar().place_hold(ref("contacts/101"), "J-2026-1", "strid", None, world.clock.now())
    oblige(world, "contacts/101", ObligationState.ENDED, reason="hold-register", settled_at=world.clock.now())
    assert deleted(world, "contacts/101", privacy=privacy) == (PRIVACY_DELETION if privacy else DELETION)
    assert facts(world)["was"] == "held"


@pytest.mark.parametrize(("after", "came"), [(HOUR, True), (0 * HOUR, False), (-HOUR, False)])
def test_a_restoration_that_is_only_told_of_counts_if_it_came_after_the_plan(
    desk: Desk, after: timedelta, came: bool
) -> None:
    plan = disposed_of(desk)
    with desk.store.transaction() as tx:
        told_at = plan.built_at + after
        assert judge_of().back(tx, ref("contacts/101"), NOW, told_at=told_at, is_seen=False) is came
    assert heard(desk, a_loss()) == (DELETION if came else OURS)


# At a desk: what lies in the bin is said by hand.


@dataclass(frozen=True, slots=True)
class Bin:
    """Of any record it has this, or nothing."""

    found: Any = Gone.ABSENT

    def read_archived(self, record: Any) -> Any:
        """What it has."""
        return self.found


AS_IT_WAS: Any = "a record as it lies in the bin"


def judge_of(found: Any = Gone.ABSENT) -> Foreign:
    """Who judges, beside a bin."""
    return Foreign(cast(Any, Bin(found)), clienti(), PORTAL, raise_alarm)


def a_loss(**values: Any) -> Loss:
    """A contact is gone of which no bin shows anything."""
    return Loss(**{"record": ref("contacts/101"), "deleted_at": NOW - HOUR, **values})


def heard(desk: Desk, loss: Loss) -> str:
    """It is heard of."""
    with desk.store.transaction() as tx:
        return judge_of().gone(tx, loss, NOW)


def open_alarms(desk: Desk) -> list[AlarmRecord]:
    """Those that are open."""
    with desk.store.transaction() as tx:
        return list(tx.alarms(open_only=True))


def by_the_service(entry: Entry) -> bool:
    """Whether an entry says where, under which policy, and that nobody did it by hand."""
    return (entry.portal_id, entry.policy_digest, entry.actor) == (PORTAL, clienti().digest, "service")


def test_what_lies_in_the_bin_was_deleted_when_the_bin_says() -> None:
    loss = judge_of((AS_IT_WAS, NOW - DAY)).lost(ref("contacts/101"), NOW)
    assert (loss.record, loss.deleted_at, loss.seen, loss.privacy) == (
        ref("contacts/101"),
        NOW - DAY,
        AS_IT_WAS,
        False,
    )


def test_what_lies_in_the_bin_since_nobody_knows_when_was_deleted_when_it_was_told() -> None:
    assert judge_of((AS_IT_WAS, UNKNOWN)).lost(ref("contacts/101"), NOW).deleted_at == NOW


def test_what_no_bin_has_was_deleted_when_it_was_told() -> None:
    loss = judge_of().lost(ref("contacts/101"), NOW)
    assert (loss.deleted_at, loss.seen, loss.privacy) == (NOW, None, False)


def test_whom_somebody_erased_is_not_looked_for_in_the_bin() -> None:
    loss = judge_of((AS_IT_WAS, NOW - DAY)).lost(ref("contacts/101"), NOW, privacy=True)
    assert (loss.deleted_at, loss.seen, loss.privacy) == (NOW, None, True)


def test_a_deletion_is_in_the_log_with_what_is_known_of_it(desk: Desk) -> None:
    assert heard(desk, a_loss()) == DELETION
    (entry,) = desk.entries("foreign-deletion")
    assert by_the_service(entry)
    assert (entry.kind, entry.code, entry.at) == ("foreign-deletion.seen", DELETION, NOW)
    assert dict(entry.facts) == {
        "what": "deletion",
        "was": "unknown",
        "deleted_at": "2026-11-22T08:00:00+00:00",
        "in_bin": "not-found",
        "restorable_until": "2027-02-20",
    }


def test_that_a_deletion_was_an_erasure_is_told_once_with_what_the_record_was(desk: Desk) -> None:
    heard(desk, a_loss())
    for _ in range(2):
        assert heard(desk, a_loss(privacy=True)) == PRIVACY_DELETION
    _, entry = desk.entries("foreign-deletion")
    facts = dict(entry.facts)
    assert (entry.code, facts["what"], facts["was"]) == (PRIVACY_DELETION, PRIVACY_DELETION, "unknown")
    (alarm,) = open_alarms(desk)
    assert dict(alarm.facts) == facts


def test_that_an_erased_person_is_back_is_over_when_the_record_is_gone(desk: Desk) -> None:
    back = AlarmKind.ERASED_PERSON_BACK
    with desk.store.transaction() as tx:
        raise_alarm(tx, Alarm(kind=back, about="contacts/101", level=AlarmLevel.WARNING, at=NOW - DAY))
    heard(desk, a_loss())
    with desk.store.transaction() as tx:
        found = tx.alarm(back, "contacts/101")
    assert found is not None
    assert (found.settled_at, found.last_seen_at) == (NOW, NOW)


def test_what_the_ledger_had_ends_as_heard_of_now_and_is_told_as_the_service_s(desk: Desk) -> None:
    desk.oblige()
    heard(desk, a_loss())
    assert desk.obligation("contacts/101").heard_at == NOW
    (entry,) = desk.entries("obligation")
    assert entry.kind == "obligation.ended"
    assert (entry.portal_id, entry.actor) == (PORTAL, "service")


def disposed_of(desk: Desk) -> Plan:
    """A plan of ours disposed of the contact."""
    return desk.plan(former_customer(state=ItemState.DONE), status=PlanStatus.APPLIED)


@pytest.mark.parametrize(
    ("state", "since", "whose"),
    [
        ("open", -HOUR, OURS),
        ("open", 0 * HOUR, OURS),
        ("open", HOUR, DELETION),
        ("done", HOUR, OURS),
        ("ended", HOUR, OURS),
    ],
)
def test_what_we_disposed_of_is_ours_until_it_comes_under_an_obligation_after_the_plan(
    desk: Desk, state: str, since: timedelta, whose: str
) -> None:
    plan = disposed_of(desk)
    desk.oblige(state=state, first_seen_at=plan.built_at + since)
    assert heard(desk, a_loss()) == whose


def suspect(desk: Desk) -> None:
    """A deletion is told of that nobody can look into."""
    with desk.store.transaction() as tx:
        judge_of().suspected(tx, a_loss(), NOW)


def test_of_what_we_disposed_of_no_deletion_is_suspected(desk: Desk) -> None:
    disposed_of(desk)
    suspect(desk)
    assert open_alarms(desk) == []


def test_a_deletion_of_what_is_due_again_since_we_disposed_of_it_is_suspected(desk: Desk) -> None:
    plan = disposed_of(desk)
    desk.oblige(first_seen_at=plan.built_at + HOUR)
    suspect(desk)
    (alarm,) = open_alarms(desk)
    assert (alarm.kind, dict(alarm.facts)["was"]) == (AlarmKind.FOREIGN_DELETION, "unknown")


def test_of_a_record_that_cannot_be_read_somebody_hears_why(desk: Desk) -> None:
    with desk.store.transaction() as tx:
        judge_of().unreadable(tx, ref("contacts/101"), "too-large", NOW)
    (alarm,) = open_alarms(desk)
    kind = AlarmKind.EVENT_UNREADABLE
    assert (alarm.kind, alarm.about, alarm.level) == (kind, "contacts/101", AlarmLevel.WARNING)
    assert (alarm.first_at, alarm.facts) == (NOW, (("reason", "too-large"),))


@pytest.mark.parametrize("what", ["gone", "back", "merged away", "merged into", "read"])
def test_that_a_record_could_not_be_read_is_over_once_it_was(desk: Desk, what: str) -> None:
    judge, record, other, later = judge_of(), ref("contacts/101"), ref("contacts/102"), NOW + HOUR
    with desk.store.transaction() as tx:
        judge.unreadable(tx, record, "too-large", NOW)
        judge.unreadable(tx, ref("contacts/103"), "too-large", NOW)
    with desk.store.transaction() as tx:
        if what == "gone":
            judge.gone(tx, a_loss(), later)
        elif what == "back":
            judge.back(tx, record, later)
        elif what == "read":
            judge.read(tx, record, later)
        else:
            judge.merged(tx, *((record, other) if what == "merged away" else (other, record)), later)
        found = {alarm.about: alarm for alarm in tx.alarms() if alarm.kind is AlarmKind.EVENT_UNREADABLE}
    assert {about: alarm.settled_at for about, alarm in found.items()} == {"contacts/101": later, "contacts/103": None}


def test_a_merge_is_in_the_log_with_the_winner_and_no_code(desk: Desk) -> None:
    with desk.store.transaction() as tx:
        judge_of().merged(tx, ref("contacts/102"), ref("contacts/101"), NOW)
    (entry,) = desk.entries("merge")
    assert by_the_service(entry)
    assert (entry.record, entry.code) == ("contacts/102", None)
    assert dict(entry.facts) == {"winner": "contacts/101", "held": False}
