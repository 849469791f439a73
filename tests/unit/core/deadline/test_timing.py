"""When the call must be made, may be made, and is tried again."""

from datetime import timedelta

import pytest

from hubspot_retention.core.deadline.duty import OPT_OUT
from hubspot_retention.core.deadline.timing import (
    LONGEST_PAUSE,
    call_by,
    carried_until_lately,
    lapsed_deadline,
    not_before,
    pause,
)
from hubspot_retention.core.decision.history import Remembered
from hubspot_retention.core.policy.model import Disposition
from hubspot_retention.core.record import RecordRef
from tests.builders import at
from tests.documents import clienti
from tests.unit.core.deadline.lines import CLICK, DAY, HOUR, NOW, an_inactive

LIMIT = at("2027-02-01T09:00")
LAST_RUN = at("2026-11-21T02:00")
SAME = Remembered(starts="last_activity_at=2025-10-01T09:00:00+00:00")


def test_an_erase_is_called_by_its_deadline() -> None:
    assert call_by(Disposition.ERASE, LIMIT) == LIMIT


def test_an_archive_is_called_ninety_days_before_it_because_of_the_bin() -> None:
    assert call_by(Disposition.ARCHIVE, LIMIT) == LIMIT - 90 * DAY


def test_the_end_of_marketing_is_called_by_its_deadline() -> None:
    assert call_by(None, LIMIT) == LIMIT


def test_a_click_can_be_undone_until_the_grace_is_over() -> None:
    assert not_before(CLICK, CLICK + 5 * DAY, DAY) == CLICK + DAY


def test_a_grace_leaves_half_of_the_time_to_the_deadline() -> None:
    assert not_before(CLICK, CLICK + 5 * DAY, 30 * DAY) == CLICK + 60 * HOUR


def test_no_grace_is_no_wait() -> None:
    assert not_before(CLICK, CLICK + 5 * DAY, timedelta(0)) is None


def record(number: int) -> RecordRef:
    return RecordRef.parse(f"contacts/{number}")


def test_pauses_grow_from_minutes_to_a_day_and_no_further() -> None:
    pauses = [pause(attempts, record(101)) for attempts in range(1, 60)]
    assert pauses[0] <= timedelta(minutes=2)
    assert pauses[:10] == sorted(pauses[:10])
    assert max(pauses) <= LONGEST_PAUSE
    assert min(pauses[20:]) >= LONGEST_PAUSE * 3 / 4


def test_before_any_failure_the_pause_is_the_first_one() -> None:
    assert timedelta(minutes=1) < pause(0, record(101)) <= timedelta(minutes=2)


def test_the_pause_of_a_record_is_always_the_same_and_those_of_many_are_spread() -> None:
    pauses = [pause(5, record(number)) for number in range(1, 201)]
    assert pauses == [pause(5, record(number)) for number in range(1, 201)]
    assert len(set(pauses)) > 150


def test_the_pause_of_a_record_is_the_same_on_every_machine() -> None:
    """Between three quarters and the whole of 32 minutes, by a hash of the record and the attempt in 16 bits."""
    part = (101 * 2654435761 + 5 * 2246822507) % 65536
    assert pause(5, record(101)) == timedelta(minutes=24) + timedelta(minutes=8) * part / 65536


def test_a_record_that_the_last_run_could_have_disposed_of_by_the_same_start_was_carried() -> None:
    assert carried_until_lately(an_inactive(), SAME, clienti(), LAST_RUN)


def test_one_that_has_become_due_since_was_not_carried() -> None:
    assert not carried_until_lately(an_inactive("2026-11-21T09:00"), SAME, clienti(), LAST_RUN)
    assert not carried_until_lately(an_inactive("2026-11-21T02:00:01"), SAME, clienti(), LAST_RUN)


def test_one_that_became_due_at_the_very_instant_of_the_last_run_was_carried() -> None:
    noted = Remembered(starts="last_activity_at=2025-11-21T02:00:00+00:00")
    assert carried_until_lately(an_inactive("2026-11-21T02:00"), noted, clienti(), LAST_RUN)


@pytest.mark.parametrize("starts", ["", "last_activity_at=2026-06-01T09:00:00+00:00", "customer_until=2025-10-01"])
def test_one_whose_start_the_last_run_did_not_see_was_not_carried(starts: str) -> None:
    assert not carried_until_lately(an_inactive(), Remembered(starts=starts), clienti(), LAST_RUN)


def test_an_ongoing_relationship_that_has_ended_carried_its_contact() -> None:
    left = an_inactive(rule="former-customer", starts=(("customer_until", at("2024-09-30T00:00").date()),))
    assert carried_until_lately(left, Remembered(starts="customer_until=ongoing"), clienti(), LAST_RUN)


def test_of_several_rules_those_were_carried_whose_start_the_last_run_saw_and_whose_time_was_over_then() -> None:
    noted = Remembered(starts=f"{SAME.starts};consent_withdrawn_at=2026-03-01T10:00:00+00:00")
    withdrew, ended, clicked = at("2026-03-01T10:00"), LAST_RUN + HOUR, at("2026-11-01T10:00")
    starts = (("consent_withdrawn_at", withdrew), ("last_activity_at", at("2025-10-01T09:00")), (OPT_OUT, clicked))
    due = (("consent-withdrawn", withdrew), ("inactive-contact", ended), ("unsubscribed", clicked))
    found = carried_until_lately(an_inactive()._replace(due=due, starts=starts), noted, clienti(), LAST_RUN)
    assert found == {"consent-withdrawn"}


def test_what_no_rule_disposes_of_was_not_carried() -> None:
    assert not carried_until_lately(an_inactive(rule=None), SAME, clienti(), LAST_RUN)
    assert not carried_until_lately(an_inactive(rule="partner"), SAME, clienti(), LAST_RUN)
    assert not carried_until_lately(an_inactive(due_at=None), SAME, clienti(), LAST_RUN)


def test_the_rule_s_time_counts_from_the_run_that_saw_the_keep_lapse() -> None:
    assert lapsed_deadline("unsubscribed", NOW, clienti()) == NOW + 5 * DAY
    assert lapsed_deadline("inactive-contact", NOW, clienti()) == at("2027-03-22T08:00")


def test_a_rule_that_disposes_of_nothing_gives_no_time() -> None:
    assert lapsed_deadline("partner", NOW, clienti()) is None
    assert lapsed_deadline("nobody", NOW, clienti()) is None
