"""Each deliberate bug is found by an invariant that it breaks: the simulator, and the tests beside it, can fail.

`RETENTION_TEST_BUG_SCHEDULES`: within how many schedules, from the first on; else the search begins with the schedule
that is known to find it.
"""

import os
from collections.abc import Callable
from inspect import signature

import pytest

from tests.simulator.bugs import BUGS, Bug
from tests.simulator.bugs_elsewhere import ELSEWHERE
from tests.simulator.bugs_of_days import BUGS_OF_DAYS
from tests.simulator.bugs_of_deals import BUGS_OF_DEALS
from tests.simulator.checker import ViolationError
from tests.simulator.days import Days
from tests.simulator.estate import is_estate
from tests.simulator.schedule import Schedule
from tests.simulator.story import AnyRun, shrink, story_of

_ASKED = os.environ.get("RETENTION_TEST_BUG_SCHEDULES")
_WITHIN = int(_ASKED or "1000")
_INVARIANTS = {f"{kind}{number}" for kind, last in (("S", 19), ("L", 5), ("E", 5)) for number in range(1, last + 1)}
Tell = Callable[[str, object], None]


@pytest.mark.usefixtures("one_thread_at_a_time")
@pytest.mark.parametrize("what", BUGS)
def test_a_deliberate_bug_is_found(what: str, monkeypatch: pytest.MonkeyPatch, record_property: Tell) -> None:
    """Within the bound, by an invariant that it breaks."""
    bug = BUGS[what]
    bug.patch(monkeypatch)
    found, invariant = found_by(bug, Schedule)
    record_property(what, f"{invariant} after {found.seed + 1}")


@pytest.mark.usefixtures("one_thread_at_a_time")
@pytest.mark.parametrize("what", BUGS_OF_DEALS)
def test_a_deliberate_bug_in_what_becomes_of_deals_is_found(
    what: str, monkeypatch: pytest.MonkeyPatch, record_property: Tell
) -> None:
    """Within the bound, by an invariant that it breaks; schedules without deals are counted, and not run."""
    bug = BUGS_OF_DEALS[what]
    bug.patch(monkeypatch)
    found, invariant = found_by(bug, Schedule, among=is_estate)
    record_property(what, f"{invariant} after {found.seed + 1}")


@pytest.mark.usefixtures("one_thread_at_a_time")
@pytest.mark.parametrize("what", BUGS_OF_DAYS)
def test_a_deliberate_bug_in_what_runs_for_days_is_found(
    what: str, monkeypatch: pytest.MonkeyPatch, record_property: Tell
) -> None:
    """Within the bound, by an invariant that it breaks."""
    bug = BUGS_OF_DAYS[what]
    bug.patch(monkeypatch)
    found, invariant = found_by(bug, Days)
    record_property(what, f"{invariant} after {found.seed + 1} days")


@pytest.mark.parametrize("what", ELSEWHERE)
def test_a_deliberate_bug_is_found_by_the_test_that_is_there_for_it(
    what: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, record_property: Tell
) -> None:
    """It passes as things are, and fails with the bug."""
    bug = ELSEWHERE[what]
    wanted = signature(bug.test).parameters
    parts = {name: bug.given[name] if name in bug.given else request.getfixturevalue(name) for name in wanted}
    bug.patch(monkeypatch)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        bug.test(**parts)
    record_property(what, f"{', '.join(bug.noticed_by)} by {bug.test.__name__}")


def test_every_invariant_has_a_bug_that_shows_that_it_can_be_seen_to_break() -> None:
    broken = [*(bug.noticed_by for bug in BUGS.values()), *(bug.noticed_by for bug in ELSEWHERE.values())]
    assert _INVARIANTS - {invariant for each in broken for invariant in each} == set()


def found_by(
    bug: Bug, kind: Callable[[int], AnyRun], among: Callable[[int], bool] = lambda seed: True
) -> tuple[AnyRun, str]:
    """The schedule by which a bug is noticed, and by which invariant."""
    first = 0 if _ASKED else bug.seed
    for seed in filter(among, range(first, first + _WITHIN)):
        schedule = kind(seed)
        try:
            schedule.run(heals=bug.heals)
        except ViolationError as error:
            if error.invariant in bug.noticed_by:
                return schedule, error.invariant
    pytest.fail(f"«{bug.what}» was not found in {_WITHIN} schedules")


@pytest.mark.usefixtures("one_thread_at_a_time")
def test_a_failing_seed_shrinks_to_what_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer of fate's decisions lead to the same violation."""
    bug = BUGS["no time bound on the call"]
    bug.patch(monkeypatch)
    found, invariant = found_by(bug, Schedule)
    small = shrink(found.seed, invariant, found)
    assert len(small.stage.fired) < len(found.stage.fired)
    assert f"VIOLATION of {invariant}" in story_of(small)
