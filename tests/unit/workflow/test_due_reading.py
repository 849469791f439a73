"""What the ledger wants looked at is read by id: whom a failure is blamed on, what is heard, who is due by it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hubspot_retention.core.alarm import Alarm, AlarmKind, AlarmLevel
from hubspot_retention.core.deadline.obligation import Obligation
from hubspot_retention.core.decision.history import NOTHING_REMEMBERED, Remembered
from hubspot_retention.core.decision.model import Decision
from hubspot_retention.core.facts.observation import OptOut, OptOutSource
from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.hold import Hold
from hubspot_retention.core.plan.model import Action, ItemState, PlanItem, PlanKind, PlanStatus
from hubspot_retention.core.plan.query import ItemFilter
from hubspot_retention.core.portal import Address, Gone, MergedInto
from hubspot_retention.core.record import ObjectType, PortalId, RecordId, RecordRef
from hubspot_retention.core.request import RequestKind, SubjectRequest
from hubspot_retention.core.view import ContactView, DealView
from hubspot_retention.errors import PortalDeniedError, PortalError, PortalPausedError, PortalTemporaryError
from hubspot_retention.store.database import open_store
from hubspot_retention.workflow.due_reading import Candidate, DueReader, Found, Others
from hubspot_retention.workflow.fresh import FreshContact, FreshDeal, Memory
from hubspot_retention.workflow.obligations import Obligations
from hubspot_retention.workflow.watch import raise_alarm
from tests.builders import a_contact, a_deal, at
from tests.documents import clienti
from tests.stores import a_database
from tests.unit.core.deadline.lines import an_inactive, an_unsubscribe, decided
from tests.unit.core.plan.plans import an_item
from tests.unit.workflow.desk import DAY, HOUR, NOW, Desk, former_customer

PORTAL = PortalId(25412345)
CLICKED = at("2026-11-01T09:00")
BUSY = PortalTemporaryError("busy")
AROUND = cast(Any, ("a deal with its people",))
PERSON, STAFF = OptOutSource.PERSON, OptOutSource.STAFF


@dataclass(slots=True)
class House:
    """A fresh read that answers what it is told to. `now`: decisions, merges and errors by record; whoever is not
    there is gone. `opt_outs`: as they are read. `events`: all that happened, in its order."""

    desk: Desk
    now: dict[str, Any] = field(default_factory=dict)
    opt_outs: dict[int, Any] = field(default_factory=dict)
    is_down: bool = False
    stops_after: int = 99
    memories: list[Memory] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    on_gone: Any = None
    returned: Any = None

    def read(self, *records: str | Obligation) -> Found:
        """Read records that the ledger knows."""
        wanted = [each if isinstance(each, Obligation) else self.desk.obligation(each) for each in records]
        ledger = Obligations(clienti(), DAY)
        parts: Any = (self, self.desk.store, self, ledger, clienti())
        others = Others(
            settle_left=lambda: self.events.append("settled"),
            on_gone=self.on_gone or (lambda was: self.events.append(f"told of {was.record}")),
            should_stop=lambda: len(self.events) >= self.stops_after,
        )
        return DueReader(*parts, returned=self.returned).read(wanted, PORTAL, NOW, others)

    def know(self, *numbers: int, kind: str = "contacts") -> list[str]:
        """The ledger knows of them."""
        return [str(self.desk.oblige(f"{kind}/{number}").record) for number in numbers]

    def state(self, record: str) -> tuple[str, str]:
        """State and reason of an obligation."""
        found = self.desk.obligation(record)
        return found.state.value, found.reason

    def noted(self, number: int) -> Remembered | None:
        """What is remembered of a contact."""
        with self.desk.store.transaction() as tx:
            return tx.recall(ObjectType.CONTACT, [RecordId(number)]).get(RecordId(number))

    # RecordSource, FreshReader

    def identity(self) -> None:
        self.events.append("identity")
        if self.is_down:
            raise PortalTemporaryError("down")

    def contacts(self, ids: Sequence[RecordId], memory: Memory, as_of: Any) -> dict[RecordId, Any]:
        return self._read("contacts", ids, memory, as_of)

    def deals(self, ids: Sequence[RecordId], memory: Memory, as_of: Any) -> dict[RecordId, Any]:
        return self._read("deals", ids, memory, as_of)

    def _read(self, kind: str, ids: Sequence[RecordId], memory: Memory, as_of: Any) -> dict[RecordId, Any]:
        assert as_of == NOW
        self.memories.append(memory)
        told = " ".join(map(str, ids)) if len(ids) < 9 else f"×{len(ids)}"
        self.events.append(f"{kind} {told}")
        found = {key: self.now.get(f"{kind}/{key}", Gone.ABSENT) for key in ids}
        for each in found.values():
            if isinstance(each, Exception):
                raise each
        return {key: self._fresh(kind, key, each) for key, each in found.items()}

    def _fresh(self, kind: str, key: RecordId, found: Any) -> Any:
        if not isinstance(found, Decision):
            return found
        decision = found._replace(record=RecordRef(ObjectType(kind), key))
        if kind == "deals":
            return FreshDeal((DealView(a_deal(key), ()), ()), decision, frozenset())
        view = ContactView(a_contact(key, opt_out=self.opt_outs.get(key)), (), ())
        return FreshContact(view, decision, Address(f"p{key}@example.dk"), AROUND, frozenset())


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Nobody is there."""
    with open_store(a_database(tmp_path / "retention.db")) as store:
        yield House(Desk(store))


