"""What the running service says of itself, asked from beside it: by its operations listener.

The database tells what was done; only the process knows whether it is ready, and what it has asked of HubSpot.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from math import isnan
from typing import Final

_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A service that answers. `reasons`: why it is not ready; none: it is. `requests`: HubSpot's answers since it
    began, by endpoint and status. `quota_used`: the share of the day's quota that is used up, if HubSpot said."""

    reasons: tuple[str, ...]
    requests: Mapping[tuple[str, str], int]
    quota_used: float | None


def ask(host: str, port: int) -> Running | None:
    """Ask the service that listens there; `None` if nobody answers as a service does."""
    import httpx

    try:
        with httpx.Client(base_url=f"http://{_reached_at(host)}:{port}", timeout=_SECONDS, trust_env=False) as client:
            reasons = client.get("/health/ready").json()["reasons"]
            requests, used = _figures(client.get("/metrics").raise_for_status().text)
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return None
    return Running(reasons=tuple(map(str, reasons)), requests=requests, quota_used=used)


def _reached_at(host: str) -> str:
    """Where a listener is found from this machine, as a URL has it: one on every address by loopback."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    loopback = "127.0.0.1" if address.version == 4 else "::1"
    found = loopback if address.is_unspecified else host
    return found if address.version == 4 else f"[{found}]"


def _figures(text: str) -> tuple[Mapping[tuple[str, str], int], float | None]:
    """The requests, and the share of the quota. Raises ValueError for what is no text of metrics."""
    from prometheus_client.parser import text_string_to_metric_families

    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    requests = {
        (sample.labels["endpoint"], sample.labels["status"]): int(sample.value)
        for sample in samples
        if sample.name == "retention_requests_total"
    }
    used = [sample.value for sample in samples if sample.name == "retention_quota_used_ratio"]
    return requests, used[0] if used and not isnan(used[0]) else None
