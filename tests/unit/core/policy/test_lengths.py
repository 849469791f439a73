"""The fewest and the most days of a period."""

from calendar import monthrange
from datetime import date

import pytest

from hubspot_retention.core.civil import Period
from hubspot_retention.core.policy.lengths import always_longer, length_bounds, room_after_bin


@pytest.mark.parametrize(
    ("period", "bounds"),
    [
        ("P30D", (30, 30)),
        ("P1M", (28, 31)),
        ("P2M", (59, 62)),
        ("P3M", (89, 92)),
        ("P4M", (120, 123)),
        ("P12M", (365, 366)),
    ],
)
def test_a_period_is_at_least_and_at_most_so_many_days(period: str, bounds: tuple[int, int]) -> None:
    assert length_bounds(Period.parse(period)) == bounds


def longer(first: date, months: int) -> int:
    """How many days later the day is that comes so many months later."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return (date(year, month + 1, min(first.day, monthrange(year, month + 1)[1])) - first).days


@pytest.mark.parametrize("months", [1, 2, 3, 4, 11, 12, 13, 14, 24, 25, 48, 49, 60, 61, 96, 120, 1164, 1199, 1200])
def test_no_month_of_four_hundred_years_makes_a_period_shorter_or_longer(months: int) -> None:
    firsts = [date(year, month, 1) for year in range(1900, 2300) for month in range(1, 13)]
    lasts = [first.replace(day=31) for first in firsts if monthrange(first.year, first.month)[1] == 31]
    lengths = {longer(start, months) for start in (*firsts, *lasts)}
    assert length_bounds(Period(months=months)) == (min(lengths), max(lengths))


def test_five_years_may_have_two_leap_days() -> None:
    assert length_bounds(Period(months=60)) == (1825, 1827)
    assert not always_longer(Period(days=1827), Period(months=60))
    assert always_longer(Period(days=1828), Period(months=60))


def test_three_months_may_not_outlive_the_bin_and_four_always_do() -> None:
    assert room_after_bin(Period(months=3)) == -1
    assert room_after_bin(Period(months=4)) == 30


def test_a_year_is_not_always_longer_than_365_days() -> None:
    assert not always_longer(Period(months=12), Period(days=365))
    assert always_longer(Period(months=12), Period(days=364))
    assert always_longer(Period(months=25), Period(months=24))
    assert not always_longer(Period(months=24), Period(months=24))
