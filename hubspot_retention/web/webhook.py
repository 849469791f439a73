"""`POST /webhooks/hubspot`: what HubSpot tells unasked. The only thing that is served to the internet.

What can go wrong: events are answered and then lost, so a request is answered 204 only once its events are durable;
HubSpot's own requests are refused for good because of our trouble, so that trouble is always 503 (HubSpot tries again
for a day) and never 4xx; a stranger learns or breaks something, so an answer has no body, nothing in a request names
a host or a path that is believed, and a failure that nobody thought of is told by its kind alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from hubspot_retention.core.record import PortalId
from hubspot_retention.core.webhook.event import Event
from hubspot_retention.core.webhook.reading import UnreadableEventsError, read_events
from hubspot_retention.core.webhook.signature import SignedRequest, Stamp, Verdict, verify
from hubspot_retention.web.group_commit import BusyError, NotStoredError

_log = structlog.get_logger("hubspot_retention.web")

PATH: Final = "/webhooks/hubspot"
_SIGNATURE: Final = "x-hubspot-signature-v3"
_TIMESTAMP: Final = "x-hubspot-request-timestamp"
_RETRY_AFTER_SECONDS: Final = 10
_LONGEST_NUMBER: Final = 15


class Answered(StrEnum):
    """How a request was answered, for the metric `retention_webhooks_total{answer}`.

    `duplicate`: genuine, and nothing in it was new. `forged`: not of any current secret, or without a proper
    signature. `stale`: the time in it is too far from ours. `busy`: too much waits, or it took too long. `failed`:
    our own trouble.
    """

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    OTHER_PORTAL = "other-portal"
    FORGED = "forged"
    STALE = "stale"
    TOO_LARGE = "too-large"
    UNREADABLE = "unreadable"
    BUSY = "busy"
    FAILED = "failed"


_STATUS: Final = {
    Answered.ACCEPTED: 204,
    Answered.DUPLICATE: 204,
    Answered.OTHER_PORTAL: 204,
    Answered.FORGED: 401,
    Answered.STALE: 401,
    Answered.TOO_LARGE: 413,
    Answered.UNREADABLE: 503,
    Answered.BUSY: 503,
    Answered.FAILED: 503,
}
_REFUSED: Final = {
    Verdict.NO_SIGNATURE: Answered.FORGED,
    Verdict.BAD_SHAPE: Answered.FORGED,
    Verdict.WRONG: Answered.FORGED,
    Verdict.TOO_OLD: Answered.STALE,
    Verdict.FROM_THE_FUTURE: Answered.STALE,
}


def _ignore(_: Answered) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookOptions:
    """How webhooks are received. `secrets`: the current client secrets, asked at every request. `public_uri`: the URL
    that HubSpot was told. `accept` stores events and answers how many were new, once they are durable. `counted` is
    told every answer. `patience_seconds`: HubSpot hangs up after five."""

    secrets: Callable[[], Sequence[str]]
    public_uri: str
    portal_id: PortalId
    now: Callable[[], datetime]
    accept: Callable[[Sequence[Event], datetime], Awaitable[int]]
    counted: Callable[[Answered], None] = _ignore
    body_limit: int = 1024 * 1024
    patience_seconds: float = 4.0


def webhook_app(options: WebhookOptions) -> Starlette:
    """The web application: one path, one method. Everything else is 404 or 405, without a word."""
    app = Starlette(
        routes=[Route(PATH, _Receiver(options).receive, methods=["POST"])],
        exception_handlers={HTTPException: _without_words},
    )
    app.router.redirect_slashes = False  # a redirect would repeat the host that the request names
    return app


async def _without_words(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return Response(status_code=error.status_code, headers=error.headers)


class _Receiver:
    def __init__(self, options: WebhookOptions) -> None:
        self._options = options

    async def receive(self, request: Request) -> Response:
        try:
            async with asyncio.timeout(self._options.patience_seconds):
                answered = await self._answered(request)
        except ClientDisconnect:
            return Response(status_code=503)  # nobody is there to read it
        except (TimeoutError, BusyError):
            answered = Answered.BUSY
        except NotStoredError:  # told where it happened
            answered = Answered.FAILED
        except Exception as error:  # never 500: what nobody thought of is our trouble, and HubSpot tries again
            _log.error("webhook.failed", kind=type(error).__name__)
            answered = Answered.FAILED
        self._count(answered)
        return _response(answered)

    def _count(self, answered: Answered) -> None:
        try:
            self._options.counted(answered)
        except Exception as error:  # a figure is worth no answer
            _log.error("webhook.not_counted", kind=type(error).__name__)

    async def _answered(self, request: Request) -> Answered:
        options = self._options
        body = await _body(request, options.body_limit)
        if body is None:
            return Answered.TOO_LARGE
        now = options.now()
        verdict = verify(options.secrets(), _signed(request, options.public_uri, body), now)
        if verdict is not Verdict.ACCEPTED:
            _log.debug("webhook.refused", verdict=verdict.value)
            return _REFUSED[verdict]
        try:
            events = read_events(body)
        except UnreadableEventsError as error:
            _log.error("webhook.unreadable", code=str(error))
            return Answered.UNREADABLE
        ours = [event for event in events if event.portal_id == options.portal_id]
        if len(ours) < len(events):
            _log.warning("webhook.of_another_portal", events=len(events) - len(ours))
            if not ours:
                return Answered.OTHER_PORTAL
        if ours and not await options.accept(ours, now):
            return Answered.DUPLICATE
        return Answered.ACCEPTED


def _signed(request: Request, public_uri: str, body: bytes) -> SignedRequest:
    stamp = Stamp(signature=_only(request, _SIGNATURE), timestamp=_only(request, _TIMESTAMP))
    return SignedRequest(method=request.method, uri=public_uri, body=body, stamp=stamp)


def _only(request: Request, name: str) -> str | None:
    """A header; one that is sent twice has no shape that is accepted."""
    return ",".join(request.headers.getlist(name)) or None


async def _body(request: Request, most: int) -> bytes | None:
    """The raw bytes; `None` as soon as there are, or are said to be, too many of them."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > _LONGEST_NUMBER or int(declared) > most):
        return None
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            return None
        parts.append(part)
    return b"".join(parts)


def _response(answered: Answered) -> Response:
    headers = {}
    if _STATUS[answered] == 503:
        headers["Retry-After"] = str(_RETRY_AFTER_SECONDS)
    if answered in (Answered.TOO_LARGE, Answered.BUSY):
        headers["Connection"] = "close"  # the rest of what was being sent is not read
    return Response(status_code=_STATUS[answered], headers=headers)
