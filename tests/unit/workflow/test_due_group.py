"""The grouped plan: which plans it takes the place of, when it may be made anew, and whom it takes in."""

from datetime import timedelta
from typing import Any

import pytest

from hubspot_retention.core.plan.model import Action, ItemState, Plan, PlanKind, PlanStatus
from hubspot_retention.core.record import PortalId, RecordRef
from hubspot_retention.workflow.due_group import also_waiting, grouped_plans, not_until
from hubspot_retention.workflow.due_reading import Candidate
from tests.unit.core.deadline.lines import an_obligation
from tests.unit.core.plan.plans import a_disposal, a_plan, an_item
from tests.unit.workflow.desk import DAY, HOUR, NOW, Desk, former_customer

MOMENT = timedelta(microseconds=1)


def a_candidate(kind: PlanKind = PlanKind.TIME, **obligation: Any) -> Candidate:
    """Somebody who is due and has time."""
    known = an_obligation(**{"call_by": NOW + 9 * DAY} | obligation)
    return Candidate(kind=kind, item=an_item(), obligation=known)


def waiting(desk: Desk, *items: Any, run: str = "review", **values: Any) -> Plan:
    """A grouped plan that waits for a person."""
    return desk.plan(*items, run=run, **{"status": PlanStatus.AWAITING_REVIEW} | values)


def grouped(desk: Desk, *kinds: PlanKind) -> list[str]:
    """The plans that a new one of those kinds would take the place of."""
    with desk.store.transaction() as tx:
        rest = [a_candidate(kind) for kind in kinds or (PlanKind.TIME,)]
        return [plan.plan_id for plan in grouped_plans(tx, a_plan().portal_id, rest, NOW)]


@pytest.mark.parametrize("status", list(PlanStatus))
def test_it_takes_the_place_of_those_that_nobody_has_decided(desk: Desk, status: PlanStatus) -> None:
    plan = waiting(desk, status=status)
    undecided = status in (PlanStatus.AWAITING_REVIEW, PlanStatus.BLOCKED)
    assert grouped(desk) == ([plan.plan_id] if undecided else [])


def test_it_takes_the_place_of_those_of_the_same_kinds_and_of_this_portal_that_are_valid(desk: Desk) -> None:
    plan = waiting(desk, expires_at=NOW)
    waiting(desk, expires_at=NOW - MOMENT)
    waiting(desk, portal_id=PortalId(7))
    waiting(desk, run="plan")
    waiting(desk, run="due")
    rights = waiting(desk, kind=PlanKind.RIGHTS)
    assert grouped(desk) == [plan.plan_id]
    assert grouped(desk, PlanKind.TIME, PlanKind.RIGHTS) == [rights.plan_id, plan.plan_id]


def built(*hours: float) -> list[Plan]:
    """Plans of so many hours ago."""
    return [a_plan(built_at=NOW - each * HOUR) for each in hours]


def test_where_none_waits_one_is_made_at_once() -> None:
    assert not_until([], [a_candidate()], NOW) is None


def test_it_is_made_anew_an_hour_after_the_newest_and_not_before() -> None:
    rest = [a_candidate()]
    assert not_until(built(5, 0.25), rest, NOW) == NOW + 0.75 * HOUR
    assert not_until(built(1), rest, NOW) is None
    assert not_until(built(0), rest, NOW) == NOW + HOUR


def test_a_clock_that_was_set_back_lets_nobody_wait() -> None:
    assert not_until(built(-0.5), [a_candidate()], NOW) is None


@pytest.mark.parametrize(
    ("call_by", "hurries"),
    [
        (None, False),
        (NOW - MOMENT, False),
        (NOW, True),
        (NOW + 6 * HOUR - MOMENT, True),
        (NOW + 6 * HOUR, False),
    ],
)
def test_a_deadline_that_is_near_does_not_wait(call_by: Any, hurries: bool) -> None:
    rest = [a_candidate(), a_candidate(call_by=call_by)]
    assert (not_until(built(0.5), rest, NOW) is None) is hurries


def taken_in(desk: Desk, *plans: Plan, but: tuple[str, ...] = ()) -> list[str]:
    """Whom a new one takes in of plans."""
    with desk.store.transaction() as tx:
        found = also_waiting(tx, plans, {RecordRef.parse(text) for text in but})
    return sorted(str(each.record) for each in found)


def test_it_takes_in_who_waits_in_the_plans_before_it(desk: Desk) -> None:
    deal = an_item(decision=a_disposal("deals/7"), action=Action.ARCHIVE)
    marketing = an_item(decision=a_disposal("contacts/104"), action=Action.END_MARKETING)
    first = waiting(desk, former_customer("contacts/101"), deal, marketing)
    second = waiting(desk, former_customer("contacts/102"), former_customer("contacts/103"))
    for record in ("contacts/101", "deals/7", "contacts/104"):
        desk.oblige(record, "review", plan_id=first.plan_id)
    desk.oblige("contacts/102", "review", plan_id=second.plan_id)
    desk.oblige("contacts/103", "review", plan_id=second.plan_id)
    everybody = ["contacts/101", "contacts/102", "contacts/103", "contacts/104", "deals/7"]
    assert taken_in(desk, first, second) == everybody
    assert taken_in(desk, second) == ["contacts/102", "contacts/103"]
    assert taken_in(desk, first, second, but=("contacts/101", "contacts/102")) == everybody[2:]
    assert taken_in(desk) == []


@pytest.mark.parametrize("state", list(ItemState))
def test_it_takes_in_nobody_of_whom_something_became(desk: Desk, state: ItemState) -> None:
    plan = waiting(desk, former_customer("contacts/101", state=state))
    desk.oblige("contacts/101", "review", plan_id=plan.plan_id)
    assert taken_in(desk, plan) == (["contacts/101"] if state in (ItemState.PENDING, ItemState.PREPARED) else [])


def test_it_takes_in_nobody_who_is_only_shown_has_ended_or_is_held_by_another_plan(desk: Desk) -> None:
    shown = an_item(decision=a_disposal("contacts/103"), action=Action.NONE)
    plan = waiting(desk, former_customer("contacts/101"), former_customer("contacts/102"), shown)
    desk.oblige("contacts/101", "ended", plan_id=plan.plan_id)
    desk.oblige("contacts/102", "review", plan_id="99-time")
    desk.oblige("contacts/103", "review", plan_id=plan.plan_id)
    assert taken_in(desk, plan) == []
