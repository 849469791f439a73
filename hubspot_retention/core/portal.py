"""What a portal answers, as values: its identity, records read by id, correspondence, the fate of a call."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from hubspot_retention.core.clocks import MAX_CLOCK_SKEW
from hubspot_retention.core.facts.observation import (
    CompanyLink,
    CompanyObservation,
    ContactObservation,
    DealObservation,
)
from hubspot_retention.core.facts.values import Unknown
from hubspot_retention.core.record import PortalId, RecordId, RecordRef


@dataclass(frozen=True, slots=True)
class Address:
    """An e-mail address, in memory only: subscription statuses are keyed by it. Never shown, logged or stored."""

    text: str = field(repr=False)

    def __str__(self) -> str:
        return "<address>"


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalDetails:
    """Who the token belongs to. `clock_skew_seconds` is our clock minus HubSpot's `Date` header (S13)."""

    portal_id: PortalId
    account_type: str
    time_zone: str
    clock_skew_seconds: float

    @property
    def clocks_agree(self) -> bool:
        """Whether the two are close enough."""
        return abs(self.clock_skew_seconds) <= MAX_CLOCK_SKEW.total_seconds()


class SeenContact(NamedTuple):
    """A contact with the address its subscription statuses hang on (`None`: it has none)."""

    observation: ContactObservation
    address: Address | None


class UnreadContact(NamedTuple):
    """A contact whose properties lie as they came, in memory only: they hold personal data."""

    record_id: RecordId
    properties: bytes
    deals: tuple[RecordId, ...] | Unknown
    companies: tuple[CompanyLink, ...] | Unknown

    def __repr__(self) -> str:
        return f"<unread contacts/{self.record_id}>"


class Gone(StrEnum):
    """Why a record that was asked for by id is not there."""

    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class MergedInto:
    """The id belongs to a merged-away record; the portal answered with this one (S11)."""

    winner: RecordId


ReadContact = SeenContact | Gone | MergedInto
ReadDeal = DealObservation | Gone | MergedInto
ReadCompany = CompanyObservation | Gone | MergedInto
Presence = bool | Gone | MergedInto


@dataclass(frozen=True, slots=True, kw_only=True)
class Engagement:
    """One piece of correspondence and everything it hangs on. `occurred_at` is `hs_timestamp`.

    An association list that could not be read is `UNKNOWN`, and then the engagement stays.
    """

    ref: RecordRef
    occurred_at: datetime | None
    contacts: tuple[RecordId, ...] | Unknown
    deals: tuple[RecordId, ...] | Unknown
    tickets: tuple[RecordId, ...] | Unknown
    files: tuple[str, ...]


class Fate(StrEnum):
    """What became of a call that changes something. `UNKNOWN` is never failed and never done."""

    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CallResult:
    """The fate of one call, with HubSpot's status and category (never its message, which may hold data)."""

    fate: Fate
    status: int | None = None
    category: str = ""


Correspondence = Mapping[RecordId, tuple[Engagement, ...] | Unknown]
"""The engagements of contacts or deals, by the record's id; `UNKNOWN` where they could not be listed."""
