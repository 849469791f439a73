"""Somebody who is posted webhooks: on a port of this machine, answering what a test says."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATIENCE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Posted:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def events(self) -> list[dict[str, Any]]:
        """What it tells."""
        found: list[dict[str, Any]] = json.loads(self.body)
        return found


@dataclass(slots=True)
class Receiver:
    """What came so far. `answer` is asked for the status of each request, none hangs up without one."""

    port: int = 0
    posted: list[Posted] = field(default_factory=list)
    answer: Callable[[Posted], int | None] = lambda _: 204
    news: threading.Condition = field(default_factory=threading.Condition)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hooks?to=a%40b.c&x=%20y"

    def take(self, posted: Posted) -> int | None:
        """Hear of a request."""
        with self.news:
            self.posted.append(posted)
            self.news.notify_all()
        return self.answer(posted)

    def events(self) -> list[dict[str, Any]]:
        """All events in the order in which they came."""
        return [event for posted in self.posted for event in posted.events]

    def wait_for(self, requests: int) -> None:
        """Return when that many requests have come."""
        with self.news:
            assert self.news.wait_for(lambda: len(self.posted) >= requests, PATIENCE_SECONDS), self.posted


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


@contextmanager
def a_receiver() -> Iterator[Receiver]:
    """A receiver that listens for as long as the block runs."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = receiver.take(Posted(self.path, dict(self.headers.items()), body))
            if status is not None:
                self.send_response(status)
                self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with _Server(("127.0.0.1", 0), Handler) as server:
        receiver.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join(PATIENCE_SECONDS)
