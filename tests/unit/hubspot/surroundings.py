"""A time that only moves when somebody sleeps, a transport on it, Clienti's policy, and a small portal."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from hubspot_retention.clock import Clock
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.policy.parse import parse_policy
from hubspot_retention.hubspot.pacing import PaceOptions
from hubspot_retention.hubspot.portal import HubSpotPortal
from hubspot_retention.hubspot.reading import ReaderOptions
from hubspot_retention.hubspot.transport import RetryOptions, Timing, Transport, TransportOptions
from hubspot_retention.sandbox.options import SandboxOptions
from hubspot_retention.sandbox.running import RunningSandbox, running_sandbox

BASE = "https://api.hubapi.com"
TOKEN = "pat-eu1-sandbox-25412345"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
UNPACED = PaceOptions(start_limit=None)
CLIENTI = Path(__file__).parents[3] / "config" / "clienti.toml"


class FakeTime(Clock):
    """A clock that stands still but for sleeping."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    def monotonic(self) -> float:
        return self.seconds


def a_transport(time: FakeTime | None = None, **options: Any) -> Transport:
    """A transport that never waits in earnest."""
    frozen = time or FakeTime()
    chosen = {"token": TOKEN, "base_url": BASE, "pace": UNPACED, "retry": RetryOptions(), **options}
    timing = Timing(clock=frozen, sleep=frozen.sleep, monotonic=frozen.monotonic)
    return Transport(TransportOptions(**chosen), timing)


@cache
def the_policy() -> RetentionPolicy:
    """Clienti's policy."""
    return parse_policy(CLIENTI.read_text(encoding="utf-8"))


def a_document(**parts: Any) -> dict[str, Any]:
    """A portal with a newsletter and nobody in it."""
    return {
        "portal": {
            "id": 25412345,
            "timeZone": "Europe/Copenhagen",
            "accountType": "STANDARD",
            "tier": "professional",
        },
        "subscriptionTypes": [
            {"id": 501, "name": "Nyhedsbrev", "newsletter": True},
            {"id": 502, "name": "Driftsinformation"},
        ],
        "contacts": [],
        "companies": [],
        "deals": [],
        "associations": [],
        **parts,
    }


def a_record(record_id: int, **properties: str) -> dict[str, Any]:
    """A row of a document."""
    return {"id": str(record_id), "properties": {"createdate": "2023-02-01T10:00:00Z", **properties}}


def a_contact(record_id: int, **properties: str) -> dict[str, Any]:
    """A contact with an address."""
    return a_record(record_id, email=f"p{record_id}@example.dk", **properties)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """A portal over real HTTP, and the sandbox behind it."""

    portal: HubSpotPortal
    transport: Transport
    sandbox: RunningSandbox

    def requests(self, path: str) -> int:
        """How many requests went to paths that end so."""
        return sum(1 for entry in self.sandbox.journal.entries() if entry.path.endswith(path))


@contextmanager
def a_portal(
    document: Mapping[str, Any], options: SandboxOptions | None = None, reader: ReaderOptions | None = None
) -> Iterator[Surroundings]:
    """A portal that serves the document; waiting costs no time."""
    with running_sandbox(document, options) as sandbox:
        frozen = FakeTime()
        with a_transport(frozen, base_url=sandbox.url, token=sandbox.token) as transport:
            yield Surroundings(
                portal=HubSpotPortal(transport, the_policy(), reader), transport=transport, sandbox=sandbox
            )
