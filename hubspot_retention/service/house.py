"""Builds the parts of the service and joins them: two threads that work, two listeners, what wakes them.

One thread talks to HubSpot (`works`); the other looks at the service and tells people (`watching`), so that an alarm
never waits for the work that it is about. A test or a simulator opens a house and takes the steps itself.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from hubspot_retention.bootstrap import Application, quota_of, verified
from hubspot_retention.clock import steady_seconds
from hubspot_retention.core.record import PortalId
from hubspot_retention.credentials import read_alarm_urls
from hubspot_retention.errors import PortalPausedError
from hubspot_retention.service.counting import Requests, Tally
from hubspot_retention.service.figures import Figures, read_figures
from hubspot_retention.service.finding import Asked, Finding
from hubspot_retention.service.health import Health, Vitals
from hubspot_retention.service.heartbeat import Heartbeat
from hubspot_retention.service.metrics import Metrics, Sources
from hubspot_retention.service.names import DUE, FULL, HEARTBEAT, HOT, INBOX, SELF_CHECK, WATCH, limits_of
from hubspot_retention.service.notify import notifier
from hubspot_retention.service.schedule import full_sweep_is_due
from hubspot_retention.service.speed import Speed
from hubspot_retention.service.ticks import Shop, Ticks
from hubspot_retention.service.works import Facts, Job, Works
from hubspot_retention.workflow.times import Times
from hubspot_retention.workflow.watch import AUDIT_DAMAGED, AuditDamagedError, Notifier, SelfCheck, Signs, Watch

if TYPE_CHECKING:
    from hubspot_retention.hubspot.transport import Transport
    from hubspot_retention.store.database import SqlStore

_LONGEST_PAUSE_OF_SWEEPS: Final = 3_600.0
_SHORT: Final = 1.0


@dataclass(slots=True)
class Threads:
    """What the process says of its threads; set by whoever starts them."""

    are_alive: Callable[[], bool] = lambda: True
    webhooks_are_served: Callable[[], bool] = lambda: True


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The service, ready to run or to be driven step by step. `portal`: the one it is for, if that is known before
    HubSpot was asked."""

    app: Application
    store: "SqlStore"
    signs: Signs
    works: Works
    watching: Works
    health: Health
    metrics: Metrics
    threads: Threads
    times: Times
    webhooks: Tally
    portal: PortalId | None

    def want(self, *names: str) -> None:
        """Have ticks done, by whichever thread does them."""
        self.works.want(*names)
        self.watching.want(*names)

    def look(self) -> None:
        """Have a full sweep done if one is due."""
        portal, settings, now = self.signs.portal_id, self.app.settings().service, self.app.clock.now()
        if portal is None:
            return
        with self.store.transaction() as tx:
            last = tx.last_full_run(portal)
        if full_sweep_is_due(last, now, settings, self.app.policy()[0].civil):
            self.works.want(FULL)

    def stop(self) -> None:
        """No new work."""
        self.works.stop()
        self.watching.stop()


@dataclass(frozen=True, slots=True, kw_only=True)
class Instead:
    """What a test or a simulator puts in the place of what the process would take."""

    monotonic: Callable[[], float] = steady_seconds
    sleep: Callable[[float], None] | None = None
    tells: Notifier | None = None


@contextmanager
def open_house(app: Application, requests: Requests | None = None, instead: Instead = Instead()) -> Iterator[House]:
    """Open the store, alone, and the way to HubSpot, and build everything. Raises UsageError for settings or a
    policy that cannot be before anything is opened."""
    settings, policy = app.settings(), app.fit_policy()[0]
    app.grace()
    app.keyring()
    telling = instead.tells or notifier((*settings.alarms.urls, *read_alarm_urls(app.environment)), policy.civil)
    with ExitStack() as stack:
        store = stack.enter_context(app.store())
        reading = stack.enter_context(app.store("read"))
        build = _Build(app, store, reading, Times(app.clock.now, instead.monotonic), requests or Requests())
        transport = stack.enter_context(app.transport(instead.sleep or build.sleep))
        yield build.house(transport, telling)


