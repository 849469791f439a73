"""The two clocks of the workflow."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

_STEP_SECONDS: Final = 5.0
"""By less than this a clock is corrected while everything goes on."""


@dataclass(frozen=True, slots=True)
class Times:
    """The wall clock (UTC) for what is written down; one that never jumps (seconds) for how long something took and how
    old what was read is. It must count the time in which the machine sleeps, wherever the system can tell."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]


class Steps:
    """Whether the wall clock was set while the process ran: by the clock that never jumps."""

    def __init__(self, times: Times) -> None:
        self._times = times
        self._at, self._monotonic = times.now(), times.monotonic()

    def step(self) -> float:
        """By how many seconds it was set ahead (negative: back) since this was last asked; 0 if it was not. A machine
        that slept may look as if it had been set ahead."""
        at, monotonic = self._times.now(), self._times.monotonic()
        jumped = (at - self._at).total_seconds() - (monotonic - self._monotonic)
        self._at, self._monotonic = at, monotonic
        return jumped if abs(jumped) > _STEP_SECONDS else 0.0
