"""Requests and answers on the level of ASGI, and a connection that is cut without an answer."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from hubspot_retention.sandbox.calls import Reply

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

CUT = "sandbox.cut"
"""The key in the extensions of a scope under which the server puts `abort`, which cuts the connection."""


async def read_body(receive: Receive) -> bytes:
    """The whole body of a request."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body
    parts = [body]
    while message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
    return b"".join(parts)


async def send_reply(send: Send, reply: Reply, date: bytes) -> None:
    """Answer a request; the server does not set the date, because the portal has a clock of its own."""
    headers = [*reply.headers, (b"content-length", str(len(reply.body)).encode()), (b"date", date)]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


async def cut_connection(scope: Scope, receive: Receive, send: Send) -> None:
    """Close the connection without an answer; where the server does not say how, with half of one."""
    cut = scope.get("extensions", {}).get(CUT)
    if cut is None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        return
    cut["abort"]()
    while (await receive())["type"] != "http.disconnect":
        pass
