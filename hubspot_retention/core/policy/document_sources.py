"""The properties behind each fact, under `[sources.contact]`, `[sources.deal]` and `[sources.company]`.

The defaults are the properties of HubSpot and of `portal setup`; a policy names only those it has elsewhere.
"""

from typing import Annotated, Final

from pydantic import AfterValidator, Field

from hubspot_retention.core.policy.fields import Properties, Property, Table, wrong

_NO_ACTIVITY: Final = frozenset(
    (
        "lastmodifieddate",
        "hs_lastmodifieddate",
        "notes_last_updated",
        "hs_email_last_send_date",
        "hs_email_last_open_date",
    )
)


def _real_activity(values: list[str]) -> list[str]:
    """What changes when somebody edits the record, or when we mail, is no sign of life."""
    for value in values:
        if value in _NO_ACTIVITY:
            raise wrong(f"what a person did; {value} changes when the record is edited or a mail is sent or opened")
    return values


Activity = Annotated[Properties, AfterValidator(_real_activity)]


class ContactSourceTable(Table):
    """Properties of a contact."""

    stage: Property = Field(default="lifecyclestage", description="The lifecycle stage.")
    customer_until: Property = Field(
        default="customer_until", description="The day the relationship ended, set by a person."
    )
    entered_customer_at: Property = Field(
        default="hs_v2_date_entered_customer", description="When it became a customer."
    )
    exited_customer_at: Property = Field(
        default="hs_v2_date_exited_customer", description="When it left the customer stage."
    )
    activity: Activity = Field(
        default=[
            "createdate",
            "hs_last_sales_activity_timestamp",
            "notes_last_contacted",
            "recent_conversion_date",
            "hs_email_last_click_date",
            "hs_email_last_reply_date",
            "hs_sales_email_last_replied",
            "hs_analytics_last_visit_timestamp",
            "retention_confirmed_on",
        ],
        description="The latest of these is the last activity.",
    )
    enquiry: Activity = Field(
        default=["recent_conversion_date", "hs_email_last_reply_date", "hs_sales_email_last_replied"],
        description="The latest of these is the person's own last enquiry.",
    )
    conversation: Activity = Field(
        default=["notes_last_contacted", "hs_last_sales_activity_timestamp"],
        description="Signs that somebody still talks with the customer: they contradict a passed end.",
    )
    confirmed_on: Property = Field(
        default="retention_confirmed_on", description="The day a person confirmed the record."
    )
    legal_hold: Property = Field(default="legal_hold", description="True: nothing may happen to the record.")
    restricted: Property = Field(
        default="processing_restricted", description="True: processing is restricted (GDPR art. 18)."
    )
    erasure_requested_at: Property = Field(
        default="erasure_requested_at", description="When the person asked for erasure."
    )
    consent_withdrawn_at: Property = Field(
        default="consent_withdrawn_at", description="When the person withdrew consent."
    )
    processed_on_behalf_of: Property = Field(
        default="processed_on_behalf_of", description="The customer on whose behalf the person is processed."
    )
    processing_ended_on: Property = Field(default="processing_ended_on", description="The day that agreement ended.")
    event_on: Property = Field(default="event_on", description="The day of the event the person signed up for.")
    opt_out_all: Property = Field(default="hs_email_optout", description="True: opted out of all mail.")
    opt_out_prefix: Property = Field(
        default="hs_email_optout_",
        description="What the opt-out of one subscription type begins with; its id follows.",
    )
    merged_ids: Property = Field(default="hs_merged_object_ids", description="The ids of records merged into this one.")


class DealSourceTable(Table):
    """Properties of a deal."""

    is_closed: Property = Field(default="hs_is_closed", description="True: the deal is closed.")
    is_won: Property = Field(default="hs_is_closed_won", description="True: the deal is closed and won.")
    closed_at: Property = Field(default="closedate", description="When it was closed; a forecast until then.")
    created_at: Property = Field(default="createdate", description="When it was made.")
    contacted_at: Property = Field(default="notes_last_contacted", description="The last contact about it.")
    customer_until: Property = Field(default="customer_until", description="The day the relationship ended.")
    contract_end_on: Property = Field(default="contract_end_date", description="The day the contract ends.")
    balance: Property = Field(default="outstanding_balance", description="What is owed; more than 0 holds the record.")
    legal_hold: Property = Field(default="legal_hold", description="True: nothing may happen to the record.")
    merged_ids: Property = Field(default="hs_merged_object_ids", description="The ids of records merged into this one.")


class CompanySourceTable(Table):
    """Properties of a company."""

    stage: Property = Field(default="lifecyclestage", description="The lifecycle stage.")
    kind: Property = Field(default="type", description="The kind of company, for instance PARTNER.")
    customer_until: Property = Field(default="customer_until", description="The day the relationship ended.")
    legal_hold: Property = Field(default="legal_hold", description="True: nothing may happen to the record.")
    merged_ids: Property = Field(default="hs_merged_object_ids", description="The ids of records merged into this one.")


class SourcesTable(Table):
    """The properties behind the facts, by record class."""

    contact: ContactSourceTable = Field(default=ContactSourceTable(), description="Properties of contacts.")
    deal: DealSourceTable = Field(default=DealSourceTable(), description="Properties of deals.")
    company: CompanySourceTable = Field(default=CompanySourceTable(), description="Properties of companies.")
