"""The policy as the record of processing activities asks for it (GDPR art. 30(1))."""

from collections.abc import Iterable, Iterator
from dataclasses import fields

from hubspot_retention.core.policy.model import (
    CompanySources,
    ContactSources,
    CorrespondenceRule,
    DealSources,
    Dispose,
    Keep,
    Mode,
    RetentionPolicy,
    RetentionRule,
    Sources,
)
from hubspot_retention.core.record import ObjectType
from hubspot_retention.evidence.report.language import Language
from hubspot_retention.evidence.report.pages import Block, Paragraph, Table


def article30(policy: RetentionPolicy, portal: str, say: Language) -> tuple[Block, ...]:
    """What the law asks for, as far as the policy file knows it; a line for each rule; and what the file does not know.

    The letters are those of article 30(1).
    """
    rows = (
        *(_rule(rule, say) for rule in policy.rules),
        *(_correspondence(rule, say) for rule in policy.correspondence),
    )
    head = tuple(say(key) for key in ("rule", "subjects", "purpose", "kept", "goes"))
    known = Table((say("field"), say("content")), tuple(_fields(policy, portal, say)), weights=(1, 3))
    return known, Paragraph(say("a30.note")), Paragraph(say("a30.rules")), Table(head, rows, weights=(3, 4, 5, 4, 4))


def _fields(policy: RetentionPolicy, portal: str, say: Language) -> Iterator[tuple[str, str]]:
    who, kept = policy.controller, policy.evidence
    yield say("a30.controller"), ", ".join((who.name, who.address, who.registration, who.phone, who.email))
    purposes = (*(rule.purpose for rule in policy.rules), *(rule.purpose for rule in policy.correspondence))
    yield say("a30.purposes"), _listed(purposes)
    yield say("a30.subjects"), _listed(rule.title for rule in policy.rules_for(ObjectType.CONTACT))
    yield say("a30.data"), _data(policy.sources, say)
    yield say("a30.recipients"), say("a30.recipients-are", portal=portal)
    periods = {"receipts": kept.consent_receipts, "tombstones": kept.tombstones, "log": kept.audit_log}
    yield say("a30.limits"), say("a30.limits-are", **{name: say.period(each) for name, each in periods.items()})
    yield say("a30.measures"), _measures(policy, say)


def _listed(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(texts))


def _data(sources: Sources, say: Language) -> str:
    return say(
        "a30.data-are",
        contact=", ".join(_properties(sources.contact)),
        deal=", ".join(_properties(sources.deal)),
        company=", ".join(_properties(sources.company)),
    )


def _properties(sources: ContactSources | DealSources | CompanySources) -> Iterable[str]:
    """The names in HubSpot, each once; a prefix stands for all that begin with it."""
    found = (getattr(sources, field.name) for field in fields(sources))
    names = (name for value in found for name in ((value,) if isinstance(value, str) else value))
    return dict.fromkeys(f"{name}*" if name.endswith("_") else name for name in names)


def _measures(policy: RetentionPolicy, say: Language) -> str:
    enforced = ", ".join(rule.rule_id for rule in policy.rules if rule.mode is Mode.ENFORCE and rule.dispose)
    limit = policy.guardrails
    return say(
        "a30.measures-are",
        enforced=enforced or say("a30.none"),
        most=say.number(limit.max_disposals),
        least=say.number(limit.percent_from),
        percent=f"{limit.max_percent:g}",
    )


def _rule(rule: RetentionRule, say: Language) -> tuple[str, ...]:
    return (
        rule.rule_id,
        f"{rule.title} ({say.code_words('kind', rule.object_type.value)})",
        _why(rule, say),
        "" if rule.keep is None else _kept(rule.keep, say),
        "" if rule.dispose is None else _goes(rule.dispose, say),
    )


def _correspondence(rule: CorrespondenceRule, say: Language) -> tuple[str, ...]:
    subjects = f"{rule.title} ({say.code_words('kind', 'engagement')})"
    goes = say("goes.with", what=say.code_words("kind", rule.follows.value))
    return rule.rule_id, subjects, _why(rule, say), "", goes


def _why(rule: RetentionRule | CorrespondenceRule, say: Language) -> str:
    basis = say.code_words("basis", rule.basis.value)
    return f"{rule.purpose} ({basis}; {', '.join(rule.cites)})"


def _kept(keep: Keep, say: Language) -> str:
    parts = [] if keep.condition is None else [say("keep.while")]
    if keep.start is not None and keep.period is not None:
        words = "keep.until" if keep.period.is_zero else "keep.for"
        key = "keep.year-end" if keep.start.financial_year_end else words
        parts.append(say(key, period=say.period(keep.period), start=say.code_words("fact", keep.start.fact)))
    return "; ".join(parts)


def _goes(dispose: Dispose, say: Language) -> str:
    return say(
        "goes.at" if dispose.after.is_zero else "goes.after",
        what=say.code_words("disposition", dispose.disposition.value),
        period=say.period(dispose.after),
        start=say.code_words("fact", dispose.start.fact),
        within=" / ".join(say.period(period) for period in dispose.within),
    )
