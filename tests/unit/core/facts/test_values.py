"""Three-valued logic: unknown is never absent, and only matters where it could decide."""

import pytest

from hubspot_retention.core.facts.values import ONGOING, UNKNOWN, Truth, all_of, any_of, is_known, negation

CASES: list[tuple[tuple[Truth, ...], Truth, Truth]] = [
    ((), False, True),
    ((True,), True, True),
    ((False,), False, False),
    ((UNKNOWN,), UNKNOWN, UNKNOWN),
    ((True, False), True, False),
    ((True, UNKNOWN), True, UNKNOWN),
    ((UNKNOWN, True), True, UNKNOWN),
    ((False, UNKNOWN), UNKNOWN, False),
    ((UNKNOWN, False), UNKNOWN, False),
]


@pytest.mark.parametrize(("values", "some", "every"), CASES)
def test_an_unknown_decides_only_where_the_others_do_not(values: tuple[Truth, ...], some: Truth, every: Truth) -> None:
    assert any_of(values) is some
    assert all_of(values) is every


def test_the_opposite_of_unknown_is_unknown() -> None:
    assert (negation(True), negation(False), negation(UNKNOWN)) == (False, True, UNKNOWN)


def test_an_absent_value_is_not_known_and_an_unknown_one_is_neither() -> None:
    assert (is_known(None), is_known(UNKNOWN), is_known(ONGOING), is_known(0)) == (False, UNKNOWN, True, True)
