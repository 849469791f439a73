from collections.abc import Iterator
from typing import Any

import pytest
from hubspot import HubSpot
from hubspot_sdk import HubSpot as DatedHubSpot

from hubspot_retention.sandbox.options import SandboxOptions
from hubspot_retention.sandbox.running import RunningSandbox, running_sandbox
from tests.unit.sandbox.portals import a_document


@pytest.fixture
def document() -> dict[str, Any]:
    state = {
        "subscriptionId": 501,
        "status": "UNSUBSCRIBED",
        "timestamp": "2026-11-20T13:30:00Z",
        "source": "Self Service",
    }
    found = a_document(owners=[{"id": "7", "email": "ejer@example.dk"}], files=[{"id": "51", "name": "aftale"}])
    found["contacts"][0]["subscriptions"] = [state]
    return found


@pytest.fixture
def options() -> SandboxOptions:
    return SandboxOptions(tier="enterprise")


@pytest.fixture
def sandbox(document: dict[str, Any], options: SandboxOptions) -> Iterator[RunningSandbox]:
    with running_sandbox(document, options) as running:
        yield running


@pytest.fixture
def old(sandbox: RunningSandbox) -> Any:
    """HubSpot's own client for v3 and v4."""
    return HubSpot(access_token=sandbox.token, host=sandbox.url)


@pytest.fixture
def dated(sandbox: RunningSandbox) -> Iterator[DatedHubSpot]:
    """HubSpot's own client for the dated API, which is a pre-release."""
    with DatedHubSpot(access_token=sandbox.token, base_url=sandbox.url, max_retries=0) as client:
        yield client
