"""The retention policy as frozen values. `parse.py` makes them from the document; nothing else does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hubspot_retention.core.civil import Civil, FinancialYearEnd, Period
from hubspot_retention.core.criteria import Criterion
from hubspot_retention.core.facts.observation import OptOutSource
from hubspot_retention.core.facts.terms import FactTerms
from hubspot_retention.core.record import ObjectType


class Basis(StrEnum):
    """Lawful bases, GDPR article 6(1), and the defence of legal claims, article 17(3)(e)."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    LEGITIMATE_INTEREST = "legitimate_interest"
    LEGAL_CLAIM = "legal_claim"


class Disposition(StrEnum):
    """`archive` is HubSpot's recycle bin (90 days), `erase` its privacy delete (purged within 30 days)."""

    ARCHIVE = "archive"
    ERASE = "erase"


class ReviewKind(StrEnum):
    """Who looks before a disposal: nobody, the owner who is warned ahead, a person who must approve."""

    NOBODY = "nobody"
    OWNER = "owner"
    PERSON = "person"


class Mode(StrEnum):
    """What a run may do: only plan; apply what a person approved; apply what is marked for it."""

    OBSERVE = "observe"
    REVIEW = "review"
    ENFORCE = "enforce"


class AttachmentPolicy(StrEnum):
    """What becomes of files attached to correspondence that goes."""

    REPORT = "report"
    ERASE = "erase"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where a period begins: a fact, or the end of the financial year that the fact lies in."""

    fact: str
    financial_year_end: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """A ground to retain: while criteria hold (no known end), else a period from a start.

    `period` zero means until the start's own day ends. With a `condition` alone there is no start.
    """

    start: Start | None = None
    period: Period | None = None
    condition: Criterion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispose:
    """A duty to dispose: `after` a period from `start`, to be carried out `within` the earliest of several."""

    start: Start
    after: Period
    within: tuple[Period, ...]
    disposition: Disposition
    overrides: frozenset[Basis]
    right: bool
    review: ReviewKind
    warn_ahead: Period | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRule:
    """One rule. `exclusive`: where it matches, no other rule applies (where two of them match, a person must look).
    `outweighed_is_referred`: a request that other grounds outweigh must be answered by a person."""

    rule_id: str
    object_type: ObjectType
    title: str
    when: Criterion
    purpose: str
    basis: Basis
    cites: tuple[str, ...]
    keep: Keep | None
    dispose: Dispose | None
    mode: Mode
    exclusive: bool = False
    refer_when: Criterion | None = None
    outweighed_is_referred: bool = False
    refer_if_later: str | None = None

    @property
    def warn_ahead(self) -> Period | None:
        """How long before its disposal the owner is warned; `None` if nobody is."""
        return None if self.dispose is None else self.dispose.warn_ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrespondenceRule:
    """A rule for engagements, carried out by the bundle of the contact or deal that goes (semantics 7)."""

    rule_id: str
    title: str
    purpose: str
    basis: Basis
    cites: tuple[str, ...]
    follows: ObjectType


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller:
    """Who answers for the data."""

    name: str
    address: str
    registration: str
    phone: str
    email: str
    authority: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardrails:
    """Limits checked before the first write. Percentages are of the class's records, and count only once
    more than `percent_from` records would go."""

    max_disposals: int
    max_percent: float
    percent_from: int
    max_shrink_percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSources:
    """The property behind each fact of a contact."""

    stage: str
    customer_until: str
    entered_customer_at: str
    exited_customer_at: str
    activity: tuple[str, ...]
    enquiry: tuple[str, ...]
    conversation: tuple[str, ...]
    confirmed_on: str
    legal_hold: str
    restricted: str
    erasure_requested_at: str
    consent_withdrawn_at: str
    processed_on_behalf_of: str
    processing_ended_on: str
    event_on: str
    opt_out_all: str
    opt_out_prefix: str
    merged_ids: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DealSources:
    """The property behind each fact of a deal."""

    is_closed: str
    is_won: str
    closed_at: str
    created_at: str
    contacted_at: str
    customer_until: str
    contract_end_on: str
    balance: str
    legal_hold: str
    merged_ids: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanySources:
    """The property behind each fact of a company."""

    stage: str
    kind: str
    customer_until: str
    legal_hold: str
    merged_ids: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The properties behind the facts, by record class."""

    contact: ContactSources
    deal: DealSources
    company: CompanySources


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """How long the service's own evidence is kept: consent receipts, tombstones, the audit log."""

    consent_receipts: Period
    tombstones: Period
    audit_log: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPolicy:
    """The whole document. `digest` is over its canonical content: another word, another policy."""

    name: str
    version: str
    digest: str
    timezone: str
    controller: Controller
    terms: FactTerms
    newsletters: tuple[str, ...]
    marketing_lists: tuple[str, ...]
    opt_out_sources: tuple[tuple[str, OptOutSource], ...]
    request_clock: tuple[Period, ...]
    attachments: AttachmentPolicy
    sources: Sources
    rules: tuple[RetentionRule, ...]
    correspondence: tuple[CorrespondenceRule, ...]
    guardrails: Guardrails
    rule_guardrails: tuple[tuple[str, Guardrails], ...]
    evidence: Evidence
    _by_id: Mapping[str, RetentionRule] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {rule.rule_id: rule for rule in reversed(self.rules)})

    @property
    def civil(self) -> Civil:
        """The policy's civil time."""
        return self.terms.civil

    @property
    def financial_year_end(self) -> FinancialYearEnd:
        """The last day of the financial year."""
        return self.terms.financial_year_end

    def rules_for(self, object_type: ObjectType) -> tuple[RetentionRule, ...]:
        """The rules of a record class, in the order of the policy."""
        return tuple(rule for rule in self.rules if rule.object_type is object_type)

    def rule(self, rule_id: str) -> RetentionRule | None:
        """The rule of that id."""
        return self._by_id.get(rule_id)

    def source_group(self, source: str) -> OptOutSource:
        """How the policy groups HubSpot's free-text source of an opt-out."""
        wanted = source.casefold()
        return next((group for text, group in self.opt_out_sources if text.casefold() == wanted), OptOutSource.UNKNOWN)


def answer_by(policy: RetentionPolicy, received_at: datetime) -> datetime:
    """The end of a request's clock: GDPR art. 12(3) and the policy's own promise, whichever is earlier."""
    return policy.civil.earliest(received_at, policy.request_clock)
