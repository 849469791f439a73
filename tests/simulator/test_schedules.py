"""Random schedules of faults: no invariant breaks.

`RETENTION_TEST_SCHEDULES`: how many (split into blocks of seeds, for as many processes as there are); CI asks for more
than a person waits for.
"""

import os
from collections.abc import Callable

import pytest

from tests.simulator.checker import ViolationError
from tests.simulator.estate import is_estate
from tests.simulator.schedule import Schedule
from tests.simulator.story import shrink, story_of

_SCHEDULES = int(os.environ.get("RETENTION_TEST_SCHEDULES", "1000"))
_BLOCKS = max(20, _SCHEDULES // 5_000)
Tell = Callable[[str, object], None]

pytestmark = pytest.mark.usefixtures("one_thread_at_a_time")


@pytest.mark.parametrize("block", range(_BLOCKS))
def test_no_schedule_of_faults_breaks_an_invariant(block: int, record_property: Tell) -> None:
    """Every seed of the block."""
    effects = holds = deaths = steps = 0
    for seed in range(block, _SCHEDULES, _BLOCKS):
        schedule = Schedule(seed)
        try:
            schedule.run()
        except ViolationError as error:
            pytest.fail(f"{error}\n{story_of(shrink(seed, error.invariant, schedule))}")
        effects += schedule.checker.effects
        holds += schedule.checker.holds
        deaths += schedule.stage.deaths
        steps += schedule.stage.steps
    record_property(
        f"seeds {block}, {block + _BLOCKS}, … below {_SCHEDULES}",
        f"{steps} steps, {deaths} deaths, {holds} holds, {effects} effects, 0 violations",
    )


def test_a_seed_tells_the_same_story_every_time() -> None:
    """Two runs of one seed agree to the letter, with deals and without; another seed tells another story."""
    stories = []
    for seed in (7, 7, 20, 20):
        schedule = Schedule(seed)
        schedule.run()
        stories.append(schedule.stage.digest)
    assert (is_estate(7), is_estate(20)) == (False, True)
    assert stories[0] == stories[1] != stories[2] == stories[3]
