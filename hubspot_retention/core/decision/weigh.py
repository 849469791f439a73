"""Weighing the rules of one record: which match, when their keeps end, when their disposals take effect."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Final, Literal

from hubspot_retention.core.criteria import Facts
from hubspot_retention.core.decision.model import Reason, ReasonCode, StartValue
from hubspot_retention.core.decision.ruleset import ReadyKeep, ReadyRule, Ruleset
from hubspot_retention.core.facts.values import UNKNOWN, Ongoing, Truth, Unknown


class Never(Enum):
    """An end that nobody knows of: the keep goes on, the disposal does not take effect."""

    NEVER = "never"


NEVER: Final = Never.NEVER
End = datetime | Literal[Never.NEVER]


@dataclass(slots=True)
class Weighing:
    """What the rules of one record say. Built once per decision, never shared.

    `keeps`: matching keeps with their end; `effective`: matching disposals with the instant they take effect;
    `unclear`: why a keep's match or end cannot be told; `doubts`: why a disposal cannot be told.
    """

    matched: list[ReadyRule] = field(default_factory=list)
    keeps: list[tuple[ReadyRule, End]] = field(default_factory=list)
    effective: list[tuple[ReadyRule, End]] = field(default_factory=list)
    unclear: list[Reason] = field(default_factory=list)
    doubts: list[Reason] = field(default_factory=list)
    starts: dict[str, StartValue] = field(default_factory=dict)


def _keep_end(keep: ReadyKeep, facts: Facts, ruleset: Ruleset, as_of: datetime) -> End | ReasonCode | None:
    """When the keep ends; a reason code if that cannot be told; `None` if it is no ground now."""
    condition: Truth = False if keep.condition is None else keep.condition(facts, as_of)
    if condition is True:
        return NEVER
    if condition is UNKNOWN:
        return ReasonCode.KEEP_MATCH_UNKNOWN if keep.start is None else ReasonCode.KEEP_END_UNKNOWN
    if keep.start is None:
        return None
    value = keep.start.read(facts)
    if isinstance(value, Ongoing):
        return NEVER
    if value is None or isinstance(value, Unknown):
        return ReasonCode.KEEP_END_UNKNOWN
    if keep.start.too_far_ahead(value, ruleset.civil, as_of):
        return ReasonCode.KEEP_START_IN_FUTURE
    return ruleset.civil.instant_of(value) if keep.period.is_zero else ruleset.civil.add(value, keep.period)


def _note_start(weighing: Weighing, name: str, value: object) -> None:
    if isinstance(value, (date, Ongoing)):
        weighing.starts[name] = value


def _weigh_keep(rule: ReadyRule, facts: Facts, ruleset: Ruleset, as_of: datetime, into: Weighing) -> None:
    keep = rule.keep
    if keep is None:
        return
    if keep.start is not None:
        _note_start(into, keep.start.fact, keep.start.read(facts))
    end = _keep_end(keep, facts, ruleset, as_of)
    if isinstance(end, ReasonCode):
        into.unclear.append(Reason(end, rule.rule_id))
    elif end is not None:
        into.keeps.append((rule, end))


def _own_effect(rule: ReadyRule, facts: Facts, ruleset: Ruleset, as_of: datetime) -> End | ReasonCode:
    """Start + `after` of a disposal, before any keep; a reason code if it is in doubt."""
    assert rule.dispose is not None and rule.dispose_start is not None
    value = rule.dispose_start.read(facts)
    if isinstance(value, Ongoing):
        return NEVER
    if value is None or isinstance(value, Unknown):
        return ReasonCode.START_UNKNOWN
    if rule.dispose_start.too_far_ahead(value, ruleset.civil, as_of):
        return ReasonCode.START_IN_FUTURE
    after = rule.dispose.after
    return ruleset.civil.instant_of(value) if after.is_zero else ruleset.civil.add(value, after)


def _weigh_dispose(rule: ReadyRule, facts: Facts, ruleset: Ruleset, as_of: datetime, into: Weighing) -> None:
    if rule.dispose is None or rule.dispose_start is None:
        return
    _note_start(into, rule.dispose_start.fact, rule.dispose_start.read(facts))
    effect = _own_effect(rule, facts, ruleset, as_of)
    if isinstance(effect, ReasonCode):
        into.doubts.append(Reason(effect, rule.rule_id))
        return
    for keeping, end in into.keeps:
        if keeping.basis not in rule.dispose.overrides:
            effect = NEVER if end is NEVER or effect is NEVER else max(effect, end)
    if rule.exclusive and into.unclear:
        into.doubts.extend(into.unclear)
        return
    into.effective.append((rule, effect))


def weigh(rules: tuple[ReadyRule, ...], facts: Facts, ruleset: Ruleset, as_of: datetime) -> Weighing:
    """Ask every rule. Keeps first: a disposal takes effect only when those it does not override have ended."""
    weighing = Weighing()
    for rule in rules:
        matches = rule.matches(facts, as_of)
        if matches is True:
            weighing.matched.append(rule)
        elif matches is UNKNOWN:
            if rule.keep is not None:
                weighing.unclear.append(Reason(ReasonCode.KEEP_MATCH_UNKNOWN, rule.rule_id))
            else:
                weighing.doubts.append(Reason(ReasonCode.RULE_MATCH_UNKNOWN, rule.rule_id))
    for rule in weighing.matched:
        _weigh_keep(rule, facts, ruleset, as_of, weighing)
    for rule in weighing.matched:
        _weigh_dispose(rule, facts, ruleset, as_of, weighing)
    return weighing
