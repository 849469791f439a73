"""The two clocks of the workflow."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Times:
    """The wall clock (UTC) for what is written down, a monotonic one (seconds) for how long something took."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
