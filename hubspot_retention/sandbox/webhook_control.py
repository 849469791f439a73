"""The control endpoints for webhooks, the clock and the day's quota: /__sandbox/webhooks, clock, quota."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hubspot_retention.sandbox.control import answered, dated
from hubspot_retention.sandbox.forgery import Forgery, send_forgeries
from hubspot_retention.sandbox.gateway import Gateway
from hubspot_retention.sandbox.outbox import NO_COUNTS, DeliveryOptions
from hubspot_retention.sandbox.webhook_app import SubscriptionError, about_what

_SHARES = ("drop", "shuffle")
_NUMBERS = ("time_factor", "duplicate", "spread_seconds", "timeout_seconds")
_KNOWN = {"target", "secret", "subscriptions", "signed_as", "paused", "seed", *_SHARES, *_NUMBERS}
_FLUSH_SECONDS = 30.0
_LONGEST_FLUSH = 600.0
_MOST_FORGERIES = 100_000
_LONGEST_MOVE = 100 * 366 * 86_400.0
_LOOK_EVERY = 0.01


class ControlError(Exception):
    """A body that cannot be obeyed; the message says what was found and what was expected."""


def deliver_to(gateway: Gateway, target: str, secret: str | None) -> None:
    """Deliver every event to an address from now on. Raises ControlError."""
    configure(gateway, {"target": target} | ({} if secret is None else {"secret": secret}))


def configure(gateway: Gateway, raw: Mapping[str, Any]) -> None:
    """Set what a body says; what it does not name stays as it is. Raises ControlError, and then nothing is changed.

    With a list of subscriptions, these and what the API registered are subscribed to; with a target alone, everything.
    """
    app, portal = gateway.portal.webhooks, gateway.portal
    unknown = sorted(set(raw) - _KNOWN)
    if unknown:
        raise ControlError(f"found {unknown}, expected only {sorted(_KNOWN)}")
    target, secret = raw.get("target", app.target_url), raw.get("secret", app.secret)
    if not isinstance(target, str) or urlsplit(target).scheme not in ("http", "https") or not urlsplit(target).hostname:
        raise ControlError(f"target: found {target!r}, expected a URL such as http://127.0.0.1:8080/webhooks/hubspot")
    if not isinstance(secret, str) or not secret:
        raise ControlError("secret: found none, expected a text")
    known = gateway.webhooks.defaults if gateway.webhooks.of(portal) is None else gateway.webhooks.options
    options, wanted = _options(known, raw), _subscriptions(raw)
    for row in wanted or ():
        app.subscribe(row, portal.now_text(), active=True)
    if "target" in raw or wanted is not None:
        app.everything = wanted is None
    app.target_url, app.secret, gateway.webhooks.options = target, secret, options
    app.updated_at = portal.now_text()
    gateway.webhooks.follow(portal)


def _options(known: DeliveryOptions, raw: Mapping[str, Any]) -> DeliveryOptions:
    changes: dict[str, Any] = {
        name: _number(raw, name, 1.0 if name in _SHARES else None) for name in (*_SHARES, *_NUMBERS) if name in raw
    }
    for name, kind in (("signed_as", str), ("paused", bool), ("seed", int)):
        if name in raw:
            if type(raw[name]) is not kind:
                raise ControlError(f"{name}: found {raw[name]!r}, expected {kind.__name__}")
            changes[name] = raw[name]
    return replace(known, **changes)


def _subscriptions(raw: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    wanted = raw.get("subscriptions")
    if wanted is None:
        return None
    if not isinstance(wanted, list) or not all(isinstance(row, dict) for row in wanted):
        raise ControlError(f"subscriptions: found {wanted!r}, expected a list of eventType and propertyName")
    try:
        for row in wanted:
            about_what(row)
    except SubscriptionError as error:
        raise ControlError(f"subscriptions: {error}") from error
    return wanted


def _number(raw: Mapping[str, Any], name: str, most: float | None) -> float | None:
    if name not in raw:
        return None
    found = raw[name]
    if isinstance(found, bool) or not isinstance(found, int | float) or found < 0 or found > (most or found):
        raise ControlError(f"{name}: found {found!r}, expected a number from 0{f' to {most:g}' if most else ''}")
    return float(found)


def state(gateway: Gateway) -> dict[str, Any]:
    """What is delivered where, and what became of it."""
    app, outbox = gateway.portal.webhooks, gateway.webhooks.of(gateway.portal)
    active = "all" if app.everything else sum(each.active for each in app.subscriptions.values())
    counts = NO_COUNTS if outbox is None else outbox.counts()
    return {"target": app.target_url, "subscriptions": active, **counts}


async def _flush(gateway: Gateway, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Wait until nothing is on its way; with `hurry`, retries and what was held back do not wait for their time."""
    seconds = _number(raw, "seconds", _LONGEST_FLUSH)
    give_up = asyncio.get_running_loop().time() + (_FLUSH_SECONDS if seconds is None else seconds)
    while (outbox := gateway.webhooks.of(gateway.portal)) is not None and outbox.pending:
        if asyncio.get_running_loop().time() >= give_up:
            return {"flushed": False, **state(gateway)}
        if raw.get("hurry"):
            outbox.hurry()
        await asyncio.sleep(_LOOK_EVERY)
    return {"flushed": True, **state(gateway)}


