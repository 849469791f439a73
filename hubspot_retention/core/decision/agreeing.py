"""Of the rules that are due for one record: those that must agree before it goes.

What can go wrong: one rule decides and is named, but another that is due makes it an erasure, or asks for a look. Then
what protects a record (mode, review, approval, guardrail, a start seen before) must not be asked of the rule that
decides alone.
"""

from collections.abc import Iterable, Sequence

from hubspot_retention.core.decision.model import Decision, Outcome
from hubspot_retention.core.policy.model import Dispose, Disposition, Mode, RetentionPolicy, RetentionRule


def due_rules(decision: Decision) -> tuple[str, ...]:
    """The rules that are due, the one that decides first."""
    first = () if decision.rule is None else (decision.rule,)
    return (*first, *(rule for rule, _ in decision.due if rule != decision.rule))


def must_agree(due: Sequence[str], policy: RetentionPolicy) -> tuple[str, ...]:
    """The rules without whose leave a record does not go: all that are due. But a time rule has no say where exercised
    rights come to the same without it, nor a right in mode `observe` where other rights do: neither must ever hold up a
    five-day duty (semantics 8)."""
    found = {rule: _disposal(policy.rule(rule)) for rule in due}
    rights = [rule for rule, dispose in found.items() if dispose is not None and dispose.right]
    carried_out = [rule for rule in rights if not _is_only_observed(rule, policy)]
    for chosen in (carried_out, rights):
        if chosen and _erases(found[rule] for rule in chosen) == _erases(found.values()):
            return tuple(chosen)
    return tuple(due)


def time_rules(decision: Decision, policy: RetentionPolicy) -> tuple[str, ...]:
    """Of the rules that must agree to a disposal those that are no exercised right."""
    found = ((rule, _disposal(policy.rule(rule))) for rule in must_agree(due_rules(decision), policy))
    return tuple(rule for rule, dispose in found if dispose is None or not dispose.right)


def is_observed(decision: Decision, policy: RetentionPolicy) -> bool:
    """Whether nothing is written for a decision, whoever approves it: a rule that must agree to the disposal is in mode
    `observe`, or, of somebody who stays, all is that ends their marketing."""
    if decision.outcome is not Outcome.DISPOSE:
        return decision.marketing_observed
    return any(_is_only_observed(rule, policy) for rule in must_agree(due_rules(decision), policy))


def _is_only_observed(rule_id: str, policy: RetentionPolicy) -> bool:
    rule = policy.rule(rule_id)
    return rule is not None and rule.mode is Mode.OBSERVE


def _disposal(rule: RetentionRule | None) -> Dispose | None:
    return None if rule is None else rule.dispose


def _erases(disposals: Iterable[Dispose | None]) -> bool:
    """Whether any erases. Of a rule that the policy does not know the worst is taken."""
    return any(dispose is None or dispose.disposition is Disposition.ERASE for dispose in disposals)
