"""Rules as a policy document writes them, under `[[rules]]`."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Discriminator, Field, Strict, Tag, ValidationInfo, model_validator

from hubspot_retention.core.policy.document_criteria import CriterionTable
from hubspot_retention.core.policy.fields import (
    MomentFact,
    PeriodOrZero,
    Periods,
    PeriodText,
    Reading,
    RuleId,
    Table,
    Text,
)
from hubspot_retention.core.policy.model import Basis, Disposition, Mode, ReviewKind
from hubspot_retention.core.policy.vocabulary import RECORD_CLASSES

BasisName = Annotated[Basis, Strict(False)]


class GuardrailTable(Table):
    """Limits checked before the first write; what is left out is the policy's own limit."""

    max_disposals: int | None = Field(default=None, ge=1, description="At most so many disposals in one run.")
    max_percent: float | None = Field(
        default=None, gt=0, le=100, description="At most this share of the class's records."
    )
    percent_from: int | None = Field(
        default=None, ge=0, description="The share counts only once more records than this would go."
    )
    max_shrink_percent: float | None = Field(
        default=None,
        gt=0,
        le=100,
        description="Stop if the class has shrunk by more than this share since the last run.",
    )


class KeepTable(Table):
    """A ground to retain: a period from a moment, until the end of a day, or as long as criteria hold."""

    period: PeriodText | None = Field(
        default=None, description="How long, for instance P24M; needs one of the `from` keys."
    )
    from_: MomentFact | None = Field(default=None, alias="from", description="The moment at which the period starts.")
    from_financial_year_end_of: MomentFact | None = Field(
        default=None,
        description="The period starts at the end of the financial year that this moment lies in.",
    )
    until_end_of: MomentFact | None = Field(default=None, description="Until the end of this day, instead of a period.")
    while_: CriterionTable | None = Field(
        default=None,
        alias="while",
        description="As long as this holds there is no end; a period may follow it.",
    )


class DisposeTable(Table):
    """A duty to dispose: so long after a moment, to be carried out within so long."""

    after: PeriodOrZero = Field(description="How long after `from` it falls due; P0D is at once.")
    from_: MomentFact = Field(alias="from", description="The moment at which the period starts.")
    within: Periods = Field(
        description="How long there is to carry it out, HubSpot's 90 days in the bin included; the earliest of several."
    )
    disposition: Annotated[Disposition, Strict(False)] = Field(
        description="archive: HubSpot's bin, 90 days. erase: HubSpot's privacy delete; contacts only."
    )
    overrides: list[BasisName] = Field(
        default_factory=list, description="Keeps on these bases do not stand against this rule."
    )
    right: bool = Field(default=False, description="It carries out a right that the person has exercised.")
    review: Annotated[ReviewKind, Strict(False)] = Field(
        default=ReviewKind.NOBODY, description="Who looks before each disposal, besides the mode of the rule."
    )
    warn_ahead: PeriodText | None = Field(
        default=None, description="How long ahead the owner is warned, with review = owner."
    )


class _AnyRule(Table):
    rule_id: RuleId = Field(alias="id", description="A short name that decisions and the audit log use.")
    title: Text = Field(description="The rule in a few words.")
    purpose: Text = Field(description="What the data are for, in words a data subject understands.")
    basis: BasisName = Field(description="The lawful basis: GDPR art. 6(1), or the defence of legal claims.")
    cites: list[Text] = Field(min_length=1, description="Sections of the privacy policy and of statutes.")


class RecordRuleTable(_AnyRule):
    """A rule for contacts or deals."""

    record_class: Literal["contact", "deal"] = Field(
        alias="class", description="What the rule is for: contact, deal or engagement."
    )
    when: CriterionTable = Field(description="Which records it applies to.")
    keep: KeepTable | None = Field(default=None, description="The ground to retain that it gives.")
    dispose: DisposeTable | None = Field(default=None, description="The duty to dispose that it gives.")
    mode: Annotated[Mode, Strict(False)] = Field(
        default=Mode.REVIEW,
        description="observe: plans show it, nothing is written, whoever approves them. "
        "review: applied when a person approved. "
        "enforce: applied by itself. The service's own mode is the upper limit.",
    )
    exclusive: bool = Field(
        default=False,
        description="Where it applies, no other rule does. Where two such rules apply, a person must look.",
    )
    refer_when: CriterionTable | None = Field(
        default=None, description="Cases of this rule that a person must look at."
    )
    refer_if_later: MomentFact | None = Field(
        default=None, description="A person must look if this is later than what disposal starts from."
    )
    outweighed_is_referred: bool = Field(
        default=False, description="If other grounds keep the record all the same, a person must look."
    )
    guardrails: GuardrailTable | None = Field(default=None, description="Tighter limits for this rule alone.")

    @model_validator(mode="before")
    @classmethod
    def _before_its_parts(cls, value: Any, info: ValidationInfo) -> Any:
        _say_class(value, Reading.of(info))
        return value


def _say_class(rule: Any, reading: Reading) -> None:
    """What the rule is for, if it says so; none is left from the rule before."""
    name = rule.get("class") if isinstance(rule, Mapping) else None
    reading.record_class = RECORD_CLASSES.get(name) if isinstance(name, str) else None


class EngagementRuleTable(_AnyRule):
    """A rule for notes, e-mails, calls, meetings and tasks, which go with the record they belong to."""

    record_class: Literal["engagement"] = Field(
        alias="class", description="What the rule is for: contact, deal or engagement."
    )
    follows: Literal["contact", "deal"] = Field(
        description="deal: what belongs to a won deal is kept as long as the deal. "
        "contact: all other correspondence goes with the last contact it belongs to."
    )


RULE_TAGS: Final = ("<record>", "<engagement>")


def _which(value: Any) -> str:
    """A rule without a class that exists is read as one of a record, which then says what is wrong."""
    name = value.get("class") if isinstance(value, Mapping) else getattr(value, "record_class", None)
    return RULE_TAGS[name == "engagement"]


RuleTable = Annotated[
    Annotated[RecordRuleTable, Tag("<record>")] | Annotated[EngagementRuleTable, Tag("<engagement>")],
    Discriminator(_which),
]
