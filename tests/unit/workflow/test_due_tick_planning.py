"""What one due tick plans of what is due by a fresh decision: by itself, or not yet."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hubspot_retention.core.deadline.ledger import LOOK_AGAIN
from hubspot_retention.core.deadline.outcome import SETTLED_WITHIN
from hubspot_retention.core.decision.history import Remembered, write_starts
from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.plan.model import PlanKind, PlanStatus
from hubspot_retention.core.policy.model import Mode
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.errors import PortalTemporaryError
from hubspot_retention.store.database import open_store
from hubspot_retention.workflow.standing import SERVICE
from tests.builders import at
from tests.stores import a_database
from tests.unit.core.deadline.lines import CLICK
from tests.unit.workflow.desk import DAY, HOUR, NOW, Desk, unsubscribed
from tests.unit.workflow.handmade_tick import ASKED, LONG_AGO, MANY, Round, a_round

MOMENT = HOUR / 3_600_000_000
TOMORROW = at("2026-11-22T23:00")


@pytest.fixture
def round_(tmp_path: Path) -> Iterator[Round]:
    """Nobody is due."""
    with open_store(a_database(tmp_path / "retention.db")) as store:
        yield a_round(Desk(store))


# Not yet


def test_who_may_still_think_better_of_it_is_planned_when_that_time_is_over(round_: Round) -> None:
    round_.is_due(101)
    over = CLICK + DAY
    round_.desk.oblige("contacts/101", next_look_at=over - MOMENT, not_before=over)
    assert round_.tick(over - MOMENT).plans == []
    round_.desk.oblige("contacts/101", next_look_at=over, not_before=over)
    assert len(round_.tick(over).plans) == 1


def test_until_a_full_run_has_ended_nothing_is_planned_and_each_tick_asks_anew(tmp_path: Path) -> None:
    with open_store(a_database(tmp_path / "retention.db")) as store:
        desk = Desk(store)
        desk.approve_policy()
        round_ = Round(desk)
        held = desk.plan(unsubscribed("contacts/102"), population=(), status=PlanStatus.APPROVED, policy_digest="old")
        round_.is_due(101)
        round_.is_due(102, state="raised", plan_id=held.plan_id)
        assert round_.tick().plans == []
        assert (round_.known(101).next_look_at, round_.known(102).next_look_at) == (NOW, NOW)


@pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.ENFORCE])
def test_in_mode_observe_and_while_all_is_stopped_nothing_is_planned(round_: Round, mode: Mode) -> None:
    round_.mode = mode
    if mode is not Mode.OBSERVE:
        with round_.desk.store.transaction() as tx:
            tx.set_kill_switch("anna: wait")
    round_.is_due(101, of=ASKED)
    assert round_.tick().plans == []
    later = LOOK_AGAIN if mode is Mode.OBSERVE else SETTLED_WITHIN
    assert round_.known(101).next_look_at == NOW + later


def test_meanwhile_who_waits_in_a_plan_stays_in_it(round_: Round) -> None:
    round_.mode = Mode.OBSERVE
    plan = round_.desk.plan(unsubscribed(), status=PlanStatus.AWAITING_REVIEW, run="review", built_at=NOW)
    round_.is_due(101, state="raised", plan_id=plan.plan_id)
    round_.tick()
    assert round_.state(101) == ("review", "period-ended", plan.plan_id)


def test_who_stops_the_service_while_it_reads_has_nothing_planned(round_: Round) -> None:
    round_.desk.grant()
    round_.is_due(101)
    round_.stop = lambda: "read 101" in round_.events
    assert round_.tick().plans == []
    assert round_.events[-1] == "read 101"


# By itself


def two_kinds(round_: Round) -> None:
    """A right and a time rule go by themselves."""
    round_.desk.grant("unsubscribed")
    round_.desk.grant("former-customer")
    round_.is_due(101)
    round_.is_due(102, of=LONG_AGO, by_person=False)
    with round_.desk.store.transaction() as tx:
        tx.note(ObjectType.CONTACT, [(RecordId(102), Remembered(starts=write_starts(LONG_AGO.starts)))])


def test_under_an_approval_a_plan_is_valid_no_longer_than_the_day_it_is_counted_on(round_: Round) -> None:
    round_.desk.grant()
    round_.is_due(101)
    report = round_.tick()
    (plan,) = report.plans
    assert (plan.expires_at, report.applied) == (TOMORROW - MOMENT, [plan.plan_id])


def test_whose_correspondence_cannot_be_read_keeps_nobody_else_waiting(round_: Round) -> None:
    round_.desk.grant()
    round_.is_due(101, 102)
    round_.letters[101] = ValueError("strange")
    (plan,) = round_.tick().plans
    assert round_.records(plan) == ["contacts/102"]
    known = round_.known(101)
    assert (known.reason, known.attempts, known.next_look_at > NOW) == ("correspondence-unreadable", 1, True)
    assert round_.known(102).state.value == "done"


def test_where_no_correspondence_can_be_read_there_is_no_plan(round_: Round) -> None:
    round_.desk.grant()
    round_.is_due(101)
    round_.letters[101] = ValueError("strange")
    report = round_.tick()
    assert (report.plans, report.waits) == ([], [])


def test_what_a_guardrail_blocks_is_told_with_the_guardrail_and_the_ledger_knows(round_: Round) -> None:
    round_.desk.grant()
    round_.parts["guardrails"] = replace(MANY, max_disposals=0)
    round_.is_due(101)
    report = round_.tick()
    (plan,) = report.plans
    assert report.waits == [(plan.plan_id, f"a guardrail blocks it: {plan.breaches[0]}")]
    assert (plan.status, report.applied) == (PlanStatus.BLOCKED, [])
    assert round_.state(101) == ("review", "guardrail", plan.plan_id)


def test_all_guardrails_that_block_a_plan_are_told(round_: Round) -> None:
    round_.desk.grant()
    round_.parts["guardrails"] = replace(MANY, max_disposals=0, max_percent=0, percent_from=0)
    round_.is_due(101)
    report = round_.tick()
    (plan,) = report.plans
    assert len(plan.breaches) > 1
    assert report.waits == [(plan.plan_id, f"a guardrail blocks it: {'; '.join(plan.breaches)}")]


def test_whose_correspondence_nobody_knows_is_not_carried_out_but_others_are(round_: Round) -> None:
    two_kinds(round_)
    round_.letters[101] = UNKNOWN
    report = round_.tick()
    blocked, going = report.plans
    assert report.waits == [(blocked.plan_id, "nothing of it can be carried out")]
    assert report.applied == [going.plan_id]
    assert round_.state(101) == ("raised", "correspondence-unknown", blocked.plan_id)


def hinder(monkeypatch: pytest.MonkeyPatch, round_: Round, said: str) -> None:
    """While the correspondence is read somebody stops everything."""
    true = round_.correspondence

    def correspondence(self: Round, *asked: Any) -> object:
        with self.desk.store.transaction() as tx:
            tx.set_kill_switch(said)
        return true(*asked)

    monkeypatch.setattr(Round, "correspondence", correspondence)


def test_who_stops_everything_while_it_is_planned_stops_it(monkeypatch: pytest.MonkeyPatch, round_: Round) -> None:
    round_.mode = Mode.ENFORCE
    round_.is_due(101, of=ASKED)
    hinder(monkeypatch, round_, "anna: wait")
    report = round_.tick()
    (plan,) = report.plans
    assert report.waits == [(plan.plan_id, "what it was to rest on was taken back")]
    assert (round_.desk.found(plan).status, report.applied) == (PlanStatus.SUPERSEDED, [])
    assert round_.known(101).next_look_at == NOW + SETTLED_WITHIN


def test_of_two_kinds_each_has_its_plan_and_rights_go_first(round_: Round) -> None:
    two_kinds(round_)
    report = round_.tick()
    rights, time_rules = report.plans
    assert (rights.kind, time_rules.kind) == (PlanKind.RIGHTS, PlanKind.TIME)
    assert report.applied == [rights.plan_id, time_rules.plan_id]
    assert round_.desk.found(rights).decided_by == round_.desk.found(time_rules).decided_by == SERVICE


def test_where_hubspot_itself_fails_the_second_plan_is_left_to_the_next_tick(round_: Round) -> None:
    two_kinds(round_)
    round_.applies = [PortalTemporaryError("busy")]
    round_.falls_down = True
    report = round_.tick()
    assert (str(report.error), len(report.plans)) == ("busy", 2)
    assert len([event for event in round_.events if event.startswith("apply")]) == 1
    assert [round_.desk.found(plan).status for plan in report.plans] == [PlanStatus.APPROVED] * 2


def test_who_stops_the_service_waits_for_one_of_two_plans(round_: Round) -> None:
    two_kinds(round_)
    round_.stop = lambda: any(event.startswith("apply") for event in round_.events)
    report = round_.tick()
    assert (len(report.plans), len(report.applied)) == (2, 1)
