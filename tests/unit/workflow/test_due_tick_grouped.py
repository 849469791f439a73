"""What one due tick leaves to a person: one plan, with what waits already, and not anew each half minute."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hubspot_retention.core.plan.model import Plan, PlanKind, PlanStatus
from hubspot_retention.errors import PortalTemporaryError
from hubspot_retention.store.database import open_store
from hubspot_retention.workflow.allowance import BEYOND_CAP
from tests.builders import at
from tests.stores import a_database
from tests.unit.workflow.desk import DAY, HOUR, NOW, Desk, unsubscribed
from tests.unit.workflow.handmade_tick import LONG_AGO, MANY, Round, a_round

TOMORROW = at("2026-11-22T23:00")
FOR_A_PERSON = "a person must approve it"


@pytest.fixture
def round_(tmp_path: Path) -> Iterator[Round]:
    """Nobody is due."""
    with open_store(a_database(tmp_path / "retention.db")) as store:
        yield a_round(Desk(store))


def test_what_does_not_go_by_itself_waits_for_a_person_in_one_plan(round_: Round) -> None:
    round_.is_due(101, 102, of=LONG_AGO, by_person=False)
    report = round_.tick()
    (plan,) = report.plans
    assert (round_.run_of(plan), plan.expires_at, plan.requested_by) == ("review", NOW + 2 * DAY, "tina")
    assert report.waits == [(plan.plan_id, FOR_A_PERSON)]
    assert round_.records(plan) == ["contacts/101", "contacts/102"]
    assert round_.state(101) == ("review", "period-ended", plan.plan_id)


def test_what_a_guardrail_blocks_is_told_also_of_what_waits_for_a_person(round_: Round) -> None:
    round_.parts["guardrails"] = replace(MANY, max_disposals=0, max_percent=0, percent_from=0)
    round_.is_due(101)
    report = round_.tick()
    (plan,) = report.plans
    assert len(plan.breaches) > 1
    assert report.waits == [(plan.plan_id, f"a guardrail blocks it: {'; '.join(plan.breaches)}")]


def test_who_is_beyond_the_day_s_cap_waits_until_tomorrow_or_for_a_person(round_: Round) -> None:
    round_.desk.grant(max_per_day=1)
    round_.is_due(101)
    round_.is_due(102, call_by=NOW + 9 * DAY)
    going, waiting = round_.tick().plans
    assert (round_.records(going), round_.records(waiting)) == (["contacts/101"], ["contacts/102"])
    assert round_.state(102) == ("review", BEYOND_CAP, waiting.plan_id)
    assert round_.known(102).next_look_at == TOMORROW


def waiting(round_: Round, number: int, age: timedelta = HOUR / 2) -> Plan:
    """A grouped plan of one record waits for a person."""
    record = f"contacts/{number}"
    plan = round_.desk.plan(
        unsubscribed(record),
        run="review",
        status=PlanStatus.AWAITING_REVIEW,
        built_at=NOW - age,
        kind=PlanKind.RIGHTS,
    )
    round_.is_due(number, state="review", plan_id=plan.plan_id, next_look_at=NOW + DAY)
    return plan


def test_a_plan_that_waits_for_a_person_is_not_made_anew_within_the_hour(round_: Round) -> None:
    plan = waiting(round_, 102)
    round_.is_due(101)
    report = round_.tick()
    assert report.plans == []
    assert round_.known(101).next_look_at == NOW + HOUR / 2
    assert round_.desk.found(plan).status is PlanStatus.AWAITING_REVIEW


def test_after_an_hour_it_is_made_anew_with_what_waited_in_it(round_: Round) -> None:
    waiting(round_, 102, HOUR)
    round_.is_due(101)
    report = round_.tick()
    (plan,) = report.plans
    assert (round_.records(plan), report.looked) == (["contacts/101", "contacts/102"], 2)
    assert round_.state(102)[2] == plan.plan_id


def test_who_cannot_be_read_is_counted_also_where_others_are_read_after_them(round_: Round) -> None:
    waiting(round_, 102, HOUR)
    round_.is_due(101, 103)
    round_.now[103] = ValueError("strange")
    report = round_.tick()
    assert (report.looked, report.unreadable) == (2, 1)


def test_whose_correspondence_cannot_be_read_is_in_no_plan_for_a_person(round_: Round) -> None:
    waiting(round_, 102, HOUR)
    round_.is_due(101, 103)
    round_.letters = {101: ValueError("strange"), 102: ValueError("strange")}
    (plan,) = round_.tick().plans
    assert round_.records(plan) == ["contacts/103"]


def test_where_nobody_s_can_be_read_a_person_is_asked_nothing(round_: Round) -> None:
    round_.is_due(101)
    round_.letters[101] = ValueError("strange")
    report = round_.tick()
    assert (report.plans, report.waits) == ([], [])


def test_of_two_kinds_each_waits_in_its_plan(round_: Round) -> None:
    round_.is_due(101)
    round_.is_due(102, of=LONG_AGO, by_person=False)
    rights, time_rules = round_.tick().plans
    assert round_.state(101)[2] == rights.plan_id
    assert round_.state(102)[2] == time_rules.plan_id


def test_who_stops_the_service_stops_it_before_a_person_is_asked(round_: Round) -> None:
    round_.desk.grant(max_per_day=1)
    round_.is_due(101, 102)
    round_.stop = lambda: any(event.startswith("apply") for event in round_.events)
    assert len(round_.tick().plans) == 1


def test_where_hubspot_itself_fails_nobody_is_asked_either(round_: Round) -> None:
    round_.desk.grant(max_per_day=1)
    round_.is_due(101, 102)
    round_.applies = [PortalTemporaryError("busy")]
    round_.falls_down = True
    assert len(round_.tick().plans) == 1
