"""One listener: a web application on one socket, served by a thread of its own."""

import socket
import threading
from typing import TYPE_CHECKING, Final

from hubspot_retention.errors import UsageError

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

_BACKLOG: Final = 2048
_KEEP_ALIVE_SECONDS: Final = 30


class Listener:
    """Listens from the moment it is made, so that a port that is taken is told at once; answers from `start` on."""

    def __init__(self, name: str, app: "ASGIApp", host: str, port: int, instead: str = "") -> None:
        """`instead` says what to do about a port that is taken; the settings are named unless it is given."""
        self._socket = _bound(name, host, port, instead or f"Set another [service] {name}_host or {name}_port.")
        self._server = _server(app)
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        shown = f"[{host}]" if ":" in host else host
        self.name = name
        self.url = f"http://{shown}:{self._socket.getsockname()[1]}"

    def start(self) -> None:
        """Answer requests."""
        self._thread.start()

    def is_alive(self) -> bool:
        """Whether it still answers."""
        return self._thread.is_alive()

    def stop(self, seconds: float) -> None:
        """Take no more requests, answer those that came, and end; at most so many seconds."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(seconds)
        self._socket.close()

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])


def _bound(name: str, host: str, port: int, instead: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen(_BACKLOG)
    except OSError as error:
        made.close()
        raise UsageError(f"the {name} listener cannot listen on {host}:{port}: {error.strerror}. {instead}") from error
    return made


def _server(app: "ASGIApp") -> "uvicorn.Server":
    """A server that logs nothing by itself: what it would show may hold what a stranger sent."""
    import uvicorn

    return uvicorn.Server(
        uvicorn.Config(
            app,
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=5,
            backlog=_BACKLOG,
        )
    )
