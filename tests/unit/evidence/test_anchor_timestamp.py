"""A time-stamping authority that is told of the log: what it gets, and what of its answers is kept."""

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from hubspot_retention.core.audit.anchor import AnchorError, Doubt
from hubspot_retention.evidence.anchor_timestamp import TimestampAnchor
from hubspot_retention.evidence.timestamp import verify
from tests.unit.evidence.anchored import a_log
from tests.unit.evidence.authority import Authority, an_authority

AUTHORITY = an_authority()
NOTE = a_log(5)[0]


def told(answer: Callable[[httpx.Request], httpx.Response]) -> TimestampAnchor:
    client = httpx.Client(transport=httpx.MockTransport(answer))
    every = timedelta(hours=24)
    return TimestampAnchor("http://time.example.dk/tsr", [AUTHORITY.root], every, lambda: AUTHORITY.at, client)


def stamping(authority: Authority) -> TimestampAnchor:
    return told(lambda request: httpx.Response(200, content=authority.answer(request.read())))


def test_its_token_is_what_is_kept() -> None:
    answer = stamping(AUTHORITY).tell(NOTE)
    assert verify(answer, NOTE, [AUTHORITY.root]).at == AUTHORITY.at


def test_it_is_asked_as_the_standard_says() -> None:
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=AUTHORITY.answer(request.read()))

    told(answer).tell(NOTE)
    assert [(request.method, request.headers["content-type"]) for request in seen] == [
        ("POST", "application/timestamp-query")
    ]


@pytest.mark.parametrize("apart", [timedelta(minutes=6), -timedelta(minutes=6)])
def test_a_token_of_another_time_than_the_present_is_not_kept(apart: timedelta) -> None:
    with pytest.raises(AnchorError, match="are both clocks right"):
        stamping(AUTHORITY.answering(AUTHORITY.at + apart)).tell(NOTE)


def test_a_token_of_somebody_else_is_not_kept() -> None:
    with pytest.raises(AnchorError, match="is worth nothing") as refused:
        stamping(an_authority()).tell(NOTE)
    assert refused.value.doubt is Doubt.UNREADABLE


@pytest.mark.parametrize(
    "answer", [httpx.Response(503), httpx.Response(200, content=bytes(65_537))], ids=["a refusal", "a flood"]
)
def test_no_token_is_told(answer: httpx.Response) -> None:
    with pytest.raises(AnchorError, match="gave no token"):
        told(lambda request: answer).tell(NOTE)


def test_who_cannot_be_reached_is_told_without_its_address() -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("http://anna:secret@time.example.dk")

    with pytest.raises(AnchorError, match="cannot be reached: ConnectError") as refused:
        told(away).tell(NOTE)
    assert "secret" not in str(refused.value)
