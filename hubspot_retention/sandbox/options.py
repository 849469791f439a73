"""How a sandbox portal is to behave: everything that is not in its document."""

from dataclasses import dataclass
from enum import StrEnum


class Tier(StrEnum):
    """HubSpot's editions; they set the limits and what the API offers."""

    FREE = "free"
    STARTER = "starter"
    PROFESSIONAL = "professional"
    ENTERPRISE = "enterprise"


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxOptions:
    """The behaviour of one sandbox.

    `tier` none is the document's. `latency_ms` is the least and the most that an answer waits.
    `index_lag_seconds` is how late search sees a change, `search_results` how many results of one search can be
    paged through: with fewer than HubSpot's a small portal shows what happens to a large one. `daily_quota` none is
    the tier's. `scopes` none is all of them. `retry_after` adds the header to 429 answers, which HubSpot does not
    promise. `seed` makes latency, faults and webhooks repeatable. With a `webhook_url`, all events are posted there,
    signed with the secret; retries come as much sooner as `webhook_time_factor` says.
    """

    limits: bool = False
    tier: Tier | str | None = None
    latency_ms: tuple[int, int] = (0, 0)
    with_setup: bool = True
    index_lag_seconds: float = 0.0
    search_results: int = 10_000
    daily_quota: int | None = None
    journal: bool = True
    scopes: frozenset[str] | None = None
    retry_after: bool = False
    seed: int = 1
    webhook_url: str | None = None
    webhook_secret: str | None = None
    webhook_time_factor: float = 1.0
