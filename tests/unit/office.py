"""A web server of somebody else, for what is sent and asked over HTTP."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


class Office:
    """A web server that notes what it is sent."""

    def __init__(self) -> None:
        self.status = 200
        self.received: list[dict[str, Any]] = []
        self.asked: list[str] = []
        office = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                office.received.append(json.loads(body))
                self._answer()

            def do_GET(self) -> None:
                office.asked.append(self.path)
                self._answer()

            def _answer(self) -> None:
                self.send_response(office.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port

    @property
    def titles(self) -> list[str]:
        """The titles of what was posted, in order."""
        return [str(message["title"]) for message in self.received]


@contextmanager
def an_office() -> Iterator[Office]:
    """One that listens."""
    made = Office()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        thread.join()
        made.server.server_close()


def closed_port() -> int:
    """A port that nobody listens on."""
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.server_close()
    return server.server_port
