"""Findings about time: starts that may be missing, keeps that always end later, limits nobody can meet."""

from collections.abc import Iterator
from typing import Final

from hubspot_retention.core.counted import counted
from hubspot_retention.core.criteria import AllOf, Known, Not
from hubspot_retention.core.policy.check_firing import rule_path
from hubspot_retention.core.policy.lengths import BIN_DAYS, always_longer, length_bounds, room_after_bin
from hubspot_retention.core.policy.logic import example, implies
from hubspot_retention.core.policy.model import (
    Basis,
    Dispose,
    Disposition,
    Keep,
    Mode,
    RetentionPolicy,
    RetentionRule,
    ReviewKind,
    Start,
)
from hubspot_retention.core.policy.problem import Finding, error, warning
from hubspot_retention.core.policy.words import noun, period_words

_DAYS_FOR_A_PERSON: Final = 14
"""A holiday and the days around it: who must be asked may not be there."""

_NEVER_BEFORE: Final = frozenset((("last_business_on", "customer_until"), ("last_business_on", "closed_at")))
"""Moments of a deal of which the first is never before the second (semantics 3)."""


def timing(policy: RetentionPolicy) -> Iterator[Finding]:
    """All findings of this kind."""
    for rule in policy.rules:
        yield from _missing_starts(rule)
        if rule.dispose is not None:
            yield from _always_later(rule, rule.dispose, policy)
            yield from _hardly_time(rule, rule.dispose)
            yield from _rights(rule, rule.dispose, policy)


def _missing_starts(rule: RetentionRule) -> Iterator[Finding]:
    """A start that is absent although the rule applies makes the record undetermined (semantics 5)."""
    keep, dispose = rule.keep, rule.dispose
    where = rule.when
    if keep is not None and keep.condition is not None:
        where = AllOf((where, Not(keep.condition)))
    starts = {"keep": keep.start if keep else None, "dispose": dispose.start if dispose else None}
    for part, start in starts.items():
        if start is not None and not implies(where, Known(start.fact), rule.object_type):
            what = noun(start.fact, rule.object_type)
            text = f"applies where {what} is not on record: such {rule.object_type.value} stay undetermined"
            yield warning(rule_path(rule, part), text)


def _always_later(rule: RetentionRule, dispose: Dispose, policy: RetentionPolicy) -> Iterator[Finding]:
    """A keep that applies wherever the rule does and ends after it is due."""
    if example(rule.when, rule.object_type) is None:
        return
    path = rule_path(rule, "dispose.after")
    for other in [rule] if rule.exclusive else policy.rules_for(rule.object_type):
        if other.keep is None or other.basis in dispose.overrides:
            continue
        keeps = _outlasts(other.keep, dispose)
        if keeps and implies(rule.when, other.when, rule.object_type):
            text = f"comes later than {period_words(dispose.after)} wherever it applies: {other.rule_id} {keeps}"
            yield error(path, f"{text}; a right cannot wait") if dispose.right else warning(path, text)


def _outlasts(keep: Keep, dispose: Dispose) -> str:
    """How a keep outlasts the time at which a disposal falls due; empty if it may end before."""
    start, period = keep.start, keep.period
    if start is None or period is None or not _never_before(start, dispose.start):
        return ""
    if always_longer(period, dispose.after):
        return f"keeps for {period_words(period)}"
    if start.financial_year_end and period == dispose.after:
        return f"keeps for {period_words(period)} from the end of the financial year, up to a year more"
    return ""


def _never_before(first: Start, second: Start) -> bool:
    return first.fact == second.fact or (first.fact, second.fact) in _NEVER_BEFORE


def _hardly_time(rule: RetentionRule, dispose: Dispose) -> Iterator[Finding]:
    if dispose.disposition is not Disposition.ARCHIVE:
        return
    room = min(room_after_bin(period) for period in dispose.within)
    if room < _DAYS_FOR_A_PERSON:
        text = f"leaves {counted(room, 'day')} to carry it out: HubSpot's bin takes {BIN_DAYS} days"
        yield warning(rule_path(rule, "dispose.within"), text)


def _rights(rule: RetentionRule, dispose: Dispose, policy: RetentionPolicy) -> Iterator[Finding]:
    path = rule_path(rule, "dispose")
    for basis in sorted(dispose.overrides & {Basis.LEGAL_OBLIGATION, Basis.LEGAL_CLAIM}):
        text = f"sets {basis.value} aside; GDPR art. 17(3) lets what the law or a claim needs stay"
        yield warning(f"{path}.overrides", text)
    if not dispose.right:
        return
    waits = dispose.review is ReviewKind.PERSON or rule.mode is not Mode.ENFORCE
    longest = min(length_bounds(period)[1] for period in dispose.within)
    if waits and longest < _DAYS_FOR_A_PERSON:
        text = f"a person must approve within {counted(longest, 'day')}: who stands in on holidays?"
        yield warning(f"{path}.within", text)
    clock = min(length_bounds(period)[1] for period in policy.request_clock)
    if longest > clock:
        text = f"may take {counted(longest, 'day')}; requests are to be met in {clock} (GDPR art. 12(3))"
        yield warning(f"{path}.within", text)