async def _forge(gateway: Gateway, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Post forgeries of the kinds named, in turn, or of all kinds."""
    names, number = raw.get("kinds", [str(each) for each in Forgery]), raw.get("n", 1)
    if type(number) is not int or not 1 <= number <= _MOST_FORGERIES:
        raise ControlError(f"n: found {number!r}, expected a number from 1 to {_MOST_FORGERIES}")
    if not isinstance(names, list) or not names or not set(names) <= {str(each) for each in Forgery}:
        raise ControlError(f"kinds: found {names!r}, expected some of {[str(each) for each in Forgery]}")
    if gateway.portal.webhooks.target_url is None:
        raise ControlError("found no target, expected one to be set by POST /__sandbox/webhooks")
    kinds = [Forgery(name) for name in names]
    answers = await asyncio.to_thread(send_forgeries, gateway.portal, gateway.webhooks.options, kinds, number)
    return {"sent": number, "answers": answers}


async def _move(gateway: Gateway, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Move the portal's clock forward; what falls due by then is delivered."""
    seconds = _number(raw, "forward_seconds", _LONGEST_MOVE)
    if seconds is None:
        raise ControlError("forward_seconds: found none, expected a number of seconds")
    gateway.portal.forward(timedelta(seconds=seconds))
    gateway.limits.pass_by(seconds)
    gateway.webhooks.wake()
    return {"now": gateway.portal.now_text()}


async def _use_quota(gateway: Gateway, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Let so many requests have been counted today."""
    used = raw.get("used_today")
    if type(used) is not int or used < 0:
        raise ControlError(f"used_today: found {used!r}, expected a number of requests")
    gateway.limits.use(used)
    return {"used_today": used, "daily": gateway.limits.daily_limit}


async def _configured(gateway: Gateway, raw: Mapping[str, Any]) -> dict[str, Any]:
    configure(gateway, raw)
    return state(gateway)


Handler = Callable[[Gateway, Mapping[str, Any]], Awaitable[dict[str, Any]]]


def webhook_routes(gateway: Gateway) -> list[Route]:
    """The control endpoints for webhooks, the clock and the day's quota."""

    def posted(path: str, handler: Handler) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                raw = msgspec.json.decode(await request.body() or b"{}", type=dict[str, Any])
                return answered(await handler(gateway, raw))
            except msgspec.DecodeError:
                return answered({"status": "error", "message": "found no JSON object, expected one"}, 400)
            except (ControlError, SubscriptionError) as error:
                return answered({"status": "error", "message": str(error)}, 400)

        return Route(f"/__sandbox/{path}", dated(gateway, endpoint), methods=["POST"])

    async def read(_: Request) -> Response:
        return answered(state(gateway))

    async def stop(_: Request) -> Response:
        gateway.portal.webhooks.target_url = None
        gateway.portal.webhooks.everything = False
        gateway.webhooks.follow(gateway.portal)
        return Response(status_code=204)

    async def tell_time(_: Request) -> Response:
        return answered({"now": gateway.portal.now_text()})

    return [
        posted("webhooks", _configured),
        posted("webhooks/flush", _flush),
        posted("webhooks/forge", _forge),
        posted("clock", _move),
        posted("quota", _use_quota),
        Route("/__sandbox/webhooks", dated(gateway, read), methods=["GET"]),
        Route("/__sandbox/webhooks", dated(gateway, stop), methods=["DELETE"]),
        Route("/__sandbox/clock", dated(gateway, tell_time), methods=["GET"]),
    ]
