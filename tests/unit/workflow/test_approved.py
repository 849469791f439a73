"""Approved plans: which of them wait to be carried out, what stops one, and what becomes of the rest of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from hubspot_retention.core.plan.model import Action, Block, ItemState, Plan, PlanKind, PlanStatus
from hubspot_retention.core.policy.model import Mode
from hubspot_retention.errors import (
    BlockedError,
    PortalDeniedError,
    PortalError,
    PortalPausedError,
    PortalTemporaryError,
)
from hubspot_retention.store.database import open_store
from hubspot_retention.workflow.approved import ApprovedPlans, CarriedOut
from hubspot_retention.workflow.gate import Permission
from hubspot_retention.workflow.standing import SERVICE
from tests.documents import clienti
from tests.stores import a_database
from tests.unit.core.plan.plans import a_disposal, an_item
from tests.unit.workflow.desk import HOUR, NOW, Desk, asked_to_go, former_customer

MINUTE = HOUR / 60
BUSY = PortalTemporaryError("busy")


@dataclass(slots=True)
class House:
    """Who carries plans out; `becomes`: what the application does to each, by its id, or an error that it raises.
    `applied`, `settled`: what it was asked, in its order."""

    desk: Desk
    mode: Mode = Mode.ENFORCE
    now: datetime = NOW
    becomes: dict[str, Callable[[], object] | Exception] = field(default_factory=dict)
    is_heard: bool = True
    answering: bool = True
    applied: list[tuple[str, str]] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    plans: ApprovedPlans = field(init=False)

    def __post_init__(self) -> None:
        permission = Permission(mode=self.mode, allow_erase=True)
        self.plans = ApprovedPlans(self.desk.store, self, clienti(), permission, lambda: self.now)
        self.plans.settle = self.settled.append
        self.plans.answers = lambda: self.answering

    def apply(self, plan_id: str, actor: str, progress: Any) -> Any:
        progress("applying", 1, 1)
        self.applied.append((plan_id, actor))
        became = self.becomes.get(plan_id, lambda: None)
        if isinstance(became, Exception):
            raise became
        became()

    def carry_out(self, plan: Plan, done: CarriedOut | None = None) -> CarriedOut:
        """Carry a plan out."""
        done = done or CarriedOut()
        told: list[object] = []
        self.plans.carry_out(plan, "cron", lambda *what: told.append(what), done)
        assert len(told) == len([each for each in self.applied if each[0] == plan.plan_id])
        return done

    def ids(self) -> list[str]:
        """Those that wait."""
        return [plan.plan_id for plan in self.plans.waiting()]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Nothing is there yet; the mode is enforce."""
    with open_store(a_database(tmp_path / "retention.db")) as store:
        yield House(Desk(store))


# Which plans wait


@pytest.mark.parametrize("status", list(PlanStatus))
def test_what_is_approved_or_was_stopped_waits_and_nothing_else(house: House, status: PlanStatus) -> None:
    plan = house.desk.plan(asked_to_go(), status=status)
    waits = status in (PlanStatus.APPROVED, PlanStatus.APPLYING)
    assert house.ids() == ([plan.plan_id] if waits else [])


@pytest.mark.parametrize("state", list(ItemState))
def test_a_plan_that_was_applied_in_part_waits_while_a_call_of_it_has_no_answer(house: House, state: ItemState) -> None:
    plan = house.desk.plan(asked_to_go(state=state), status=PlanStatus.PARTLY_APPLIED)
    assert house.ids() == ([plan.plan_id] if state in (ItemState.SENT, ItemState.UNKNOWN) else [])


def test_a_plan_of_another_policy_does_not_wait(house: House) -> None:
    house.desk.plan(asked_to_go(), policy_digest="0" * 64)
    house.desk.plan(asked_to_go(state=ItemState.SENT), status=PlanStatus.PARTLY_APPLIED, policy_digest="0" * 64)
    assert house.ids() == []


def test_a_plan_waits_until_it_expires_and_no_longer(house: House) -> None:
    plan = house.desk.plan(asked_to_go(), expires_at=NOW)
    assert house.ids() == [plan.plan_id]
    house.now = NOW + MINUTE
    assert house.ids() == []


def test_exercised_rights_go_first_and_then_the_oldest(house: House) -> None:
    first, second = house.desk.plan(former_customer()), house.desk.plan(former_customer())
    third = house.desk.plan(asked_to_go(), kind=PlanKind.RIGHTS)
    fourth = house.desk.plan(asked_to_go(), kind=PlanKind.RIGHTS)
    assert house.ids() == [plan.plan_id for plan in (third, fourth, first, second)]


# What stops one


def test_a_plan_is_carried_out_in_the_name_of_who_asked_and_the_ledger_is_told(house: House) -> None:
    plan = house.desk.plan(asked_to_go())
    house.becomes[plan.plan_id] = lambda: house.desk.settle(plan, "contacts/101", ItemState.DONE)
    done = house.carry_out(plan)
    assert done == CarriedOut(applied=[plan.plan_id])
    assert (house.applied, house.settled) == ([(plan.plan_id, "cron")], [plan.plan_id])


