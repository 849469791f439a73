"""Several id ranges of one list, read side by side, and the proof that together they are the whole list.

What can go wrong: a gap between two ranges, so that a person is never looked at. A range reads from its first id
on to the first id that lies over its end; that id must be the very first one that the next range found. So the
ranges are one chain, whatever ids exist, and whether a cursor is inclusive or not. A range that is too long for
a reader without work is split in the middle of its ids; a page read over the new end is what proves the seam.
Pure but for a lock.
"""

import threading
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from hubspot_retention.errors import PortalContractError, RangesDisagreeError

_PAGE = 100
_WORTH_SPLITTING = 6 * _PAGE
_MOST_SPLITS = 24
_MOST_VAIN_SPLITS = 64
_BOUNDARIES = 7
_PAGES_FOR_BOUNDARIES = 16


@dataclass(slots=True, eq=False)
class Span:
    """Ids from `low` to under `high` (`None`: to the end of the list). `cursor` is where the next page begins."""

    low: int
    high: int | None
    cursor: str | None
    position: int
    first: int | None = None
    beyond: int | None = None
    claimed: bool = False
    done: bool = False
    count: int = 0
    page_starts: list[int] = field(default_factory=list)


def _span(low: int, high: int | None) -> Span:
    return Span(low=low, high=high, cursor=str(low - 1) if low else None, position=low - 2)


class Ranges:
    """The ranges of one list. `highest` is the highest id known beforehand; without one nothing is split."""

    def __init__(self, label: str, boundaries: Sequence[int] = (), highest: int | None = None) -> None:
        self._label, self._highest = label, highest
        self._lock = threading.Lock()
        lows = [0, *sorted({low for low in boundaries if low > 0})]
        self._spans = [_span(low, high) for low, high in zip(lows, [*lows[1:], None], strict=True)]
        self._alone = len(lows) == 1 and highest is None

    def claim(self) -> Span | None:
        """A range that nobody reads yet, or the second half of the longest one; `None` when no work is left."""
        with self._lock:
            waiting = next((span for span in self._spans if not span.claimed), None) or self._split()
            if waiting is not None:
                waiting.claimed = True
            return waiting

    def _left(self, span: Span) -> int:
        """The ids that a range has before it, as numbers, not as records; 0 if it is not worth splitting."""
        high = self._highest if span.high is None else span.high
        if span.done or high is None or not span.count:
            return 0
        left = high - span.position
        density = span.count / (span.position - (span.first or span.low) + 1)
        return left if left * density >= _WORTH_SPLITTING else 0

    def _split(self) -> Span | None:
        longest = max(self._spans, key=self._left)
        left = self._left(longest)
        useful = sum(1 for span in self._spans if span.count)
        if not left or useful > _MOST_SPLITS or len(self._spans) > _MOST_VAIN_SPLITS:
            return None
        half = _span(longest.position + left // 2 + 1, longest.high)
        longest.high = half.low
        self._spans.insert(self._spans.index(longest) + 1, half)
        return half

    def take(self, span: Span, ids: Sequence[int], after: str | None) -> slice:
        """Which of the ids of a page belong to the range. Raises RangesDisagreeError (PortalContractError where
        one cursor reads the whole list) when the list is not what it must be."""
        with self._lock:
            self._require_order(span, ids, after)
            start = bisect_left(ids, span.low)
            stop = len(ids) if span.high is None else max(start, bisect_left(ids, span.high))
            if start < stop:
                span.first = ids[start] if span.first is None else span.first
                span.page_starts.append(ids[start])
            span.count += stop - start
            span.done = stop < len(ids) or after is None
            if stop < len(ids):
                span.beyond = ids[stop]
            if ids:
                span.position = ids[-1]
            span.cursor = after
            return slice(start, stop)

    def _require_order(self, span: Span, ids: Sequence[int], after: str | None) -> None:
        if not ids and (after is not None or span.position > span.low - 2):
            self._fail("sent an empty page where it had promised more")
        floor = span.position
        if any(second <= first for first, second in zip([floor, *ids], ids, strict=False)):
            self._fail("is not in ascending order of ids")
        if after is not None and after == span.cursor:
            self._fail("does not move on")

    def _fail(self, what: str) -> None:
        if self._alone:
            raise PortalContractError(f"HubSpot's list of {self._label} {what}: it cannot be read in full")
        raise RangesDisagreeError(f"HubSpot's list of {self._label} {what} when it is read in ranges")

    def prove(self) -> int:
        """The number of records read. Raises RangesDisagreeError if the ranges do not join up."""
        with self._lock:
            following: int | None = None
            for span in reversed(self._spans):
                if not span.done or span.beyond != following:
                    raise RangesDisagreeError(
                        f"The id ranges of the list of {self._label} do not join up: something was added or"
                        " archived at a seam, or the list does not go by ids"
                    )
                following = span.first if span.first is not None else following
            return sum(span.count for span in self._spans)

    def boundaries(self) -> tuple[int, ...]:
        """Where ranges of like size would begin: hints for the next run."""
        starts = sorted(start for span in self._spans for start in span.page_starts)
        if len(starts) < _PAGES_FOR_BOUNDARIES:
            return ()
        step = len(starts) / (_BOUNDARIES + 1)
        return tuple(starts[int(step * number)] for number in range(1, _BOUNDARIES + 1))