def everybody(house: House, *numbers: int, of: Any = None) -> list[str]:
    """Contacts whom the ledger knows, who are retained unless it is said otherwise."""
    house.now.update({f"contacts/{number}": of or decided("retain") for number in numbers})
    return house.know(*numbers)


def test_what_is_read_in_view_came_back_if_this_service_had_disposed_of_it(house: House) -> None:
    (record,) = everybody(house, 101)
    house.desk.plan(former_customer(state=ItemState.DONE), status=PlanStatus.APPLIED)
    house.read(record)
    (entry,) = house.desk.entries("restoration")
    assert (entry.kind, entry.record, entry.portal_id) == ("restoration.seen", "contacts/101", PORTAL)


def test_what_is_read_in_view_ends_the_alarm_of_its_deletion(house: House) -> None:
    (record,) = everybody(house, 101)
    with house.desk.store.transaction() as tx:
        raise_alarm(tx, Alarm(kind=AlarmKind.FOREIGN_DELETION, about=record, level=AlarmLevel.URGENT, at=NOW - DAY))
    house.read(record)
    with house.desk.store.transaction() as tx:
        assert tx.alarms(open_only=True) == []


# In turn


def test_records_are_read_a_hundred_at_a_time_in_their_order_and_those_of_a_class_together(house: House) -> None:
    records = everybody(house, *range(1, 103))
    deals = house.know(5, kind="deals")
    house.now["deals/5"] = decided("retain")
    found = house.read(*records[:50], *deals, *records[50:])
    assert house.events == ["contacts ×99", "deals 5", "contacts 100 101 102"]
    assert (found.looked, found.unreadable) == (103, 0)


def test_a_stop_leaves_the_rest_for_later(house: House) -> None:
    records = everybody(house, *range(1, 103))
    house.stops_after = 1
    assert house.read(*records).looked == 100
    assert house.state("contacts/101")[0] == "open"


def test_nobody_need_say_when_to_stop(house: House) -> None:
    others = Others(settle_left=lambda: None, on_gone=lambda was: None)
    assert not others.should_stop()


