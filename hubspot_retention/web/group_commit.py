"""Many requests, one transaction: what arrived while the last one was written goes into the next.

What can go wrong: a request is answered before its events are durable, so that a crash loses them; one that waits is
never answered. So each request waits for the commit of its own transaction, and whatever comes of that, a failure
included, reaches every request in it. One thread writes; it ends only when it is closed and nothing waits any more.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from threading import Condition, Thread
from typing import Protocol, Self

import structlog

from hubspot_retention.core.webhook.event import Event
from hubspot_retention.errors import RetentionError

_log = structlog.get_logger("hubspot_retention.web")

MOST_IN_A_TRANSACTION = 64
MOST_WAITING = 256


class BusyError(RetentionError):
    """Too much waits already, or the process ends: nothing was stored, HubSpot is to try again."""


class NotStoredError(RetentionError):
    """The transaction failed: nothing was stored, HubSpot is to try again."""


class Inbox(Protocol):
    """The part of a transaction that is needed here."""

    def add_events(self, events: Sequence[Event], received_at: datetime) -> int:
        """Store events; answers how many were new."""


class InboxStore(Protocol):
    """Where events are kept."""

    def transaction(self) -> AbstractContextManager[Inbox]:
        """Begin a transaction; commits at the end, rolls back on an exception."""


@dataclass(frozen=True, slots=True, eq=False)
class _Request:
    events: Sequence[Event]
    received_at: datetime
    loop: asyncio.AbstractEventLoop
    new: "asyncio.Future[int]"


def _nothing() -> None:
    pass


class GroupCommit:
    """Stores the events of requests, several requests a transaction. Close it, or use it as a context manager.

    `stored` is called in the writing thread after each commit that brought something new: it must not take long.
    """

    def __init__(
        self, store: InboxStore, stored: Callable[[], None] = _nothing, *, waiting: int = MOST_WAITING
    ) -> None:
        self._store, self._stored, self._most = store, stored, waiting
        self._waiting: deque[_Request] = deque()
        self._changed = Condition()
        self._closed = False
        self._thread = Thread(target=self._run, name="webhook-inbox", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def waiting(self) -> int:
        """How many requests wait for a transaction."""
        return len(self._waiting)

    async def accept(self, events: Sequence[Event], received_at: datetime) -> int:
        """Store the events; answers how many were new, once they are durable. Raises BusyError, NotStoredError."""
        loop = asyncio.get_running_loop()
        request = _Request(events, received_at, loop, loop.create_future())
        with self._changed:
            if self._closed or len(self._waiting) >= self._most:
                raise BusyError("the inbox takes no more at the moment")
            self._waiting.append(request)
            self._changed.notify()
        return await request.new

    def close(self, seconds: float | None = None) -> None:
        """Take nothing more, write what waits, and end; at most so many seconds."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(seconds)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                number = min(len(self._waiting), MOST_IN_A_TRANSACTION)
                group = [self._waiting.popleft() for _ in range(number)]
            if not group:
                return
            self._write(group)

    def _write(self, group: Sequence[_Request]) -> None:
        try:
            with self._store.transaction() as tx:
                new = [tx.add_events(request.events, request.received_at) for request in group]
        except Exception as error:  # whatever it is, those who wait must hear of it and the thread must go on
            _log.error("inbox.failed", kind=type(error).__name__, requests=len(group))
            _answer(group, [None] * len(group))
            return
        _answer(group, new)
        if any(new):
            self._tell()

    def _tell(self) -> None:
        try:
            self._stored()
        except Exception as error:  # the events are durable, and the next commit tells again
            _log.error("inbox.not_told", kind=type(error).__name__)


def _answer(group: Sequence[_Request], results: Sequence[int | None]) -> None:
    """Wake each event loop once for all its requests; one that has ended has nobody left who waits."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[int], int | None]]] = {}
    for request, result in zip(group, results, strict=True):
        by_loop.setdefault(request.loop, []).append((request.new, result))
    for loop, settled in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, settled)
        except RuntimeError:
            _log.warning("inbox.unheard", requests=len(settled))


def _settle(settled: Sequence[tuple["asyncio.Future[int]", int | None]]) -> None:
    for future, new in settled:
        if future.done():  # the request gave up waiting
            continue
        if new is None:
            future.set_exception(NotStoredError("the events could not be stored"))
        else:
            future.set_result(new)
