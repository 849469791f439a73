"""What a policy no longer disposes of, or only later or less thoroughly, than one that a person approved.

Nothing of it can make anybody go who was to stay, so it blocks no plan; but it breaks a promise that was published, and
nothing else would tell who approves it.
"""

from collections.abc import Iterator, Sequence

from hubspot_retention.core.civil import Period
from hubspot_retention.core.policy.lengths import length_bounds
from hubspot_retention.core.policy.model import Dispose, Disposition, RetentionPolicy, RetentionRule
from hubspot_retention.core.policy.words import enumerated, period_words


def lessened(approved: RetentionPolicy, policy: RetentionPolicy) -> tuple[str, ...]:
    """Which duties of the approved policy `policy` drops, puts off or weakens, in words; empty if none."""
    found: list[str] = []
    for rule in approved.rules:
        if rule.dispose is not None:
            found.extend(_of_rule(rule.rule_id, rule.dispose, policy.rule(rule.rule_id)))
    for rule in policy.rules:
        if approved.rule(rule.rule_id) is None and (rule.keep is not None or rule.exclusive):
            found.append(f"rule {rule.rule_id} is new and may keep what was to go")
    return tuple(found)


def _of_rule(rule_id: str, old: Dispose, rule: RetentionRule | None) -> Iterator[str]:
    if rule is None:
        yield f"rule {rule_id} is gone: nothing is due by it any more"
    elif rule.dispose is None:
        yield f"rule {rule_id} no longer disposes"
    else:
        yield from _of_dispose(rule_id, old, rule.dispose)


def _of_dispose(rule_id: str, old: Dispose, new: Dispose) -> Iterator[str]:
    if not _never_longer([new.after], [old.after]):
        yield f"rule {rule_id} disposes after {new.after}, before it was {old.after}"
    if not _never_longer(new.within, old.within):
        yield f"rule {rule_id} may take {_earliest(new.within)}, before it was {_earliest(old.within)}"
    if old.disposition is Disposition.ERASE and new.disposition is not Disposition.ERASE:
        yield f"rule {rule_id} no longer erases"
    if old.overrides - new.overrides:
        yield f"rule {rule_id} overrides fewer keeps"
    if old.right and not new.right:
        yield f"rule {rule_id} no longer counts as an exercised right"


def _never_longer(new: Sequence[Period], old: Sequence[Period]) -> bool:
    """Whether the earliest of the new periods never ends after the earliest of the old ones."""
    return all(any(_fits(each, before) for each in new) for before in old)


def _fits(period: Period, into: Period) -> bool:
    by_parts = period.months <= into.months and period.days <= into.days
    return by_parts or length_bounds(period)[1] <= length_bounds(into)[0]


def _earliest(periods: Sequence[Period]) -> str:
    return enumerated([period_words(period) for period in periods], "or")
