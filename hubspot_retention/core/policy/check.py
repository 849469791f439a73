"""`findings(policy)`: what the whole of a policy makes of it, beyond what each value says for itself."""

from collections.abc import Iterator

from hubspot_retention.core.criteria import facts_named
from hubspot_retention.core.policy.check_firing import firing, rule_path
from hubspot_retention.core.policy.check_timing import timing
from hubspot_retention.core.policy.model import Disposition, Mode, RetentionPolicy
from hubspot_retention.core.policy.problem import Finding, Severity, error, warning

__all__ = ["Finding", "Severity", "findings", "unfit"]


def findings(policy: RetentionPolicy) -> tuple[Finding, ...]:
    """Errors first, then warnings, then notes; each kind in the order of the policy. Never empty-handed lies:
    a policy without findings covers every record and can keep what it promises."""
    found = [*firing(policy), *timing(policy), *_guardrails(policy), *_sources(policy)]
    order = list(Severity)
    return tuple(sorted(dict.fromkeys(found), key=lambda finding: order.index(finding.severity)))


def unfit(policy: RetentionPolicy) -> tuple[Finding, ...]:
    """The errors alone: by such a policy nobody may plan, for what it promises would be missed without a word."""
    return tuple(finding for finding in findings(policy) if finding.severity is Severity.ERROR)


def _guardrails(policy: RetentionPolicy) -> Iterator[Finding]:
    """An erasing rule that runs by itself and may take everybody."""
    own = dict(policy.rule_guardrails)
    for rule in policy.rules:
        limits = own.get(rule.rule_id, policy.guardrails)
        erases = rule.dispose is not None and rule.dispose.disposition is Disposition.ERASE
        if erases and rule.mode is Mode.ENFORCE and limits.max_percent >= 100:
            text = "erases by itself, and no guardrail stops it from erasing everybody (max_percent is 100)"
            yield error(rule_path(rule), text)


def _sources(policy: RetentionPolicy) -> Iterator[Finding]:
    reads = [rule for rule in policy.rules if "unsubscribed_at" in facts_named(rule.when)]
    if reads and not policy.newsletters:
        text = f"names no newsletter, so {reads[0].rule_id} sees only who is opted out of all mail"
        yield warning("newsletter.subscription_types", text)
    if policy.sources.contact.confirmed_on not in policy.sources.contact.activity:
        text = "leaves out confirmed_on: a contact that a person confirmed still counts as inactive"
        yield warning("sources.contact.activity", text)
