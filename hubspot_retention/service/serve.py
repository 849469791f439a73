"""The process: threads, listeners, signals, and an end in good order.

At SIGTERM no webhook is taken any more, nothing new is begun, the record in hand is finished and written down. What
does not end in time is left as it is: a process that is killed loses nothing, so neither does this one.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from types import FrameType
from typing import Final

import structlog

from hubspot_retention import __version__
from hubspot_retention.bootstrap import SERVICE, Application
from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.errors import ExitCode, RetentionError
from hubspot_retention.service.counting import Requests
from hubspot_retention.service.house import House, open_house
from hubspot_retention.service.listener import Listener
from hubspot_retention.service.operations import operations_app
from hubspot_retention.service.schedule import Schedule
from hubspot_retention.service.webhooks import Webhooks
from hubspot_retention.workflow.times import Steps

_log = structlog.get_logger("hubspot_retention.service")
_LOOK_SECONDS: Final = 0.1


class Signals:
    """SIGTERM and SIGINT: the first asks for an end in good order, the second ends the process at once.

    A handler may interrupt anything, so it only notes what it was told; nobody waits on a lock for it.
    """

    def __init__(self) -> None:
        self.came: int | None = None

    def install(self) -> None:
        """From now on."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)

    def wait_while(self, goes_on: Callable[[], bool]) -> None:
        """Until one came, or until something does not go on any more."""
        while self.came is None and goes_on():
            time.sleep(_LOOK_SECONDS)

    def _note(self, number: int, _: FrameType | None) -> None:
        if self.came is not None:
            os._exit(128 + number)
        self.came = number


def serve(app: Application, requests: Requests | None = None, signals: Signals | None = None) -> ExitCode:
    """Serve until a signal comes. Raises UsageError, StoreRefusedError before anything is begun."""
    heard = signals or Signals()
    if signals is None:
        heard.install()
    with open_house(app, requests) as house:
        process = _Process(house)
        process.start()
        code = process.wait(heard)
        if not process.stop():
            _leave()
    _log.info("service.ended", code=int(code))
    return code


class _Process:
    """The threads and listeners of a house."""

    def __init__(self, house: House) -> None:
        self._house = house
        settings = house.app.settings().service
        pages = operations_app(house.health, house.metrics.scrape)
        self._operations = Listener("operations", pages, settings.operations_host, settings.operations_port)
        try:
            self._webhooks = Webhooks(house)
        except RetentionError:
            self._operations.stop(0)
            raise
        self._steps = Steps(house.times)
        self._schedule = Schedule(settings, house.want, house.look)
        self._worker = Thread(target=house.works.run, name="works", daemon=True)
        self._watcher = Thread(target=house.watching.run, name="watching", daemon=True)

    def start(self) -> None:
        """Begin."""
        house = self._house
        house.threads.are_alive = lambda: not self._dead()
        house.threads.webhooks_are_served = self._webhooks.are_served
        house.app.note_in_force(house.store, SERVICE)
        self._write_down(Verb.STARTED)
        self._operations.start()
        self._webhooks.start()
        for name, url in (("operations", self._operations.url), ("webhook", self._webhooks.url)):
            if url is not None:
                _log.info("listener.opened", listener=name, url=url)
        self._worker.start()
        self._watcher.start()
        self._schedule.start()
        mode = house.app.settings().mode.value
        _log.info("service.started", version=__version__, pid=os.getpid(), mode=mode)

    def wait(self, signals: Signals) -> ExitCode:
        """Until a signal comes, or one of the two threads has died."""
        knows_portal = False
        while signals.came is None:
            time.sleep(_LOOK_SECONDS)
            if dead := self._dead():
                _log.error("thread.died", thread=dead[0])
                return ExitCode.FAILED
            if step := self._steps.step():
                self._begin_anew(step)
            if not knows_portal and self._house.signs.portal_id is not None:
                knows_portal = True
                self._webhooks.accept()
                self._house.look()
        _log.info("service.stopping", signal=signal.Signals(signals.came).name)
        return ExitCode.DONE

    def stop(self) -> bool:
        """End in good order; `False` if something did not end in time."""
        give_up = time.monotonic() + self._house.app.settings().service.stop_within.total_seconds()

        def left() -> float:
            return max(0.0, give_up - time.monotonic())

        self._schedule.stop()
        self._house.stop()
        self._webhooks.stop(left())
        for thread in (self._worker, self._watcher):
            thread.join(left())
        if any(thread.is_alive() for thread in (self._worker, self._watcher)):
            return False
        self._house.webhooks.store(self._house.store)
        self._write_down(Verb.STOPPED)
        self._operations.stop(left())
        return True

    def _begin_anew(self, step: float) -> None:
        """Nothing waits for an instant of a clock that was wrong."""
        _log.warning("clock.set", seconds=round(step))
        signs = self._house.signs
        signs.started_at = min(signs.started_at, self._house.times.now())
        self._schedule.begin_anew()

    def _dead(self) -> list[str]:
        """The names of the threads that do not run: without the one nothing is disposed of, without the other nobody is
        told."""
        return [thread.name for thread in (self._worker, self._watcher) if not thread.is_alive()]

    def _write_down(self, verb: Verb) -> None:
        app = self._house.app
        facts = (("version", __version__), ("mode", app.settings().mode.value))
        entry = Entry(
            subject=Subject.SERVICE,
            verb=verb,
            at=app.clock.now(),
            policy_digest=app.policy()[0].digest,
            actor=SERVICE,
            facts=facts,
        )
        with self._house.store.transaction() as tx:
            tx.audit(entry)


def _leave() -> None:
    """The record in hand did not end in time: what became of it is settled by reading at the next start."""
    _log.error("service.stop_forced")
    with suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(ExitCode.FAILED)
