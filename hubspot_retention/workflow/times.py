"""The two clocks of the workflow."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Times:
    """The wall clock (UTC) for what is written down; one that never jumps (seconds) for how long something took and how
    old what was read is. It must count the time in which the machine sleeps, wherever the system can tell."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
