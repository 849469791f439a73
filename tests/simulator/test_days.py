"""Days of the service among people who do what they like, with faults: no invariant breaks, no deadline is missed.

`RETENTION_TEST_DAYS`: how many times days are lived.
"""

import os
from collections import Counter
from collections.abc import Callable

import pytest

from tests.simulator.checker import ViolationError
from tests.simulator.days import Days
from tests.simulator.story import shrink, story_of

_BLOCKS = 4
_DAYS = int(os.environ.get("RETENTION_TEST_DAYS", "4"))
Tell = Callable[[str, object], None]

pytestmark = pytest.mark.usefixtures("one_thread_at_a_time")


@pytest.mark.parametrize("block", range(_BLOCKS))
def test_no_days_of_faults_break_an_invariant(block: int, record_property: Tell) -> None:
    """Every seed of the block."""
    counts: Counter[str] = Counter()
    for seed in range(block, _DAYS, _BLOCKS):
        days = lived(seed)
        counts.update(days.sweeps)
        counts.update(steps=days.stage.steps, deaths=days.stage.deaths, effects=days.checker.effects)
    figures = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    record_property(f"days {block}, {block + _BLOCKS}, … below {_DAYS}", f"{figures}, 0 violations")


def lived(seed: int) -> Days:
    """A seed that ends well; else its story, as short as can be."""
    days = Days(seed)
    try:
        days.run()
    except ViolationError as error:
        pytest.fail(f"{error}\n{story_of(shrink(seed, error.invariant, days))}")
    return days
