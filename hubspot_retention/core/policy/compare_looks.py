"""Whether a policy lets go without a look what a person had to look at under an approved one.

What can go wrong: nothing is disposed of sooner by any rule, and still records go unseen that a person would have seen,
because the rule that asked for the look is gone or comes too late, and another rule takes them by itself. Or two rules
change places, and the other one decides.
"""

from collections.abc import Iterator
from itertools import combinations

from hubspot_retention.core.criteria import AllOf
from hubspot_retention.core.policy.logic import example
from hubspot_retention.core.policy.model import Dispose, Disposition, Mode, RetentionPolicy, RetentionRule, ReviewKind


def lost_looks(approved: RetentionPolicy, policy: RetentionPolicy) -> Iterator[str]:
    """The rules that asked for a look and do so no more, or too late, in words."""
    for rule in approved.rules:
        if rule.dispose is None or not _asks(rule, rule.dispose):
            continue
        now = policy.rule(rule.rule_id)
        if (now is None or now.dispose is None) and rule.dispose.review is not ReviewKind.NOBODY:
            yield f"rule {rule.rule_id} disposes no more, and wanted each of its disposals looked at"
            continue
        for other in policy.rules:
            if other.rule_id != rule.rule_id and _goes_unseen(rule, now, other, approved, policy):
                yield f"rule {other.rule_id} disposes of records that rule {rule.rule_id} asked a person about"


def changed_order(approved: RetentionPolicy, policy: RetentionPolicy) -> Iterator[str]:
    """The rules that changed places and may dispose of the same record: of two that are equal the first decides."""
    place = {rule.rule_id: number for number, rule in enumerate(policy.rules)}
    for first, second in combinations([rule for rule in approved.rules if rule.rule_id in place], 2):
        if place[first.rule_id] > place[second.rule_id] and _may_be_equal(first, second):
            yield f"rule {second.rule_id} now stands before rule {first.rule_id}"


def _asks(rule: RetentionRule, dispose: Dispose) -> bool:
    return rule.mode is not Mode.ENFORCE or dispose.review is not ReviewKind.NOBODY


def _goes_unseen(
    rule: RetentionRule,
    now: RetentionRule | None,
    other: RetentionRule,
    approved: RetentionPolicy,
    policy: RetentionPolicy,
) -> bool:
    """Whether `other` may take a record of `rule` that it took only with a look before."""
    if rule.dispose is None or other.dispose is None or not _may_meet(rule, other):
        return False
    if not _has_a_say(rule.dispose, other.dispose):
        return False
    if now is None or now.dispose is None or not _has_a_say(now.dispose, other.dispose):
        return True
    return _comes_later(rule.dispose, now.dispose) or any(
        _holds_back(each, now.dispose, other.dispose) for each in policy.rules if approved.rule(each.rule_id) is None
    )


def _has_a_say(dispose: Dispose, beside: Dispose) -> bool:
    """Whether a disposal is asked where another one is due as well (semantics 8: no time rule is, beside a right that
    comes to the same)."""
    same = beside.disposition is Disposition.ERASE or dispose.disposition is Disposition.ARCHIVE
    return dispose.right or not (beside.right and same)


def _comes_later(before: Dispose, now: Dispose) -> bool:
    grown = now.after.months > before.after.months or now.after.days > before.after.days
    return grown or bool(before.overrides - now.overrides)


def _holds_back(rule: RetentionRule, one: Dispose, other: Dispose) -> bool:
    """Whether a keep stands against one disposal and not against another."""
    return rule.keep is not None and rule.basis not in one.overrides and rule.basis in other.overrides


def _may_be_equal(one: RetentionRule, other: RetentionRule) -> bool:
    if one.dispose is None or other.dispose is None or one.dispose.right is not other.dispose.right:
        return False
    return _may_meet(one, other)


def _may_meet(one: RetentionRule, other: RetentionRule) -> bool:
    """Whether both may be asked about one record."""
    if one.object_type is not other.object_type or one.exclusive or other.exclusive:
        return False
    return example(AllOf((one.when, other.when)), one.object_type) is not None
