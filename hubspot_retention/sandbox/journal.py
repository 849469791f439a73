"""The request journal: what was called, what it did, and how fast it came.

Calls that change something are all kept, in order; of those that only read, the latest.
"""

import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

DESTRUCTIVE = frozenset({"archive", "erase", "merge", "detach", "unlist", "undefine", "archive-file", "erase-file"})
"""The kinds of call that take something away."""

_READS_KEPT = 20_000
_WINDOW_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One call. `status` is none when the connection was cut; `effects` is what it really did, `ids` whom it
    named.
    """

    number: int
    at: str
    method: str
    path: str
    kind: str
    ids: tuple[str, ...]
    status: int | None
    effects: tuple[str, ...]
    fault: str | None

    @property
    def destructive(self) -> bool:
        """Whether the call takes something away."""
        return self.kind in DESTRUCTIVE

    def row(self) -> dict[str, Any]:
        """The entry as JSON."""
        return {
            "number": self.number,
            "at": self.at,
            "method": self.method,
            "path": self.path,
            "kind": self.kind or "read",
            "destructive": self.destructive,
            "ids": list(self.ids),
            "status": self.status,
            "effect": list(self.effects),
            "fault": self.fault,
        }


@dataclass(slots=True)
class _Rate:
    at: deque[float] = field(default_factory=deque)
    most: int = 0

    def take(self, present: float) -> None:
        self.at.append(present)
        while self.at[0] <= present - _WINDOW_SECONDS:
            self.at.popleft()
        self.most = max(self.most, len(self.at))


class Journal:
    """All that was asked of one sandbox since it started or was last cleared."""

    def __init__(self, *, keep: bool, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._keep = keep
        self._monotonic = monotonic
        self._cpu_before = time.process_time()
        self.clear()

    def clear(self) -> None:
        """Forget everything and count from nothing."""
        self._writes: list[Entry] = []
        self._reads: deque[Entry] = deque(maxlen=_READS_KEPT)
        self._number = 0
        self._endpoints: Counter[str] = Counter()
        self._statuses: Counter[str] = Counter()
        self._all, self._accepted = _Rate(), dict[str, _Rate]()
        self._in_flight = self._most_in_flight = 0
        self._cpu_before = time.process_time()

    def begin(self) -> None:
        """A request has come."""
        self._in_flight += 1
        self._most_in_flight = max(self._most_in_flight, self._in_flight)
        self._all.take(self._monotonic())

    def accepted(self, bucket: str) -> None:
        """The request was within the limits."""
        self._accepted.setdefault(bucket, _Rate()).take(self._monotonic())

    def end(self, endpoint: str, status: int | None) -> None:
        """The request was answered, or its connection cut."""
        self._in_flight -= 1
        self._endpoints[endpoint] += 1
        self._statuses["cut" if status is None else str(status)] += 1

    def next_number(self) -> int:
        """The place of the next call in order of its effect."""
        self._number += 1
        return self._number

    def keep(self, entry: Entry) -> None:
        """Remember a call."""
        if entry.kind:
            self._writes.append(entry)
        elif self._keep:
            self._reads.append(entry)

    def entries(self, *, destructive: bool = False) -> list[Entry]:
        """The calls in order; only those that take something away, if asked so."""
        if destructive:
            return [entry for entry in self._writes if entry.destructive]
        return sorted([*self._writes, *self._reads], key=lambda entry: entry.number)

    def stats(self) -> dict[str, Any]:
        """The counts: requests, answers of 429, the fullest ten seconds, the most at once, CPU seconds of
        the server.
        """
        return {
            "requests": sum(self._endpoints.values()),
            "by_endpoint": dict(sorted(self._endpoints.items())),
            "by_status": dict(sorted(self._statuses.items())),
            "too_many": self._statuses["429"],
            "max_requests_in_10_s": self._all.most,
            "max_accepted_in_10_s": {name: rate.most for name, rate in sorted(self._accepted.items())},
            "max_in_flight": self._most_in_flight,
            "cpu_seconds": round(time.process_time() - self._cpu_before, 3),
        }
