"""The due tick: what goes by itself, on what ground, and what never does."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hubspot_retention.core.deadline.obligation import ObligationState
from hubspot_retention.core.plan.model import ItemState, PlanStatus
from hubspot_retention.core.policy.model import Guardrails
from hubspot_retention.core.record import PortalId
from hubspot_retention.errors import BlockedError, PortalContractError
from hubspot_retention.workflow.due import DueTick
from hubspot_retention.workflow.standing import SERVICE
from tests.documents import in_observe
from tests.faults.conftest import MakeWorld
from tests.faults.people import a_customer, a_portal, asks_to_go, former_customer, inactive
from tests.faults.world import MANY, Watched
from tests.unit.workflow.hints import oblige, wanted
from tests.unit.workflow.test_reconcile import inactive_by_itself
from tests.unit.workflow.ticking import ENFORCE, OBSERVE, REVIEW, Ticking, newcomers


@pytest.fixture
def ticking(world_of: MakeWorld) -> Ticking:
    """Ten newcomers, seen by a full run, and a standing approval for whoever unsubscribes."""
    made = Ticking(world=world_of(a_portal(contacts=newcomers(*range(101, 111)))))
    made.sweep()
    made.grant()
    return made


def without_approval(world_of: MakeWorld, *contacts: dict[str, Any], **more: Any) -> Ticking:
    """A portal that a full run has seen, under an approved policy."""
    made = Ticking(world=world_of(a_portal(contacts=list(contacts)), **more))
    made.approve_policy()
    made.sweep()
    return made


# Standing approvals.


def test_who_unsubscribed_goes_under_a_standing_approval(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    report = ticking.tick()
    assert ticking.gone_from_view(101)
    assert ticking.told("contacts/101") == [("opened", "period-ended"), ("done", "read-back-absent")]
    assert (report.looked, report.waits, report.is_partial) == (1, [], False)
    assert report.applied == [report.plans[0].plan_id]


def test_the_plan_is_sealed_and_approved_by_the_service_with_the_number_of_the_approval(ticking: Ticking) -> None:
    ticking.unsubscribe(101, 102)
    (plan,) = ticking.tick().plans
    (approved,) = [entry for entry in ticking.world.entries() if entry.kind == "plan.approved"]
    assert (approved.actor, approved.code, approved.plan_digest) == (SERVICE, "standing-approval", plan.digest)
    assert approved.facts == (("approval_1", 2),)
    (used,) = [entry for entry in ticking.world.entries() if entry.kind == "standing-approval.used"]
    assert {"approval": 1, "records": 2, "used": 2}.items() <= dict(used.facts).items()
    assert len(plan.digest) == 64


def test_without_an_approval_it_waits_for_a_person(world_of: MakeWorld) -> None:
    ticking = without_approval(world_of, *newcomers(101))
    ticking.unsubscribe(101)
    report = ticking.tick()
    assert report.waits == [(report.plans[0].plan_id, "a person must approve it")]
    assert ticking.state("contacts/101") == "review"
    assert ticking.world.calls() == []


@pytest.mark.parametrize("source", ["Public status API", "Import", "Contacts", "Somebody", ""])
def test_whom_somebody_else_unsubscribed_always_waits_for_a_person(ticking: Ticking, source: str) -> None:
    ticking.unsubscribe(101, source=source)
    ticking.tick()
    assert ticking.state("contacts/101") == "review"
    assert ticking.world.calls() == []


def test_whose_click_was_taken_back_unseen_before_somebody_else_unsubscribed_them_waits(world_of: MakeWorld) -> None:
    ticking = without_approval(world_of, *newcomers(101))
    ticking.grace = timedelta(hours=24)
    ticking.grant()
    ticking.unsubscribe(101, hours_ago=2)
    ticking.tick()
    ticking.subscribe(101)
    ticking.unsubscribe(101, source="Import")
    ticking.later(hours=30)
    ticking.tick()
    assert ticking.state("contacts/101") == "review"
    assert ticking.world.calls() == []


def test_who_is_unsubscribed_from_everything_waits_because_hubspot_does_not_say_by_whom(ticking: Ticking) -> None:
    ticking.world.act("unsubscribe", record="contacts/101", at="2026-01-01T00:00:00Z")
    ticking.hint("contacts/101")
    ticking.tick()
    assert ticking.state("contacts/101") == "review"


def test_an_approval_covers_its_own_rule_only(ticking: Ticking) -> None:
    ticking.world.edit("contacts/101", erasure_requested_at="2026-11-01T09:00:00Z")
    ticking.hint("contacts/101")
    ticking.tick()
    assert ticking.state("contacts/101") == "review"
    ticking.grant("erasure-request")
    ticking.tick()
    assert ticking.gone_from_view(101)


def test_a_customer_stays_and_is_off_the_list(world_of: MakeWorld) -> None:
    ticking = without_approval(world_of, a_customer(101))
    ticking.grant()
    ticking.unsubscribe(101)
    ticking.tick()
    assert ticking.world.is_in_view("contacts/101")
    assert "marketing.ended" in ticking.world.words("contacts/101")
    assert ticking.told("contacts/101") == [("opened", "marketing-ends"), ("done", "opted-out")]
    assert ticking.remembered(101).marketing_ended


def test_a_customer_who_asked_for_erasure_is_off_the_list_and_owed_an_answer_until_the_request_is_closed(
    world_of: MakeWorld,
) -> None:
    ticking = without_approval(world_of, a_customer(101))
    ticking.grant("erasure-request")
    ticking.world.edit("contacts/101", erasure_requested_at="2026-11-01T09:00:00Z")
    ticking.hint("contacts/101")
    for _ in range(3):
        ticking.tick()
    assert "marketing.ended" in ticking.world.words("contacts/101")
    owed = ticking.known("contacts/101")
    assert (owed.state.value, owed.reason, owed.rule) == ("raised", "answer-owed", "erasure-request")
    assert str(owed.call_by) == "2026-12-01 09:00:00+00:00"
    assert owed.next_look_at > ticking.now
    ticking.sweep()
    assert ticking.state("contacts/101") == "raised"
    ticking.world.edit("contacts/101", erasure_requested_at="")
    ticking.hint("contacts/101")
    ticking.tick()
    told = [("opened", "marketing-ends"), ("raised", "answer-owed"), ("ended", "relationship-unconfirmed")]
    assert ticking.told("contacts/101") == told


def test_the_marketing_of_somebody_else_s_opt_out_waits_as_well(world_of: MakeWorld) -> None:
    ticking = without_approval(world_of, a_customer(101))
    ticking.grant()
    ticking.unsubscribe(101, source="Import")
    ticking.tick()
    assert ticking.state("contacts/101") == "review"


def test_an_approval_that_is_over_covers_nothing(ticking: Ticking) -> None:
    ticking.later(days=101)
    ticking.sweep()
    ticking.unsubscribe(101)
    ticking.tick()
    assert ticking.world.calls() == []


def test_a_policy_that_has_grown_wider_is_covered_by_nothing(world_of: MakeWorld) -> None:
    ticking = without_approval(world_of, *newcomers(101))
    ticking.grant()
    narrower = ticking.world.policy_text.replace('within = "P5D"', 'within = "P5D"\nreview = "person"', 1)
    with ticking.world.store.transaction() as tx:
        tx.approve_policy("0" * 64, narrower, ticking.now, "bent")
    ticking.unsubscribe(101)
    report = ticking.tick()
    assert "reviewed differently" in report.waits[0][1]
    assert ticking.world.calls() == []


# Caps.


def test_the_cap_is_kept_and_the_rest_waits_in_one_plan(world_of: MakeWorld) -> None:
    ticking = without_approval(world_of, *newcomers(*range(101, 107)))
    ticking.grant(max_per_day=2)
    for number, record in enumerate(range(101, 107)):
        ticking.unsubscribe(record, hours_ago=number)
    report = ticking.tick()
    assert ticking.gone_from_view(106, 105)
    assert len(ticking.erased()) == 2
    assert len(report.plans) == 2
    waiting = [ticking.known(f"contacts/{record}") for record in range(101, 105)]
    assert {(each.state.value, each.plan_id) for each in waiting} == {("review", report.plans[1].plan_id)}


def test_the_next_day_the_cap_begins_anew(world_of: MakeWorld) -> None:
    ticking = without_approval(world_of, *newcomers(101, 102, 103))
    ticking.grant(max_per_day=1)
    ticking.unsubscribe(101, 102, 103)
    ticking.tick()
    ticking.tick()
    assert len(ticking.erased()) == 1
    ticking.next_day()
    ticking.tick()
    assert len(ticking.erased()) == 2


def test_a_clock_that_is_set_back_does_not_count_the_day_again(world_of: MakeWorld) -> None:
    ticking = without_approval(world_of, *newcomers(101, 102))
    ticking.grant(max_per_day=1)
    ticking.unsubscribe(101)
    ticking.later(hours=26)
    ticking.tick()
    ticking.later(hours=-26)
    ticking.unsubscribe(102)
    ticking.tick()
    assert len(ticking.erased()) == 1
    assert ticking.state("contacts/102") == "review"


def test_what_was_counted_before_a_stop_stays_counted(world_of: MakeWorld) -> None:
    ticking = without_approval(world_of, *newcomers(101, 102, 103))
    ticking.grant(max_per_day=2)
    ticking.unsubscribe(101, 102)
    ticking.applier = Stopped()
    with pytest.raises(SystemExit):
        ticking.tick()
    ticking.unsubscribe(103)
    ticking.applier = None
    ticking.tick()
    assert sorted(ticking.erased()) == ["contacts/101", "contacts/102"]
    assert ticking.state("contacts/103") == "review"


def test_a_plan_is_valid_no_longer_than_the_day_its_cap_was_counted_on(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    ticking.applier = Stopped()
    with pytest.raises(SystemExit):
        ticking.tick()
    civil = ticking.world.policy.civil
    midnight = civil.end_of(civil.local_date(ticking.now))
    (plan,) = [plan for plan in ticking.plans() if plan.decided_by == SERVICE]
    assert plan.expires_at == midnight - timedelta(microseconds=1)
    ticking.applier = None
    ticking.world.clock.present = midnight + timedelta(minutes=10)
    report = ticking.tick()
    assert ticking.gone_from_view(101)
    assert report.applied != [plan.plan_id]


class Stopped:
    """An applier whose process ends before it does anything."""

    def apply(self, plan_id: str, actor: str, progress: Any) -> Any:
        raise SystemExit

    def settle_left(self, portal: int, actor: str) -> None:
        return


# Taken back.


def test_a_revoked_approval_covers_nothing_any_more(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    ticking.revoke(1)
    ticking.tick()
    assert ticking.world.calls() == []
    assert ticking.state("contacts/101") == "review"


def test_a_plan_approved_under_it_is_not_carried_out_after_it_was_revoked(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    ticking.applier = Stopped()
    with pytest.raises(SystemExit):
        ticking.tick()
    ticking.applier = None
    ticking.revoke(1)
    ticking.tick()
    assert ticking.world.calls() == []
    ticking.later(minutes=6)
    ticking.tick()
    assert ticking.state("contacts/101") == "review"


def test_revoking_stops_a_plan_before_the_next_record(ticking: Ticking) -> None:
    ticking.world.workers = 1
    ticking.unsubscribe(101, 102, 103)
    ticking.disposer = Watched(ticking.world.portal, after={"erase_contact": lambda: ticking.revoke(1)})
    ticking.tick()
    assert len(ticking.erased()) == 1


def test_an_approval_that_ended_while_the_plan_waited_does_not_cover_it(ticking: Ticking) -> None:
    ticking.revoke(1)
    ticking.grant(days=0.1)
    ticking.unsubscribe(101)
    ticking.applier = Stopped()
    with pytest.raises(SystemExit):
        ticking.tick()
    ticking.applier = None
    ticking.later(hours=3)
    ticking.tick()
    assert ticking.world.calls() == []


# Modes and switches.


def test_in_observe_the_ledger_is_kept_and_nothing_is_planned(ticking: Ticking) -> None:
    ticking.permission = OBSERVE
    ticking.unsubscribe(101)
    before = len(ticking.plans())
    report = ticking.tick()
    assert (report.plans, report.applied) == ([], [])
    assert len(ticking.plans()) == before
    assert ticking.state("contacts/101") == "open"
    assert ticking.world.calls() == []
    assert ticking.tick().looked == 0


def test_in_enforce_what_the_policy_marks_goes_without_any_approval(world_of: MakeWorld) -> None:
    ticking = without_approval(world_of, *newcomers(101), a_customer(102))
    ticking.permission = ENFORCE
    ticking.unsubscribe(101, 102)
    ticking.tick()
    assert ticking.gone_from_view(101)
    assert "marketing.ended" in ticking.world.words("contacts/102")
    codes = [entry.code for entry in ticking.world.entries() if entry.kind == "plan.approved"]
    assert codes == ["policy-enforce"]


def test_in_enforce_nothing_goes_before_a_person_approved_the_policy(world_of: MakeWorld) -> None:
    ticking = Ticking(world=world_of(a_portal(contacts=newcomers(101))), permission=ENFORCE)
    ticking.sweep()
    ticking.unsubscribe(101)
    ticking.tick()
    assert ticking.state("contacts/101") == "review"


def test_a_time_rule_waits_until_another_run_saw_its_start(world_of: MakeWorld) -> None:
    ticking = without_approval(world_of, inactive(101), policy=inactive_by_itself)
    ticking.permission = ENFORCE
    ticking.tick()
    ticking.hint("contacts/101")
    ticking.tick()
    assert ticking.world.calls() == []
    ticking.later(hours=24)
    ticking.sweep()
    ticking.tick()
    assert ticking.gone_from_view(101)


def test_a_start_that_was_typed_in_since_the_last_run_waits(world_of: MakeWorld) -> None:
    def by_itself(text: str) -> str:
        begin, rule = text.split('id = "former-customer"', 1)
        return f'{begin}id = "former-customer"{rule.replace("review", "enforce", 1)}'

    ticking = without_approval(world_of, a_customer(101), policy=by_itself)
    ticking.permission = ENFORCE
    ticking.world.edit("contacts/101", lifecyclestage="other", customer_until="2024-05-31")
    ticking.hint("contacts/101")
    ticking.tick()
    assert ticking.world.is_in_view("contacts/101")


def test_a_standing_approval_for_a_time_rule_waits_for_a_second_run_as_well(world_of: MakeWorld) -> None:
    ticking = without_approval(world_of, former_customer(101))
    ticking.grant("former-customer")
    ticking.tick()
    assert ticking.world.calls() == []
    ticking.later(hours=24)
    ticking.sweep()
    ticking.tick()
    assert ticking.gone_from_view(101)


def test_while_erasing_is_not_allowed_nothing_is_erased_by_itself(ticking: Ticking) -> None:
    ticking.permission = replace(REVIEW, allow_erase=False)
    ticking.unsubscribe(101)
    report = ticking.tick()
    assert [plan.status for plan in report.plans] == [PlanStatus.AWAITING_REVIEW]
    assert ticking.state("contacts/101") == "review"
    assert not [entry for entry in ticking.world.entries() if entry.kind == "plan.approved"]
    assert ticking.world.calls() == []


def test_while_everything_is_stopped_nothing_is_planned_and_then_it_goes_on(ticking: Ticking) -> None:
    ticking.world.registrar().set_kill_switch("bent: wait", ticking.now)
    ticking.unsubscribe(101)
    report = ticking.tick()
    assert (report.plans, ticking.world.calls()) == ([], [])
    ticking.world.registrar().set_kill_switch(None, ticking.now)
    ticking.tick()
    assert ticking.gone_from_view(101)


def test_after_a_stop_what_failed_and_what_has_time_is_not_hurried(ticking: Ticking) -> None:
    later = ticking.now + timedelta(hours=1)
    for record, more in (
        ("contacts/101", {"due_at": ticking.now}),
        ("contacts/102", {"attempts": 1}),
        ("contacts/103", {"not_before": later}),
        ("contacts/104", {"due_at": later}),
        ("contacts/105", {"state": ObligationState.HELD}),
    ):
        oblige(ticking.world, record, **{"next_look_at": later} | more)
    ticking.world.registrar().set_kill_switch(None, ticking.now)
    assert wanted(ticking.world) == {"contacts/101"}


def test_a_stop_between_sealing_and_approving_wins(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    stop = ticking.world.registrar().set_kill_switch
    ticking.source = Watched(ticking.world.portal, after={"correspondence": lambda: stop("bent: wait", ticking.now)})
    report = ticking.tick()
    assert report.waits == [(report.plans[0].plan_id, "what it was to rest on was taken back")]
    assert ticking.world.plan(report.plans[0]).status is PlanStatus.SUPERSEDED
    assert ticking.world.calls() == []
    assert ticking.tick().plans == []
    stop(None, ticking.now)
    ticking.source = None
    ticking.tick()
    assert ticking.gone_from_view(101)


def test_nothing_goes_before_a_full_run_has_seen_the_portal(world_of: MakeWorld) -> None:
    ticking = Ticking(world=world_of(a_portal(contacts=newcomers(101))))
    ticking.grant()
    ticking.unsubscribe(101)
    assert ticking.tick().plans == []
    ticking.sweep("what-if")
    ticking.later(minutes=6)
    assert ticking.tick().plans == []
    ticking.sweep()
    ticking.later(minutes=6)
    ticking.tick()
    assert ticking.gone_from_view(101)


def test_an_approval_given_in_another_mode_is_not_carried_out(world_of: MakeWorld) -> None:
    ticking = without_approval(world_of, *newcomers(101))
    ticking.permission = ENFORCE
    ticking.unsubscribe(101)
    ticking.applier = Stopped()
    with pytest.raises(SystemExit):
        ticking.tick()
    ticking.applier, ticking.permission = None, REVIEW
    report = ticking.tick()
    assert "in another mode" in report.waits[0][1]
    assert ticking.world.calls() == []
    assert ticking.state("contacts/101") != "done"


def test_what_the_policy_let_go_is_not_taken_for_what_a_standing_approval_counted(ticking: Ticking) -> None:
    ticking.next_day()
    ticking.revoke(1)
    ticking.grant(max_per_day=1)
    ticking.permission = ENFORCE
    ticking.unsubscribe(101, 102)
    ticking.applier = Stopped()
    with pytest.raises(SystemExit):
        ticking.tick()
    ticking.applier, ticking.permission = None, REVIEW
    for _ in range(3):
        ticking.tick()
        ticking.later(minutes=6)
    assert len(ticking.erased()) == 1


def test_a_tick_that_is_to_stop_begins_nothing(ticking: Ticking) -> None:
    ticking.should_stop = lambda: True
    ticking.unsubscribe(101)
    assert ticking.tick().looked == 0
    assert ticking.world.calls() == []


# The portal.


def test_another_portal_s_token_reads_nothing(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    parts = replace(ticking.parts(), portal_id=PortalId(1))
    with pytest.raises(BlockedError, match="the settings name portal 1"):
        DueTick(parts).run(ticking.now)
    assert ticking.state("contacts/101") == "look"


def test_a_property_that_is_missing_keeps_the_tick_from_deciding(ticking: Ticking) -> None:
    class Lacking:
        def require_properties(self) -> None:
            raise PortalContractError("legal_hold is missing")

        def __getattr__(self, name: str) -> Any:
            return getattr(ticking.world.portal, name)

    ticking.unsubscribe(101)
    ticking.source = Lacking()
    with pytest.raises(PortalContractError):
        ticking.tick()
    assert ticking.state("contacts/101") == "look"


# Guardrails.


def few(most: int) -> Guardrails:
    """At most so many."""
    return replace(MANY, max_disposals=most)


def test_a_breach_blocks_the_plan_whole_and_it_waits_for_a_person(ticking: Ticking) -> None:
    ticking.world.guardrails = few(1)
    ticking.unsubscribe(101, 102)
    report = ticking.tick()
    assert report.plans[0].status is PlanStatus.BLOCKED
    assert report.waits[0][1].startswith("a guardrail blocks it: contacts: 2 disposals, at most 1")
    assert {ticking.known(f"contacts/{each}").reason for each in (101, 102)} == {"guardrail"}
    assert ticking.tick().looked == 0
    assert ticking.world.calls() == []


def test_many_small_plans_together_do_no_more_than_one_may(ticking: Ticking) -> None:
    ticking.world.guardrails = few(3)
    for record in (101, 102, 103, 104):
        ticking.unsubscribe(record)
        ticking.tick()
    assert len(ticking.erased()) == 3
    assert ticking.known("contacts/104").reason == "guardrail"


def test_a_percentage_is_of_what_the_last_full_run_left(ticking: Ticking) -> None:
    ticking.world.guardrails = Guardrails(max_disposals=99, max_percent=20, percent_from=0, max_shrink_percent=20)
    ticking.unsubscribe(101, 102)
    ticking.tick()
    assert len(ticking.erased()) == 2
    ticking.unsubscribe(103)
    report = ticking.tick()
    assert "3 of 10 records" in report.waits[0][1]


def test_after_the_next_full_run_the_count_begins_anew(ticking: Ticking) -> None:
    ticking.world.guardrails = few(1)
    ticking.unsubscribe(101)
    ticking.tick()
    ticking.later(hours=1)
    ticking.sweep()
    ticking.unsubscribe(102)
    ticking.tick()
    assert ticking.gone_from_view(101, 102)


def test_what_the_due_tick_disposed_of_is_no_unexplained_loss_to_the_next_run(ticking: Ticking) -> None:
    ticking.unsubscribe(101, 102, 103, 104, 105)
    ticking.tick()
    assert [plan.breaches for plan in ticking.sweep()] == [(), ()]


def test_a_blocked_plan_is_tried_again_after_an_hour(ticking: Ticking) -> None:
    ticking.world.guardrails = few(1)
    ticking.unsubscribe(101, 102)
    (blocked,) = ticking.tick().plans
    ticking.world.guardrails = few(2)
    ticking.later(hours=1, minutes=1)
    ticking.tick()
    assert ticking.gone_from_view(101, 102)
    assert ticking.world.plan(blocked).status is PlanStatus.SUPERSEDED


def test_rights_go_before_time_rules_and_are_not_held_up_by_them(world_of: MakeWorld) -> None:
    contacts = [*newcomers(101), *(inactive(record) for record in range(201, 206))]
    ticking = without_approval(world_of, *contacts, policy=inactive_by_itself)
    ticking.later(hours=24)
    ticking.sweep()
    ticking.permission = ENFORCE
    ticking.world.guardrails = few(2)
    ticking.unsubscribe(101)
    report = ticking.tick()
    assert ticking.erased() == ["contacts/101"]
    assert [plan.kind.value for plan in report.plans] == ["rights", "time"]
    assert report.plans[1].status is PlanStatus.BLOCKED


# What is done is checked again.


def test_what_changed_between_the_decision_and_the_call_is_left_and_read_again(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    ticking.source = Watched(
        ticking.world.portal, after={"correspondence": lambda: ticking.world.edit("contacts/101", legal_hold="true")}
    )
    (plan,) = ticking.tick().plans
    assert ticking.world.state(plan, "contacts/101") == (ItemState.SKIPPED, "held-now")
    ticking.source = None
    ticking.tick()
    assert ticking.state("contacts/101") == "held"


def test_who_asked_to_go_before_the_ledger_began_goes_too(world_of: MakeWorld) -> None:
    ticking = without_approval(world_of, asks_to_go(101))
    ticking.grant("erasure-request")
    ticking.tick()
    assert ticking.gone_from_view(101)


def test_what_is_only_observed_is_looked_at_once_planned_by_no_tick_and_keeps_its_deadline(
    world_of: MakeWorld,
) -> None:
    ticking = Ticking(
        world=world_of(a_portal(contacts=newcomers(101)), policy=in_observe("unsubscribed")), permission=ENFORCE
    )
    ticking.approve_policy()
    ticking.sweep()
    ticking.unsubscribe(101)
    first, second = ticking.tick(), ticking.tick()
    assert (first.looked, second.looked) == (1, 0)
    assert (first.plans, first.waits) == ([], [])
    assert ticking.told("contacts/101") == [("opened", "period-ended")]
    assert ticking.known("contacts/101").call_by is not None
    assert ticking.world.calls() == []
