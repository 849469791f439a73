"""Whether the wall clock was set."""

from datetime import datetime, timedelta

import pytest

from hubspot_retention.workflow.times import Steps, Times
from tests.builders import at


class Hands:
    """Both clocks, for a test to move."""

    def __init__(self) -> None:
        self.wall, self.seconds = at("2026-11-24T12:00"), 100.0

    def move(self, wall: float, seconds: float) -> None:
        """So many seconds pass on each."""
        self.wall += timedelta(seconds=wall)
        self.seconds += seconds

    def now(self) -> datetime:
        """The wall clock."""
        return self.wall

    def monotonic(self) -> float:
        """The other one."""
        return self.seconds


@pytest.mark.parametrize("step", [-7200.0, -6.0, 6.0, 315_360_000.0])
def test_a_clock_that_was_set_is_told_once(step: float) -> None:
    hands = Hands()
    steps = Steps(Times(hands.now, hands.monotonic))
    hands.move(10 + step, 10)
    assert steps.step() == step
    hands.move(10, 10)
    assert steps.step() == 0


@pytest.mark.parametrize("drift", [-5.0, 0.0, 5.0])
def test_a_clock_that_is_corrected_by_little_again_and_again_was_not_set(drift: float) -> None:
    hands = Hands()
    steps = Steps(Times(hands.now, hands.monotonic))
    for _ in range(3):
        hands.move(10 + drift, 10)
        assert steps.step() == 0
