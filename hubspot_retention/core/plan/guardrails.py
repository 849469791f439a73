"""Guardrails: limits that are checked before the first write and block a plan whole.

What can go wrong: a policy mistake, a mass import or a broken read makes thousands of records look due. The
principle: count first, and when a figure is out of the ordinary do nothing at all and say which figure broke
which limit. There is no override switch; a limit is raised in the policy or the settings, in sight.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from hubspot_retention.core.counted import counted
from hubspot_retention.core.decision.agreeing import due_rules, must_agree
from hubspot_retention.core.decision.model import Decision
from hubspot_retention.core.policy.model import Guardrails, RetentionPolicy
from hubspot_retention.core.record import ObjectType

Going = tuple[ObjectType, *tuple[str, ...]]
"""What a disposal counts as: its class, and the rules that are due, the one that decides first."""

Disposals = Mapping[Going, int]


def going(decision: Decision) -> Going:
    """What the disposal of a decision counts as."""
    return (decision.record.object_type, *(due_rules(decision) or ("",)))


_LEFT = "were left after the last sound run"
_ACCEPT = "if that is right, a person accepts the figure (plan approve)"


def tightest(limits: Iterable[Guardrails]) -> Guardrails:
    """The tightest of several limits."""
    every = tuple(limits)
    return Guardrails(
        max_disposals=min(limit.max_disposals for limit in every),
        max_percent=min(limit.max_percent for limit in every),
        percent_from=min(limit.percent_from for limit in every),
        max_shrink_percent=min(limit.max_shrink_percent for limit in every),
    )


class _Words(NamedTuple):
    """How a breach is told: of what there are too many, what they may do, and the same of their share."""

    one: str
    may: str
    share: str
    share_may: str


_DISPOSAL: Final = _Words("disposal", "may go", "", "may go")
_OPT_OUT: Final = _Words("opt-out", "may be made", " opted out", "may be")


def _over(what: str, count: int, population: int, limit: Guardrails, words: _Words = _DISPOSAL) -> list[str]:
    found = []
    if count > limit.max_disposals:
        found.append(f"{what}: {counted(count, words.one)}, at most {limit.max_disposals:,} {words.may}")
    share = 100 * count / population if population else 0.0
    if count > limit.percent_from and share > limit.max_percent:
        of = f"{count:,} of {counted(population, 'record')} ({share:.1f} %)"
        found.append(f"{what}: {of}{words.share}, at most {limit.max_percent:g} % {words.share_may}")
    return found


def _shrunken(population: Mapping[ObjectType, int], last: Mapping[ObjectType, int], limit: Guardrails) -> list[str]:
    found = []
    for kind, before in last.items():
        now = population.get(kind, 0)
        lost = 100 * (before - now) / before if before else 0.0
        if now == 0 and before > 0:
            found.append(f"{kind.value}: none were read, {before} {_LEFT}; {_ACCEPT}")
        elif lost > limit.max_shrink_percent:
            limit_text = f"more than {limit.max_shrink_percent:g} % fewer"
            found.append(f"{kind.value}: {now} were read, {before} {_LEFT}: {limit_text}; {_ACCEPT}")
    return found


def opt_out_breaches(
    count: int, population: Mapping[ObjectType, int], policy: RetentionPolicy, settings: Guardrails
) -> tuple[str, ...]:
    """What breaks a limit when so many contacts are opted out because they are restricted, in words. What can go wrong:
    an import sets the restriction on everybody, and nobody hears from us again. The limits are those of disposals;
    who unsubscribed, withdrew consent or asked to be erased is not counted, for that is their own word."""
    limit, contacts = tightest((policy.guardrails, settings)), population.get(ObjectType.CONTACT, 0)
    return tuple(_over("restricted contacts", count, contacts, limit, _OPT_OUT))


def tells_of_shrinking(breach: str) -> bool:
    """Whether it is that far fewer records were read, or none: such a run is nothing that a later one may be measured
    by, until a person has accepted its figure."""
    return _LEFT in breach


def breaches(
    disposals: Disposals,
    population: Mapping[ObjectType, int],
    last_population: Mapping[ObjectType, int],
    policy: RetentionPolicy,
    settings: Guardrails,
) -> tuple[str, ...]:
    """What breaks a limit, in words; empty if nothing does. A disposal counts against the limit of each rule that must
    agree to it. `last_population`: what the last run that was not blocked for it, or whose figure a person accepted,
    read and this service has not disposed of since."""
    limit = tightest((policy.guardrails, settings))
    found = _shrunken(population, last_population, limit)
    per_class: Counter[ObjectType] = Counter()
    for (kind, *_), count in disposals.items():
        per_class[kind] += count
    for kind, count in sorted(per_class.items()):
        found.extend(_over(kind.value, count, population.get(kind, 0), limit))
    own = dict(policy.rule_guardrails)
    per_rule: Counter[tuple[ObjectType, str]] = Counter()
    for (kind, *due), count in disposals.items():
        per_rule.update({(kind, rule): count for rule in must_agree(due, policy) if rule in own})
    for (kind, rule), count in sorted(per_rule.items()):
        found.extend(_over(f"rule {rule}", count, population.get(kind, 0), own[rule]))
    return tuple(found)
