"""The rules of one record class, made ready: criteria compiled, starts read by name."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Literal

from hubspot_retention.core.civil import Civil, FinancialYearEnd, Period
from hubspot_retention.core.criteria import Facts, LaterThanEach, NotPast, Test, compile_criterion, facts_named
from hubspot_retention.core.decision.matching import Answers, Matcher, questions_of
from hubspot_retention.core.decision.model import Reason, ReasonCode
from hubspot_retention.core.facts.values import UNKNOWN, Ongoing, Truth, Unknown
from hubspot_retention.core.policy.model import Basis, Dispose, Keep, Mode, RetentionPolicy, RetentionRule, Start
from hubspot_retention.core.record import ObjectType

TOLERANCE = timedelta(days=1)
"""How far in the future a start may lie before it is no start (semantics 5.2: clocks and time zones differ)."""

_KEEP_MAY_LIE_AHEAD = frozenset(("customer_until", "processing_ended_on", "event_on"))
_DISPOSE_MAY_LIE_AHEAD = frozenset(("customer_until", "processing_ended_on"))

StartRead = date | datetime | Literal[Unknown.UNKNOWN, Ongoing.ONGOING] | None
StartReader = Callable[[Facts], StartRead]


@dataclass(frozen=True, slots=True)
class ReadyStart:
    """A start: how to read it, and whether it may lie ahead."""

    fact: str
    read: StartReader
    may_lie_ahead: bool

    def too_far_ahead(self, value: date | datetime, civil: Civil, as_of: datetime) -> bool:
        """Whether the start lies more than a day in the future although it must not."""
        return not self.may_lie_ahead and civil.instant_of(value) > as_of + TOLERANCE


@dataclass(frozen=True, slots=True)
class ReadyKeep:
    """A keep: its condition, its start, its period."""

    condition: Test | None
    start: ReadyStart | None
    period: Period
    ends_with_start: bool


@dataclass(frozen=True, slots=True)
class ReadyRule:
    """One rule, ready to be asked."""

    rule: RetentionRule
    rule_id: str
    order: int
    matches: Test
    basis: Basis
    keep: ReadyKeep | None
    dispose: Dispose | None
    dispose_start: ReadyStart | None
    exclusive: bool
    refer_when: Test | None
    refer_if_later: StartReader | None


Disposing = tuple[ReadyRule, Dispose, ReadyStart]
"""A rule with its disposal and the start of that."""


@dataclass(frozen=True, slots=True)
class Matches:
    """Which rules have a say in a record: those that match, and why others cannot be told.

    `keeping` and `disposing`: those that match, with their keep, or their disposal and its start. `might_exclude`:
    rules that would stand alone, if they match; `overlapping`: several of them do. `referring`: those that match and
    may call for a person; `outweighed`: what is to be said if other grounds outweigh one that matches. `lone`: the
    disposal of the only rule that matches, where there is nothing else to weigh.
    """

    rules: tuple[ReadyRule, ...] = ()
    keeping: tuple[tuple[ReadyRule, ReadyKeep], ...] = ()
    disposing: tuple[Disposing, ...] = ()
    unclear: tuple[Reason, ...] = ()
    doubts: tuple[Reason, ...] = ()
    might_exclude: tuple[Reason, ...] = ()
    overlapping: tuple[Reason, ...] = ()
    referring: tuple[ReadyRule, ...] = ()
    outweighed: tuple[Reason, ...] = ()
    lone: Disposing | None = None


@dataclass(frozen=True, slots=True)
class Ruleset:
    """All rules of one record class of one policy. `matcher` knows which of them apply; `compared`: the starts of keeps
    that match by when that start lies; `observed`: the starts of disposals all of whose rules are in mode `observe`."""

    object_type: ObjectType
    civil: Civil
    matcher: Matcher[Matches]
    review_after: Period
    request_clock: tuple[Period, ...]
    exclusive: tuple[ReadyRule, ...]
    rules: tuple[ReadyRule, ...]
    compared: tuple[ReadyStart, ...]
    observed: frozenset[str]


def _start_reader(start: Start, year_end: FinancialYearEnd, civil: Civil) -> StartReader:
    read = attrgetter(start.fact)
    if not start.financial_year_end:
        return read

    def end_of_year(facts: Facts) -> StartRead:
        value = read(facts)
        return year_end.of(civil.day_of(value)) if isinstance(value, date) else value

    return end_of_year


def _ready_start(start: Start, allowed: frozenset[str], policy: RetentionPolicy) -> ReadyStart:
    reader = _start_reader(start, policy.financial_year_end, policy.civil)
    return ReadyStart(start.fact, reader, start.financial_year_end or start.fact in allowed)


def _ready_keep(keep: Keep, policy: RetentionPolicy) -> ReadyKeep:
    return ReadyKeep(
        condition=None if keep.condition is None else compile_criterion(keep.condition, policy.civil),
        start=None if keep.start is None else _ready_start(keep.start, _KEEP_MAY_LIE_AHEAD, policy),
        period=keep.period or Period(),
        ends_with_start=keep.period is None or keep.period.is_zero,
    )


def _ready_rule(rule: RetentionRule, order: int, policy: RetentionPolicy) -> ReadyRule:
    dispose = rule.dispose
    return ReadyRule(
        rule=rule,
        rule_id=rule.rule_id,
        order=order,
        matches=compile_criterion(rule.when, policy.civil),
        basis=rule.basis,
        keep=None if rule.keep is None else _ready_keep(rule.keep, policy),
        dispose=dispose,
        dispose_start=None if dispose is None else _ready_start(dispose.start, _DISPOSE_MAY_LIE_AHEAD, policy),
        exclusive=rule.exclusive,
        refer_when=None if rule.refer_when is None else compile_criterion(rule.refer_when, policy.civil),
        refer_if_later=None if rule.refer_if_later is None else attrgetter(rule.refer_if_later),
    )


def matches_of(rules: Iterable[tuple[ReadyRule, Truth]]) -> Matches:
    """Rules by whether they match: one that keeps and might match is unclear, any other that might is a doubt."""
    matched: list[ReadyRule] = []
    unclear, doubts = [], []
    for rule, matches in rules:
        if matches is True:
            matched.append(rule)
        elif matches is UNKNOWN and rule.keep is not None:
            unclear.append(Reason(ReasonCode.KEEP_MATCH_UNKNOWN, rule.rule_id))
        elif matches is UNKNOWN:
            doubts.append(Reason(ReasonCode.RULE_MATCH_UNKNOWN, rule.rule_id))
    outweighed = [rule.rule_id for rule in matched if rule.rule.outweighed_is_referred]
    return Matches(
        rules=tuple(matched),
        keeping=tuple((rule, rule.keep) for rule in matched if rule.keep is not None),
        disposing=tuple(
            (rule, rule.dispose, rule.dispose_start)
            for rule in matched
            if rule.dispose is not None and rule.dispose_start is not None
        ),
        unclear=tuple(unclear),
        doubts=tuple(doubts),
        referring=tuple(rule for rule in matched if rule.refer_when is not None or rule.refer_if_later is not None),
        outweighed=tuple(Reason(ReasonCode.REQUEST_OUTWEIGHED, rule_id) for rule_id in outweighed),
    )


def _applicable(exclusive: Sequence[ReadyRule], others: Sequence[ReadyRule], answers: Answers) -> Matches:
    """An exclusive rule alone where one applies, else all others. Where several apply none of them stands alone, in
    whatever order they stand in the policy."""
    asked = list(zip(exclusive, answers, strict=False))
    alone = [rule for rule, matches in asked if matches is True]
    might = tuple(Reason(ReasonCode.KEEP_MATCH_UNKNOWN, rule.rule_id) for rule, matches in asked if matches is UNKNOWN)
    if alone:
        several = alone if len(alone) > 1 else []
        overlapping = tuple(Reason(ReasonCode.EXCLUSIVE_RULES_OVERLAP, rule.rule_id) for rule in several)
        return replace(matches_of((rule, True) for rule in alone), might_exclude=might, overlapping=overlapping)
    found = matches_of(zip(others, answers[len(exclusive) :], strict=True))
    return replace(found, might_exclude=might, lone=None if might else _lone(found))


def _lone(found: Matches) -> Disposing | None:
    """The disposal of the only rule that matches, if it is all that the rules have to say."""
    more = (found.keeping, found.unclear, found.doubts, found.referring, found.outweighed)
    if len(found.rules) != 1 or any(more):
        return None
    return found.disposing[0] if found.disposing else None


def _compared_start(rule: ReadyRule) -> ReadyStart | None:
    """The start of a keep whose match hangs on when that start lies."""
    start = None if rule.keep is None else rule.keep.start
    asked = [each for each in questions_of(rule.rule.when) if isinstance(each, NotPast | LaterThanEach)]
    return start if start is not None and any(start.fact in facts_named(each) for each in asked) else None


def _observed_starts(rules: Iterable[RetentionRule]) -> frozenset[str]:
    disposing = [(rule.dispose.start.fact, rule.mode) for rule in rules if rule.dispose is not None]
    return frozenset(fact for fact, _ in disposing) - {fact for fact, mode in disposing if mode is not Mode.OBSERVE}


def ruleset(policy: RetentionPolicy, object_type: ObjectType) -> Ruleset:
    """The rules of a record class, ready."""
    ready = [_ready_rule(rule, order, policy) for order, rule in enumerate(policy.rules_for(object_type))]
    exclusive = tuple(rule for rule in ready if rule.exclusive)
    others = tuple(rule for rule in ready if not rule.exclusive)
    criteria = [rule.rule.when for rule in (*exclusive, *others)]
    return Ruleset(
        object_type=object_type,
        civil=policy.civil,
        matcher=Matcher(criteria, policy.civil, lambda answers: _applicable(exclusive, others, answers)),
        review_after=policy.terms.review_after,
        request_clock=policy.request_clock,
        exclusive=exclusive,
        rules=others,
        compared=tuple(start for rule in ready if (start := _compared_start(rule)) is not None),
        observed=_observed_starts(policy.rules_for(object_type)),
    )