def test_what_is_known_of_the_records_is_read_with_them(house: House) -> None:
    record = RecordRef.parse("contacts/101")
    hold = Hold(hold_id=0, record=record, matter="J-1", placed_by="anna", placed_at=NOW)
    asked = SubjectRequest(
        request_id=0, contact_id=record.record_id, kind=RequestKind.ERASURE, received_at=NOW, recorded_by="anna"
    )
    seen = Remembered(opted_out_at=CLICKED, opt_out_source=PERSON)
    with house.desk.store.transaction() as tx:
        tx.place_hold(hold, "a dispute")
        tx.add_request(asked)
        for kind in (ObjectType.CONTACT, ObjectType.DEAL):
            tx.note(kind, [(record.record_id, seen)])
    house.now["deals/101"] = decided("retain")
    house.read(*everybody(house, 101), *house.know(101, kind="deals"))
    contacts, deals = house.memories
    assert contacts.register == deals.register == {record: ("J-1",)}
    assert [each.requests.of(a_contact(101)).erasure_at for each in (contacts, deals)] == [NOW, NOW]
    assert (contacts.contacts, contacts.deals) == ({101: seen}, {})
    assert (deals.contacts, deals.deals) == ({}, {101: seen})


# What cannot be read


@pytest.mark.parametrize("error", [BUSY, ValueError("odd"), KeyError("less"), TypeError("none")])
def test_what_cannot_be_read_is_halved_until_it_stands_alone_after_all_others(house: House, error: Exception) -> None:
    records = everybody(house, 101, 102, 103)
    house.now["contacts/103"], house.now["deals/5"] = error, decided("retain")
    found = house.read(*records, *house.know(5, kind="deals"))
    assert [event for event in house.events if event != "identity"] == [
        "contacts 101 102 103",
        "deals 5",
        "contacts 101",
        "contacts 102 103",
        "contacts 102",
        "contacts 103",
    ]
    assert house.events.count("identity") == 3
    assert (found.looked, found.unreadable) == (3, 1)
    after = house.desk.obligation("contacts/103")
    assert (after.state.value, after.reason, after.attempts) == ("open", "unreadable", 1)
    assert NOW < after.next_look_at < NOW + HOUR
    assert house.state("contacts/102") == ("ended", "keep-runs")


def test_nobody_is_blamed_while_hubspot_does_not_answer(house: House) -> None:
    records = everybody(house, 101, of=BUSY)
    house.is_down = True
    with pytest.raises(PortalTemporaryError, match="down"):
        house.read(*records)
    assert house.desk.obligation("contacts/101").attempts == 0


@pytest.mark.parametrize("error", [PortalPausedError("paused"), PortalDeniedError("denied")])
def test_a_pause_or_a_refusal_of_the_token_ends_it_at_once(house: House, error: PortalError) -> None:
    records = everybody(house, 101, 102, of=error)
    with pytest.raises(type(error)):
        house.read(*records)
    assert house.events == ["contacts 101 102"]


def test_where_three_cannot_be_read_and_none_can_hubspot_itself_is_the_trouble(house: House) -> None:
    records = everybody(house, 101, 102, 103, 104, of=BUSY)
    with pytest.raises(PortalTemporaryError, match="busy"):
        house.read(*records)
    assert house.events[-2] == "contacts 103"
    assert house.desk.obligation("contacts/101").attempts == 0


def test_two_are_blamed_also_where_none_can_be_read(house: House) -> None:
    assert house.read(*everybody(house, 101, 102, of=BUSY)).unreadable == 2


def test_any_number_are_blamed_where_one_could_be_read(house: House) -> None:
    house.now["deals/5"] = decided("retain")
    found = house.read(*house.know(5, kind="deals"), *everybody(house, 101, 102, 103, 104, of=BUSY))
    assert (found.looked, found.unreadable) == (1, 4)


def test_who_is_not_known_any_more_or_has_ended_is_not_blamed(house: House) -> None:
    unknown = house.desk.oblige("contacts/102")._replace(record=RecordRef.parse("contacts/101"))
    ended = house.desk.oblige("contacts/103", "ended")
    house.now.update({f"contacts/{number}": BUSY for number in (101, 102, 103)})
    house.now["deals/5"] = decided("retain")
    house.read(*house.know(5, kind="deals"), unknown, ended, "contacts/102")
    assert house.state("contacts/103")[0] == "ended"
    assert house.state("contacts/102") == ("open", "unreadable")