class _Build:
    """Puts the parts together; some of them name one another."""

    def __init__(
        self, app: Application, store: "SqlStore", reading: "SqlStore", times: Times, requests: Requests
    ) -> None:
        self._app, self._store, self._reading, self._requests = app, store, reading, requests
        self._settings, self._policy = app.settings(), app.policy()[0]
        self._limits = limits_of(self._settings.service)
        self._speed, self._times = Speed(times.monotonic), times
        self._portal = _portal_of(store, self._settings.portal_id)
        self._signs, self._threads, self._webhooks = _signs(store, times.now()), Threads(), Tally()
        self._anchoring = app.anchoring(store)
        if self._anchoring is not None:
            self._anchoring.look()
            self._signs.gate.ask(self._anchoring.doubts)
        self._ticks: Ticks
        self._watch: Watch
        self._works = Works(self._jobs(), store, times)
        beats = Heartbeat(self._settings.service.heartbeat_url) if self._settings.service.heartbeat_url else None
        watching = [Job(name=WATCH, do=self._look_at_it, always=True)]
        if beats is not None:
            watching.append(Job(name=HEARTBEAT, do=beats.beat))
        self._watching = Works(watching, store, times)
        requests.heard = self._works.beat

    def _jobs(self) -> list[Job]:
        return [
            Job(name=INBOX, do=lambda: self._ticks.inbox(), then=(DUE,), between=True),
            Job(name=DUE, do=self._due, between=True),
            Job(name=HOT, do=lambda: self._ticks.hot(), then=(DUE,)),
            Job(name=FULL, do=lambda: self._ticks.full(), then=(DUE,), longest_pause=_LONGEST_PAUSE_OF_SWEEPS),
            Job(name=SELF_CHECK, do=lambda: self._ticks.self_check()),
        ]

    def _due(self) -> Facts | None:
        facts = self._ticks.due()
        self._watching.want(HEARTBEAT)
        return facts

    def _look_at_it(self) -> Facts | None:
        told = self._watch.run()
        self._webhooks.store(self._store)
        return told

    def sleep(self, seconds: float) -> None:
        """Wait, unless the process is to end. A short wait is borne: the record in hand is to be finished."""
        if seconds <= _SHORT:
            time.sleep(seconds)
        elif self._works.wait_for_stop(seconds):
            raise PortalPausedError("the service is stopping: nothing more is asked of HubSpot")

    def house(self, transport: "Transport", telling: Notifier) -> House:
        """All of it."""
        app, signs, now = self._app, self._signs, self._app.clock.now
        verify = partial(verified, app, self._reading)
        check = SelfCheck(signs, self._store, verify, self._portal, now)
        self._ticks = Ticks(
            Shop(
                app=app,
                store=self._store,
                transport=transport,
                signs=signs,
                check=check,
                verify=verify,
                should_stop=self._works.is_stopping,
                between=self._works.between,
                want=self._works.want,
                speed=self._speed,
                times=self._times,
            )
        )
        vitals = Vitals(
            threads_are_alive=lambda: self._threads.are_alive(),
            seconds_since_beat=lambda: max(works.seconds_since_beat() for works in (self._works, self._watching)),
            store_failure=lambda: self._works.store_failure or self._watching.store_failure,
            webhooks_are_served=lambda: self._threads.webhooks_are_served(),
            anchor_is_late=self._anchor_is_late,
        )
        health = Health(self._reading, signs, vitals, self._limits, now)
        quota = partial(quota_of, transport, self._settings.pacing.daily_reserve_percent / 100)
        asked = Asked(
            store=self._reading,
            signs=signs,
            readiness=health.look,
            quota=quota,
            speed=self._speed.per_second,
            unstored=self._webhooks.counts,
            anchors=self._settings.anchors.limits,
        )
        finding = Finding(asked, self._policy, self._settings.alarms, self._limits)
        self._watch = Watch(self._store, telling, finding, now)
        sources = Sources(
            figures=self._figures,
            webhooks=self._webhooks.counts,
            requests=self._requests.tally.counts,
            quota_used=lambda: quota().used_ratio,
            is_ready=lambda: health.look().is_ready,
        )
        return House(
            app=app,
            store=self._store,
            signs=signs,
            works=self._works,
            watching=self._watching,
            health=health,
            metrics=Metrics(sources),
            threads=self._threads,
            times=self._times,
            webhooks=self._webhooks,
            portal=self._portal,
        )

    def _anchor_is_late(self) -> bool:
        """An anchor that never was is no late one: the gate is closed until there is one."""
        age = None if self._anchoring is None else self._anchoring.age()
        return age is not None and age > self._settings.anchors.warn_after

    def _figures(self) -> Figures:
        with self._reading.transaction() as tx:
            portal, anchors = self._signs.portal_id or self._portal, self._settings.anchors.limits
            return read_figures(tx, portal, self._app.clock.now(), anchors)


def _portal_of(store: "SqlStore", named: PortalId | None) -> PortalId | None:
    """The portal that the service is for: that of the settings, or else that of the store. Where these differ no token
    is of both, and whatever needs the portal is refused: a service that runs and tells of that is heard, one that does
    not start is not."""
    if named is not None:
        return named
    with store.transaction() as tx:
        return tx.own_portal()


def _signs(store: "SqlStore", now: datetime) -> Signs:
    """What is known at the start: a log that was found damaged keeps the gate closed until it verifies."""
    signs = Signs(now)
    with store.transaction() as tx:
        last = tx.ticks().get(SELF_CHECK)
    signs.gate.set(AUDIT_DAMAGED, closed=last is not None and last.last_error == AuditDamagedError.__name__)
    return signs
