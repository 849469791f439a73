"""Faults on demand: which requests go wrong, how, and how often.

What matters is on which side of the effect a fault lies: a client that saw no answer must not assume either. A fault
lasts for a number of requests, for a time of the portal's clock, or until it is taken away.
"""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from hubspot_retention.sandbox import clock


class FaultKind(StrEnum):
    """The ways in which a request goes wrong."""

    TIMEOUT_BEFORE = "timeout_before"
    TIMEOUT_AFTER_EFFECT = "timeout_after_effect"
    ERROR_BEFORE = "error_before"
    ERROR_AFTER_EFFECT = "error_after_effect"
    TOO_MANY = "429"
    LOCKED = "423"
    MIGRATING = "477"
    CONNECTION_CUT = "connection_cut"
    CONNECTION_CUT_AFTER_EFFECT = "connection_cut_after_effect"
    STALE_SEARCH = "stale_search"
    PARTIAL_207 = "partial_207"
    SILENT_PARTIAL = "silent_partial"
    """Half of an archive is left undone and the answer is a 204 all the same."""
    SLOW = "slow"


class FaultError(Exception):
    """A description of a fault that cannot be read; the message says what was expected."""


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault: `count` more requests that match go wrong (none: every one), each with that probability.

    `status` goes with the two kinds of error, `ms` with slow and the time-outs, `retry_after` (seconds) with
    423, 429, 477 and errors. The first `skip` that match are spared. It is over at `ends_at`, `for_seconds` after it
    was set.
    """

    kind: FaultKind
    method: re.Pattern[str]
    path: re.Pattern[str]
    count: int | None
    skip: int
    probability: float
    status: int
    ms: int
    retry_after: int | None
    for_seconds: float | None = None
    ends_at: datetime | None = None
    hits: int = 0

    def row(self) -> dict[str, Any]:
        """The fault as JSON."""
        return {
            "kind": str(self.kind),
            "method": self.method.pattern,
            "path": self.path.pattern,
            "count": self.count,
            "skip": self.skip,
            "probability": self.probability,
            "ends_at": None if self.ends_at is None else clock.instant_text(self.ends_at),
            "hits": self.hits,
        }


class Faults:
    """The faults that are set, in order; the first that matches a request takes it."""

    def __init__(self, seed: int, now: Callable[[], datetime] = clock.now) -> None:
        self._now = now
        self._random = random.Random(seed)
        self._set: list[Fault] = []

    def add(self, raw: Mapping[str, Any]) -> Fault:
        """Set a fault from its JSON description. Raises FaultError."""
        fault = parse_fault(raw)
        if fault.for_seconds is not None:
            fault = replace(fault, ends_at=self._now() + timedelta(seconds=fault.for_seconds))
        self._set.append(fault)
        return fault

    def clear(self) -> None:
        """Take all faults away."""
        self._set.clear()

    def rows(self) -> list[dict[str, Any]]:
        """The faults that are set."""
        return [fault.row() for fault in self._set]

    def any_of(self, kind: FaultKind) -> bool:
        """Whether a fault of that kind is set."""
        return any(fault.kind is kind for fault in self._set)

    def hit(self, method: str, path: str) -> Fault | None:
        """The fault that this request runs into; it counts as one of its hits."""
        for fault in self._set:
            if not fault.method.fullmatch(method) or not fault.path.search(path):
                continue
            if fault.count is not None and fault.hits >= fault.count:
                continue
            if fault.ends_at is not None and self._now() >= fault.ends_at:
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.probability < 1 and self._random.random() >= fault.probability:
                continue
            fault.hits += 1
            return fault
        return None


def parse_fault(raw: Mapping[str, Any]) -> Fault:
    """The fault that a description means.

    Without `count`, `probability` and `for_seconds` it happens once. Raises FaultError.
    """
    known = {"kind", "method", "path", "count", "skip", "probability", "status", "ms", "retry_after", "for_seconds"}
    if set(raw) - known:
        raise FaultError(f"found {sorted(set(raw) - known)}, expected only {sorted(known)}")
    try:
        kind = FaultKind(str(raw.get("kind")))
    except ValueError as error:
        raise FaultError(
            f"kind: found {raw.get('kind')!r}, expected one of {[str(each) for each in FaultKind]}"
        ) from error
    count = raw.get("count", None if {"probability", "for_seconds"} & set(raw) else 1)
    default_ms = 600_000 if "timeout" in kind else 1_000
    try:
        return Fault(
            kind=kind,
            method=re.compile(str(raw.get("method", ".*")), re.IGNORECASE),
            path=re.compile(str(raw.get("path", ""))),
            count=None if count is None else int(count),
            skip=int(raw.get("skip", 0)),
            probability=float(raw.get("probability", 1.0)),
            status=int(raw.get("status", 500)),
            ms=int(raw.get("ms", default_ms)),
            retry_after=None if raw.get("retry_after") is None else int(raw["retry_after"]),
            for_seconds=None if raw.get("for_seconds") is None else float(raw["for_seconds"]),
        )
    except (re.error, TypeError, ValueError) as error:
        raise FaultError(f"found {dict(raw)!r}, expected regular expressions and numbers: {error}") from error
