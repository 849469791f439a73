"""The operations listener: health for a probe, metrics for a monitoring system. Not for the internet."""

import json
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hubspot_retention.service.health import Health

_JSON = "application/json"


def operations_app(health: Health, scrape: Callable[[], tuple[bytes, str]]) -> Starlette:
    """`/health/live`, `/health/ready`, `/metrics`. `scrape` answers a text and its content type."""

    def live(_: Request) -> Response:
        return _answer({"live": True}, 200) if health.is_live() else _answer({"live": False}, 503)

    def ready(_: Request) -> Response:
        found = health.look()
        return _answer(found.shown, 200 if found.is_ready else 503)

    def metrics(_: Request) -> Response:
        text, kind = scrape()
        return Response(text, headers={"Content-Type": kind})

    routes = [Route("/health/live", live), Route("/health/ready", ready), Route("/metrics", metrics)]
    return Starlette(routes=routes)


def _answer(content: object, status: int) -> Response:
    return Response(
        json.dumps(content, indent=2) + "\n", status, headers={"Content-Type": _JSON, "Cache-Control": "no-store"}
    )
