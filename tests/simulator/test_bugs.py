"""Each deliberate bug is found by an invariant that it breaks: the simulator can fail.

`RETENTION_TEST_BUG_SCHEDULES`: within how many schedules.
"""

import os
from collections.abc import Callable

import pytest

from tests.simulator.bugs import BUGS, Bug
from tests.simulator.checker import ViolationError
from tests.simulator.schedule import Schedule, shrink, story_of

_WITHIN = int(os.environ.get("RETENTION_TEST_BUG_SCHEDULES", "1000"))
Tell = Callable[[str, object], None]


@pytest.mark.parametrize("what", BUGS)
def test_a_deliberate_bug_is_found(what: str, monkeypatch: pytest.MonkeyPatch, record_property: Tell) -> None:
    """Within the bound, by an invariant that it breaks."""
    bug = BUGS[what]
    bug.patch(monkeypatch)
    needed, invariant = schedules_needed(bug)
    record_property(what, f"{invariant} after {needed}")


def schedules_needed(bug: Bug) -> tuple[int, str]:
    """How many schedules it takes until a bug is noticed, and by which invariant."""
    for seed in range(_WITHIN):
        try:
            Schedule(seed).run()
        except ViolationError as error:
            if error.invariant in bug.noticed_by:
                return seed + 1, error.invariant
    pytest.fail(f"«{bug.what}» was not found in {_WITHIN} schedules")


def test_a_failing_seed_shrinks_to_what_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer of fate's decisions lead to the same violation."""
    BUGS["no time bound on the call"].patch(monkeypatch)
    seed = schedules_needed(BUGS["no time bound on the call"])[0] - 1
    whole = Schedule(seed)
    with pytest.raises(ViolationError):
        whole.run()
    small = shrink(seed, "S1-time")
    assert len(small.stage.fired) < len(whole.stage.fired)
    assert "VIOLATION of S1-time" in story_of(seed, "S1-time")
