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
    rights come to the same without it: it must never hold up a five-day duty (semantics 8)."""
    if len(due) < 2:
        return tuple(due)
    found = {rule: _disposal(policy.rule(rule)) for rule in due}
    rights = tuple(rule for rule, dispose in found.items() if dispose is not None and dispose.right)
    if not rights or (_erases(found[rule] for rule in due) and not _erases(found[rule] for rule in rights)):
        return tuple(due)
    return rights


def time_rules(decision: Decision, policy: RetentionPolicy) -> tuple[str, ...]:
    """Of the rules that must agree to a disposal those that are no exercised right."""
    found = ((rule, _disposal(policy.rule(rule))) for rule in must_agree(due_rules(decision), policy))
    return tuple(rule for rule, dispose in found if dispose is None or not dispose.right)


def is_observed(decision: Decision, policy: RetentionPolicy) -> bool:
    """Whether nothing is written for a decision, whoever approves it: a rule that must agree to the disposal is in mode
    `observe`, or, of somebody who stays, all is that ends their marketing."""
    if decision.outcome is not Outcome.DISPOSE:
        return decision.marketing_observed
    rules = map(policy.rule, must_agree(due_rules(decision), policy))
    return any(rule is not None and rule.mode is Mode.OBSERVE for rule in rules)


def _disposal(rule: RetentionRule | None) -> Dispose | None:
    return None if rule is None else rule.dispose


def _erases(disposals: Iterable[Dispose | None]) -> bool:
    """Whether any erases. Of a rule that the policy does not know the worst is taken."""
    return any(dispose is None or dispose.disposition is Disposition.ERASE for dispose in disposals)
