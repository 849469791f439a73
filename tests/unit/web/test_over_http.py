"""The whole way: HTTP on this machine, the web application, the group commit, a real database."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from hubspot_retention.core.record import PortalId
from hubspot_retention.core.webhook.event import StoredEvent
from hubspot_retention.service.listener import Listener
from hubspot_retention.store.database import SqlStore, open_store
from hubspot_retention.web.group_commit import GroupCommit
from hubspot_retention.web.webhook import PATH, WebhookOptions, webhook_app
from tests.faults.forgeries import NOON, PORTAL, SECRETS, URI, a_body, an_event, signed


@dataclass(frozen=True, slots=True)
class Receiver:
    """A receiver that listens, and its database."""

    url: str
    store: SqlStore
    told: threading.Event

    def post(self, client: httpx.Client, body: bytes, **more: Any) -> httpx.Response:
        """A signed request."""
        stamp = signed(body).stamp
        headers = {
            "X-HubSpot-Signature-v3": stamp.signature or "",
            "X-HubSpot-Request-Timestamp": stamp.timestamp or "",
        }
        return client.post(self.url + PATH, **{"content": body, "headers": headers} | more)

    def stored(self) -> Sequence[StoredEvent]:
        """What is in the inbox."""
        with self.store.transaction() as tx:
            return tx.events_to_handle(1_000)


@contextmanager
def a_receiver(folder: Path) -> Iterator[Receiver]:
    told = threading.Event()
    with (
        open_store(f"sqlite:///{folder / 'retention.db'}") as store,
        GroupCommit(store, told.set) as commit,
    ):
        app = webhook_app(
            WebhookOptions(
                secrets=lambda: SECRETS,
                public_uri=URI,
                portal_id=PortalId(PORTAL),
                now=lambda: NOON,
                accept=commit.accept,
                body_limit=100_000,
            )
        )
        listener = Listener("webhook", app, "127.0.0.1", 0)
        listener.start()
        try:
            yield Receiver(listener.url, store, told)
        finally:
            listener.stop(10.0)


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with a_receiver(tmp_path) as made:
        yield made


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client() as made:
        yield made


def test_a_request_s_events_are_in_the_database_when_it_is_answered(receiver: Receiver, client: httpx.Client) -> None:
    answer = receiver.post(client, a_body(an_event(objectId=101), an_event(objectId=102)))
    assert (answer.status_code, answer.content) == (204, b"")
    assert [found.event.object_id for found in receiver.stored()] == [101, 102]
    assert {found.received_at for found in receiver.stored()} == {NOON}
    assert receiver.told.is_set()


def test_an_event_that_comes_again_is_stored_once(receiver: Receiver, client: httpx.Client) -> None:
    bodies = [a_body(an_event(attemptNumber=attempt)) for attempt in range(3)]
    assert [receiver.post(client, body).status_code for body in bodies] == [204] * 3
    assert len(receiver.stored()) == 1


def test_no_value_of_a_property_reaches_the_disk(receiver: Receiver, client: httpx.Client, tmp_path: Path) -> None:
    answer = receiver.post(client, a_body(an_event(propertyValue="canary@example.dk", sourceId="canary@example.dk")))
    assert answer.status_code == 204
    assert not [path for path in tmp_path.iterdir() if b"canary" in path.read_bytes()]


def test_requests_side_by_side_are_all_answered_and_none_of_them_is_lost(receiver: Receiver) -> None:
    async def story() -> list[int]:
        async with httpx.AsyncClient(limits=httpx.Limits(max_connections=20)) as client:

            async def one(number: int) -> int:
                request = signed(a_body(*(an_event(objectId=1_000 * number + each) for each in range(1, 6))))
                headers = {
                    "X-HubSpot-Signature-v3": request.stamp.signature or "",
                    "X-HubSpot-Request-Timestamp": request.stamp.timestamp or "",
                }
                answer = await client.post(receiver.url + PATH, content=request.body, headers=headers, timeout=60)
                return answer.status_code

            return await asyncio.gather(*(one(number) for number in range(1, 101)))

    assert asyncio.run(story()) == [204] * 100
    ids = {found.event.object_id for found in receiver.stored()}
    assert ids == {1_000 * number + each for number in range(1, 101) for each in range(1, 6)}


def test_a_body_that_is_too_large_is_refused_and_the_connection_closed(
    receiver: Receiver, client: httpx.Client
) -> None:
    answer = receiver.post(client, b" " * 100_001)
    assert (answer.status_code, answer.content, answer.headers["connection"]) == (413, b"", "close")

    def endless() -> Iterator[bytes]:
        for _ in range(200):
            yield b" " * 1_000

    in_parts = receiver.post(client, b"", content=endless())
    assert in_parts.status_code == 413
    assert receiver.stored() == []


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/", 404), ("GET", PATH, 405), ("POST", "/metrics", 404)]
)
def test_nothing_else_is_served_and_nothing_told(
    receiver: Receiver, client: httpx.Client, method: str, path: str, status: int
) -> None:
    answer = client.request(method, receiver.url + path)
    assert (answer.status_code, answer.content) == (status, b"")
    assert "server" not in answer.headers


def test_a_database_that_cannot_be_written_is_503_and_afterwards_all_is_well(
    tmp_path: Path, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = [sqlite3.OperationalError("database or disk is full")]

    with ExitStack() as stack:
        receiver = stack.enter_context(a_receiver(tmp_path))
        original = type(receiver.store).transaction

        @contextmanager
        def sometimes(store: SqlStore) -> Iterator[Any]:
            with original(store) as tx:
                yield tx
                if failing:
                    raise failing.pop()

        monkeypatch.setattr(type(receiver.store), "transaction", sometimes)
        refused = receiver.post(client, a_body(an_event(objectId=101)))
        assert (refused.status_code, refused.content) == (503, b"")
        assert int(refused.headers["retry-after"]) > 0
        assert receiver.post(client, a_body(an_event(objectId=101))).status_code == 204
        assert [found.event.object_id for found in receiver.stored()] == [101]
