"""How fast records are worked off, as it was lately: what the forecast divides the backlog by."""

from collections import deque
from collections.abc import Callable
from typing import Final

_FEWEST: Final = 10
"""Of fewer records at once the time says little: what is done once for all of them takes most of it."""
_KEPT: Final = 20
_A_DAY: Final = 86_400.0


class Speed:
    """Measures due ticks. `seconds` is a monotonic clock; any thread may ask, one notes."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self.seconds = seconds
        self._measured: deque[tuple[float, int, float]] = deque(maxlen=_KEPT)

    def note(self, records: int, took: float) -> None:
        """So many records were read, decided and, where that is allowed, disposed of in so many seconds."""
        if records >= _FEWEST and took > 0:
            self._measured.append((self.seconds(), records, took))

    def per_second(self) -> float | None:
        """Records a second in the last day; `None`: there were too few of them to tell."""
        since = self.seconds() - _A_DAY
        recent = [(records, took) for at, records, took in tuple(self._measured) if at >= since]
        took = sum(each for _, each in recent)
        return sum(records for records, _ in recent) / took if took else None
