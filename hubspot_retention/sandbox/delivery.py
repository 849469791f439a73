"""Posting what stands in the outbox: up to ten requests at a time, by threads that end with the server."""

import http.client
import threading
from contextlib import closing
from urllib.parse import urlsplit

from hubspot_retention.sandbox.outbox import DeliveryOptions, Outbox, Parcel
from hubspot_retention.sandbox.state import Portal
from hubspot_retention.sandbox.webhook_signing import signed_headers

_LOOK_AGAIN_SECONDS = 0.5
"""What waits falls due by the portal's clock, which a test may move without a word."""

_GIVE_UP_SECONDS = 10.0


def post(url: str, body: bytes, headers: dict[str, str], timeout_seconds: float) -> str:
    """Post on a connection of its own; the status of the answer, or a word for why there is none."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with closing(kind(parts.hostname or "", parts.port, timeout=timeout_seconds)) as connection:
        try:
            connection.request("POST", path, body, {**headers, "Connection": "close"})
            with closing(connection.getresponse()) as answer:
                answer.read()
                return str(answer.status)
        except TimeoutError:
            return "timeout"
        except ConnectionRefusedError:
            return "refused"
        except (OSError, http.client.HTTPException):
            return "cut"


class Webhooks:
    """The webhooks of the portal that a gateway serves: follows its settings, delivers while there is a target."""

    def __init__(self, options: DeliveryOptions) -> None:
        self.defaults = self.options = options
        self.outbox: Outbox | None = None
        self._portal: Portal | None = None
        self._ending = threading.Event()
        self._threads: list[threading.Thread] = []
        self._leaving: list[threading.Thread] = []

    def follow(self, portal: Portal) -> None:
        """Do as the portal's settings say now: begin, go on with another target, or stop and forget what waits."""
        wanted = portal.webhooks.target_url is not None
        if self._portal is not None and (not wanted or self._portal is not portal):
            self._stop()
        if not wanted:
            return
        outbox = self.outbox or self._begin(portal)
        outbox.options = self.options
        while len(self._threads) < portal.webhooks.max_concurrent:
            run = _Run(outbox, self._ending)
            self._threads.append(threading.Thread(target=run, name="sandbox-webhooks", daemon=True))
            self._threads[-1].start()
        self.wake()

    def of(self, portal: Portal) -> Outbox | None:
        """The outbox of a portal; none while nothing of it is delivered."""
        return self.outbox if self._portal is portal else None

    def _begin(self, portal: Portal) -> Outbox:
        self._portal, self._ending = portal, threading.Event()
        self.outbox = Outbox(portal.webhooks, lambda: portal.now(), self.options)
        portal.events.listener = self.outbox.tell
        return self.outbox

    def wake(self) -> None:
        """Let the threads look again: the clock or a setting has changed."""
        if self.outbox is not None:
            with self.outbox.news:
                self.outbox.news.notify_all()

    def _stop(self) -> None:
        self._ending.set()
        self.wake()
        if self._portal is not None:
            self._portal.events.listener = None
        self._leaving = [each for each in self._leaving + self._threads if each.is_alive()]
        self._threads = []
        self.outbox = self._portal = None

    def close(self) -> None:
        """Stop delivering, and wait for what is in flight. What waits is forgotten."""
        self._stop()
        for thread in self._leaving:
            thread.join(_GIVE_UP_SECONDS)


class _Run:
    """What one thread does until delivery ends."""

    def __init__(self, outbox: Outbox, ending: threading.Event) -> None:
        self._outbox, self._ending = outbox, ending

    def __call__(self) -> None:
        while not self._ending.is_set():
            parcel = self._next()
            if parcel is not None:
                self._outbox.settle(parcel, self._posted(parcel))

    def _next(self) -> Parcel | None:
        with self._outbox.news:
            parcel = self._outbox.take()
            if parcel is None and not self._ending.is_set():
                self._outbox.news.wait(self._patience())
            return parcel

    def _patience(self) -> float | None:
        due_in = self._outbox.due_in()
        return None if due_in is None else min(max(due_in, 0.001), _LOOK_AGAIN_SECONDS)

    def _posted(self, parcel: Parcel) -> str:
        app, options, body = self._outbox.app, self._outbox.options, parcel.body()
        target = app.target_url or ""
        milliseconds = int(self._outbox.now().timestamp() * 1000)
        headers = signed_headers(app.secret, options.signed_as or target, body, milliseconds)
        return post(target, body, headers, options.timeout_seconds)
