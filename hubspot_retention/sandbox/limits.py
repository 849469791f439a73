"""HubSpot's rate limits: a rolling window per bucket, five searches a second, and a quota per day.

Source: HubSpot's usage guidelines (2026-09): 100 requests in 10 seconds on Free and Starter, 190 above;
associations 100 or 150; searches 5 a second, without rate headers; the day ends at midnight in the account's
time zone.
"""

import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from hubspot_retention.sandbox.calls import Reply, answer
from hubspot_retention.sandbox.options import SandboxOptions, Tier
from hubspot_retention.sandbox.origins import APP_ID

WINDOW_SECONDS = 10.0
_SEARCHES_A_SECOND = 5


class Bucket(StrEnum):
    """What a request counts against."""

    BURST = "burst"
    ASSOCIATIONS = "associations"
    SEARCH = "search"


@dataclass(frozen=True, slots=True, kw_only=True)
class TierLimits:
    """The limits of one tier."""

    burst: int
    associations: int
    daily: int


TIER_LIMITS = {
    Tier.FREE: TierLimits(burst=100, associations=100, daily=250_000),
    Tier.STARTER: TierLimits(burst=100, associations=100, daily=250_000),
    Tier.PROFESSIONAL: TierLimits(burst=190, associations=150, daily=625_000),
    Tier.ENTERPRISE: TierLimits(burst=190, associations=150, daily=1_000_000),
}


def too_many(policy: str) -> Reply:
    """An answer of 429 by one of HubSpot's rate policies."""
    words = {"DAILY": "daily limit", "SECONDLY": "secondly limit"}.get(policy, "ten_secondly_rolling limit")
    body = {
        "status": "error",
        "message": f"You have reached your {words}.",
        "errorType": "RATE_LIMIT",
        "correlationId": str(uuid.uuid4()),
        "policyName": policy,
        "groupName": f"publicapi:private_app-api-calls-{policy.lower().replace('_', '-')}:{APP_ID}",
    }
    return answer(body, 429)


class _Window:
    def __init__(self, most: int, seconds: float) -> None:
        self.most = most
        self._seconds = seconds
        self._at: deque[float] = deque()

    def used(self, present: float) -> int:
        while self._at and self._at[0] <= present - self._seconds:
            self._at.popleft()
        return len(self._at)

    def take(self, present: float) -> None:
        self._at.append(present)


class Limits:
    """The counters of one portal; they count also where nothing is enforced.

    `today` tells the local day of the account, `monotonic` the seconds that windows are measured in.
    """

    def __init__(
        self,
        tier: Tier,
        options: SandboxOptions,
        today: Callable[[], date],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        known = TIER_LIMITS[tier]
        self.enforced = options.limits
        self.daily_limit = known.daily if options.daily_quota is None else options.daily_quota
        self._today = today
        self._retry_after = options.retry_after
        self._clock = monotonic
        self._passed = 0.0
        self._windows = {
            Bucket.BURST: _Window(known.burst, WINDOW_SECONDS),
            Bucket.ASSOCIATIONS: _Window(known.associations, WINDOW_SECONDS),
            Bucket.SEARCH: _Window(_SEARCHES_A_SECOND, 1.0),
        }
        self._day = today()
        self._used = 0

    def pass_by(self, seconds: float) -> None:
        """Let that much time have passed."""
        self._passed += seconds

    def _monotonic(self) -> float:
        return self._clock() + self._passed

    def used_today(self) -> int:
        """How many requests counted since midnight in the account's time zone."""
        today = self._today()
        if today != self._day:
            self._day, self._used = today, 0
        return self._used

    def use(self, number: int) -> None:
        """Let that many requests have been counted today: other programs of the account use up its quota as well."""
        self.used_today()
        self._used = number

    def admit(self, bucket: Bucket) -> Reply | None:
        """Count a request, or answer it with a 429; a refused one does not count."""
        window, present = self._windows[bucket], self._monotonic()
        if self.enforced and window.used(present) >= window.most:
            return self._refusal("SECONDLY" if bucket is Bucket.SEARCH else "TEN_SECONDLY_ROLLING")
        if self.enforced and self.used_today() >= self.daily_limit:
            return self._refusal("DAILY")
        if self.enforced:
            window.take(present)
        self.used_today()
        self._used += 1
        return None

    def headers(self, bucket: Bucket) -> tuple[tuple[bytes, bytes], ...]:
        """The rate headers of an answer; searches have none, nor do answers while nothing is enforced."""
        if not self.enforced or bucket is Bucket.SEARCH:
            return ()
        window = self._windows[bucket]
        left = max(0, window.most - window.used(self._monotonic()))
        told = {
            "daily": self.daily_limit,
            "daily-remaining": max(0, self.daily_limit - self.used_today()),
            "interval-milliseconds": int(WINDOW_SECONDS * 1000),
            "max": window.most,
            "remaining": left,
        }
        return tuple((b"x-hubspot-ratelimit-" + name.encode(), str(value).encode()) for name, value in told.items())

    def _refusal(self, policy: str) -> Reply:
        refused = too_many(policy)
        if not self._retry_after:
            return refused
        seconds = b"1" if policy == "SECONDLY" else b"10"
        return Reply(429, refused.body, (*refused.headers, (b"retry-after", seconds)))
