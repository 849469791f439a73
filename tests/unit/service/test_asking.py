"""What a running service says of itself is asked through its operations listener."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubspot_retention.errors import RetentionError
from hubspot_retention.service.asking import Running, ask
from hubspot_retention.service.figures import Figures
from hubspot_retention.service.listener import Listener
from hubspot_retention.service.metrics import Metrics, Sources
from tests.acceptance.serving import free_port

REQUESTS = {("GET /crm/objects/2026-03/contacts", "200"): 12, ("POST /x/{id}", "none"): 1}


def _no_figures() -> Figures:
    raise RetentionError("the database is gone")


def metrics(used: float | None) -> str:
    """What the service shows of itself while its database cannot be read."""
    sources = Sources(
        figures=_no_figures, webhooks=dict, requests=lambda: REQUESTS, quota_used=lambda: used, is_ready=lambda: True
    )
    return Metrics(sources).scrape()[0].decode()


@contextmanager
def listening(ready: Mapping[str, object], text: str, host: str = "127.0.0.1") -> Iterator[int]:
    """Something that listens; its port."""

    def answer_ready(_: Request) -> Response:
        return JSONResponse(ready, 503 if ready.get("reasons") else 200)

    def answer_metrics(_: Request) -> Response:
        return Response(text)

    routes = [Route("/health/ready", answer_ready), Route("/metrics", answer_metrics)]
    listener = Listener("operations", Starlette(routes=routes), host, 0)
    listener.start()
    try:
        yield int(listener.url.rpartition(":")[2])
    finally:
        listener.stop(5.0)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_service_tells_what_it_asked_of_hubspot_and_how_much_of_the_quota_is_used(host: str) -> None:
    with listening({"reasons": []}, metrics(0.25), host) as port:
        assert ask(host, port) == Running(reasons=(), requests=REQUESTS, quota_used=0.25)


def test_one_that_is_not_ready_says_why_and_what_it_does_not_know_is_unknown() -> None:
    with listening({"reasons": ["database"]}, metrics(None)) as port:
        assert ask("127.0.0.1", port) == Running(reasons=("database",), requests=REQUESTS, quota_used=None)


@pytest.mark.parametrize(("ready", "text"), [({}, ""), ({"reasons": []}, "no { metrics")])
def test_what_answers_otherwise_is_no_service(ready: Mapping[str, object], text: str) -> None:
    with listening(ready, text) as port:
        assert ask("127.0.0.1", port) is None


def test_where_nobody_listens_there_is_none() -> None:
    assert ask("127.0.0.1", free_port()) is None
    assert ask("::", free_port()) is None
    assert ask("localhost", free_port()) is None
