"""The way of one request through the sandbox: token, faults, limits, scopes, latency, effect, journal,
answer.

A raw ASGI application, because a framework's routing would cost more than a page of contacts.
"""

import asyncio
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import parse_qs

import msgspec

from hubspot_retention.sandbox import account
from hubspot_retention.sandbox.asgi import Receive, Scope, Send, cut_connection, read_body, send_reply
from hubspot_retention.sandbox.calls import ApiError, Call, Reply, not_found
from hubspot_retention.sandbox.delivery import Webhooks
from hubspot_retention.sandbox.faults import Fault, FaultKind, Faults
from hubspot_retention.sandbox.journal import Entry, Journal
from hubspot_retention.sandbox.limits import Bucket, Limits, too_many
from hubspot_retention.sandbox.options import SandboxOptions
from hubspot_retention.sandbox.outbox import DeliveryOptions
from hubspot_retention.sandbox.preferences import missing_scopes
from hubspot_retention.sandbox.routes import Match, match
from hubspot_retention.sandbox.scopes import scopes_missing
from hubspot_retention.sandbox.state import Portal

_LONGEST_ADDRESS = 16_384
_MIGRATION_SECONDS = 86_400


class _ConnectionCutError(Exception):
    """The client is to see no answer."""


@dataclass(slots=True, kw_only=True)
class _Request:
    scope: Scope
    receive: Receive
    method: str
    path: str
    body: bytes
    found: Match | None
    fault: Fault | None
    call: Call | None = None


class Gateway:
    """The API of one portal as an ASGI application."""

    def __init__(self, portal: Portal, options: SandboxOptions) -> None:
        self.portal = portal
        self.options = options
        self.journal = Journal(keep=options.journal)
        self.faults = Faults(options.seed, lambda: portal.now())
        self.webhooks = Webhooks(DeliveryOptions(seed=options.seed, time_factor=options.webhook_time_factor))
        zone = account.zone(portal)
        self.limits = Limits(portal.account.tier, options, today=lambda: portal.now().astimezone(zone).date())
        self._random = random.Random(options.seed)
        self._date = (0, b"")

    def date(self) -> bytes:
        """The present by the portal's clock, as HTTP writes it."""
        second = int(self.portal.now().timestamp())
        if second != self._date[0]:
            self._date = (second, format_datetime(datetime.fromtimestamp(second, UTC), usegmt=True).encode())
        return self._date[1]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = await read_body(receive)
        method, path = (
            scope["method"],
            scope.get("raw_path", scope["path"].encode()).decode("ascii", "replace"),
        )
        self.journal.begin()
        request = _Request(
            scope=scope,
            receive=receive,
            method=method,
            path=path,
            body=body,
            found=match(method, path),
            fault=self.faults.hit(method, path),
        )
        status: int | None = None
        try:
            reply = await self._answer(request)
            status = reply.status
        except _ConnectionCutError:
            reply = None
        finally:
            self._write_down(request, status)
        if reply is None:
            await cut_connection(scope, receive, send)
        else:
            await send_reply(send, reply, self.date())

    async def _answer(self, request: _Request) -> Reply:
        bucket = request.found.route.bucket if request.found else None
        headers: tuple[tuple[bytes, bytes], ...] = ()
        try:
            self._admit(request)
            if bucket is not None:
                refused = self.limits.admit(bucket)
                if refused is not None:
                    return refused
                self.journal.accepted(bucket)
                headers = self.limits.headers(bucket)
            await self._wait(request)
            reply = await self._with_fault(request)
        except ApiError as refusal:
            reply = refusal.reply()
        return Reply(reply.status, reply.body, reply.headers + headers)

    def _admit(self, request: _Request) -> None:
        if len(request.path) + len(request.scope["query_string"]) > _LONGEST_ADDRESS:
            raise ApiError(414, "VALIDATION_ERROR", "URI Too Long")
        if request.found is not None and request.found.route.developer:
            if not parse_qs(request.scope["query_string"].decode("latin-1")).get("hapikey"):
                raise ApiError(401, "INVALID_AUTHENTICATION", "The developer's API key is missing: hapikey.")
            return
        token = next((value for name, value in request.scope["headers"] if name == b"authorization"), b"")
        scheme, _, key = token.decode("latin-1").partition(" ")
        parts = key.split("-", 2)
        if scheme.lower() != "bearer" or len(parts) < 3 or parts[0] != "pat" or not all(parts):
            raise ApiError(
                401,
                "INVALID_AUTHENTICATION",
                "Authentication credentials not found. This API supports OAuth 2.0 authentication.",
            )

    async def _wait(self, request: _Request) -> None:
        least, most = self.options.latency_ms
        ms = self._random.uniform(least, most) if most > 0 else 0.0
        if request.fault is not None and request.fault.kind is FaultKind.SLOW:
            ms += request.fault.ms
        if ms > 0:
            await asyncio.sleep(ms / 1000)

    async def _with_fault(self, request: _Request) -> Reply:
        fault = request.fault
        if fault is None:
            return self._carry_out(request)
        match fault.kind:
            case FaultKind.ERROR_BEFORE:
                return _error(fault, fault.status)
            case FaultKind.TOO_MANY:
                is_search = request.found is not None and request.found.route.bucket is Bucket.SEARCH
                return _with_delay(too_many("SECONDLY" if is_search else "TEN_SECONDLY_ROLLING"), fault.retry_after)
            case FaultKind.LOCKED:
                return _error(fault, 423)
            case FaultKind.MIGRATING:
                return _error(fault, 477, _MIGRATION_SECONDS)
            case FaultKind.CONNECTION_CUT:
                raise _ConnectionCutError
            case FaultKind.TIMEOUT_BEFORE:
                return await _hang(request)
            case _:
                return await self._after_effect(request, fault)

    async def _after_effect(self, request: _Request, fault: Fault) -> Reply:
        reply = self._refusal_or_effect(request)
        match fault.kind:
            case FaultKind.ERROR_AFTER_EFFECT:
                return _error(fault, fault.status)
            case FaultKind.CONNECTION_CUT_AFTER_EFFECT:
                raise _ConnectionCutError
            case FaultKind.TIMEOUT_AFTER_EFFECT:
                return await _hang(request)
            case _:
                return reply

    def _refusal_or_effect(self, request: _Request) -> Reply:
        try:
            return self._carry_out(request)
        except ApiError as refusal:
            return refusal.reply()

    def _carry_out(self, request: _Request) -> Reply:
        found = request.found
        if found is None:
            raise not_found("Unable to find this path. Check the version, the path and the method.")
        call = request.call = self._call(request, found)
        lacking = scopes_missing(call, found.route.scopes)
        if lacking:
            raise missing_scopes(*lacking)
        reply = found.route.handler(call)
        if found.route.developer:
            self.webhooks.follow(self.portal)
        return reply

    def _call(self, request: _Request, found: Match) -> Call:
        host = next((value for name, value in request.scope["headers"] if name == b"host"), b"localhost")
        fault = request.fault.kind if request.fault is not None else None
        partial = str(fault) if fault in (FaultKind.PARTIAL_207, FaultKind.SILENT_PARTIAL) else None
        return Call(
            portal=self.portal,
            options=self.options,
            method=request.method,
            path=request.path,
            base_url=f"{request.scope.get('scheme', 'http')}://{host.decode('latin-1')}",
            version=found.version,
            args=found.args,
            query=request.scope["query_string"],
            body=request.body,
            partial=partial,
            stale=fault is FaultKind.STALE_SEARCH,
            daily_limit=self.limits.daily_limit,
            used_today=self.limits.used_today(),
        )

    def _write_down(self, request: _Request, status: int | None) -> None:
        found, call = request.found, request.call
        self.journal.end(found.route.name if found else f"{request.method} unknown path", status)
        kind = found.route.kind if found else ""
        if not kind and not self.options.journal:
            return
        self.journal.keep(
            Entry(
                number=self.journal.next_number(),
                at=self.portal.now_text(),
                method=request.method,
                path=request.path,
                kind=kind,
                ids=_ids(request) if kind else (),
                status=status,
                effects=tuple(call.effects) if call else (),
                fault=None if request.fault is None else str(request.fault.kind),
            )
        )


