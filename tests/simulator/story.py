"""What led to a violation, as short as can be: fate's decisions are taken away one by one, while it still comes."""

from typing import Any, Protocol, TypeVar

from tests.simulator.checker import ViolationError
from tests.simulator.stage import Decision, Stage


class Run(Protocol):
    """One seed that was run."""

    seed: int
    stage: Stage

    def run(self, *, heals: bool = True) -> None:
        """Raises ViolationError."""


AnyRun = TypeVar("AnyRun", bound=Run)


def shrink(seed: int, invariant: str, found: AnyRun) -> AnyRun:
    """The same violation with as few of fate's decisions as can be, taken away one by one from the run that found
    it."""
    muted: frozenset[Decision] = frozenset()
    for number in found.stage.fired:
        smaller = _violated(type(found), seed, muted | {number}, invariant)
        if smaller is not None:
            muted, found = muted | {number}, smaller
    return found


def _violated(kind: Any, seed: int, muted: frozenset[Decision], invariant: str) -> Any:
    schedule = kind(seed, muted)
    try:
        schedule.run(heals=invariant.startswith("L"))
    except ViolationError as error:
        return schedule if error.invariant == invariant else None
    return None


def story_of(found: Run) -> str:
    """What led to a violation."""
    decisions = f"seed {found.seed}, fate's decisions left: {len(found.stage.fired)}"
    return "\n".join((decisions, *found.stage.story))
