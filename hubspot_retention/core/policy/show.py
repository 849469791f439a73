"""`rule_rows(policy)`: every rule in plain English, and what it really does in HubSpot (semantics 7);
`evidence_rows(policy)`: what the service keeps of its own, and for how long."""

from dataclasses import dataclass
from typing import Final

from hubspot_retention.core.policy.model import (
    CorrespondenceRule,
    Disposition,
    Keep,
    RetentionPolicy,
    RetentionRule,
    ReviewKind,
)
from hubspot_retention.core.policy.vocabulary import class_name
from hubspot_retention.core.policy.words import clause, enumerated, noun, period_words
from hubspot_retention.core.record import ObjectType

_STAYS: Final = "Nothing: it stays."
_ERASED: Final = (
    "Out of view at once; HubSpot purges the contact within 30 days and blocklists its addresses. "
    "Its correspondence that nobody else needs goes first: e-mails are gone at once, the rest after 90 days "
    "in the bin."
)
_ARCHIVED_CONTACT: Final = "In the bin, where a person can restore it for 90 days; then gone."
_ARCHIVED_DEAL: Final = (
    "In the bin for 90 days, then gone. Correspondence that only it holds is archived first: "
    "e-mails are gone at once, the rest after 90 days in the bin."
)
_CORRESPONDENCE: Final = "E-mails are gone at once; notes, calls, meetings and tasks after 90 days in the bin."
_DEAL_CORRESPONDENCE: Final = (
    "Notes, e-mails, calls, meetings and tasks on a won deal, or on a contact with a won deal and on no deal "
    "of their own."
)
_OTHER_CORRESPONDENCE: Final = "All other notes, e-mails, calls, meetings and tasks."
_RECEIPTS: Final = (
    "Of each newsletter that an erased person had said anything of: a keyed hash of the address, the newsletter, "
    "whether consent was given or withdrawn, when, by which way, on which basis."
)
_TOMBSTONES: Final = "A keyed hash of an erased address, by which the return of the person is seen."
_WORDS: Final = "Why a person placed a hold, rejected a plan or brought the service back, in their own words."
_LOG: Final = "What was decided and done: ids, codes, instants and digests; no name, no address."
_LOG_KEPT: Final = (
    "from each entry, longer while what it opened is open. Then it is removed, up to a checkpoint that was signed, "
    "and the log says so; a log without a key is kept."
)
_BASES: Final = {
    "consent": "consent",
    "contract": "a contract",
    "legal_obligation": "a legal obligation",
    "legitimate_interest": "a legitimate interest",
    "legal_claim": "a legal claim",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """One rule, told. `kept`, `then` and `within` are empty where the rule says nothing of it."""

    rule_id: str
    record_class: str
    title: str
    applies_to: str
    kept: str
    then: str
    within: str
    why: str
    in_hubspot: str
    mode: str


def rule_rows(policy: RetentionPolicy) -> tuple[RuleRow, ...]:
    """All rules, in the order of the policy, correspondence last."""
    return (
        *(_record_row(rule) for rule in policy.rules),
        *(_correspondence_row(rule) for rule in policy.correspondence),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """One kind of the service's own evidence: what it is, and how long it is kept."""

    name: str
    what: str
    kept: str


def evidence_rows(policy: RetentionPolicy) -> tuple[EvidenceRow, ...]:
    """What stays with the service of people who are gone. The first two need the keys of pseudonyms."""
    kept = policy.evidence
    receipts, tombstones = period_words(kept.consent_receipts), period_words(kept.tombstones)
    return (
        EvidenceRow(
            name="consent receipts",
            what=_RECEIPTS,
            kept=f"{receipts} from the withdrawal; from the erasure, where the consent still stood.",
        ),
        EvidenceRow(name="tombstones", what=_TOMBSTONES, kept=f"{tombstones} from the erasure."),
        EvidenceRow(
            name="words of people",
            what=_WORDS,
            kept=f"{period_words(kept.audit_log)} from when they were written; a hold's reason from its release.",
        ),
        EvidenceRow(name="audit log", what=_LOG, kept=f"{period_words(kept.audit_log)} {_LOG_KEPT}"),
    )


def _record_row(rule: RetentionRule) -> RuleRow:
    return RuleRow(
        rule_id=rule.rule_id,
        record_class=class_name(rule.object_type),
        title=rule.title,
        applies_to=_applies_to(rule),
        kept="" if rule.keep is None else _kept(rule.keep, rule.object_type),
        then=_then(rule),
        within=_within(rule),
        why=_why(rule),
        in_hubspot=_in_hubspot(rule),
        mode=rule.mode.value,
    )


def _correspondence_row(rule: CorrespondenceRule) -> RuleRow:
    with_deal = rule.follows is ObjectType.DEAL
    return RuleRow(
        rule_id=rule.rule_id,
        record_class="engagement",
        title=rule.title,
        applies_to=_DEAL_CORRESPONDENCE if with_deal else _OTHER_CORRESPONDENCE,
        kept="As long as that deal." if with_deal else "As long as one of the contacts they belong to.",
        then="Archived with that deal." if with_deal else "Archived with the last contact they belong to.",
        within="",
        why=_why(rule),
        in_hubspot=_CORRESPONDENCE,
        mode="",
    )


def _applies_to(rule: RetentionRule) -> str:
    text = f"{rule.object_type.value.capitalize()} where {clause(rule.when, rule.object_type)}."
    return f"{text} No other rule applies to them." if rule.exclusive else text


def _kept(keep: Keep, object_type: ObjectType) -> str:
    parts = []
    if keep.condition is not None:
        parts.append(f"as long as {clause(keep.condition, object_type)}")
    if keep.start is not None and keep.period is not None:
        start = noun(keep.start.fact, object_type)
        if keep.period.is_zero:
            parts.append(f"until {start}, that day included")
        elif keep.start.financial_year_end:
            parts.append(f"{period_words(keep.period)} from the end of the financial year of {start}")
        else:
            parts.append(f"{period_words(keep.period)} from {start}")
        if keep.start.fact == "customer_until":
            parts[-1] += "; without end while the relationship goes on"
    return _sentence("; then ".join(parts))


def _then(rule: RetentionRule) -> str:
    dispose = rule.dispose
    if dispose is None:
        return ""
    done = "erased" if dispose.disposition is Disposition.ERASE else "archived"
    start = noun(dispose.start.fact, rule.object_type)
    when = f"at once after {start}" if dispose.after.is_zero else f"{period_words(dispose.after)} after {start}"
    sentences = [f"{done} {when}, unless another rule or a hold keeps it"]
    if dispose.overrides:
        bases = enumerated([_BASES[basis.value] for basis in sorted(dispose.overrides)], "or")
        sentences.append(f"what is kept on {bases} does not stand against it")
    if dispose.review is ReviewKind.OWNER and dispose.warn_ahead is not None:
        sentences.append(f"the owner is warned {period_words(dispose.warn_ahead)} ahead")
    elif dispose.review is ReviewKind.PERSON:
        sentences.append("a person must approve each one")
    return " ".join(_sentence(sentence) for sentence in [*sentences, *_referrals(rule)])


def _referrals(rule: RetentionRule) -> list[str]:
    """When a person looks instead."""
    found = []
    if rule.refer_when is not None:
        found.append(f"a person looks instead if {clause(rule.refer_when, rule.object_type)}")
    if rule.refer_if_later is not None and rule.dispose is not None:
        later, start = (noun(f, rule.object_type) for f in (rule.refer_if_later, rule.dispose.start.fact))
        found.append(f"a person looks instead if {later} came after {start}")
    if rule.outweighed_is_referred:
        found.append("if other grounds keep the record, a person answers the request")
    return found


def _within(rule: RetentionRule) -> str:
    if rule.dispose is None:
        return ""
    texts = [period_words(period) for period in rule.dispose.within]
    return texts[0] if len(texts) == 1 else f"the earlier of {enumerated(texts, 'and')}"


def _why(rule: RetentionRule | CorrespondenceRule) -> str:
    return f"{rule.purpose}. On the ground of {_BASES[rule.basis.value]}: {'; '.join(rule.cites)}."


def _in_hubspot(rule: RetentionRule) -> str:
    if rule.dispose is None:
        return _STAYS
    if rule.dispose.disposition is Disposition.ERASE:
        return _ERASED
    text = _ARCHIVED_CONTACT if rule.object_type is ObjectType.CONTACT else _ARCHIVED_DEAL
    return f"{text} So the call comes at least 90 days before the {_within(rule)} are over."


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
