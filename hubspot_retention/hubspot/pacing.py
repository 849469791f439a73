"""Keeping to HubSpot's rate limits without being told off.

What can go wrong: two threads, or another program with the same token, spend the same budget; a clock that sleeps
too long wastes it. So every request reserves a slot ahead of time, slots lie evenly, and three requests of each
window stay unused: for the edge of the window, for one slot that is caught up, and for the jitter of the network.
Limits are learnt from the rate headers of every answer; until the first the assumption of the options holds.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hubspot_retention.errors import PortalPausedError
from hubspot_retention.hubspot.calls import Bucket

_MARGIN = 3
_SEARCHES_A_SECOND = 5
_LEAST_SHARE = 0.1
_SLACK = 5
_PROBE_AFTER_SECONDS = 900.0
_HEADER = "x-hubspot-ratelimit-"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceOptions:
    """`start_limit` requests in `start_interval_seconds` until an answer tells; `None`: unpaced until then.

    `daily_reserve` is the share of the day's quota that is left to the account's other programs.
    """

    start_limit: int | None = 100
    start_interval_seconds: float = 10.0
    daily_reserve: float = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldLimits:
    """What the rate headers have said so far; `None` where they have not."""

    burst: int | None = None
    daily: int | None = None
    daily_remaining: int | None = None


class _Lane:
    """Evenly spaced slots of one budget. Not thread-safe by itself."""

    def __init__(self, limit: int | None, interval: float) -> None:
        self.limit, self.interval = limit, interval
        self.next_at = float("-inf")
        self.held_until = float("-inf")
        self._sent: deque[float] = deque()
        self._foreign = 0
        self._respace()

    def _respace(self) -> None:
        if self.limit is None:
            self.spacing = self.catch_up = 0.0
            return
        large = self.limit >= 20 * _MARGIN
        margin = _MARGIN if large else self.limit * 0.02
        self.spacing = self.interval / max(self.limit - margin - self._foreign, self.limit * _LEAST_SHARE)
        self.catch_up = self.spacing if large else 0.0

    def earliest(self, present: float) -> float:
        """The first free slot; of a large budget, one missed slot may be caught up."""
        return max(self.next_at, present - self.catch_up, self.held_until)

    def take(self, at: float, present: float) -> None:
        """Give out a slot for a request that leaves at an instant. It may leave by one slot later than its own was,
        because it was late or had to wait for another budget: that time is left to those who follow."""
        leaves_at = max(at, present)
        self.next_at = max(self.earliest(present), leaves_at - self.catch_up) + self.spacing
        self._sent.append(leaves_at)
        self._forget(present)

    def _forget(self, present: float) -> None:
        """What left before the window began. A budget of which no answer tells is otherwise never asked for it."""
        while self._sent and self._sent[0] <= present - self.interval:
            self._sent.popleft()

    def learn(self, limit: int, interval: float, remaining: int | None, present: float) -> None:
        """Take over the limit, and leave room for what others with this token have used of the window."""
        self.interval = interval
        self._forget(present)
        own = sum(1 for at in self._sent if at <= present)
        foreign = 0 if remaining is None else limit - remaining - own
        self.limit, self._foreign = limit, foreign if foreign > _SLACK else 0
        self._respace()

    @property
    def per_second(self) -> float | None:
        return 1 / self.spacing if self.spacing else None


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(_HEADER + name, "")
    return int(text) if text.isascii() and text.isdigit() else None


def _associations_limit(burst: int) -> int:
    """The associations API has a limit of its own by tier: 100, 150, or 200 with the add-on (HubSpot, 2026-04)."""
    if burst < 150:
        return 100
    return 150 if burst < 250 else 200


class Pacer:
    """Gives every request its slot. Thread-safe. `sleep` and `monotonic` are injectable."""

    def __init__(
        self,
        options: PaceOptions,
        *,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._options, self._sleep, self._monotonic = options, sleep, monotonic
        self._lock = threading.Lock()
        start, interval = options.start_limit, options.start_interval_seconds
        self._burst = _Lane(start, interval)
        self._associations = _Lane(None if start is None else _associations_limit(start), interval)
        self._search = _Lane(None if start is None else _SEARCHES_A_SECOND, 1.0)
        self._daily_told_at: float | None = None
        self._told = ToldLimits()

    def _lanes(self, bucket: Bucket) -> tuple[_Lane, ...]:
        """An association call is counted against both limits: which one it spares is not documented."""
        match bucket:
            case Bucket.BURST:
                return (self._burst,)
            case Bucket.ASSOCIATIONS:
                return (self._associations, self._burst)
            case Bucket.SEARCH:
                return (self._search,)

    def wait(self, bucket: Bucket, patience: float | None = None) -> bool:
        """Wait for a slot; `False` at once if that would take longer than `patience` seconds.

        Raises PortalPausedError when the day's quota is down to the reserve.
        """
        self._require_daily_quota()
        lanes = self._lanes(bucket)
        give_up_at = None if patience is None else self._monotonic() + patience
        while True:
            with self._lock:
                present = self._monotonic()
                at = max(lane.earliest(present) for lane in lanes)
                if give_up_at is not None and at > give_up_at:
                    return False
                for lane in lanes:
                    lane.take(at, present)
            if at > present:
                self._sleep(at - present)
            if all(lane.held_until <= at for lane in lanes):
                return True

    def hold_back(self, bucket: Bucket, seconds: float) -> None:
        """Let no request of this budget out for so long: HubSpot said 429."""
        with self._lock:
            lane = self._lanes(bucket)[0]
            lane.held_until = max(lane.held_until, self._monotonic() + seconds)

    def learn(self, bucket: Bucket, headers: Mapping[str, str]) -> None:
        """Take over what the rate headers of an answer say; a search has none, other answers may lack some."""
        daily, left = _number(headers, "daily"), _number(headers, "daily-remaining")
        limit, interval = _number(headers, "max"), _number(headers, "interval-milliseconds")
        with self._lock:
            if bucket is Bucket.BURST and limit is not None:
                self._told = ToldLimits(burst=limit, daily=daily, daily_remaining=left)
            if daily is not None and left is not None:
                low = left <= daily * self._options.daily_reserve
                self._daily_told_at = self._monotonic() if low else None
            if limit and interval and bucket is not Bucket.SEARCH:
                self._learn_window(bucket, limit, interval / 1000, _number(headers, "remaining"))

    def _learn_window(self, bucket: Bucket, limit: int, interval: float, remaining: int | None) -> None:
        present = self._monotonic()
        if self._search.limit is None:
            self._search.learn(_SEARCHES_A_SECOND, 1.0, None, present)
        if bucket is Bucket.ASSOCIATIONS:
            known = _associations_limit(self._burst.limit or limit)
            self._associations.learn(min(limit, known), interval, None, present)
            return
        self._burst.learn(limit, interval, remaining, present)
        if self._associations.limit is None:
            self._associations.learn(_associations_limit(limit), interval, None, present)

    def _require_daily_quota(self) -> None:
        """Once in a while a request goes through all the same, to hear whether the day has turned."""
        with self._lock:
            told_at = self._daily_told_at
            if told_at is None:
                return
            if self._monotonic() - told_at > _PROBE_AFTER_SECONDS:
                self._daily_told_at = self._monotonic()
                return
        raise PortalPausedError(
            f"The account's daily request quota is down to the reserve of {self._options.daily_reserve:.0%} that the"
            " service settings leave to other programs: it goes on after midnight in the account's time zone"
        )

    @property
    def per_second(self) -> float | None:
        """The rate of ordinary requests that is aimed at; `None` when unpaced."""
        with self._lock:
            return self._burst.per_second

    @property
    def told(self) -> ToldLimits:
        """The limits as HubSpot tells them."""
        return self._told
