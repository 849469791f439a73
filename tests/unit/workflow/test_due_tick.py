"""One due tick: what it carries out, reads and plans, in which order, and where it stops."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from hubspot_retention.core.plan.model import Plan, PlanKind, PlanStatus
from hubspot_retention.core.policy.model import Mode
from hubspot_retention.errors import BlockedError, PortalError, PortalTemporaryError
from hubspot_retention.store.database import open_store
from hubspot_retention.workflow.standing import SERVICE
from tests.stores import a_database
from tests.unit.core.deadline.lines import decided
from tests.unit.workflow.desk import DAY, HOUR, NOW, Desk, former_customer, unsubscribed
from tests.unit.workflow.handmade_tick import ASKED, PORTAL, Round, a_round


@pytest.fixture
def round_(tmp_path: Path) -> Iterator[Round]:
    """Nobody is due."""
    with open_store(a_database(tmp_path / "retention.db")) as store:
        yield a_round(Desk(store))


# What is approved already


def test_what_a_person_approved_is_carried_out_before_anything_is_read_and_the_progress_is_told(round_: Round) -> None:
    plan = round_.desk.plan(former_customer("contacts/800"))
    round_.is_due(101, of=decided("retain"))
    told: list[object] = []
    report = round_.tick(NOW, lambda *words: told.append(words))
    assert round_.events == [f"apply {plan.plan_id} tina", "identity", "properties", "read 101"]
    assert (report.applied, told) == ([plan.plan_id], [("apply", 1, 1)])


def test_in_mode_observe_nothing_is_carried_out_and_what_is_due_is_read_all_the_same(round_: Round) -> None:
    round_.mode = Mode.OBSERVE
    round_.desk.plan(former_customer("contacts/800"))
    round_.is_due(101, of=decided("retain"))
    assert round_.tick().applied == []
    assert round_.events == ["identity", "properties", "read 101"]


def two_plans(round_: Round) -> tuple[Plan, Plan]:
    """A person approved two, and somebody is due."""
    round_.is_due(101, of=decided("retain"))
    first, second = (round_.desk.plan(former_customer(f"contacts/{number}")) for number in (800, 801))
    return first, second


def test_where_hubspot_itself_fails_nothing_more_is_done_in_this_tick(round_: Round) -> None:
    first, _ = two_plans(round_)
    round_.is_down = True
    round_.applies = [PortalTemporaryError("busy")]
    report = round_.tick()
    assert str(report.error) == "busy"
    assert round_.events == [f"apply {first.plan_id} tina", "identity"]


def test_where_hubspot_answers_a_plan_that_cannot_be_read_holds_nothing_else_up(round_: Round) -> None:
    first, second = two_plans(round_)
    round_.applies = [PortalTemporaryError("busy")]
    report = round_.tick()
    assert (report.waits, report.applied, report.error) == ([(first.plan_id, "busy")], [second.plan_id], None)
    assert round_.events[-1] == "read 101"


@pytest.mark.parametrize("count", [0, 1])
def test_who_stops_the_service_waits_for_one_plan_at_most(round_: Round, count: int) -> None:
    two_plans(round_)
    round_.stop = lambda: len(round_.events) >= count
    round_.tick()
    assert len(round_.events) == count


def test_what_was_carried_out_is_settled_in_the_ledger(round_: Round) -> None:
    plan = round_.desk.plan(unsubscribed())
    round_.desk.oblige("contacts/101", plan_id=plan.plan_id)
    round_.tick()
    assert round_.known(101).state.value == "done"


# Whose token it is


def test_nothing_is_asked_of_hubspot_while_nothing_is_to_be_looked_at(round_: Round) -> None:
    round_.is_due(101, next_look_at=NOW + HOUR)
    report = round_.tick()
    assert (round_.events, report.looked, report.plans) == ([], 0, [])


def test_a_token_of_another_portal_reads_nothing_and_it_is_said_what_to_do(round_: Round) -> None:
    round_.parts["portal_id"] = PORTAL
    round_.owner = 77
    round_.is_due(101)
    with pytest.raises(BlockedError) as caught:
        round_.tick()
    assert str(caught.value) == (
        "the token belongs to portal 77, the settings name portal 25412345: "
        "nothing was read. Use the right token, or correct [portal] id."
    )
    assert round_.events == ["identity"]


def test_the_token_of_the_portal_of_the_settings_reads(round_: Round) -> None:
    round_.parts["portal_id"] = PORTAL
    round_.is_due(101, of=decided("retain"))
    assert round_.tick().looked == 1


@pytest.mark.parametrize(
    ("later", "again"), [(HOUR - HOUR / 3600, False), (HOUR, True), (0 * HOUR, False), (-HOUR / 3600, True)]
)
def test_the_token_and_the_properties_are_checked_once_an_hour_and_when_the_clock_goes_back(
    round_: Round, later: timedelta, again: bool
) -> None:
    retained = decided("retain")
    round_.is_due(101, of=retained)
    round_.tick()
    round_.events.clear()
    now = NOW + later
    round_.is_due(102, of=retained, next_look_at=now)
    round_.tick(now)
    assert round_.events == [*(["identity", "properties"] if again else []), "read 102"]


def test_what_cannot_be_asked_is_asked_anew_by_the_next_tick(round_: Round) -> None:
    round_.is_due(101, of=decided("retain"))
    round_.is_down = True
    with pytest.raises(PortalError, match="down"):
        round_.tick()
    round_.is_down = False
    assert round_.tick().looked == 1


# What is read


def test_what_is_read_and_what_cannot_be_is_counted(round_: Round) -> None:
    round_.is_due(101, 102, of=decided("retain"))
    round_.now[102] = ValueError("strange")
    report = round_.tick()
    assert (report.looked, report.unreadable) == (1, 1)


def test_who_is_gone_is_told_of_once_our_own_calls_are_settled(round_: Round) -> None:
    round_.parts["on_gone"] = lambda was: round_.events.append(f"told of {was.record}")
    round_.is_due(101)
    del round_.now[101]
    round_.tick()
    assert round_.events[2:] == ["read 101", f"settle {PORTAL} tina", "told of contacts/101"]
    assert round_.state(101)[:2] == ("ended", "gone")


def test_who_was_erased_and_came_back_is_looked_for_among_those_who_are_read(round_: Round) -> None:
    looked_for: list[object] = []
    lookout = SimpleNamespace(look=lambda people, now: looked_for.append((len(people), now)))
    round_.parts["returned"] = SimpleNamespace(lookout={PORTAL: lookout}.get)
    round_.is_due(101, 102, of=decided("retain"))
    round_.tick()
    assert looked_for == [(2, NOW)]


def test_nobody_needs_to_be_told_of_who_is_gone(round_: Round) -> None:
    round_.is_due(101)
    del round_.now[101]
    round_.tick()
    assert round_.state(101)[:2] == ("ended", "gone")


def test_who_stops_the_service_waits_for_one_read_at_most(round_: Round) -> None:
    round_.is_due(*range(101, 303))
    round_.stop = lambda: any(event.startswith("read") for event in round_.events)
    report = round_.tick()
    assert (len(round_.events), report.looked, report.plans) == (3, 100, [])


def test_what_waits_in_a_plan_is_put_off_unread(round_: Round) -> None:
    plan = round_.desk.plan(unsubscribed(), status=PlanStatus.AWAITING_REVIEW, run="review", built_at=NOW)
    round_.is_due(101, plan_id=plan.plan_id)
    round_.tick()
    assert round_.events == []
    assert (round_.state(101)[0], round_.known(101).next_look_at > NOW + DAY) == ("review", True)


def test_exercised_rights_are_read_before_time_rules(round_: Round) -> None:
    round_.is_due(101, right=False, call_by=NOW)
    round_.is_due(102, right=True, call_by=NOW + DAY)
    round_.now = {101: decided("retain"), 102: decided("retain")}
    round_.tick()
    assert round_.events[-1] == "read 102 101"


# By itself, all the way


def test_what_the_policy_lets_go_is_planned_approved_and_carried_out_at_once(round_: Round) -> None:
    round_.mode = Mode.ENFORCE
    round_.is_due(101, of=ASKED)
    report = round_.tick()
    (plan,) = report.plans
    assert round_.events[2:] == ["read 101", "letters 101", f"apply {plan.plan_id} tina"]
    assert (report.applied, report.waits) == ([plan.plan_id], [])
    assert (plan.kind, plan.requested_by, round_.run_of(plan)) == (PlanKind.RIGHTS, "tina", "due")
    assert (plan.built_at, plan.expires_at, plan.portal_id) == (NOW, NOW + 2 * DAY, PORTAL)
    found = round_.desk.found(plan)
    assert (found.decided_by, found.decided_at, found.status) == (SERVICE, NOW, PlanStatus.APPLIED)
    assert round_.known(101).state.value == "done"


def test_more_time_rules_than_a_tick_takes_up_hold_up_no_right(round_: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    """They were due long ago, and nobody carries them out; somebody who unsubscribed has a day left."""
    monkeypatch.setattr("hubspot_retention.workflow.due._MOST", 3)
    round_.is_due(*range(1, 6), of=decided("retain"), rule="inactive", call_by=NOW - 90 * DAY, right=False)
    round_.is_due(101, call_by=NOW + DAY, right=True)
    round_.tick()
    assert next(event for event in round_.events if event.startswith("read")) == "read 101 1 2"
