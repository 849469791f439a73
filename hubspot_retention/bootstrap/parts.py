"""Adapters as the use cases see them; mypy proves that they fit."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hubspot_retention.hubspot.portal import HubSpotPortal
    from hubspot_retention.hubspot.transport import Transport
    from hubspot_retention.store.database import SqlStore
    from hubspot_retention.workflow.owner_ports import Owners
    from hubspot_retention.workflow.ports import Disposer, RecordSource, Spool, Store


def as_source(portal: "HubSpotPortal") -> "RecordSource":
    """The portal as what is read; mypy proves the fit."""
    return portal


def as_disposer(portal: "HubSpotPortal") -> "Disposer":
    """The portal as what is changed; mypy proves the fit."""
    return portal


def as_owners(portal: "HubSpotPortal") -> "Owners":
    """Who looks after the portal's records, as the use cases see them; mypy proves the fit."""
    return portal.owners()


def as_store(store: "SqlStore") -> "Store":
    """The store as the use cases see it; mypy proves the fit."""
    return store


def new_spool() -> "Spool":
    """A spool for one assessment or one fresh read."""
    from hubspot_retention.store.spool import Spool

    return Spool()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How many requests the account lets us make; `None` where HubSpot has not said. `left_today`, `per_day`: without
    the share that is left to other programs; `used_ratio`: of the whole day's quota."""

    per_second: float | None = None
    left_today: float | None = None
    per_day: float | None = None
    used_ratio: float | None = None


def quota_of(transport: "Transport", reserve: float) -> Quota:
    """What the answers of HubSpot said so far."""
    told, rate = transport.pacer.told, transport.pacer.per_second
    if not told.daily or told.daily_remaining is None:
        return Quota(per_second=rate)
    return Quota(
        per_second=rate,
        left_today=max(0.0, told.daily_remaining - told.daily * reserve),
        per_day=told.daily * (1 - reserve),
        used_ratio=1 - told.daily_remaining / told.daily,
    )
