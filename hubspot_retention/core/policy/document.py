"""The policy document: what a TOML file of a retention policy may hold, and the JSON Schema of it."""

from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, Strict

from hubspot_retention.core.policy.document_rules import RuleTable
from hubspot_retention.core.policy.document_sources import SourcesTable
from hubspot_retention.core.policy.fields import Periods, PeriodText, Table, Text, Texts, wrong
from hubspot_retention.core.policy.model import AttachmentPolicy

SCHEMA_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, KeyError, OSError) as error:
        raise wrong("a time zone of the IANA database, such as Europe/Copenhagen") from error
    return value


class ControllerTable(Table):
    """Who answers for the data; stands in every letter and report."""

    name: Text = Field(description="The company's name.")
    address: Text = Field(description="Its postal address.")
    registration: Text = Field(description="Its number in the trade register (CVR).")
    phone: Text = Field(description="Its telephone number.")
    email: Text = Field(description="Its e-mail address.")
    authority: Text = Field(default="Datatilsynet", description="The supervisory authority complaints go to.")


class FinancialYearEndTable(Table):
    """The last day of the financial year."""

    month: int = Field(default=12, ge=1, le=12, description="Month, 1 to 12.")
    day: int = Field(default=31, ge=1, le=31, description="Day of that month; 29 February is the last day of February.")


class RelationshipTable(Table):
    """How a customer relationship is told from the CRM."""

    customer_stages: Texts = Field(default=["customer"], min_length=1, description="Lifecycle stages of a customer.")
    ended_stages: Texts = Field(
        default_factory=list, description="Lifecycle stages that say: the relationship is over."
    )
    partner_kinds: Texts = Field(default=["PARTNER", "VENDOR"], description="Company types of partners and vendors.")
    review_after: PeriodText = Field(
        default="P12M",
        description="After how long without activity a relationship that goes on must be confirmed.",
    )


class NewsletterTable(Table):
    """What a person unsubscribes from."""

    subscription_types: Texts = Field(
        default_factory=list,
        description="Names of HubSpot's subscription types that count as the newsletter.",
    )
    static_lists: Texts = Field(
        default_factory=list,
        description="Names of static lists that those whose marketing ends are taken off.",
    )


class OptOutSourcesTable(Table):
    """Who set an opt-out, told by HubSpot's free-text source; any other source is unknown."""

    person: Texts = Field(
        default=["Self Service", "Self Service Resubscription"],
        description="Sources that mean the person themself.",
    )
    staff: Texts = Field(default_factory=list, description="Sources that mean a colleague.")
    import_: Texts = Field(default_factory=list, alias="import", description="Sources that mean an import.")
    integration: Texts = Field(default=["Public status API"], description="Sources that mean another system.")


class RequestsTable(Table):
    """How requests of data subjects are met."""

    clock: Periods = Field(default=["P30D", "P1M"], description="How long an answer may take; of several the earliest.")
    attachments: Annotated[AttachmentPolicy, Strict(False)] = Field(
        default=AttachmentPolicy.REPORT,
        description="Files of correspondence that goes: report them to a person, or erase.",
    )


class AllGuardrailsTable(Table):
    """Limits checked before the first write, for each of the two plans of a run and for each rule."""

    max_disposals: int = Field(default=500, ge=1, description="At most so many disposals in one run.")
    max_percent: float = Field(default=25.0, gt=0, le=100, description="At most this share of the class's records.")
    percent_from: int = Field(
        default=25, ge=0, description="The share counts only once more records than this would go."
    )
    max_shrink_percent: float = Field(
        default=20.0,
        gt=0,
        le=100,
        description="Stop if a class has shrunk by more than this share since the last run.",
    )


class EvidenceTable(Table):
    """How long the service's own evidence is kept."""

    consent_receipts: PeriodText = Field(default="P24M", description="Proof of a consent, after the person is gone.")
    tombstones: PeriodText = Field(
        default="P24M", description="Keyed hashes by which the return of an erased person is seen."
    )
    audit_log: PeriodText = Field(default="P5Y", description="The audit log; it holds no names.")


class PolicyDocument(Table):
    """A retention policy."""

    name: Text = Field(description="What the policy is called.")
    version: Text = Field(description="Its version, for instance a date.")
    timezone: Annotated[Text, AfterValidator(_zone)] = Field(
        description="The time zone in which days begin and end, for instance Europe/Copenhagen."
    )
    controller: ControllerTable = Field(description="Who answers for the data.")
    financial_year_end: FinancialYearEndTable = Field(
        default=FinancialYearEndTable(), description="The last day of the financial year; else 31 December."
    )
    relationship: RelationshipTable = Field(
        default=RelationshipTable(), description="How a customer relationship is told from the CRM."
    )
    newsletter: NewsletterTable = Field(default=NewsletterTable(), description="What a person unsubscribes from.")
    opt_out_sources: OptOutSourcesTable = Field(default=OptOutSourcesTable(), description="Who set an opt-out.")
    requests: RequestsTable = Field(default=RequestsTable(), description="How requests are met.")
    sources: SourcesTable = Field(default=SourcesTable(), description="The properties behind the facts.")
    rules: list[RuleTable] = Field(min_length=1, description="The rules; their order decides between equals.")
    guardrails: AllGuardrailsTable = Field(
        default=AllGuardrailsTable(), description="Limits checked before the first write."
    )
    evidence: EvidenceTable = Field(default=EvidenceTable(), description="How long the service's own evidence is kept.")


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the document (draft 2020-12), for editors that complete and check it."""
    schema = PolicyDocument.model_json_schema()
    return {"$schema": SCHEMA_DIALECT, **schema}
