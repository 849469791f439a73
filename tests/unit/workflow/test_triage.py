"""What a plan means for the records in it, and whose turn it is."""

from datetime import timedelta
from typing import Any

import pytest

from hubspot_retention.core.deadline.ledger import LOOK_AGAIN
from hubspot_retention.core.deadline.obligation import Obligation, ObligationState
from hubspot_retention.core.deadline.outcome import SETTLED_WITHIN
from hubspot_retention.core.plan.model import ItemState, PlanStatus
from hubspot_retention.core.policy.model import Mode
from hubspot_retention.core.record import ObjectType, RecordRef
from hubspot_retention.workflow.allowance import Allowance
from hubspot_retention.workflow.gate import Permission
from hubspot_retention.workflow.seal import DUE_RUN, REVIEW_RUN
from hubspot_retention.workflow.triage import TRY_AGAIN, Fate, Triage, fate_of, in_turn, pages
from tests.documents import clienti
from tests.unit.core.deadline.lines import a_hint, an_obligation
from tests.unit.core.plan.plans import a_plan
from tests.unit.workflow.desk import DAY, HOUR, NOW, Desk, former_customer, unsubscribed

KINDS = ("sweep", REVIEW_RUN, DUE_RUN)


def fates(status: PlanStatus, **later: float) -> list[Fate]:
    """What a plan of each kind of run means, some time after it was made."""
    plan = a_plan(status=status, built_at=NOW, expires_at=NOW + DAY)
    return [fate_of(plan, kind, NOW + timedelta(**later)) for kind in KINDS]


@pytest.mark.parametrize("status", [PlanStatus.APPROVED, PlanStatus.APPLYING])
def test_what_is_approved_goes_until_it_expires(status: PlanStatus) -> None:
    assert fates(status) == [Fate.GOES] * 3
    assert fates(status, hours=24) == [Fate.GOES] * 3
    assert fates(status, hours=24, microseconds=1) == [Fate.OVER] * 3


@pytest.mark.parametrize("status", [PlanStatus.AWAITING_REVIEW, PlanStatus.BUILDING])
def test_what_waits_for_a_person_waits_but_a_due_plan_waits_for_nobody(status: PlanStatus) -> None:
    assert fates(status) == [Fate.WAITS, Fate.WAITS, Fate.OVER]


def test_what_a_person_rejected_stays_so_but_for_a_due_plan_whose_approval_was_revoked() -> None:
    assert fates(PlanStatus.REJECTED) == [Fate.STUCK, Fate.STUCK, Fate.OVER]


def test_a_guardrail_holds_single_records_up_for_an_hour_and_a_full_run_s_plan_as_long_as_it_is_valid() -> None:
    assert fates(PlanStatus.BLOCKED) == [Fate.STUCK] * 3
    assert fates(PlanStatus.BLOCKED, hours=TRY_AGAIN / timedelta(hours=1)) == [Fate.STUCK, Fate.OVER, Fate.OVER]


@pytest.mark.parametrize(
    "status",
    [PlanStatus.APPLIED, PlanStatus.PARTLY_APPLIED, PlanStatus.EXPIRED, PlanStatus.SUPERSEDED, PlanStatus.READ_ONLY],
)
def test_what_is_over_binds_nobody(status: PlanStatus) -> None:
    assert fates(status) == [Fate.OVER] * 3


def line(number: int, *, right: bool, hours: float) -> Obligation:
    """An obligation."""
    record = RecordRef.parse(f"contacts/{number}")
    return an_obligation()._replace(record=record, right=right, call_by=NOW + timedelta(hours=hours))


def test_no_flood_of_time_rules_keeps_a_right_waiting() -> None:
    flood = [line(number, right=False, hours=-number) for number in range(1, 3_001)]
    hint = a_hint()._replace(record=RecordRef.parse("contacts/9003"))
    rights = [line(9_001, right=True, hours=100), line(9_002, right=True, hours=50)]
    found = in_turn([*flood, *rights, hint])
    assert [each.record.record_id for each in found[:4]] == [9_003, 9_002, 9_001, 3_000]
    assert len(found) == 3 + 2_000


