"""The fewest and the most days of a period."""

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


def test_three_months_may_not_outlive_the_bin_and_four_always_do() -> None:
    assert room_after_bin(Period(months=3)) == -1
    assert room_after_bin(Period(months=4)) == 30


def test_a_year_is_not_always_longer_than_365_days() -> None:
    assert not always_longer(Period(months=12), Period(days=365))
    assert always_longer(Period(months=12), Period(days=364))
    assert always_longer(Period(months=25), Period(months=24))
    assert not always_longer(Period(months=24), Period(months=24))
