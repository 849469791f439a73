"""The control endpoints under /__sandbox/: no token, no limits, not counted."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hubspot_retention.sandbox.act import ActError, act
from hubspot_retention.sandbox.document_dump import dump_document
from hubspot_retention.sandbox.faults import FaultError, FaultKind
from hubspot_retention.sandbox.gateway import Gateway

Endpoint = Callable[[Request], Awaitable[Response]]


def answered(content: object, status: int = 200) -> Response:
    """An answer with a JSON body."""
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def dated(gateway: Gateway, endpoint: Endpoint) -> Endpoint:
    """The endpoint with the portal's date on its answers."""

    async def answer(request: Request) -> Response:
        response = await endpoint(request)
        response.headers["date"] = gateway.date().decode()
        return response

    return answer


async def _objects(request: Request) -> list[dict[str, Any]] | None:
    """The object in the body, or the objects of a list; none if it is neither."""
    try:
        body = msgspec.json.decode(await request.body())
    except msgspec.DecodeError:
        return None
    rows = body if isinstance(body, list) else [body]
    return rows if all(isinstance(row, dict) for row in rows) else None


def _refused(found: str, expected: str) -> Response:
    return answered({"status": "error", "message": f"found {found}, expected {expected}"}, 400)


def control_routes(gateway: Gateway) -> list[Route]:
    """The control endpoints of one sandbox."""

    async def set_faults(request: Request) -> Response:
        rows = await _objects(request)
        if rows is None:
            return _refused("no JSON object", "a fault or a list of faults")
        try:
            added = [gateway.faults.add(row).row() for row in rows]
        except FaultError as error:
            return answered({"status": "error", "message": str(error)}, 400)
        if gateway.faults.any_of(FaultKind.STALE_SEARCH):
            gateway.portal.index.freeze()
        return answered({"faults": added}, 201)

    async def list_faults(_: Request) -> Response:
        return answered({"faults": gateway.faults.rows()})

    async def clear_faults(_: Request) -> Response:
        gateway.faults.clear()
        gateway.portal.index.thaw()
        return Response(status_code=204)

    async def read_journal(request: Request) -> Response:
        destructive = request.query_params.get("destructive") in ("1", "true")
        return answered({"entries": [entry.row() for entry in gateway.journal.entries(destructive=destructive)]})

    async def clear_journal(_: Request) -> Response:
        gateway.journal.clear()
        return Response(status_code=204)

    async def stats(_: Request) -> Response:
        return answered(gateway.journal.stats())

    async def do_act(request: Request) -> Response:
        rows = await _objects(request)
        if rows is None:
            return _refused("no JSON object", "an act or a list of acts")
        try:
            done = [act(gateway.portal, row) for row in rows]
        except ActError as error:
            return answered({"status": "error", "message": str(error)}, 400)
        return answered({"done": done})

    async def document(_: Request) -> Response:
        return answered(dump_document(gateway.portal))

    rows: tuple[tuple[str, str, Endpoint], ...] = (
        ("POST", "faults", set_faults),
        ("GET", "faults", list_faults),
        ("DELETE", "faults", clear_faults),
        ("GET", "journal", read_journal),
        ("DELETE", "journal", clear_journal),
        ("GET", "stats", stats),
        ("POST", "act", do_act),
        ("GET", "document", document),
    )
    return [Route(f"/__sandbox/{path}", dated(gateway, each), methods=[method]) for method, path, each in rows]
