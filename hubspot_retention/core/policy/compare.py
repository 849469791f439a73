"""Whether a policy disposes of more, or sooner, or with less of a look, than one that a person approved (S19)."""

from collections.abc import Iterator
from dataclasses import replace

from hubspot_retention.core.civil import Period
from hubspot_retention.core.policy.compare_looks import changed_order, lost_looks
from hubspot_retention.core.policy.model import (
    Dispose,
    Disposition,
    Evidence,
    Guardrails,
    Mode,
    RetentionPolicy,
    RetentionRule,
)


def _may_be_shorter(now: Period, before: Period) -> bool:
    """Whether a period may end sooner: months and days are told apart, as nobody can say which is longer."""
    return now.months < before.months or now.days < before.days


def _wider_dispose(rule_id: str, old: Dispose, new: Dispose) -> Iterator[str]:
    if _may_be_shorter(new.after, old.after):
        yield f"rule {rule_id} disposes after {new.after}, before it was {old.after}"
    if set(new.within) != set(old.within):
        periods = [" or ".join(map(str, each.within)) for each in (new, old)]
        yield f"rule {rule_id} is to be met within {periods[0]}, before it was {periods[1]}: another rule may decide"
    if new.disposition is Disposition.ERASE and old.disposition is not Disposition.ERASE:
        yield f"rule {rule_id} now erases"
    if new.overrides - old.overrides:
        yield f"rule {rule_id} overrides more keeps"
    if new.start != old.start:
        yield f"rule {rule_id} counts from another start"
    if new.right is not old.right:
        yield f"rule {rule_id} now counts as {'an exercised right' if new.right else 'no exercised right any more'}"
    if new.review != old.review or new.warn_ahead != old.warn_ahead:
        yield f"rule {rule_id} is reviewed differently"


def _wider_rule(old: RetentionRule, new: RetentionRule) -> Iterator[str]:
    """What of a changed rule could make more go, or sooner. In doubt a change counts as wider."""
    if new.dispose is not None:
        if old.dispose is None:
            yield f"rule {new.rule_id} now disposes"
        else:
            yield from _wider_dispose(new.rule_id, old.dispose, new.dispose)
        if new.mode is Mode.ENFORCE and old.mode is not Mode.ENFORCE:
            yield f"rule {new.rule_id} now acts by itself"
        elif old.mode is Mode.OBSERVE and new.mode is not Mode.OBSERVE:
            yield f"rule {new.rule_id} is now more than planned"
    if new.keep != old.keep:
        yield f"rule {new.rule_id} keeps differently"
    if new.keep is not None and new.basis is not old.basis:
        yield f"rule {new.rule_id} keeps on another basis"
    asks = (new.when, new.refer_when, new.refer_if_later, new.outweighed_is_referred, new.exclusive, new.object_type)
    if asks != (
        old.when,
        old.refer_when,
        old.refer_if_later,
        old.outweighed_is_referred,
        old.exclusive,
        old.object_type,
    ):
        yield f"rule {new.rule_id} matches differently"


def _protects(rule: RetentionRule) -> bool:
    """Whether taking the rule away could let a record go that it kept, or kept for a person to look at."""
    refers = rule.refer_when is not None or rule.refer_if_later is not None or rule.outweighed_is_referred
    return rule.keep is not None or rule.exclusive or refers


def _raised(old: Guardrails, new: Guardrails) -> bool:
    return (
        new.max_disposals > old.max_disposals
        or new.max_percent > old.max_percent
        or new.percent_from > old.percent_from
        or new.max_shrink_percent > old.max_shrink_percent
    )


def _wider_limits(approved: RetentionPolicy, policy: RetentionPolicy) -> Iterator[str]:
    if _raised(approved.guardrails, policy.guardrails):
        yield "a guardrail is raised"
    own = dict(policy.rule_guardrails)
    for rule_id, limit in approved.rule_guardrails:
        if rule_id not in own or _raised(limit, own[rule_id]):
            yield f"a guardrail of rule {rule_id} is raised or gone"


def _shorter_evidence(old: Evidence, new: Evidence) -> Iterator[str]:
    """Evidence that goes sooner is as little to be had back as a record."""
    for what, before, now in (
        ("consent receipts", old.consent_receipts, new.consent_receipts),
        ("tombstones", old.tombstones, new.tombstones),
        ("the audit log", old.audit_log, new.audit_log),
    ):
        if _may_be_shorter(now, before):
            yield f"evidence: {what} kept for {now}, before it was {before}"


def widened(approved: RetentionPolicy, policy: RetentionPolicy) -> tuple[str, ...]:
    """What makes `policy` wider than the approved one, in words; empty if nothing does."""
    if approved.digest == policy.digest:
        return ()
    found: list[str] = []
    for rule in policy.rules:
        before = approved.rule(rule.rule_id)
        if before is not None:
            found.extend(_wider_rule(before, rule))
        elif rule.dispose is not None:
            found.append(f"rule {rule.rule_id} is new and disposes")
    names = {rule.rule_id for rule in policy.rules}
    found.extend(
        f"rule {rule.rule_id} is gone and kept records"
        for rule in approved.rules
        if rule.rule_id not in names and _protects(rule)
    )
    found.extend(lost_looks(approved, policy))
    found.extend(changed_order(approved, policy))
    found.extend(_wider_limits(approved, policy))
    found.extend(_shorter_evidence(approved.evidence, policy.evidence))
    if approved.terms != policy.terms or approved.sources != policy.sources:
        found.append("facts are read differently (sources, stages, time zone or review period)")
    if approved.newsletters != policy.newsletters or approved.marketing_lists != policy.marketing_lists:
        found.append("other newsletters or lists are named")
    if approved.opt_out_sources != policy.opt_out_sources:
        found.append("who set an opt-out is told differently")
    if approved.attachments is not policy.attachments:
        found.append("attachments are treated differently")
    follows = [{(rule.rule_id, rule.follows) for rule in each.correspondence} for each in (approved, policy)]
    if follows[0] != follows[1]:
        found.append("correspondence is treated differently")
    return tuple(found)


def widened_for(rule_id: str, approved: RetentionPolicy, policy: RetentionPolicy) -> tuple[str, ...]:
    """As `widened`, for the records of one rule: not what lets other rules alone dispose of more."""
    if approved.digest == policy.digest:
        return ()
    rules = (_beside(rule_id, approved.rule(rule.rule_id), rule) for rule in policy.rules)
    own = (_limits_of(rule_id, each) for each in (approved, policy))
    return widened(next(own), replace(next(own), rules=tuple(rule for rule in rules if rule is not None)))


def _beside(rule_id: str, old: RetentionRule | None, new: RetentionRule) -> RetentionRule | None:
    """A rule as far as it matters for the records of the one asked about: of another that disposes, what it keeps,
    refers to a person or takes for itself alone."""
    if new.rule_id == rule_id or new.dispose is None:
        return new
    if old is None or not (_protects(old) or _protects(new)):
        return old
    return replace(new, dispose=old.dispose, mode=old.mode)


def _limits_of(rule_id: str, policy: RetentionPolicy) -> RetentionPolicy:
    """The policy without the guardrails that other rules have of their own."""
    return replace(policy, rule_guardrails=tuple(each for each in policy.rule_guardrails if each[0] == rule_id))
