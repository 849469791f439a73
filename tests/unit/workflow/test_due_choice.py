"""Of what is due: what goes by itself, what a plan binds already, and what is left for a person."""

from dataclasses import replace
from typing import Any

import pytest

from hubspot_retention.core.deadline.ledger import LOOK_AGAIN, put_off, waits
from hubspot_retention.core.deadline.obligation import Obligation
from hubspot_retention.core.plan.model import Action, Plan, PlanItem, PlanKind, PlanStatus
from hubspot_retention.core.policy.model import Mode
from hubspot_retention.workflow.allowance import BEYOND_CAP, Allowance
from hubspot_retention.workflow.due_choice import Choice, choose
from hubspot_retention.workflow.due_reading import Candidate
from hubspot_retention.workflow.gate import Permission
from hubspot_retention.workflow.standing import SERVICE, Basis
from hubspot_retention.workflow.triage import Triage
from tests.builders import at
from tests.documents import clienti
from tests.unit.core.plan.plans import a_disposal, an_item
from tests.unit.workflow.desk import DAY, HOUR, NOW, Desk, asked_to_go, former_customer, unsubscribed

TOMORROW = at("2026-11-22T23:00")


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A person approved the policy."""
    desk.approve_policy()
    return desk


def a_candidate(desk: Desk, item: PlanItem, **obligation: Any) -> Candidate:
    """Somebody who is due, with what the ledger knows of them."""
    known = desk.oblige(str(item.record), **{"rule": item.decision.rule} | obligation)
    return Candidate(kind=PlanKind.RIGHTS, item=item, obligation=known)


def chosen(desk: Desk, *candidates: Candidate, mode: Mode = Mode.REVIEW) -> Choice:
    """What is chosen among them."""
    with desk.store.transaction() as tx:
        allowance = Allowance.of(tx, clienti(), Permission(mode=mode, allow_erase=True), NOW)
        return choose(tx, candidates, allowance, Triage(allowance, NOW))


def test_what_the_policy_lets_go_goes_without_an_approval_and_what_nothing_does_is_left(desk: Desk) -> None:
    first, second = a_candidate(desk, asked_to_go()), a_candidate(desk, former_customer("contacts/102"))
    assert chosen(desk, first, second, mode=Mode.ENFORCE) == Choice(chosen=[(first, Basis.POLICY, ())], rest=[second])


def test_what_the_policy_lets_go_uses_no_approval_up(desk: Desk) -> None:
    desk.grant("erasure-request", max_per_day=1)
    both = [a_candidate(desk, asked_to_go(f"contacts/{number}")) for number in (101, 102)]
    assert chosen(desk, *both, mode=Mode.ENFORCE).chosen == [(each, Basis.POLICY, ()) for each in both]


def test_a_cap_that_is_short_goes_to_the_earliest_deadlines(desk: Desk) -> None:
    approval = desk.grant(max_per_day=2)
    late, soon, middle = (
        a_candidate(desk, unsubscribed(f"contacts/{number}"), call_by=NOW + hours * HOUR)
        for number, hours in ((101, 9), (102, 1), (103, 5))
    )
    choice = chosen(desk, late, soon, middle)
    assert choice.chosen == [(soon, Basis.APPROVAL, (approval,)), (middle, Basis.APPROVAL, (approval,))]
    assert (choice.rest, choice.beyond_cap, choice.bound) == ([late], {late.item.record}, [])


def test_what_takes_two_approvals_is_counted_under_both_and_goes_under_neither_where_one_is_used_up(desk: Desk) -> None:
    clicked, asked = desk.grant(), desk.grant("erasure-request", max_per_day=1)
    due = (("unsubscribed", NOW), ("erasure-request", NOW))
    first, second = (
        a_candidate(desk, an_item(decision=a_disposal(record, rule="unsubscribed", right=True, due=due)))
        for record in ("contacts/101", "contacts/102")
    )
    choice = chosen(desk, first, second)
    assert choice.chosen == [(first, Basis.APPROVAL, (clicked, asked))]
    assert (choice.rest, choice.beyond_cap) == ([second], {second.item.record})


def test_the_cap_of_one_is_not_used_up_by_what_the_other_s_keeps_back(desk: Desk) -> None:
    clicked, _ = desk.grant(max_per_day=1), desk.grant("erasure-request", max_per_day=0)
    due = (("unsubscribed", NOW), ("erasure-request", NOW))
    both = a_candidate(desk, an_item(decision=a_disposal(rule="unsubscribed", right=True, due=due)), call_by=NOW)
    alone = a_candidate(desk, unsubscribed("contacts/102"))
    assert chosen(desk, both, alone).chosen == [(alone, Basis.APPROVAL, (clicked,))]


def in_a_plan(desk: Desk, item: PlanItem, run: str = "plan", **plan: Any) -> tuple[Plan, Candidate]:
    """Somebody whom a plan holds."""
    made = desk.plan(item, run=run, **plan)
    return made, a_candidate(desk, item, plan_id=made.plan_id)


def bound(candidate: Candidate, choice: Choice) -> Obligation:
    """What is left of one that a plan binds."""
    ((was, after),) = choice.bound
    assert was == candidate.obligation
    assert (choice.chosen, choice.rest) == ([], [])
    return after


def test_what_is_being_carried_out_is_left_alone_whatever_covers_it(desk: Desk) -> None:
    desk.grant()
    _, candidate = in_a_plan(desk, unsubscribed(), status=PlanStatus.APPROVED)
    choice = chosen(desk, candidate)
    after = bound(candidate, choice)
    assert after == put_off(candidate.obligation, after.next_look_at)
    assert choice.beyond_cap == set()
    with desk.store.transaction() as tx:
        assert tx.standing_approvals()[0].used == 0


@pytest.mark.parametrize(("status", "why"), [(PlanStatus.REJECTED, "rejected"), (PlanStatus.BLOCKED, "guardrail")])
def test_what_a_person_or_a_guardrail_forbids_does_not_go_whatever_covers_it(
    desk: Desk, status: PlanStatus, why: str
) -> None:
    desk.grant()
    _, candidate = in_a_plan(desk, unsubscribed(), status=status)
    assert bound(candidate, chosen(desk, candidate)).reason == why
    assert bound(candidate, chosen(desk, candidate, mode=Mode.ENFORCE)).reason == why


def test_what_waits_for_a_person_goes_where_an_approval_covers_it_and_else_stays_in_its_plan(desk: Desk) -> None:
    plan, candidate = in_a_plan(desk, unsubscribed(), status=PlanStatus.AWAITING_REVIEW)
    after = bound(candidate, chosen(desk, candidate))
    assert (after.state.value, after.plan_id, after.reason) == ("review", plan.plan_id, "period-ended")
    approval = desk.grant()
    assert chosen(desk, candidate) == Choice(chosen=[(candidate, Basis.APPROVAL, (approval,))])


def test_what_a_plan_holds_and_the_cap_does_not_reach_waits_there_until_the_cap_begins_anew(desk: Desk) -> None:
    desk.grant(max_per_day=1)
    first = a_candidate(desk, unsubscribed("contacts/102"), call_by=NOW)
    plan, candidate = in_a_plan(desk, unsubscribed(), status=PlanStatus.AWAITING_REVIEW, built_at=NOW)
    choice = chosen(desk, first, candidate)
    assert [each.item.record for each, _, _ in choice.chosen] == [first.item.record]
    assert (choice.rest, choice.beyond_cap) == ([], {candidate.item.record})
    assert choice.bound == [(candidate.obligation, waits(candidate.obligation, plan.plan_id, BEYOND_CAP, TOMORROW))]


def test_it_is_looked_at_before_that_if_its_plan_says_so(desk: Desk) -> None:
    desk.grant(max_per_day=1)
    first = a_candidate(desk, unsubscribed("contacts/102"), call_by=NOW)
    _, candidate = in_a_plan(desk, unsubscribed(), status=PlanStatus.AWAITING_REVIEW, built_at=NOW - 2 * DAY)
    ((_, after),) = chosen(desk, first, candidate).bound
    assert NOW < after.next_look_at < NOW + HOUR


def test_a_due_plan_that_was_taken_back_binds_nobody(desk: Desk) -> None:
    _, candidate = in_a_plan(desk, unsubscribed(), "due", status=PlanStatus.REJECTED, decided_by=SERVICE)
    assert chosen(desk, candidate) == Choice(rest=[candidate])


def test_one_that_a_plan_binds_stands_in_nobody_s_way(desk: Desk) -> None:
    approval = desk.grant()
    _, held = in_a_plan(desk, unsubscribed(), status=PlanStatus.REJECTED)
    free = a_candidate(desk, unsubscribed("contacts/102"))
    earlier = replace(free, obligation=free.obligation._replace(call_by=NOW - DAY))
    choice = chosen(desk, held, earlier, a_candidate(desk, former_customer("contacts/103")))
    assert choice.chosen == [(earlier, Basis.APPROVAL, (approval,))]
    assert [each.item.record.record_id for each in choice.rest] == [103]
    assert [was for was, _ in choice.bound] == [held.obligation]


def test_what_is_only_observed_is_planned_by_no_tick_and_stays_in_the_plan_that_shows_it(desk: Desk) -> None:
    desk.grant("former-customer")
    item = former_customer(action=Action.OBSERVE)
    nowhere = a_candidate(desk, item)
    assert chosen(desk, nowhere) == Choice(bound=[(nowhere.obligation, put_off(nowhere.obligation, NOW + LOOK_AGAIN))])
    plan = desk.plan(item, status=PlanStatus.AWAITING_REVIEW, decided_by="", decided_at=None)
    shown = a_candidate(desk, item, plan_id=plan.plan_id)
    expected = waits(shown.obligation, plan.plan_id, "", plan.built_at + LOOK_AGAIN)
    assert chosen(desk, shown) == Choice(bound=[(shown.obligation, expected)])