# What is heard


def test_who_is_due_is_a_candidate_with_the_deals_around_them_and_who_is_not_ends(house: House) -> None:
    records = everybody(house, 101, of=an_unsubscribe()) + everybody(house, 102)
    house.opt_outs[101] = OptOut(CLICKED, PERSON)
    found = house.read(*records)
    (candidate,) = found.candidates.values()
    assert list(found.candidates) == [RecordRef.parse("contacts/101")]
    assert (candidate.kind, candidate.item.action, candidate.deals) == (PlanKind.RIGHTS, Action.ERASE, AROUND)
    assert candidate.obligation == house.desk.obligation("contacts/101")
    assert candidate.obligation.by_person
    assert house.state("contacts/102") == ("ended", "keep-runs")


def test_a_read_by_id_is_newer_than_whatever_was_heard(house: House) -> None:
    everybody(house, 101)
    house.desk.oblige("contacts/101", heard_at=NOW + HOUR)
    house.read("contacts/101")
    assert house.state("contacts/101")[0] == "ended"


def test_a_deal_is_a_candidate_as_well(house: House) -> None:
    house.now["deals/5"] = an_inactive()._replace(rule="lost-deal")
    (candidate,) = house.read(*house.know(5, kind="deals")).candidates.values()
    assert (candidate.kind, candidate.item.action, candidate.deals) == (PlanKind.TIME, Action.ARCHIVE, ())


@pytest.mark.parametrize("state", ["open", "review", "raised", "look", "held", "ended"])
def test_whoever_is_due_may_be_planned_whatever_was_known(house: House, state: str) -> None:
    everybody(house, 101, of=an_unsubscribe())
    house.desk.oblige("contacts/101", state, plan_id="7-rights")
    assert list(house.read("contacts/101").candidates) == [RecordRef.parse("contacts/101")]


@pytest.mark.parametrize(
    "decision",
    [decided("held", "hold-flag"), decided("refer", "restored-by-a-person"), decided("undetermined", "start-unknown")],
)
def test_whoever_is_held_referred_or_doubted_is_not_planned(house: House, decision: Decision) -> None:
    assert house.read(*everybody(house, 101, of=decision)).candidates == {}


def test_who_is_raised_and_only_to_be_seen_is_not_planned(house: House) -> None:
    doubted = decided("undetermined", "start-unknown", of="unsubscribed")
    everybody(house, 101, of=doubted)
    house.desk.oblige("contacts/101", "raised", attempts=9)
    assert house.read("contacts/101").candidates == {}


def test_the_end_of_marketing_is_planned_for_who_stays(house: House) -> None:
    stays = decided("retain", marketing_ends=True, starts=(("unsubscribed_at", CLICKED),))
    (candidate,) = house.read(*everybody(house, 101, of=stays)).candidates.values()
    assert (candidate.kind, candidate.item.action) == (PlanKind.RIGHTS, Action.END_MARKETING)


# Whether a start is new


def seen_before(house: House) -> None:
    """A full run noted the start that decides."""
    starts = "last_activity_at=2025-10-01T09:00:00+00:00"
    with house.desk.store.transaction() as tx:
        tx.note(ObjectType.CONTACT, [(RecordId(101), Remembered(starts=starts))])


def is_new(house: House, decision: Decision | None = None) -> bool:
    """Whether the start of the candidate counts as new."""
    found = house.read(*everybody(house, 101, of=decision or an_inactive()))
    (candidate,) = found.candidates.values()
    return candidate.item.start_is_new


def an_item_of(decision: Decision, *, is_new: bool) -> PlanItem:
    """What a plan says of the record."""
    return an_item(decision=decision, start_is_new=is_new)


