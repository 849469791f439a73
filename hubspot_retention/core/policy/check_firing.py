"""Findings about which records a rule applies to: rules that can never fire, keeps that never end, gaps."""

from collections.abc import Iterator
from itertools import combinations

from hubspot_retention.core.criteria import AllOf, AnyOf, Criterion, Holds, Not
from hubspot_retention.core.policy.logic import example, implies, what_matters
from hubspot_retention.core.policy.model import RetentionPolicy, RetentionRule
from hubspot_retention.core.policy.problem import Finding, error, note, warning
from hubspot_retention.core.policy.vocabulary import FACTS
from hubspot_retention.core.policy.words import clause, described, enumerated
from hubspot_retention.core.record import ObjectType

_ONGOING = Holds("relationship_ongoing")


def rule_path(rule: RetentionRule, part: str = "") -> str:
    """Where a rule, or a part of it, stands in the document."""
    return f"rules[{rule.rule_id}]" + (f".{part}" if part else "")


def firing(policy: RetentionPolicy) -> Iterator[Finding]:
    """All findings of this kind."""
    for object_type in FACTS:
        rules = policy.rules_for(object_type)
        yield from _coverage(rules, object_type)
        yield from _overlapping(rules, object_type)
        for rule in rules:
            yield from _applies(rule)
            yield from _idle_cases(rule)
            yield from _own_keep(rule)
            yield from _shadowed(rule, rules)
            yield from _blocked(rule, rules)
            yield from _says_the_same(rule, rules)
    if not policy.correspondence:
        yield warning("rules", "no rule covers correspondence: nothing says why notes, e-mails and calls are kept")


def _coverage(rules: tuple[RetentionRule, ...], object_type: ObjectType) -> Iterator[Finding]:
    name = object_type.value
    if not rules:
        yield warning("rules", f"no rule covers {name}: none of them is ever disposed of")
        return
    if all(rule.dispose is None for rule in rules):
        yield warning("rules", f"no rule disposes of {name}: they are kept for ever")
    nothing_applies = Not(AnyOf(tuple(rule.when for rule in rules)))
    uncovered = example(nothing_applies, object_type)
    if uncovered is not None:
        who = described(what_matters(uncovered, nothing_applies), object_type)
        yield warning("rules", f"no rule covers {name} where {who}: a person must look at each of them")


def _applies(rule: RetentionRule) -> Iterator[Finding]:
    path = rule_path(rule, "when")
    if example(rule.when, rule.object_type) is None:
        yield error(path, "never applies: its criteria contradict each other")
    elif example(Not(rule.when), rule.object_type) is None:
        yield note(path, f"applies to all {rule.object_type.value}")
    for part, criterion in (("when", rule.when), ("refer_when", rule.refer_when)):
        for repeated in _repeated(criterion):
            said = clause(repeated, rule.object_type)
            yield warning(rule_path(rule, part), f"says twice in one group that {said}")


def _repeated(criterion: Criterion | None) -> Iterator[Criterion]:
    match criterion:
        case AllOf(items) | AnyOf(items):
            yield from (item for index, item in enumerate(items) if item in items[:index])
            for item in items:
                yield from _repeated(item)
        case Not(item):
            yield from _repeated(item)


def _idle_cases(rule: RetentionRule) -> Iterator[Finding]:
    """A case of an `any` that never counts: another one must be meant, and whom that should keep, or show to a person,
    nothing does."""
    if example(rule.when, rule.object_type) is None:
        return
    keeps = None if rule.keep is None else rule.keep.condition
    within = (rule.when,)
    for part, criterion, beside in (
        ("when", rule.when, ()),
        ("keep.while", keeps, within),
        ("refer_when", rule.refer_when, within),
    ):
        for case in () if criterion is None else _never(criterion, beside, rule.object_type):
            said = clause(case, rule.object_type)
            text = f"lists a case that never counts, as it contradicts itself or what must hold besides: {said}"
            yield warning(rule_path(rule, part), text)


