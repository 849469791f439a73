"""Weighing the rules of one record: which match, when their keeps end, when their disposals take effect."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final, Literal

from hubspot_retention.core.criteria import Facts
from hubspot_retention.core.decision.model import Reason, ReasonCode, StartValue
from hubspot_retention.core.decision.ruleset import (
    Matches,
    ReadyKeep,
    ReadyRule,
    ReadyStart,
    Ruleset,
    StartRead,
    matches_of,
)
from hubspot_retention.core.facts.values import ONGOING, UNKNOWN
from hubspot_retention.core.policy.model import Dispose


class Never(Enum):
    """An end that nobody knows of: the keep goes on, the disposal does not take effect."""

    NEVER = "never"


NEVER: Final = Never.NEVER
End = datetime | Literal[Never.NEVER]


@dataclass(slots=True)
class Weighing:
    """One record on the scales, and what its rules say. Built once per decision, never shared.

    `keeps`: matching keeps with their end; `effective`: matching disposals with the instant they take effect;
    `unclear`: why a keep's match or end cannot be told; `doubts`: why a disposal cannot be told.
    """

    facts: Facts
    ruleset: Ruleset
    as_of: datetime
    matches: Matches
    keeps: list[tuple[ReadyRule, End]] = field(default_factory=list)
    effective: list[tuple[ReadyRule, End]] = field(default_factory=list)
    unclear: list[Reason] = field(default_factory=list)
    doubts: list[Reason] = field(default_factory=list)
    starts: dict[str, StartValue] = field(default_factory=dict)

    @property
    def matched(self) -> tuple[ReadyRule, ...]:
        """The rules that match."""
        return self.matches.rules

    def keep(self, rule: ReadyRule, keep: ReadyKeep) -> None:
        """Weigh the keep of a rule that matches."""
        value = None if keep.start is None else self._start(keep.start)
        end = self._keep_end(keep, value)
        if isinstance(end, ReasonCode):
            self.unclear.append(Reason(end, rule.rule_id))
        elif end is not None:
            self.keeps.append((rule, end))

    def _start(self, start: ReadyStart) -> StartRead:
        """A start, noted for later runs if it is known."""
        value = start.read(self.facts)
        if value is not None and value is not UNKNOWN:
            self.starts[start.fact] = value
        return value

    def _keep_end(self, keep: ReadyKeep, value: StartRead) -> End | ReasonCode | None:
        """When the keep ends; a reason code if that cannot be told; `None` if it is no ground now."""
        if keep.condition is not None:
            condition = keep.condition(self.facts, self.as_of)
            if condition is True:
                return NEVER
            if condition is UNKNOWN:
                return ReasonCode.KEEP_MATCH_UNKNOWN if keep.start is None else ReasonCode.KEEP_END_UNKNOWN
        if keep.start is None:
            return None
        if value is ONGOING:
            return NEVER
        if value is None or value is UNKNOWN:
            return ReasonCode.KEEP_END_UNKNOWN
        civil = self.ruleset.civil
        if keep.start.too_far_ahead(value, civil, self.as_of):
            return ReasonCode.KEEP_START_IN_FUTURE
        return civil.instant_of(value) if keep.ends_with_start else civil.add(value, keep.period)

    def dispose(self, rule: ReadyRule, dispose: Dispose, start: ReadyStart) -> None:
        """Weigh the disposal of a rule that matches, against the keeps that it does not override."""
        effect = self._own_effect(dispose, start)
        if isinstance(effect, ReasonCode):
            self.doubts.append(Reason(effect, rule.rule_id))
            return
        for keeping, end in self.keeps:
            if keeping.basis not in dispose.overrides:
                effect = NEVER if end is NEVER or effect is NEVER else max(effect, end)
        if rule.exclusive and self.unclear:
            self.doubts.extend(self.unclear)
            return
        self.effective.append((rule, effect))

    def _own_effect(self, dispose: Dispose, start: ReadyStart) -> End | ReasonCode:
        """Start + `after` of a disposal, before any keep; a reason code if it is in doubt."""
        value = self._start(start)
        if value is ONGOING:
            return NEVER
        if value is None or value is UNKNOWN:
            return ReasonCode.START_UNKNOWN
        civil = self.ruleset.civil
        if start.too_far_ahead(value, civil, self.as_of):
            return ReasonCode.START_IN_FUTURE
        return civil.instant_of(value) if dispose.after.is_zero else civil.add(value, dispose.after)


def weigh_matches(matches: Matches, facts: Facts, ruleset: Ruleset, as_of: datetime) -> Weighing:
    """Weigh the rules that match. Keeps first: a disposal takes effect only when those it does not override have
    ended."""
    weighing = Weighing(facts, ruleset, as_of, matches, [], [], [*matches.unclear], [*matches.doubts])
    for rule, keep in matches.keeping:
        weighing.keep(rule, keep)
    for rule, dispose, start in matches.disposing:
        weighing.dispose(rule, dispose, start)
    if matches.might_exclude:
        weighing.unclear.extend(matches.might_exclude)
    return weighing


def weigh(rules: tuple[ReadyRule, ...], facts: Facts, ruleset: Ruleset, as_of: datetime) -> Weighing:
    """Ask some rules one by one, and weigh those that match."""
    return weigh_matches(matches_of((rule, rule.matches(facts, as_of)) for rule in rules), facts, ruleset, as_of)