def test_a_start_that_no_run_has_noted_is_new(house: House) -> None:
    assert is_new(house)


def test_a_start_that_was_noted_before_the_last_full_run_is_not(house: House) -> None:
    seen_before(house)
    assert not is_new(house)
    house.desk.plan(an_item_of(an_inactive(), is_new=False))
    assert not is_new(house)


def test_a_start_that_the_last_full_run_was_the_first_to_see_is_still_new(house: House) -> None:
    seen_before(house)
    house.desk.plan(an_item_of(an_inactive(), is_new=False))
    house.desk.plan(an_item_of(an_inactive(), is_new=True))
    house.desk.plan(an_item_of(an_inactive(), is_new=False), run="due")
    house.desk.plan(an_item_of(an_inactive(), is_new=False), run="review")
    house.desk.plan(an_item_of(an_inactive(), is_new=False), status=PlanStatus.READ_ONLY)
    house.desk.plan(an_item_of(an_inactive(), is_new=False), status=PlanStatus.BUILDING)
    assert is_new(house)


def test_it_is_still_new_whichever_of_the_rules_that_are_due_decides_by_now(house: House) -> None:
    seen_before(house)
    both = (("former-customer", NOW), ("inactive-contact", an_inactive().due[0][1]))
    house.desk.plan(an_item_of(an_inactive(rule="former-customer")._replace(due=both), is_new=True))
    assert is_new(house)


def test_a_right_is_never_new_whatever_that_run_said_of_a_time_rule_beside_it(house: House) -> None:
    seen_before(house)
    due = (*an_unsubscribe().due, *an_inactive().due)
    house.desk.plan(an_item_of(an_unsubscribe(due=due), is_new=True))
    assert not is_new(house, an_unsubscribe(due=due))


@pytest.mark.parametrize("other", [an_inactive("2026-09-01T09:00"), an_inactive(rule="former-customer")])
def test_what_that_run_said_of_another_disposal_does_not_count(house: House, other: Decision) -> None:
    seen_before(house)
    house.desk.plan(an_item_of(other, is_new=True))
    assert not is_new(house)


def test_for_an_exercised_right_no_start_is_new(house: House) -> None:
    house.desk.plan(an_item_of(an_unsubscribe(), is_new=True))
    assert not is_new(house, an_unsubscribe())


# What is remembered at once


@pytest.mark.parametrize(
    ("seen", "before", "after"),
    [
        (OptOut(NOW, STAFF), Remembered(), Remembered(opted_out_at=NOW, opt_out_source=STAFF)),
        (
            OptOut(NOW, PERSON),
            Remembered(opted_out_at=CLICKED, opt_out_source=PERSON, starts="x=2026-01-01"),
            None,
        ),
        (
            OptOut(CLICKED, PERSON),
            Remembered(opted_out_at=NOW, opt_out_source=PERSON),
            Remembered(opted_out_at=CLICKED, opt_out_source=PERSON),
        ),
        (
            OptOut(NOW, STAFF),
            Remembered(opted_out_at=CLICKED, opt_out_source=PERSON),
            Remembered(opted_out_at=CLICKED, opt_out_source=OptOutSource.UNKNOWN),
        ),
        (UNKNOWN, Remembered(opted_out_at=CLICKED, opt_out_source=PERSON), None),
        (None, Remembered(opted_out_at=CLICKED, opt_out_source=PERSON, archived_by_us=True), "forgotten"),
    ],
)
def test_an_opt_out_is_noted_at_once_by_its_earliest_instant_and_by_nobody_if_hands_differ(
    house: House, seen: Any, before: Remembered, after: Any
) -> None:
    with house.desk.store.transaction() as tx:
        tx.note(ObjectType.CONTACT, [(RecordId(101), before)])
    house.opt_outs[101] = seen
    house.read(*everybody(house, 101))
    expected = before if after is None else Remembered(archived_by_us=True) if after == "forgotten" else after
    assert house.noted(101) == expected


