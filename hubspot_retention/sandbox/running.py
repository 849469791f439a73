"""A sandbox in a thread of this process, for tests."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hubspot_retention.sandbox.gateway import Gateway
from hubspot_retention.sandbox.journal import Journal
from hubspot_retention.sandbox.options import SandboxOptions
from hubspot_retention.sandbox.portal import Portal, load_document
from hubspot_retention.sandbox.server import create_app, listening_socket, make_server, sandbox_token

_PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningSandbox:
    """A sandbox that listens. The portal belongs to the server's thread: change it only between requests."""

    url: str
    token: str
    portal: Portal
    journal: Journal
    gateway: Gateway


@contextmanager
def running_sandbox(document: Mapping[str, Any], options: SandboxOptions | None = None) -> Iterator[RunningSandbox]:
    """Serve a portal document on a free port of this machine for as long as the block runs."""
    chosen = options or SandboxOptions()
    portal = load_document(document, chosen)
    app = create_app(portal, options=chosen)
    server = make_server(app)
    bound = listening_socket("127.0.0.1", 0)
    bound.listen(2048)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, name="sandbox", daemon=True)
    thread.start()
    try:
        yield RunningSandbox(
            url=f"http://127.0.0.1:{bound.getsockname()[1]}",
            token=sandbox_token(portal),
            portal=portal,
            journal=app.state.gateway.journal,
            gateway=app.state.gateway,
        )
    finally:
        server.should_exit = True
        thread.join(_PATIENCE_SECONDS)
        app.state.gateway.webhooks.close()
        bound.close()
