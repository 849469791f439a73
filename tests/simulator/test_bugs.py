"""Each deliberate bug is found by an invariant that it breaks: the simulator can fail.

`RETENTION_TEST_BUG_SCHEDULES`: within how many schedules, from the first on; else the search begins with the schedule
that is known to find it.
"""

import os
from collections.abc import Callable

import pytest

from tests.simulator.bugs import BUGS, Bug
from tests.simulator.checker import ViolationError
from tests.simulator.schedule import Schedule, shrink, story_of

_ASKED = os.environ.get("RETENTION_TEST_BUG_SCHEDULES")
_WITHIN = int(_ASKED or "1000")
Tell = Callable[[str, object], None]


@pytest.mark.parametrize("what", BUGS)
def test_a_deliberate_bug_is_found(what: str, monkeypatch: pytest.MonkeyPatch, record_property: Tell) -> None:
    """Within the bound, by an invariant that it breaks."""
    bug = BUGS[what]
    bug.patch(monkeypatch)
    seed, invariant = found_by(bug)
    record_property(what, f"{invariant} after {seed + 1}")


def found_by(bug: Bug) -> tuple[int, str]:
    """The seed by which a bug is noticed, and by which invariant."""
    first = 0 if _ASKED else bug.seed
    for seed in range(first, first + _WITHIN):
        try:
            Schedule(seed).run()
        except ViolationError as error:
            if error.invariant in bug.noticed_by:
                return seed, error.invariant
    pytest.fail(f"«{bug.what}» was not found in {_WITHIN} schedules")


def test_a_failing_seed_shrinks_to_what_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer of fate's decisions lead to the same violation."""
    BUGS["no time bound on the call"].patch(monkeypatch)
    seed, _ = found_by(BUGS["no time bound on the call"])
    whole = Schedule(seed)
    with pytest.raises(ViolationError):
        whole.run()
    small = shrink(seed, "S1-time")
    assert len(small.stage.fired) < len(whole.stage.fired)
    assert "VIOLATION of S1-time" in story_of(seed, "S1-time")
