"""Events on their way: what is to be posted next, what is tried again and when, what became of it all.

No thread and no network in here: `take` hands out a request, `settle` hears what came of it. Which events are dropped
or doubled, what stands first in a request, and how long a retry waits, follows from the seed and the number of the
event; what goes into one request together also depends on when it is asked for, unless delivery is paused meanwhile.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import Any

import msgspec

from hubspot_retention.sandbox.events import Happening
from hubspot_retention.sandbox.webhook_app import WebhookApp

MOST_EVENTS = 100
"""In one request (HubSpot, "Webhooks")."""

_RETRIES = (60, 300, 900, 1_800, 3_600, 7_200, 10_800, 14_400, 18_000, 21_600)
"""Seconds before each of the ten retries, together less than 24 hours; HubSpot gives no figures, but says so much."""

_NOISE = (0.5, 1.05)

_COUNTED = ("events", "dropped", "doubled", "delivered", "retried", "failed")
NO_COUNTS: dict[str, Any] = {**dict.fromkeys(_COUNTED, 0), "pending": 0, "requests": 0, "answers": {}}
"""The counts where nothing is delivered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryOptions:
    """How events are delivered.

    `time_factor` shortens the waits before retries. `drop`, `duplicate` and `shuffle` are shares of the events: lost
    without a trace; sent once more (2.5 is two more always, and every other time a third); held back for up to
    `spread_seconds`, as further copies are. `signed_as` is the address that is signed, where it is not the one that
    is posted to. While `paused` nothing leaves.
    """

    time_factor: float = 1.0
    drop: float = 0.0
    duplicate: float = 0.0
    shuffle: float = 0.0
    spread_seconds: float = 1.0
    timeout_seconds: float = 5.0
    signed_as: str | None = None
    paused: bool = False
    seed: int = 1


@dataclass(slots=True, kw_only=True)
class Parcel:
    """The events of one request. `attempt` counts the retries."""

    number: int
    events: list[dict[str, Any]]
    attempt: int = 0

    def body(self) -> bytes:
        """What is posted."""
        return msgspec.json.encode([{**event, "attemptNumber": self.attempt} for event in self.events])


@dataclass(order=True, slots=True)
class _Waiting:
    due_at: datetime
    key: float
    what: Any = field(compare=False)


class Outbox:
    """The events of one portal that are to be delivered. Any thread may call it."""

    def __init__(self, app: WebhookApp, now: Callable[[], datetime], options: DeliveryOptions) -> None:
        self.app = app
        self.options = options
        self.news = threading.Condition()
        self.now = now
        self._fresh: list[_Waiting] = []
        self._again: list[_Waiting] = []
        self._events = self._parcels = self._in_flight = self._flying = 0
        self._counts: Counter[str] = Counter()
        self._answers: Counter[str] = Counter()

    def tell(self, happenings: list[Happening]) -> None:
        """Take the events of what happened, as far as they are subscribed to."""
        found = [self.app.wire(each, wanted) for each in happenings for wanted in self.app.wanted(each)]
        if not found:
            return
        with self.news:
            for event in found:
                self._take_in(event)
            self.news.notify_all()

    def _take_in(self, event: dict[str, Any]) -> None:
        self._events += 1
        self._counts["events"] += 1
        chance = random.Random(f"{self.options.seed}:{self._events}")
        if chance.random() < self.options.drop:
            self._counts["dropped"] += 1
            return
        whole, rest = divmod(self.options.duplicate, 1)
        copies = int(whole) + (chance.random() < rest)
        late = chance.random() < self.options.shuffle
        self._counts["doubled"] += copies
        for copy in range(copies + 1):
            wait = chance.uniform(0, self.options.spread_seconds) if copy or late else 0.0
            heappush(self._fresh, _Waiting(self.now() + timedelta(seconds=wait), chance.random(), event))

    def take(self) -> Parcel | None:
        """The next request, which is then in flight; none if nothing is due, or too many are in flight."""
        with self.news:
            if self.options.paused or self._in_flight >= self.app.max_concurrent:
                return None
            parcel = self._next(self.now())
            if parcel is not None:
                self._in_flight += 1
                self._flying += len(parcel.events)
            return parcel

    def _next(self, now: datetime) -> Parcel | None:
        if self._again and self._again[0].due_at <= now:
            again: Parcel = heappop(self._again).what
            return again
        due: list[_Waiting] = []
        while self._fresh and self._fresh[0].due_at <= now and len(due) < MOST_EVENTS:
            due.append(heappop(self._fresh))
        if not due:
            return None
        self._parcels += 1
        return Parcel(number=self._parcels, events=[each.what for each in sorted(due, key=lambda each: each.key)])

    def settle(self, parcel: Parcel, answer: str) -> None:
        """Hear what came of a request: a status, or a word for none. Any 2xx is a success, the rest is tried again."""
        with self.news:
            number = len(parcel.events)
            self._in_flight -= 1
            self._flying -= number
            self._answers[answer] += 1
            if answer.startswith("2") and len(answer) == 3:
                self._counts["delivered"] += number
            elif parcel.attempt >= len(_RETRIES):
                self._counts["failed"] += number
            else:
                self._counts["retried"] += number
                heappush(self._again, self._later(parcel))
            self.news.notify_all()

    def _later(self, parcel: Parcel) -> _Waiting:
        chance = random.Random(f"{self.options.seed}:{parcel.number}:{parcel.attempt}")
        seconds = _RETRIES[parcel.attempt] * chance.uniform(*_NOISE) * self.options.time_factor
        parcel.attempt += 1
        return _Waiting(self.now() + timedelta(seconds=seconds), chance.random(), parcel)

    def hurry(self) -> None:
        """Let nothing wait any longer: what was held back, and every retry."""
        with self.news:
            now = self.now()
            for waiting in (self._fresh, self._again):
                waiting[:] = [_Waiting(min(each.due_at, now), each.key, each.what) for each in waiting]
                heapify(waiting)
            self.news.notify_all()

    def due_in(self) -> float | None:
        """Seconds until something falls due by the portal's clock; none if nothing waits for that alone."""
        with self.news:
            if self.options.paused or self._in_flight >= self.app.max_concurrent:
                return None
            first = [waiting[0].due_at for waiting in (self._fresh, self._again) if waiting]
            return (min(first) - self.now()).total_seconds() if first else None

    @property
    def pending(self) -> int:
        """How many copies of events are still on their way."""
        with self.news:
            return len(self._fresh) + sum(len(each.what.events) for each in self._again) + self._flying

    def counts(self) -> dict[str, Any]:
        """What became of the events so far; all but `requests` count events."""
        with self.news:
            known = {name: self._counts[name] for name in _COUNTED}
            answers = dict(sorted(self._answers.items()))
            return {**known, "pending": self.pending, "requests": sum(answers.values()), "answers": answers}