def test_without_a_ledger_nobody_is_told(house: House) -> None:
    plan = house.desk.plan(asked_to_go())
    house.plans = ApprovedPlans(
        house.desk.store, house, clienti(), Permission(mode=Mode.REVIEW, allow_erase=True), lambda: NOW
    )
    assert house.carry_out(plan).applied == [plan.plan_id]


def test_a_refusal_is_told_with_its_reason_and_stops_no_other_plan(house: House) -> None:
    plan = house.desk.plan(asked_to_go())
    house.becomes[plan.plan_id] = BlockedError("all disposals are stopped")
    done = house.carry_out(plan)
    assert done == CarriedOut(waits=[(plan.plan_id, "all disposals are stopped")], is_refused=True)
    assert house.settled == [plan.plan_id]
    assert house.desk.found(plan) == plan
    assert house.ids() == [plan.plan_id]


@pytest.mark.parametrize("error", [PortalPausedError("paused"), PortalDeniedError("denied")])
def test_a_pause_or_a_refusal_of_the_token_stops_everything(house: House, error: PortalError) -> None:
    plan = house.desk.plan(asked_to_go())
    house.becomes[plan.plan_id] = error
    done = house.carry_out(plan)
    assert done == CarriedOut(applied=[plan.plan_id], waits=[], stopped_by=str(error), is_partial=True, error=error)
    assert house.settled == [plan.plan_id]


def test_where_hubspot_does_not_answer_everything_stops(house: House) -> None:
    plan = house.desk.plan(asked_to_go())
    house.becomes[plan.plan_id], house.answering = BUSY, False
    assert house.carry_out(plan).stopped_by == "busy"
    assert house.ids() == [plan.plan_id]


def test_where_nobody_can_say_whether_hubspot_answers_everything_stops(house: House) -> None:
    plan = house.desk.plan(asked_to_go())
    house.becomes[plan.plan_id] = BUSY
    house.plans = ApprovedPlans(
        house.desk.store, house, clienti(), Permission(mode=Mode.REVIEW, allow_erase=True), lambda: NOW
    )
    assert house.carry_out(plan).stopped_by == "busy"


def test_records_that_cannot_be_read_stop_their_own_plan_alone_and_it_rests_five_minutes(house: House) -> None:
    plan, other = house.desk.plan(asked_to_go()), house.desk.plan(asked_to_go("contacts/102"))
    house.becomes[plan.plan_id] = BUSY
    done = house.carry_out(plan)
    assert done == CarriedOut(waits=[(plan.plan_id, "busy")], is_partial=True)
    assert house.settled == [plan.plan_id]
    assert house.ids() == [other.plan_id]
    house.now = NOW + 5 * MINUTE - MINUTE / 60
    assert house.ids() == [other.plan_id]
    house.now = NOW + 5 * MINUTE
    assert house.ids() == [plan.plan_id, other.plan_id]


def test_a_clock_that_was_set_back_lets_no_plan_rest(house: House) -> None:
    plan = house.desk.plan(asked_to_go())
    house.becomes[plan.plan_id] = BUSY
    house.carry_out(plan)
    house.now = NOW - MINUTE
    assert house.ids() == [plan.plan_id]


# What the service approved in another mode


def by_service(house: House, *items: Any, **values: Any) -> Plan:
    """A plan that the service approved; everything in it is to be covered by the policy."""
    house.desk.approve_policy()
    return house.desk.plan(*(items or (asked_to_go(),)), **{"decided_by": SERVICE} | values)


def test_what_the_service_approved_and_still_may_is_carried_out(house: House) -> None:
    plan = by_service(house)
    assert house.carry_out(plan).applied == [plan.plan_id]


@pytest.mark.parametrize("mode", [Mode.REVIEW, Mode.OBSERVE])
@pytest.mark.parametrize(
    ("run", "status", "becomes", "kind"),
    [
        ("plan", PlanStatus.APPROVED, PlanStatus.AWAITING_REVIEW, "plan.stopped"),
        ("plan", PlanStatus.APPLYING, PlanStatus.EXPIRED, "plan.expired"),
        ("due", PlanStatus.APPROVED, PlanStatus.EXPIRED, "plan.expired"),
        ("due", PlanStatus.APPLYING, PlanStatus.EXPIRED, "plan.expired"),
    ],
)
def test_what_the_service_could_no_longer_approve_is_not_carried_out(
    house: House, mode: Mode, run: str, status: PlanStatus, becomes: PlanStatus, kind: str
) -> None:
    plan = by_service(house, run=run, status=status)
    house = House(house.desk, mode)
    done = house.carry_out(plan)
    assert done == CarriedOut(waits=[(plan.plan_id, "the service approved it in another mode: it is not carried out")])
    assert (house.applied, house.settled) == ([], [plan.plan_id])
    assert house.desk.found(plan) == replace(plan, status=becomes, decided_by="", decided_at=None)
    (entry,) = house.desk.entries()
    assert (entry.kind, entry.actor, entry.code, entry.at) == (kind, SERVICE, "mode-changed", NOW)


