"""Which obligations would be late at the rate at which the work goes."""

from typing import Any

from hubspot_retention.core.deadline.forecast import Late, Pace, Turn, finished_at, late
from tests.unit.core.deadline.lines import DAY, HOUR, NOW

MIDNIGHT = NOW + 10 * HOUR
HOURLY = 1 / 3_600


def pace(**more: Any) -> Pace:
    """One record an hour, as many as one likes a day."""
    values: dict[str, Any] = {"per_second": HOURLY, "left_today": 1e9, "per_day": 1e9, "day_ends_at": MIDNIGHT}
    return Pace(**values | more)


def due(*hours: float, number: int = 1) -> list[Turn]:
    """Obligations that must be called so many hours from now."""
    return [Turn(NOW + hour * HOUR, None, number) for hour in hours]


def test_what_is_done_before_its_deadline_is_not_late() -> None:
    assert late(due(1, 2, 3), pace(), NOW) is None


def test_what_comes_to_its_turn_too_late_is_late_with_the_earliest_deadline() -> None:
    assert late(due(1, 2.3, 2.4, 2.5), pace(), NOW) == Late(2, NOW + 2.4 * HOUR)


def test_of_many_with_one_deadline_those_are_late_whose_turn_comes_after_it() -> None:
    assert late(due(10, number=10), pace(), NOW) is None
    assert late(due(9.5, number=10), pace(), NOW) == Late(1, NOW + 9.5 * HOUR)
    assert late([*due(2, number=2), *due(5, 6, number=100)], pace(), NOW) == Late(197, NOW + 5 * HOUR)


def test_those_that_are_late_already_take_their_turn_and_are_told_of_elsewhere() -> None:
    assert late(due(-5, 0, 2), pace(), NOW) == Late(1, NOW + 2 * HOUR)


def test_undecided_ones_and_those_that_missed_theirs_come_first() -> None:
    assert late([Turn(None, None, 2), *due(2)], pace(), NOW) == Late(1, NOW + 2 * HOUR)
    assert late([Turn(None, None, 1), *due(2)], pace(), NOW) is None


def test_a_grace_that_ends_too_late_is_late() -> None:
    assert late([Turn(NOW + 2 * HOUR, NOW + 2 * HOUR, 1)], pace(), NOW) is None
    assert late([Turn(NOW + 2 * HOUR, NOW + 3 * HOUR, 1)], pace(), NOW) == Late(1, NOW + 2 * HOUR)


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
    assert late(due(1, 999), pace(per_second=0.0), NOW) == Late(2, NOW + HOUR)


def test_a_day_that_is_over_has_nothing_left() -> None:
    assert finished_at(1, pace(day_ends_at=NOW - HOUR), NOW) == NOW + HOUR


def test_what_lies_beyond_the_calendar_is_never_done() -> None:
    assert finished_at(10**9, pace(left_today=0, per_day=1), NOW) is None
