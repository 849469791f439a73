"""The rules as the record of processing activities asks for them (GDPR art. 30(1)(b), (c), (f))."""

from hubspot_retention.core.policy.model import CorrespondenceRule, Dispose, Keep, RetentionPolicy, RetentionRule
from hubspot_retention.evidence.report.language import Language
from hubspot_retention.evidence.report.pages import Block, Paragraph, Table


def article30(policy: RetentionPolicy, say: Language) -> tuple[Block, ...]:
    """A line for each rule, and what the policy file does not know."""
    rows = (
        *(_rule(rule, say) for rule in policy.rules),
        *(_correspondence(rule, say) for rule in policy.correspondence),
    )
    head = tuple(say(key) for key in ("rule", "subjects", "purpose", "kept", "goes"))
    return Paragraph(say("quoted")), Table(head, rows), Paragraph(say("a30.note"))


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
