"""The sandbox as a web server on this machine."""

import gc
import socket
import sys
from collections.abc import Mapping
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from hubspot_retention.sandbox.asgi import CUT
from hubspot_retention.sandbox.control import control_routes
from hubspot_retention.sandbox.gateway import Gateway
from hubspot_retention.sandbox.options import SandboxOptions
from hubspot_retention.sandbox.portal import Portal, load_document
from hubspot_retention.sandbox.webhook_control import deliver_to, webhook_routes


class _CuttingProtocol(HttpToolsProtocol):
    """HTTP of uvicorn, which also tells the application how to cut the connection."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {CUT: {"abort": self.transport.abort}}


def create_app(portal: Portal, *, options: SandboxOptions) -> Starlette:
    """The web application of one portal; its `state.gateway` has the journal and the faults."""
    gateway = Gateway(portal, options)
    if options.webhook_url is not None:
        deliver_to(gateway, options.webhook_url, options.webhook_secret)
    app = Starlette(routes=[*control_routes(gateway), *webhook_routes(gateway), Mount("/", app=gateway)])
    app.state.gateway = gateway
    return app


def sandbox_token(portal: Portal) -> str:
    """A token of the portal; any other of this form does as well."""
    return f"pat-eu1-sandbox-{portal.account.id}"


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket that is bound to the port, or to a free one for 0. Raises OSError if it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


def make_server(app: Starlette) -> uvicorn.Server:
    """A server for the application, without logs; the date in its answers is the application's."""
    config = uvicorn.Config(
        app,
        http=_CuttingProtocol,
        loop="uvloop",
        lifespan="off",
        log_level="warning",
        access_log=False,
        date_header=False,
        timeout_graceful_shutdown=1,
        backlog=2048,
    )
    return uvicorn.Server(config)


class _AnnouncingServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, lines: tuple[str, ...]) -> None:
        super().__init__(config)
        self._lines = lines

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write("".join(f"{line}\n" for line in self._lines))
        sys.stdout.flush()


def serve(
    document: Mapping[str, Any],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    options: SandboxOptions | None = None,
) -> None:
    """Serve a portal document until interrupted; two lines on stdout tell where and with which token.

    The document is used up: a large portal could not afford it twice.

    Raises DocumentError, and OSError when the port is taken.
    """
    chosen = options or SandboxOptions()
    portal = load_document(document, chosen, given_away=True)
    gc.collect()
    gc.freeze()  # the portal lives as long as the process: no collection should walk it again
    bound = listening_socket(host, port)
    address = f"[{host}]" if ":" in host else host
    lines = (f"URL http://{address}:{bound.getsockname()[1]}", f"TOKEN {sandbox_token(portal)}")
    app = create_app(portal, options=chosen)
    try:
        _AnnouncingServer(make_server(app).config, lines).run(sockets=[bound])
    finally:
        app.state.gateway.webhooks.close()