def _never(criterion: Criterion, beside: tuple[Criterion, ...], object_type: ObjectType) -> Iterator[Criterion]:
    """The cases of a criterion that never hold where what stands beside it does."""
    match criterion:
        case AnyOf(items):
            for item in items:
                if example(AllOf((item, *beside)), object_type) is None:
                    yield item
                else:
                    yield from _never(item, beside, object_type)
        case AllOf(items):
            for item in items:
                yield from _never(item, (*beside, *items), object_type)
        case Not(item):
            yield from _never(item, (), object_type)


def _own_keep(rule: RetentionRule) -> Iterator[Finding]:
    """A `while` that no record of the rule can meet."""
    if rule.keep is None or rule.keep.condition is None:
        return
    applies = example(rule.when, rule.object_type) is not None
    if applies and example(AllOf((rule.when, rule.keep.condition)), rule.object_type) is None:
        path = rule_path(rule, "keep.while")
        if rule.keep.start is None:
            yield error(path, "keeps nothing: it never holds where the rule applies")
        else:
            yield warning(path, "never holds where the rule applies")


def _shadowed(rule: RetentionRule, rules: tuple[RetentionRule, ...]) -> Iterator[Finding]:
    if example(rule.when, rule.object_type) is None:
        return
    for other in rules:
        if other is not rule and other.exclusive and implies(rule.when, other.when, rule.object_type):
            text = f"never counts: {other.rule_id} is exclusive and applies wherever this rule does"
            yield error(rule_path(rule), text)


def _overlapping(rules: tuple[RetentionRule, ...], object_type: ObjectType) -> Iterator[Finding]:
    """Two rules that may both apply, of which each says that it does so alone."""
    for one, other in combinations([rule for rule in rules if rule.exclusive], 2):
        both = AllOf((one.when, other.when))
        found = example(both, object_type)
        if found is not None:
            who = described(what_matters(found, both), object_type)
            text = f"is exclusive, and so is {one.rule_id}: where both apply, a person must look at each record ({who})"
            yield warning(rule_path(other), text)


def _blocked(rule: RetentionRule, rules: tuple[RetentionRule, ...]) -> Iterator[Finding]:
    """A disposal that something without an end always stands against."""
    if rule.dispose is None or example(rule.when, rule.object_type) is None:
        return
    against = [rule] if rule.exclusive else list(rules)
    against = [other for other in against if other.basis not in rule.dispose.overrides]
    endless = [(other, grounds) for other in against if (grounds := _endless(other)) is not None]
    path = rule_path(rule, "dispose")
    if endless and implies(rule.when, AnyOf(tuple(grounds for _, grounds in endless)), rule.object_type):
        stands = [
            other.rule_id
            for other, grounds in endless
            if example(AllOf((rule.when, grounds)), rule.object_type) is not None
        ]
        yield error(path, f"never disposes: wherever it applies, {enumerated(stands, 'or')} keeps without end")
    elif rule.dispose.start.fact == "customer_until" and implies(rule.when, _ONGOING, rule.object_type):
        yield error(path, "never disposes: it applies only while the relationship goes on")


def _endless(rule: RetentionRule) -> Criterion | None:
    """Where the keep of a rule has no end; `None` if it always has one."""
    if rule.keep is None:
        return None
    grounds: list[Criterion] = [] if rule.keep.condition is None else [rule.keep.condition]
    if rule.keep.start is not None and rule.keep.start.fact == "customer_until":
        grounds.append(_ONGOING)
    return AllOf((rule.when, AnyOf(tuple(grounds)))) if grounds else None


def _says_the_same(rule: RetentionRule, rules: tuple[RetentionRule, ...]) -> Iterator[Finding]:
    for other in rules[: rules.index(rule)]:
        if (other.when, other.keep, other.dispose) == (rule.when, rule.keep, rule.dispose):
            yield warning(rule_path(rule), f"says the same as {other.rule_id}")