def test_rights_are_all_read() -> None:
    assert len(in_turn([line(number, right=True, hours=number) for number in range(1, 3_001)])) == 3_000


def test_the_queue_is_taken_up_by_class_so_many_at_a_time() -> None:
    deal = an_obligation()._replace(record=RecordRef.parse("deals/1"))
    contacts = [line(number, right=True, hours=0) for number in range(1, 601)]
    assert [(kind.value, len(page)) for kind, page in pages([*contacts, deal])] == [
        ("contacts", 500),
        ("contacts", 100),
        ("deals", 1),
    ]


def sorted_out(desk: Desk, *queue: Obligation) -> tuple[list[tuple[RecordRef, Obligation]], list[RecordRef]]:
    """What of contacts changes without reading, and which must be read. Erasing is allowed after a review."""
    with desk.store.transaction() as tx:
        allowance = Allowance.of(tx, clienti(), Permission(mode=Mode.REVIEW, allow_erase=True), NOW)
        triage = Triage(allowance, NOW)
        changes = triage.sort(tx, ObjectType.CONTACT, queue)
    assert all(before in queue for before, _ in changes)
    return [(after.record, after) for _, after in changes], [found.record for found in triage.to_read]


def in_plan(desk: Desk, status: PlanStatus, run: str = "sweep", **values: Any) -> Obligation:
    """The obligation of somebody who stands in a plan that was made two hours ago and is good until tomorrow."""
    plan = desk.plan(former_customer(), status=status, run=run, **values)
    return an_obligation(rule="former-customer", plan_id=plan.plan_id, next_look_at=NOW)


def test_what_its_plan_disposed_of_is_done_without_a_look(desk: Desk) -> None:
    plan = desk.plan(unsubscribed("contacts/101"), unsubscribed("contacts/102"), status=PlanStatus.APPLIED)
    desk.settle(plan, "contacts/101", ItemState.DONE)
    desk.settle(plan, "contacts/102", ItemState.SKIPPED)
    queue = [desk.oblige(record, plan_id=plan.plan_id) for record in ("contacts/101", "contacts/102", "contacts/103")]
    changes, to_read = sorted_out(desk, *queue)
    (_, after), *others = changes
    assert others == []
    assert (after.record, after.state) == (RecordRef.parse("contacts/101"), ObligationState.DONE)
    assert (after.reason, after.plan_id, after.settled_at) == ("read-back-absent", plan.plan_id, NOW)
    assert list(map(str, to_read)) == ["contacts/102", "contacts/103"]


def test_what_an_earlier_plan_disposed_of_is_no_end_of_what_a_later_one_holds(desk: Desk) -> None:
    """It came back, and became due once more."""
    earlier = desk.plan(unsubscribed(), status=PlanStatus.APPLIED)
    desk.settle(earlier, "contacts/101", ItemState.DONE)
    later = desk.plan(unsubscribed(), status=PlanStatus.PARTLY_APPLIED)
    assert sorted_out(desk, desk.oblige(plan_id=later.plan_id)) == ([], [RecordRef.parse("contacts/101")])


def test_what_a_plan_holds_that_is_carried_out_is_looked_at_when_it_may_have_ended(desk: Desk) -> None:
    found = in_plan(desk, PlanStatus.APPLYING)
    assert sorted_out(desk, found) == ([(found.record, found._replace(next_look_at=NOW + SETTLED_WITHIN))], [])


@pytest.mark.parametrize(
    ("age", "again"), [(2 * HOUR, LOOK_AGAIN - 2 * HOUR), (LOOK_AGAIN, SETTLED_WITHIN)], ids=["new", "old"]
)
def test_what_a_plan_holds_that_waits_for_a_person_waits_with_it(desk: Desk, age: Any, again: Any) -> None:
    found = in_plan(desk, PlanStatus.AWAITING_REVIEW, built_at=NOW - age)
    waiting = found._replace(state=ObligationState.REVIEW, next_look_at=NOW + again)
    assert sorted_out(desk, found) == ([(found.record, waiting)], [])
    assert sorted_out(desk, waiting) == ([(found.record, waiting)], [])


