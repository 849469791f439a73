"""Which obligations would be late at the rate at which the work goes."""

from typing import Any

import pytest

from hubspot_retention.core.deadline.forecast import Pace, finished_at, late
from hubspot_retention.core.deadline.obligation import Obligation
from hubspot_retention.core.record import RecordRef
from tests.unit.core.deadline.lines import DAY, HOUR, NOW, a_hint, an_obligation

MIDNIGHT = NOW + 10 * HOUR
HOURLY = 1 / 3_600


def pace(**more: Any) -> Pace:
    """One record an hour, as many as one likes a day."""
    values: dict[str, Any] = {"per_second": HOURLY, "left_today": 1e9, "per_day": 1e9, "day_ends_at": MIDNIGHT}
    return Pace(**values | more)


def due(*hours: float, state: str = "open") -> list[Obligation]:
    """Obligations that must be called so many hours from now."""
    return [
        an_obligation(state, record=RecordRef.parse(f"contacts/{number}"), call_by=NOW + hour * HOUR, not_before=None)
        for number, hour in enumerate(hours, start=1)
    ]


def names(found: tuple[Obligation, ...]) -> list[int]:
    """Which records."""
    return [each.record.record_id for each in found]


def test_what_is_done_before_its_deadline_is_not_late() -> None:
    assert late(due(1, 2, 3), pace(), NOW) == ()


def test_what_comes_to_its_turn_too_late_is_late_the_earliest_first() -> None:
    assert names(late(due(2.5, 1, 2.4, 2.3), pace(), NOW)) == [3, 1]


def test_those_that_are_late_already_take_their_turn_and_are_told_of_elsewhere() -> None:
    assert names(late(due(-5, 0, 2), pace(), NOW)) == [3]


def test_undecided_ones_come_first() -> None:
    hints = [a_hint(record=RecordRef.parse(f"contacts/{number}")) for number in (8, 9)]
    assert names(late([*due(2), *hints], pace(), NOW)) == [1]


@pytest.mark.parametrize("state", ["held", "done", "ended"])
def test_what_is_held_or_over_is_no_backlog(state: str) -> None:
    assert late([*due(1, state=state), *due(1)], pace(), NOW) == ()


@pytest.mark.parametrize("state", ["review", "raised", "look"])
def test_what_waits_for_a_person_is(state: str) -> None:
    assert len(late([*due(1, 1, state=state)], pace(), NOW)) == 1


def test_a_grace_that_ends_too_late_is_late() -> None:
    (one,) = due(2)
    assert late([an_obligation(call_by=one.call_by, not_before=NOW + 3 * HOUR)], pace(), NOW) != ()


def test_the_quota_of_the_day_ends_the_work_until_its_end() -> None:
    quota = pace(left_today=1, per_day=2)
    assert finished_at(1, quota, NOW) == NOW + HOUR
    assert finished_at(2, quota, NOW) == MIDNIGHT + HOUR
    assert finished_at(3, quota, NOW) == MIDNIGHT + 2 * HOUR
    assert finished_at(4, quota, NOW) == MIDNIGHT + DAY + HOUR


def test_one_a_day_is_slow_but_comes_to_an_end() -> None:
    slow = pace(left_today=0, per_day=1)
    assert finished_at(2, slow, NOW) == MIDNIGHT + DAY + HOUR
    assert finished_at(1, pace(left_today=0, per_day=0.5), NOW) is not None


def test_without_any_rate_or_quota_nothing_is_ever_done() -> None:
    assert finished_at(1, pace(per_second=0.0), NOW) is None
    assert finished_at(1, pace(left_today=0.0, per_day=0.0), NOW) is None
    assert names(late(due(1, 999), pace(per_second=0.0), NOW)) == [1, 2]


def test_a_day_that_is_over_has_nothing_left() -> None:
    assert finished_at(1, pace(day_ends_at=NOW - HOUR), NOW) == NOW + HOUR


def test_what_lies_beyond_the_calendar_is_never_done() -> None:
    assert finished_at(10**9, pace(left_today=0, per_day=1), NOW) is None