def _ids(request: _Request) -> tuple[str, ...]:
    """The record ids that a call names, in its path or its body."""
    found = [segment for segment in (request.found.args if request.found else ()) if segment.isdigit()]
    try:
        body = msgspec.json.decode(request.body) if request.body else None
    except msgspec.DecodeError:
        body = None
    if isinstance(body, dict):
        found += [str(body[key]) for key in ("objectId", "primaryObjectId", "objectIdToMerge") if key in body]
        for item in body.get("inputs") or []:
            if isinstance(item, dict) and "id" in item:
                found.append(str(item["id"]))
            elif isinstance(item, dict) and isinstance(item.get("from"), dict):
                found.append(str(item["from"].get("id")))
    elif isinstance(body, list):
        found += [str(item) for item in body if isinstance(item, str | int)]
    return tuple(found)


def _error(fault: Fault, status: int, retry_after: int | None = None) -> Reply:
    reply = ApiError(status, "INTERNAL_ERROR" if status >= 500 else "VALIDATION_ERROR", "A fault on demand").reply()
    return _with_delay(reply, fault.retry_after if fault.retry_after is not None else retry_after)


def _with_delay(reply: Reply, seconds: int | None) -> Reply:
    told = ((b"retry-after", str(seconds).encode()),) if seconds is not None else ()
    return Reply(reply.status, reply.body, reply.headers + told)


async def _hang(request: _Request) -> Reply:
    """Let the client wait until it goes away, or the time of the fault has passed."""
    assert request.fault is not None
    try:
        async with asyncio.timeout(request.fault.ms / 1000):
            while (await request.receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        pass
    raise _ConnectionCutError
