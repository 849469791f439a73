"""What was read of one record, parsed once at the edge. Ids, dates and truths; no personal data.

Named tuples instead of dataclasses: a run makes hundreds of thousands of them, and they are twice as fast
to build and to spool.
"""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from hubspot_retention.core.facts.values import Day, Instant, Moment, Truth, Unknown
from hubspot_retention.core.record import RecordId


class OptOutSource(StrEnum):
    """Who set an opt-out, as the policy groups HubSpot's free-text sources. Decides who must approve."""

    PERSON = "person"
    STAFF = "staff"
    IMPORT = "import"
    INTEGRATION = "integration"
    UNKNOWN = "unknown"


class OptOut(NamedTuple):
    """The contact is opted out of the newsletter or of all mail.

    `at` is the earliest UNSUBSCRIBED of the statuses, `None` where none could be had.
    """

    at: datetime | None
    source: OptOutSource = OptOutSource.UNKNOWN


class CompanyLink(NamedTuple):
    """An association with a company."""

    company_id: RecordId
    primary: bool


class ContactObservation(NamedTuple):
    """One contact. `activity`, `enquiry` and `conversation` hold the values of the policy's lists, in their order."""

    record_id: RecordId
    stage: str | Unknown | None
    customer_until: Day
    entered_customer_at: Instant
    exited_customer_at: Instant
    activity: tuple[Moment, ...]
    enquiry: tuple[Moment, ...]
    conversation: tuple[Moment, ...]
    confirmed_on: Day
    legal_hold: Truth
    restricted: Truth
    erasure_requested_at: Instant
    consent_withdrawn_at: Instant
    processed_on_behalf_of: Truth
    processing_ended_on: Day
    event_on: Day
    opt_out: OptOut | Unknown | None
    deals: tuple[RecordId, ...] | Unknown
    companies: tuple[CompanyLink, ...] | Unknown
    merged_ids: tuple[RecordId, ...] = ()


class DealObservation(NamedTuple):
    """One deal. `closed_at` is HubSpot's `closedate`, a forecast until the deal is closed."""

    record_id: RecordId
    is_closed: Truth
    is_won: Truth
    closed_at: Instant
    created_at: Instant
    contacted_at: Instant
    customer_until: Day
    contract_end_on: Day
    owes: Truth
    legal_hold: Truth
    contacts: tuple[RecordId, ...] | Unknown
    companies: tuple[CompanyLink, ...] | Unknown
    merged_ids: tuple[RecordId, ...] = ()


class CompanyObservation(NamedTuple):
    """One company."""

    record_id: RecordId
    stage: str | Unknown | None
    kind: str | Unknown | None
    customer_until: Day
    legal_hold: Truth
    merged_ids: tuple[RecordId, ...] = ()
