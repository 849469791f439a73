"""From a document that is right in itself to the frozen values of the model."""

import hashlib
import json
from typing import assert_never
from zoneinfo import ZoneInfo

from hubspot_retention.core.civil import Civil, FinancialYearEnd, Period
from hubspot_retention.core.criteria import AllOf, AnyOf, Criterion, Holds, Known, LaterThanEach, Not, NotPast
from hubspot_retention.core.facts.observation import OptOutSource
from hubspot_retention.core.facts.terms import FactTerms
from hubspot_retention.core.policy.document import OptOutSourcesTable, PolicyDocument
from hubspot_retention.core.policy.document_criteria import (
    AllTable,
    AnyTable,
    CriterionTable,
    IsTable,
    KnownTable,
    LaterTable,
    NotPastTable,
    NotTable,
)
from hubspot_retention.core.policy.document_rules import (
    DisposeTable,
    EngagementRuleTable,
    KeepTable,
    RecordRuleTable,
)
from hubspot_retention.core.policy.document_sources import SourcesTable
from hubspot_retention.core.policy.model import (
    CompanySources,
    ContactSources,
    Controller,
    CorrespondenceRule,
    DealSources,
    Dispose,
    Evidence,
    Guardrails,
    Keep,
    RetentionPolicy,
    RetentionRule,
    Sources,
    Start,
)
from hubspot_retention.core.policy.vocabulary import RECORD_CLASSES


def built(document: PolicyDocument) -> RetentionPolicy:
    """The policy that a document says."""
    rules = [rule for rule in document.rules if isinstance(rule, RecordRuleTable)]
    return RetentionPolicy(
        name=document.name,
        version=document.version,
        digest=digest(document),
        timezone=document.timezone,
        controller=Controller(**document.controller.model_dump()),
        terms=_terms(document),
        newsletters=tuple(document.newsletter.subscription_types),
        marketing_lists=tuple(document.newsletter.static_lists),
        opt_out_sources=_opt_out_sources(document.opt_out_sources),
        request_clock=_periods(document.requests.clock),
        attachments=document.requests.attachments,
        sources=_sources(document.sources),
        rules=tuple(_rule(rule) for rule in rules),
        correspondence=tuple(_correspondence(rule) for rule in document.rules if isinstance(rule, EngagementRuleTable)),
        guardrails=Guardrails(**document.guardrails.model_dump()),
        rule_guardrails=tuple(
            (rule.rule_id, _guardrails(rule, document)) for rule in rules if rule.guardrails is not None
        ),
        evidence=Evidence(**{key: Period.parse(text) for key, text in document.evidence.model_dump().items()}),
    )


def digest(document: PolicyDocument) -> str:
    """SHA-256 (hex) over the canonical JSON of the document with its defaults.

    Comments, blanks and the order of keys do not count; the order of rules, criteria and properties does.
    """
    content = document.model_dump(by_alias=True)
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _terms(document: PolicyDocument) -> FactTerms:
    return FactTerms(
        civil=Civil(ZoneInfo(document.timezone)),
        customer_stages=frozenset(document.relationship.customer_stages),
        ended_stages=frozenset(document.relationship.ended_stages),
        partner_kinds=frozenset(document.relationship.partner_kinds),
        review_after=Period.parse(document.relationship.review_after),
        financial_year_end=FinancialYearEnd(document.financial_year_end.month, document.financial_year_end.day),
    )


def _opt_out_sources(table: OptOutSourcesTable) -> tuple[tuple[str, OptOutSource], ...]:
    groups = (
        (table.person, OptOutSource.PERSON),
        (table.staff, OptOutSource.STAFF),
        (table.import_, OptOutSource.IMPORT),
        (table.integration, OptOutSource.INTEGRATION),
    )
    return tuple((text, group) for texts, group in groups for text in texts)


def _sources(table: SourcesTable) -> Sources:
    def frozen(values: dict[str, str | list[str]]) -> dict[str, str | tuple[str, ...]]:
        return {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}

    return Sources(
        contact=ContactSources(**frozen(table.contact.model_dump())),  # type: ignore[arg-type]
        deal=DealSources(**table.deal.model_dump()),
        company=CompanySources(**table.company.model_dump()),
    )


def _periods(texts: list[str]) -> tuple[Period, ...]:
    return tuple(Period.parse(text) for text in texts)


def _rule(rule: RecordRuleTable) -> RetentionRule:
    return RetentionRule(
        rule_id=rule.rule_id,
        object_type=RECORD_CLASSES[rule.record_class],
        title=rule.title,
        when=_criterion(rule.when),
        purpose=rule.purpose,
        basis=rule.basis,
        cites=tuple(rule.cites),
        keep=None if rule.keep is None else _keep(rule.keep),
        dispose=None if rule.dispose is None else _dispose(rule.dispose),
        mode=rule.mode,
        exclusive=rule.exclusive,
        refer_when=None if rule.refer_when is None else _criterion(rule.refer_when),
        outweighed_is_referred=rule.outweighed_is_referred,
        refer_if_later=rule.refer_if_later,
    )


def _correspondence(rule: EngagementRuleTable) -> CorrespondenceRule:
    return CorrespondenceRule(
        rule_id=rule.rule_id,
        title=rule.title,
        purpose=rule.purpose,
        basis=rule.basis,
        cites=tuple(rule.cites),
        follows=RECORD_CLASSES[rule.follows],
    )


def _guardrails(rule: RecordRuleTable, document: PolicyDocument) -> Guardrails:
    """The rule's own limits over those of the policy."""
    own = rule.guardrails.model_dump(exclude_none=True) if rule.guardrails is not None else {}
    return Guardrails(**{**document.guardrails.model_dump(), **own})


def _keep(table: KeepTable) -> Keep:
    condition = None if table.while_ is None else _criterion(table.while_)
    if table.until_end_of is not None:
        return Keep(start=Start(fact=table.until_end_of), period=Period(), condition=condition)
    period = None if table.period is None else Period.parse(table.period)
    if table.from_financial_year_end_of is not None:
        start = Start(fact=table.from_financial_year_end_of, financial_year_end=True)
        return Keep(start=start, period=period, condition=condition)
    return Keep(start=None if table.from_ is None else Start(fact=table.from_), period=period, condition=condition)


def _dispose(table: DisposeTable) -> Dispose:
    return Dispose(
        start=Start(fact=table.from_),
        after=Period.parse(table.after),
        within=_periods(table.within),
        disposition=table.disposition,
        overrides=frozenset(table.overrides),
        right=table.right,
        review=table.review,
        warn_ahead=None if table.warn_ahead is None else Period.parse(table.warn_ahead),
    )


def _criterion(table: CriterionTable) -> Criterion:
    match table:
        case IsTable(fact=fact):
            return Holds(fact)
        case KnownTable(fact=fact):
            return Known(fact)
        case NotPastTable(fact=fact):
            return NotPast(fact)
        case LaterTable(fact=fact, than_each=others):
            return LaterThanEach(fact, tuple(others))
        case NotTable(item=item):
            return Not(_criterion(item))
        case AllTable(items=items):
            return AllOf(tuple(_criterion(item) for item in items))
        case AnyTable(items=items):
            return AnyOf(tuple(_criterion(item) for item in items))
        case _:
            assert_never(table)
