"""Asking a sandbox that runs on this machine to do something."""

import http.client
from contextlib import closing
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import msgspec

_PATIENCE_SECONDS = 30.0


class NotHereError(Exception):
    """An address that is not one of this machine, so that no portal but a sandbox is ever asked."""


class SilentError(Exception):
    """Nobody answered who is a sandbox."""


class RefusedError(Exception):
    """The sandbox refused; the message says what it found and what it expected."""


def ask(url: str, path: str, body: object | None = None) -> dict[str, Any]:
    """The answer of a control endpoint to a POST, or to a GET without a body.

    Raises NotHereError, SilentError, RefusedError.
    """
    parts = urlsplit(url)
    if parts.scheme != "http" or not _is_here(parts.hostname or ""):
        raise NotHereError(f"found {url!r}, expected the address of a sandbox here, such as http://127.0.0.1:8100")
    with closing(http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_PATIENCE_SECONDS)) as connection:
        try:
            sent = None if body is None else msgspec.json.encode(body)
            connection.request("GET" if body is None else "POST", f"/__sandbox/{path}", sent)
            with closing(connection.getresponse()) as answer:
                status, content = answer.status, answer.read()
            found = msgspec.json.decode(content, type=dict[str, Any])
        except (OSError, http.client.HTTPException, msgspec.DecodeError) as error:
            raise SilentError(f"found no sandbox at {url} ({type(error).__name__})") from error
    if status >= 400:
        raise RefusedError(str(found.get("message", status)))
    return found


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
