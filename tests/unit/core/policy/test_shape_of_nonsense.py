"""A period that is none is one problem, not two: what must fit each other is not asked of nonsense."""

import pytest

from tests.unit.core.policy.test_shape import disposing, the_only


@pytest.mark.parametrize("key", ["after", "within"])
def test_a_period_that_is_none_is_named_once(key: str) -> None:
    assert the_only(disposing(**{key: '"soon"'})).found == '"soon"'
