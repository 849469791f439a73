"""The rules of one record class, made ready: criteria compiled, starts read by name."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import attrgetter

from hubspot_retention.core.civil import Civil, FinancialYearEnd, Period
from hubspot_retention.core.criteria import Facts, Test, compile_criterion
from hubspot_retention.core.facts.values import Ongoing, Unknown
from hubspot_retention.core.policy.model import Basis, Dispose, Keep, RetentionPolicy, RetentionRule, Start
from hubspot_retention.core.record import ObjectType

TOLERANCE = timedelta(days=1)
"""How far in the future a start may lie before it is no start (semantics 5.2: clocks and time zones differ)."""

_KEEP_MAY_LIE_AHEAD = frozenset(("customer_until", "processing_ended_on", "event_on"))
_DISPOSE_MAY_LIE_AHEAD = frozenset(("customer_until", "processing_ended_on"))

StartReader = Callable[[Facts], date | datetime | Unknown | Ongoing | None]


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


@dataclass(frozen=True, slots=True)
class Ruleset:
    """All rules of one record class of one policy."""

    object_type: ObjectType
    civil: Civil
    review_after: Period
    request_clock: tuple[Period, ...]
    exclusive: tuple[ReadyRule, ...]
    rules: tuple[ReadyRule, ...]


def _start_reader(start: Start, year_end: FinancialYearEnd, civil: Civil) -> StartReader:
    read = attrgetter(start.fact)
    if not start.financial_year_end:
        return read

    def end_of_year(facts: Facts) -> date | datetime | Unknown | Ongoing | None:
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


def ruleset(policy: RetentionPolicy, object_type: ObjectType) -> Ruleset:
    """The rules of a record class, ready."""
    ready = [_ready_rule(rule, order, policy) for order, rule in enumerate(policy.rules_for(object_type))]
    return Ruleset(
        object_type=object_type,
        civil=policy.civil,
        review_after=policy.terms.review_after,
        request_clock=policy.request_clock,
        exclusive=tuple(rule for rule in ready if rule.exclusive),
        rules=tuple(rule for rule in ready if not rule.exclusive),
    )
