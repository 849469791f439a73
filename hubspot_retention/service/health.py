"""Whether the service lives, and whether it keeps its promises.

Live: the process is worth keeping. Ready: each tick succeeded lately, the database takes what is written, the portal is
the right one, and nothing stops disposals that no person stopped. A person's stop is shown and is no fault.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from hubspot_retention.core.alarm import Tick
from hubspot_retention.errors import RetentionError
from hubspot_retention.service.works import code_of
from hubspot_retention.workflow.ports import Store
from hubspot_retention.workflow.watch import Signs

MOST_SECONDS_WITHOUT_BEAT: Final = 3_600.0
"""A thread that did not get on for so long hangs: the longest call that HubSpot leaves open is a matter of minutes."""

NO_DATABASE: Final = "database"
NO_PORTAL: Final = "portal-not-seen"
NO_WEBHOOKS: Final = "webhooks-not-served"
ANCHOR_LATE: Final = "anchor-late"
TICK: Final = "tick-"


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the service is ready; codes of why it is not; all that was looked at, for a person or a probe."""

    reasons: tuple[str, ...]
    shown: Mapping[str, Any]

    @property
    def is_ready(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What the threads of the process say of themselves: whether both are alive and for how long one of them did not
    get on, the code of the last write that failed (empty: none), whether webhooks are served as they should be, whether
    the audit log was shown to nobody outside for longer than it should be."""

    threads_are_alive: Callable[[], bool]
    seconds_since_beat: Callable[[], float]
    store_failure: Callable[[], str]
    webhooks_are_served: Callable[[], bool]
    anchor_is_late: Callable[[], bool] = lambda: False


class Health:
    """Answers both questions. `store` is opened for reading; any thread may ask."""

    def __init__(
        self,
        store: Store,
        signs: Signs,
        vitals: Vitals,
        limits: Mapping[str, timedelta],
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._signs = signs
        self._vitals = vitals
        self._limits = limits
        self._now = now

    def is_live(self) -> bool:
        """Whether the thread that works and the one that watches are alive and get on."""
        return self._vitals.threads_are_alive() and self._vitals.seconds_since_beat() < MOST_SECONDS_WITHOUT_BEAT

    def look(self) -> Readiness:
        """Whether the service is ready."""
        now = self._now()
        failure = self._vitals.store_failure()
        ticks: Mapping[str, Tick] = {}
        stopped: str | None = None
        try:
            with self._store.transaction() as tx:
                ticks, stopped = tx.ticks(), tx.kill_switch()
        except RetentionError as error:
            failure = code_of(error)
        ages = {name: self._age(ticks.get(name), now) for name in self._limits}
        late = [] if failure else [name for name, age in ages.items() if self._is_late(name, age)]
        reasons = self._reasons(failure, late)
        return Readiness(reasons, self._shown(reasons, ticks, ages, failure, stopped))

    def _age(self, tick: Tick | None, now: datetime) -> timedelta | None:
        """How old its last success is; one that the service had no time yet to make up for counts from its start.
        `None`: it was noted by a clock that was ahead, and nobody knows."""
        if tick is not None and tick.is_ahead(now):
            return None
        done = None if tick is None else tick.last_done_at
        return now - max(filter(None, (done, self._signs.started_at)))

    def _is_late(self, name: str, age: timedelta | None) -> bool:
        return age is None or age > self._limits[name]

    def _reasons(self, failure: str, late: list[str]) -> tuple[str, ...]:
        found = [
            *([NO_DATABASE] if failure else []),
            *([NO_PORTAL] if self._signs.portal_seen_at is None else []),
            *([] if self._vitals.webhooks_are_served() else [NO_WEBHOOKS]),
            *([ANCHOR_LATE] if self._vitals.anchor_is_late() else []),
            *self._signs.gate.codes(),
            *(f"{TICK}{name}" for name in late),
        ]
        return tuple(found)

    def _shown(
        self,
        reasons: tuple[str, ...],
        ticks: Mapping[str, Tick],
        ages: Mapping[str, timedelta | None],
        failure: str,
        stopped: str | None,
    ) -> Mapping[str, Any]:
        signs = self._signs
        return {
            "ready": not reasons,
            "reasons": list(reasons),
            "ticks": {name: self._tick(name, ticks.get(name), age) for name, age in ages.items()},
            "database": {"writable": not failure, "failure": failure or None},
            "portal": {"id": signs.portal_id, "seen_at": _shown(signs.portal_seen_at)},
            "clock_skew_seconds": signs.clock_skew_seconds,
            "audit": {"verified_at": _shown(signs.audit_verified_at), "entries": signs.audit_entries},
            "disposals_stopped": {"by_a_person": stopped is not None, "by_the_service": list(signs.gate.codes())},
        }

    def _tick(self, name: str, tick: Tick | None, age: timedelta | None) -> Mapping[str, Any]:
        known = tick or Tick(name=name)
        return {
            "last_success_at": _shown(known.last_done_at),
            "age_seconds": None if age is None else round(age.total_seconds(), 1),
            "limit_seconds": round(self._limits[name].total_seconds(), 1),
            "late": self._is_late(name, age),
            "last_error": known.last_error or None,
        }


def _shown(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat(timespec="seconds")
