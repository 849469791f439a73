"""Every rule that was looked at for one record: whether it matched, what it says, why it won or lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from hubspot_retention.core.civil import Civil
from hubspot_retention.core.criteria import Facts, facts_named
from hubspot_retention.core.decision.explain import sentence
from hubspot_retention.core.decision.model import Decision, Outcome, Reason, ReasonCode
from hubspot_retention.core.decision.ruleset import ReadyRule, Ruleset
from hubspot_retention.core.decision.weigh import End, Never, Weighing, weigh
from hubspot_retention.core.facts.values import UNKNOWN, Truth
from hubspot_retention.core.policy.words import clause, enumerated


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTrace:
    """What one rule said of a record.

    `keep_end`: when the rule stops keeping it; `effective`: when its disposal takes effect, keeps included.
    `NEVER`: no end is known. `None`: the rule has no say in that, or it cannot be told (the verdict tells).
    """

    rule: str
    title: str
    matched: Truth
    keep_end: End | None
    effective: End | None
    verdict: str


def trace(facts: Facts, decision: Decision, ruleset: Ruleset, as_of: datetime) -> tuple[RuleTrace, ...]:
    """Every rule of the record's class in the order of the policy, against the decision that came of them."""
    every = sorted((*ruleset.exclusive, *ruleset.rules), key=lambda rule: rule.order)
    alone = tuple(rule for rule in ruleset.exclusive if rule.matches(facts, as_of) is True)
    asked = alone or ruleset.rules
    case = _Case(facts, decision, ruleset, as_of, weigh(asked, facts, ruleset, as_of))
    return tuple(case.of(rule, alone) for rule in every)


@dataclass(frozen=True, slots=True)
class _Case:
    """One record, its rules weighed, and what was decided."""

    facts: Facts
    decision: Decision
    ruleset: Ruleset
    as_of: datetime
    weighing: Weighing

    @property
    def civil(self) -> Civil:
        return self.ruleset.civil

    def of(self, rule: ReadyRule, alone: Sequence[ReadyRule]) -> RuleTrace:
        matched = rule.matches(self.facts, self.as_of)
        return RuleTrace(
            rule=rule.rule_id,
            title=rule.rule.title,
            matched=matched,
            keep_end=self._keep_end(rule),
            effective=self._effective(rule),
            verdict=self._verdict(rule, matched, alone),
        )

    def _keep_end(self, rule: ReadyRule) -> End | None:
        return next((end for keeping, end in self.weighing.keeps if keeping is rule), None)

    def _effective(self, rule: ReadyRule) -> End | None:
        return next((at for disposing, at in self.weighing.effective if disposing is rule), None)

    def _verdict(self, rule: ReadyRule, matched: Truth, alone: Sequence[ReadyRule]) -> str:
        if matched is False:
            return f"Does not match: {clause(rule.rule.when, self.ruleset.object_type, False)}."
        if matched is UNKNOWN:
            return f"Whether it matches cannot be told, because of what is unknown: {self._unknown_facts(rule)}."
        if alone and rule not in alone:
            names = enumerated([each.rule_id for each in alone], "or")
            return f"Matches, but is not asked: where {names} matches, no other rule applies."
        overlap = [Reason(ReasonCode.EXCLUSIVE_RULES_OVERLAP, rule.rule_id)] if len(alone) > 1 else []
        doubted = [*overlap, *self.weighing.unclear, *self.weighing.doubts]
        said = [sentence(reason, self.civil) for reason in doubted if reason.rule == rule.rule_id]
        keep_end, effective = self._keep_end(rule), self._effective(rule)
        if keep_end is not None:
            said.append(self._kept(rule, keep_end))
        if effective is not None:
            said.append(self._disposed(rule, effective))
        return " ".join(dict.fromkeys(said)) or "Matches, but keeps nothing now and disposes of nothing."

    def _unknown_facts(self, rule: ReadyRule) -> str:
        names = sorted(name for name in facts_named(rule.rule.when) if getattr(self.facts, name) is UNKNOWN)
        return ", ".join(names)

    def _show(self, at: datetime) -> str:
        return at.astimezone(self.civil.zone).strftime("%Y-%m-%d %H:%M")

    def _kept(self, rule: ReadyRule, end: End) -> str:
        if isinstance(end, Never):
            text = "Keeps it, and no end of that is known"
        elif end > self.as_of:
            text = f"Keeps it until {self._show(end)}"
        else:
            return f"Kept it until {self._show(end)}; that is over."
        winner = self._winner()
        if winner is not None and winner.dispose is not None and rule.basis in winner.dispose.overrides:
            return f"{text}, but does not stand against {winner.rule_id}."
        return f"{text}."

    def _winner(self) -> ReadyRule | None:
        return next((rule for rule in self.weighing.matched if rule.rule_id == self.decision.rule), None)

    def _disposed(self, rule: ReadyRule, effective: End) -> str:
        assert rule.dispose is not None
        verb = rule.dispose.disposition.value
        carried = self._carried_by(rule, effective)
        if isinstance(effective, Never):
            if carried:
                return f"Would {verb} it, but {carried} it and no end of that is known."
            return f"Would {verb} it once the relationship has ended; it goes on."
        if effective > self.as_of:
            later = f"; until then {carried} it" if carried else ""
            return f"Will {verb} it from {self._show(effective)} on{later}."
        limit = self.civil.earliest(effective, rule.dispose.within)
        due = f"due since {self._show(effective)}, to be carried out by {self._show(limit)}"
        match self.decision.outcome:
            case Outcome.DISPOSE:
                return self._due(rule, limit, due)
            case Outcome.HELD:
                return f"Would {verb} it ({due}), but a hold stands above every rule."
            case Outcome.UNDETERMINED:
                return f"Would {verb} it ({due}), but nothing is disposed of on doubt."
            case Outcome.REFER | Outcome.RETAIN:
                return f"Would {verb} it ({due}), but a person must look at it first."
            case _:
                assert_never(self.decision.outcome)

    def _due(self, rule: ReadyRule, limit: datetime, due: str) -> str:
        assert rule.dispose is not None
        verb = rule.dispose.disposition.value
        if rule.rule_id == self.decision.rule:
            return f"Decides: {verb}, {due}."
        why = "it stands first in the policy"
        if self.decision.right and not rule.dispose.right:
            why = "an exercised right goes first"
        elif self._limit_of_the_winner() < limit:
            why = "its limit comes first"
        return f"Asks for {verb} too, {due}; {self.decision.rule} decides, because {why}."

    def _limit_of_the_winner(self) -> datetime:
        winner = self._winner()
        assert winner is not None
        assert winner.dispose is not None
        effective = self._effective(winner)
        assert isinstance(effective, datetime)
        return self.civil.earliest(effective, winner.dispose.within)

    def _carried_by(self, rule: ReadyRule, effective: End) -> str:
        """The keeps that put the disposal off until `effective`: `rule a keeps`, `rules a, b keep`."""
        assert rule.dispose is not None
        names = [
            keeping.rule_id
            for keeping, end in self.weighing.keeps
            if keeping is not rule and keeping.basis not in rule.dispose.overrides and end == effective
        ]
        if not names:
            return ""
        return f"rule {names[0]} keeps" if len(names) == 1 else f"rules {', '.join(names)} keep"
