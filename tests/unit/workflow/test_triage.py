"""What a plan means for the records in it, and whose turn it is."""

from dataclasses import replace
from datetime import timedelta

import pytest

from hubspot_retention.core.deadline.obligation import Obligation
from hubspot_retention.core.plan.model import PlanStatus
from hubspot_retention.core.record import RecordRef
from hubspot_retention.workflow.seal import DUE_RUN, REVIEW_RUN
from hubspot_retention.workflow.triage import TRY_AGAIN, Fate, fate_of, in_turn, pages
from tests.unit.core.deadline.lines import DAY, NOW, a_hint, an_obligation
from tests.unit.core.plan.plans import a_plan

KINDS = ("sweep", REVIEW_RUN, DUE_RUN)


def fates(status: PlanStatus, **later: float) -> list[Fate]:
    """What a plan of each kind of run means, some time after it was made."""
    plan = a_plan(status=status, built_at=NOW, expires_at=NOW + DAY)
    return [fate_of(plan, kind, NOW + timedelta(**later)) for kind in KINDS]


@pytest.mark.parametrize("status", [PlanStatus.APPROVED, PlanStatus.APPLYING])
def test_what_is_approved_goes_until_it_expires(status: PlanStatus) -> None:
    assert fates(status) == [Fate.GOES] * 3
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
    return replace(an_obligation(), record=record, right=right, call_by=NOW + timedelta(hours=hours))


def test_no_flood_of_time_rules_keeps_a_right_waiting() -> None:
    flood = [line(number, right=False, hours=-number) for number in range(3_000)]
    hint = replace(a_hint(), record=RecordRef.parse("contacts/9003"))
    rights = [line(9_001, right=True, hours=100), line(9_002, right=True, hours=50)]
    found = in_turn([*flood, *rights, hint])
    assert [each.record.record_id for each in found[:4]] == [9_003, 9_002, 9_001, 2_999]
    assert len(found) == 3 + 2_000


def test_rights_are_all_read() -> None:
    assert len(in_turn([line(number, right=True, hours=number) for number in range(3_000)])) == 3_000


def test_the_queue_is_taken_up_by_class_so_many_at_a_time() -> None:
    deal = replace(an_obligation(), record=RecordRef.parse("deals/1"))
    contacts = [line(number, right=True, hours=0) for number in range(600)]
    assert [(kind.value, len(page)) for kind, page in pages([*contacts, deal])] == [
        ("contacts", 500),
        ("contacts", 100),
        ("deals", 1),
    ]
