"""What runs note of records for later runs."""

from datetime import UTC, date, datetime

import pytest

from hubspot_retention.core.decision.history import NOTHING_REMEMBERED, Remembered
from hubspot_retention.core.decision.model import Decision, Outcome, Reason, ReasonCode, StartValue
from hubspot_retention.core.facts.observation import OptOutSource
from hubspot_retention.core.plan.build import after_run, remember
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)


def a_decision(
    *reasons: Reason, outcome: Outcome = Outcome.RETAIN, marketing_ends: bool = False, **starts: StartValue
) -> Decision:
    """A decision on a contact."""
    return Decision(
        record=RecordRef(ObjectType.CONTACT, RecordId(101)),
        outcome=outcome,
        reasons=reasons,
        marketing_ends=marketing_ends,
        starts=tuple(starts.items()),
    )


def test_starts_that_a_run_saw_are_noted() -> None:
    noted = remember(a_decision(customer_until=date(2026, 1, 31)), NOTHING_REMEMBERED, NOTHING_REMEMBERED)
    assert noted.starts == "customer_until=2026-01-31"


def test_a_start_that_moved_back_is_not_noted_but_the_others_are() -> None:
    moved = Reason(ReasonCode.START_MOVED_BACK, matter="customer_until")
    before = Remembered(starts="customer_until=2026-01-31;last_activity_at=2025-01-01T00:00:00+00:00")
    decision = a_decision(moved, outcome=Outcome.UNDETERMINED, customer_until=date(2019, 1, 31), last_activity_at=AT)
    assert remember(decision, before, NOTHING_REMEMBERED).starts == (
        "customer_until=2026-01-31;last_activity_at=2026-03-01T09:00:00+00:00"
    )


@pytest.mark.parametrize("outcome", [Outcome.HELD, Outcome.UNDETERMINED, Outcome.RETAIN])
def test_a_start_that_is_not_seen_this_time_is_not_forgotten(outcome: Outcome) -> None:
    before = Remembered(starts="customer_until=2026-01-31")
    assert remember(a_decision(outcome=outcome), before, NOTHING_REMEMBERED).starts == before.starts


def test_that_a_record_was_archived_is_never_forgotten_by_a_run() -> None:
    before = Remembered(archived_by_us=True)
    assert remember(a_decision(), before, NOTHING_REMEMBERED).archived_by_us


def test_that_marketing_was_ended_holds_as_long_as_it_ends() -> None:
    before = Remembered(marketing_ended=True)
    assert remember(a_decision(marketing_ends=True), before, NOTHING_REMEMBERED).marketing_ended
    assert not remember(a_decision(marketing_ends=False), before, NOTHING_REMEMBERED).marketing_ended


def test_an_opt_out_is_noted_with_its_source() -> None:
    opted_out = Remembered(opted_out_at=AT, opt_out_source=OptOutSource.PERSON)
    noted = remember(a_decision(), NOTHING_REMEMBERED, opted_out)
    assert (noted.opted_out_at, noted.opt_out_source) == (AT, OptOutSource.PERSON)


def test_what_was_carried_out_or_confirmed_while_a_run_went_on_stands() -> None:
    before = Remembered(starts="a=2020-01-01", marketing_ended=True)
    noted = Remembered(starts="a=2021-01-01", marketing_ended=False, opted_out_at=AT)
    assert after_run(before, noted, before) == noted
    meanwhile = before._replace(archived_by_us=True, starts="a=2019-01-01")
    assert after_run(before, noted, meanwhile) == noted._replace(archived_by_us=True, starts="a=2019-01-01")
    assert after_run(before, noted, NOTHING_REMEMBERED).starts == "", "erased meanwhile: nothing is remembered"