def test_a_start_is_not_noted_by_a_look_at_one_record(house: House) -> None:
    house.read(*everybody(house, 101, of=an_inactive()))
    assert house.noted(101) in (None, NOTHING_REMEMBERED)


@pytest.mark.parametrize("again", [True, False])
def test_marketing_that_was_ended_stays_ended_while_it_is_to_end(house: House, again: bool) -> None:
    with house.desk.store.transaction() as tx:
        tx.note(ObjectType.CONTACT, [(RecordId(101), Remembered(marketing_ended=True))])
    house.read(*everybody(house, 101, of=decided("retain", marketing_ends=again)))
    assert (house.noted(101) or NOTHING_REMEMBERED).marketing_ended is again


def test_marketing_that_was_not_ended_is_not_noted_as_ended(house: House) -> None:
    house.read(*everybody(house, 101, of=decided("retain", marketing_ends=True)))
    assert not (house.noted(101) or NOTHING_REMEMBERED).marketing_ended


def test_of_a_deal_nothing_is_noted(house: House) -> None:
    house.now["deals/5"] = decided("retain")
    house.read(*house.know(5, kind="deals"))
    with house.desk.store.transaction() as tx:
        assert tx.recall(ObjectType.DEAL, [RecordId(5)]) == {}


def test_contacts_are_looked_for_among_those_who_were_erased(house: House) -> None:
    looked: list[tuple[int, str, Any]] = []

    def look(seen: Any, now: Any) -> None:
        looked.extend((each.observation.record_id, each.address.text, now) for each in seen)

    def lookout(portal: PortalId) -> Any:
        assert portal == PORTAL
        return SimpleNamespace(look=look)

    house.returned = SimpleNamespace(lookout=lookout)
    house.now["deals/5"] = decided("retain")
    house.read(*everybody(house, 101), *house.know(102), *house.know(5, kind="deals"))
    assert looked == [(101, "p101@example.dk", NOW)]


# Merged


def test_what_bound_the_loser_of_a_merge_follows_to_the_winner_who_is_looked_at(house: House) -> None:
    house.know(101)
    house.now["contacts/101"] = MergedInto(RecordId(109))
    with house.desk.store.transaction() as tx:
        tx.note(ObjectType.CONTACT, [(RecordId(101), Remembered(opted_out_at=CLICKED, opt_out_source=PERSON))])
    house.read("contacts/101")
    assert house.state("contacts/101") == ("ended", "merged")
    (told,) = [entry for entry in house.desk.entries("obligation") if entry.record == "contacts/101"]
    assert (told.kind, told.code, told.at) == ("obligation.ended", "merged", NOW)
    winner = house.desk.obligation("contacts/109")
    assert (winner.state.value, winner.reason, winner.heard_at) == ("look", "merged", NOW)
    assert winner.due_at == house.desk.obligation("contacts/101").due_at is not None
    noted = house.noted(109)
    assert noted is not None
    assert noted.opted_out_at == CLICKED
    with house.desk.store.transaction() as tx:
        assert tx.heir_of(ObjectType.CONTACT, RecordId(101)) == 109


def test_a_merge_that_the_due_tick_hears_of_first_is_in_the_log_and_takes_whom_a_hold_reaches_out_of_plans(
    house: House,
) -> None:
    house.know(101)
    house.now["contacts/101"] = MergedInto(RecordId(109))
    plan = house.desk.plan(former_customer("contacts/101"), former_customer("contacts/109"))
    record = RecordRef.parse("contacts/101")
    hold = Hold(hold_id=0, record=record, matter="J-2026-1", placed_by="bent", placed_at=NOW - HOUR)
    with house.desk.store.transaction() as tx:
        tx.place_hold(hold, "strid")
    house.read("contacts/101")
    (entry,) = house.desk.entries("merge")
    assert (entry.kind, entry.record, entry.portal_id) == ("merge.seen", "contacts/101", PORTAL)
    assert dict(entry.facts) == {"winner": "contacts/109", "held": True}
    with house.desk.store.transaction() as tx:
        left = {str(item.record): item.state_code for item in tx.items(plan.plan_id, ItemFilter())}
    assert left == {"contacts/101": "merged-into-another", "contacts/109": "held-now"}