def test_what_a_person_approved_is_carried_out_in_any_mode_that_writes(house: House) -> None:
    plan = house.desk.plan(asked_to_go())
    assert House(house.desk, Mode.REVIEW).carry_out(plan).applied == [plan.plan_id]


# What is left


def by_itself(house: House, *items: Any, **values: Any) -> tuple[Plan, CarriedOut]:
    """A plan that the service approved is carried out: whoever asked to go goes, if the item has no other state."""
    plan = by_service(house, *items, **values)

    def go() -> None:
        for item in items:
            if item.decision.rule == "erasure-request" and item.state is ItemState.PENDING and item.block is None:
                house.desk.settle(plan, str(item.record), ItemState.DONE)

    house.becomes[plan.plan_id] = go
    return plan, house.carry_out(plan)


def test_the_rest_of_what_went_by_itself_waits_for_a_person(house: House) -> None:
    plan, done = by_itself(house, asked_to_go(), former_customer("contacts/102"))
    assert done == CarriedOut(applied=[plan.plan_id], waits=[(plan.plan_id, "the rest of it waits for a person")])
    assert house.desk.found(plan) == replace(plan, status=PlanStatus.AWAITING_REVIEW, decided_by="", decided_at=None)
    (entry,) = house.desk.entries()
    assert (entry.kind, entry.actor, entry.code, entry.at) == (
        "plan.stopped",
        SERVICE,
        "rest-waits-for-review",
        NOW,
    )


def test_of_a_plan_that_a_person_approved_there_is_no_rest(house: House) -> None:
    plan = house.desk.plan(asked_to_go(), former_customer("contacts/102"))
    done = house.carry_out(plan)
    assert (done.is_partial, done.waits, house.desk.found(plan)) == (True, [], plan)


@pytest.mark.parametrize("state", [ItemState.PREPARED, ItemState.SENT, ItemState.UNKNOWN])
def test_while_its_own_part_goes_on_the_rest_is_not_handed_over(house: House, state: ItemState) -> None:
    plan, done = by_itself(house, asked_to_go(state=state), former_customer("contacts/102"))
    assert (done.is_partial, done.waits) == (True, [])
    assert house.desk.found(plan) == plan


@pytest.mark.parametrize("more", [{"state": ItemState.FAILED}, {"block": Block.UNVERIFIED}])
def test_what_failed_or_is_blocked_is_undone_and_the_rest_is_handed_over(house: House, more: dict[str, Any]) -> None:
    plan, done = by_itself(house, asked_to_go(**more), former_customer("contacts/102"))
    assert (done.is_partial, done.waits) == (True, [(plan.plan_id, "the rest of it waits for a person")])


def test_the_rest_that_is_blocked_or_only_to_be_seen_is_nothing_to_approve(house: House) -> None:
    blocked = former_customer("contacts/102", block=Block.UNVERIFIED)
    shown = an_item(decision=a_disposal("contacts/103"), action=Action.NONE)
    plan, done = by_itself(house, asked_to_go(), blocked, shown)
    assert done == CarriedOut(applied=[plan.plan_id])
    assert house.desk.found(plan) == plan


@pytest.mark.parametrize("places", [(101, 102), (102, 101)])
def test_the_rest_is_there_also_beside_more_of_it_that_is_blocked(house: House, places: tuple[int, int]) -> None:
    blocked = former_customer(f"contacts/{places[0]}", block=Block.UNVERIFIED)
    _, done = by_itself(house, asked_to_go("contacts/100"), blocked, former_customer(f"contacts/{places[1]}"))
    assert [why for _, why in done.waits] == ["the rest of it waits for a person"]


def test_the_rest_of_a_due_plan_is_planned_anew_by_the_next_tick(house: House) -> None:
    plan, done = by_itself(house, asked_to_go(), former_customer("contacts/102"), run="due")
    assert (done.waits, house.desk.found(plan)) == ([], plan)


def test_what_an_earlier_plan_left_undone_is_not_forgotten(house: House) -> None:
    plan = house.desk.plan(asked_to_go(state=ItemState.DONE))
    assert house.carry_out(plan, CarriedOut(is_partial=True)).is_partial


def test_after_hubspot_stopped_it_the_rest_stays_with_the_plan(house: House) -> None:
    plan = by_service(house, asked_to_go(state=ItemState.DONE), former_customer("contacts/102"))
    house.becomes[plan.plan_id] = PortalPausedError("paused")
    assert house.carry_out(plan).waits == []
    assert house.desk.found(plan) == plan
