"""The webhook receiver under a burst: signed requests of 100 events each, over many connections at once.

The receiver and who sends are processes of their own, on different cores where there are two. What was answered 204
is looked for in the database afterwards; every twentieth request is sent twice, as HubSpot may.
"""

import asyncio
import hmac
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.figures import Figure, memory
from hubspot_retention.clock import Clock

_URI = "https://hooks.example.dk/webhooks/hubspot"
_SECRET = "bench-client-secret"
_PORTAL = 25412345
_EVENTS = 100
_TWICE = 20
_EVENT_ID = b"1000000000"
"""Stands in the body for the id that makes a request another one, in as many digits."""


def measure(connections: int, seconds: float) -> list[Figure]:
    """So many connections for so long: latencies, events a second, what was lost or stored twice."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        database = Path(folder) / "bench.db"
        with _receiver(database) as (url, pid):
            command = [sys.executable, "-m", "bench.webhooks", "send", url, str(connections), str(seconds)]
            done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
            most = memory(pid, "VmHWM")
        found = json.loads(done.stdout)
        lost, twice = _looked_for(database, found["acknowledged"])
    name = f"webhooks, {connections} connections of {_EVENTS} events"
    late = 500 if connections == 10 else None
    times = found["milliseconds"]
    return [
        Figure(name=f"{name}: p50", unit="ms", values=(_percentile(times, 50),)),
        Figure(name=f"{name}: p99", unit="ms", values=(_percentile(times, 99),), at_most=late),
        Figure(name=f"{name}: answered", unit="events/s", values=(_EVENTS * len(times) / found["seconds"],)),
        Figure(name=f"{name}: most memory of the receiver", unit="MiB", values=(most,)),
        Figure(name=f"{name}: refused", unit="requests", values=(found["refused"],), at_most=0),
        Figure(name=f"{name}: lost", unit="events", values=(lost,), at_most=0),
        Figure(name=f"{name}: stored twice", unit="events", values=(twice,), at_most=0),
    ]


def _percentile(values: list[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else float("nan")


def _looked_for(database: Path, acknowledged: list[int]) -> tuple[int, int]:
    """How many events that were answered 204 are not there, and how many are there more than once."""
    link = sqlite3.connect(database)
    try:
        rows = link.execute(
            "SELECT event_id, count(*), count(DISTINCT object_id) FROM inbox GROUP BY event_id"
        ).fetchall()
    finally:
        link.close()
    there = {event_id: distinct for event_id, _, distinct in rows}
    lost = sum(_EVENTS - there.get(event_id, 0) for event_id in acknowledged)
    return lost, sum(total - distinct for _, total, distinct in rows)


@contextmanager
def _receiver(database: Path) -> Iterator[tuple[str, int]]:
    """A receiver as a process: where it listens, and its id."""
    command = [sys.executable, "-m", "bench.webhooks", "receive", str(database)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        url = process.stdout.readline().strip()
        if not url:
            raise SystemExit("bench: the receiver did not start")
        yield url, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
        process.stdout.close()


def _on_core(wanted: int) -> None:
    """On a core of its own, if there is another one for the other process."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, {cores[wanted % len(cores)]})


def receive(database: str) -> None:
    """The receiver as `serve` has it, without the rest of the service, until SIGTERM."""
    from hubspot_retention.core.record import PortalId
    from hubspot_retention.log import configure
    from hubspot_retention.service.listener import Listener
    from hubspot_retention.store.database import open_store
    from hubspot_retention.web.group_commit import GroupCommit
    from hubspot_retention.web.webhook import WebhookOptions, webhook_app

    _on_core(0)
    configure("warning")
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    with open_store(f"sqlite:///{database}") as store, GroupCommit(store) as commit:
        options = WebhookOptions(
            secrets=lambda: (_SECRET,),
            public_uri=_URI,
            portal_id=PortalId(_PORTAL),
            now=Clock().now,
            accept=commit.accept,
        )
        listener = Listener("webhook", webhook_app(options), "127.0.0.1", 0)
        listener.start()
        print(listener.url, flush=True)
        signal.sigwait({signal.SIGTERM})
        listener.stop(5.0)


@dataclass(slots=True)
class _Sent:
    """What the connections have seen."""

    acknowledged: list[int] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)


def _template() -> bytes:
    occurred = int(Clock().now().timestamp() * 1000)
    events: list[dict[str, Any]] = [
        {
            "eventId": int(_EVENT_ID),
            "subscriptionId": 6547065,
            "portalId": _PORTAL,
            "appId": 39522895,
            "occurredAt": occurred,
            "subscriptionType": "contact.propertyChange",
            "attemptNumber": 0,
            "objectId": 508369434347 + number,
            "propertyName": "hs_email_optout",
            "propertyValue": "true",
            "changeSource": "FORM",
            "sourceId": "39522895",
        }
        for number in range(_EVENTS)
    ]
    return json.dumps(events, separators=(",", ":")).encode()


def _request(template: bytes, event_id: int) -> bytes:
    body = template.replace(_EVENT_ID, str(event_id).encode())
    timestamp = str(int(Clock().now().timestamp() * 1000)).encode()
    key = b64encode(hmac.digest(_SECRET.encode(), b"POST" + _URI.encode() + body + timestamp, "sha256"))
    head = (
        b"POST /webhooks/hubspot HTTP/1.1\r\nHost: hooks.example.dk\r\nContent-Type: application/json\r\n"
        b"X-HubSpot-Signature-v3: %b\r\nX-HubSpot-Request-Timestamp: %b\r\nContent-Length: %d\r\n\r\n"
    )
    return head % (key, timestamp, len(body)) + body


async def _connection(url: str, give_up: float, template: bytes, ids: Iterator[int], sent: _Sent) -> None:
    place = urlsplit(url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    while time.perf_counter() < give_up:
        event_id = next(ids)
        request = _request(template, event_id)
        for _ in range(2 if event_id % _TWICE == 0 else 1):
            started = time.perf_counter()
            writer.write(request)
            answer = await reader.readuntil(b"\r\n\r\n")
            sent.milliseconds.append(1000 * (time.perf_counter() - started))
            status = int(answer[9:12])
            sent.statuses[status] += 1
        if status == 204:
            sent.acknowledged.append(event_id)
    writer.close()


async def send(url: str, connections: int, seconds: float) -> None:
    """Send until the time is over; tells what came of it as JSON."""
    _on_core(1)
    sent, template, ids = _Sent(), _template(), count(int(_EVENT_ID) + 1)
    started = time.perf_counter()
    give_up = started + seconds
    await asyncio.gather(*(_connection(url, give_up, template, ids, sent) for _ in range(connections)))
    refused = sum(number for status, number in sent.statuses.items() if status != 204)
    print(
        json.dumps(
            {
                "acknowledged": sent.acknowledged,
                "milliseconds": sent.milliseconds,
                "refused": refused,
                "seconds": time.perf_counter() - started,
            }
        )
    )


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["receive", database]:
            receive(database)
        case ["send", url, connections, seconds]:
            asyncio.run(send(url, int(connections), float(seconds)))
        case _:
            raise SystemExit("python -m bench.webhooks receive DATABASE | send URL CONNECTIONS SECONDS")