def test_a_loser_that_has_ended_or_is_not_known_ends_no_second_time(house: House) -> None:
    ended = house.desk.oblige("contacts/101", "ended", settled_at=CLICKED)
    unknown = ended._replace(record=RecordRef.parse("contacts/102"))
    for number in (101, 102):
        house.now[f"contacts/{number}"] = MergedInto(RecordId(109))
    house.read(ended, unknown)
    assert house.desk.obligation("contacts/101") == ended
    assert house.state("contacts/109")[0] == "look"


# Gone


def test_what_somebody_else_took_away_is_told_of_and_ends(house: House) -> None:
    house.read(*house.know(101, 102))
    assert house.events == ["contacts 101 102", "settled", "told of contacts/101", "told of contacts/102"]
    assert house.state("contacts/101") == house.state("contacts/102") == ("ended", "gone")


def test_what_is_merged_or_still_there_is_not_gone(house: House) -> None:
    house.now["contacts/102"] = MergedInto(RecordId(109))
    house.read(*everybody(house, 101), *house.know(102))
    assert house.events == ["contacts 101 102"]


def gone_by(house: House, built_at: Any = NOW, **obligation: Any) -> str:
    """A plan of ours, made then, erased the contact; answers its id."""
    known = house.desk.oblige("contacts/101", **obligation)
    plan = house.desk.plan(former_customer("contacts/101", state=ItemState.DONE), built_at=built_at)
    house.read(known)
    return plan.plan_id


def test_what_went_by_our_own_plan_is_done_and_nobody_is_told(house: House) -> None:
    plan_id = gone_by(house)
    assert house.events == ["contacts 101", "settled"]
    assert house.state("contacts/101") == ("done", "read-back-absent")
    assert house.desk.obligation("contacts/101").plan_id == plan_id


def test_a_plan_of_the_instant_at_which_it_was_first_heard_of_counts(house: House) -> None:
    gone_by(house, built_at=NOW - HOUR, first_seen_at=NOW - HOUR)
    assert house.state("contacts/101")[0] == "done"


def test_what_went_by_a_plan_of_before_it_was_first_heard_of_was_somebody_else_this_time(house: House) -> None:
    gone_by(house, built_at=NOW - HOUR, first_seen_at=NOW - HOUR / 2)
    assert house.state("contacts/101") == ("ended", "gone")


def test_what_has_ended_already_is_told_of_to_nobody(house: House) -> None:
    ended = house.desk.oblige("contacts/101", "ended", settled_at=CLICKED)
    unknown = ended._replace(record=RecordRef.parse("contacts/102"))
    house.read(ended, unknown)
    assert house.events == ["contacts 101 102", "settled"]
    assert house.desk.obligation("contacts/101") == ended


def test_what_ended_by_our_own_plan_stays_ended(house: House) -> None:
    gone_by(house, state="ended", settled_at=CLICKED)
    assert house.state("contacts/101") == ("ended", "period-ended")
    assert house.events == ["contacts 101", "settled"]


def test_who_is_told_may_end_it_themselves(house: House) -> None:
    def end(was: Obligation) -> None:
        house.desk.oblige(str(was.record), "ended", reason="foreign", settled_at=NOW)

    house.on_gone = end
    house.read(*house.know(101))
    assert house.state("contacts/101") == ("ended", "foreign")


def test_a_candidate_has_no_deals_unless_it_is_said() -> None:
    item = former_customer()
    assert Candidate(kind=PlanKind.TIME, item=item, obligation=cast(Any, None)).deals == ()