@pytest.mark.parametrize(
    ("status", "run", "code", "again"),
    [
        (PlanStatus.REJECTED, "sweep", "rejected", LOOK_AGAIN - 2 * HOUR),
        (PlanStatus.BLOCKED, "sweep", "guardrail", LOOK_AGAIN - 2 * HOUR),
        (PlanStatus.REJECTED, REVIEW_RUN, "rejected", SETTLED_WITHIN),
    ],
)
def test_what_a_person_or_a_guardrail_forbids_says_so_and_waits(
    desk: Desk, status: PlanStatus, run: str, code: str, again: timedelta
) -> None:
    found = in_plan(desk, status, run)
    waiting = found._replace(state=ObligationState.REVIEW, reason=code, next_look_at=NOW + again)
    assert sorted_out(desk, found) == ([(found.record, waiting)], [])


def test_a_plan_of_single_records_that_a_guardrail_blocks_is_made_again_after_an_hour(desk: Desk) -> None:
    found = in_plan(desk, PlanStatus.BLOCKED, DUE_RUN, built_at=NOW - HOUR / 2)
    ((_, after),), _ = sorted_out(desk, found)
    assert (after.reason, after.next_look_at) == ("guardrail", NOW + HOUR / 2)
    older = in_plan(desk, PlanStatus.BLOCKED, DUE_RUN, built_at=NOW - HOUR)
    assert sorted_out(desk, older) == ([], [older.record])


def test_what_no_plan_holds_or_something_was_said_of_since_or_has_another_state_is_read(desk: Desk) -> None:
    held = in_plan(desk, PlanStatus.AWAITING_REVIEW)
    queue = [
        held._replace(plan_id=""),
        held._replace(plan_id="99-time"),
        held._replace(heard_at=NOW, next_look_at=NOW - HOUR),
        held._replace(state=ObligationState.HELD),
        held._replace(state=ObligationState.RAISED),
    ]
    assert sorted_out(desk, *queue) == ([], [held.record] * len(queue))


def test_what_waits_in_a_plan_is_read_where_an_approval_would_let_it_go_by_itself(desk: Desk) -> None:
    """An approval that was given after the plan was made."""
    desk.approve_policy()
    desk.grant("unsubscribed")
    plan = desk.plan(unsubscribed(), status=PlanStatus.AWAITING_REVIEW)
    found = an_obligation(plan_id=plan.plan_id)
    assert sorted_out(desk, found) == ([], [found.record])
    goes = found._replace(plan_id=desk.plan(unsubscribed(), status=PlanStatus.APPROVED).plan_id)
    assert sorted_out(desk, goes) == ([(found.record, goes._replace(next_look_at=NOW + SETTLED_WITHIN))], [])


def test_a_plan_means_nothing_for_what_it_does_not_hold_any_more(desk: Desk) -> None:
    found = in_plan(desk, PlanStatus.AWAITING_REVIEW)
    with desk.store.transaction() as tx:
        triage = Triage(Allowance.of(tx, clienti(), Permission(mode=Mode.REVIEW, allow_erase=True), NOW), NOW)
        assert triage.fate(tx, found) is Fate.WAITS
        assert triage.fate(tx, found._replace(plan_id="99-time")) is Fate.OVER
        assert triage.bound(tx, found._replace(plan_id="")) is None
        bound = triage.bound(tx, found)
        told = triage.bound(tx, found, "beyond-cap")
    assert bound is not None
    assert told is not None
    assert (bound.reason, told.reason) == (found.reason, "beyond-cap")


def test_a_plan_is_read_once_for_all_that_it_holds(desk: Desk) -> None:
    found = in_plan(desk, PlanStatus.AWAITING_REVIEW)
    with desk.store.transaction() as tx:
        triage = Triage(Allowance.of(tx, clienti(), Permission(mode=Mode.REVIEW, allow_erase=True), NOW), NOW)
        first = triage.plan(tx, found.plan_id)
        assert triage.plan(tx, found.plan_id) is first
    assert first is not None
    assert (first[0].plan_id, first[1]) == (found.plan_id, "sweep")
