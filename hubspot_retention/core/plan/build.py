"""From decisions to the items of the two plans, and from their counts to what a person reads."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hubspot_retention.core.decision.agreeing import is_observed, time_rules
from hubspot_retention.core.decision.history import Remembered, read_starts, write_starts
from hubspot_retention.core.decision.model import Decision, Outcome, ReasonCode, StartValue
from hubspot_retention.core.made import made
from hubspot_retention.core.plan.guardrails import Going, going
from hubspot_retention.core.plan.model import Action, OutcomeCount, PlanItem, PlanKind, RuleCount
from hubspot_retention.core.policy.model import Disposition, RetentionPolicy
from hubspot_retention.core.record import ObjectType


def item_of(decision: Decision, remembered: Remembered, policy: RetentionPolicy) -> tuple[PlanKind, PlanItem] | None:
    """Which plan a decision goes into and what is to be done; `None` for what is simply retained."""
    if decision.outcome is Outcome.DISPOSE:
        action = Action.ERASE if decision.disposition is Disposition.ERASE else Action.ARCHIVE
        if is_observed(decision, policy):
            action = Action.OBSERVE
        kind = PlanKind.RIGHTS if decision.right else PlanKind.TIME
        return kind, PlanItem(
            decision=decision, action=action, start_is_new=_start_is_new(decision, remembered, policy)
        )
    if decision.marketing_ends and not remembered.marketing_ended:
        action = Action.OBSERVE if is_observed(decision, policy) else Action.END_MARKETING
        return PlanKind.RIGHTS, PlanItem(decision=decision, action=action)
    if decision.outcome is Outcome.RETAIN:
        return None
    kind = PlanKind.RIGHTS if decision.marketing_ends or decision.answer_by else PlanKind.TIME
    return kind, PlanItem(decision=decision, action=Action.NONE)


def _start_is_new(decision: Decision, remembered: Remembered, policy: RetentionPolicy) -> bool:
    """Whether no earlier run saw the start of a time rule that must agree: a typing error must not erase anybody
    overnight."""
    rules = time_rules(decision, policy)
    if not rules:
        return decision.rule is None
    now, seen = dict(decision.starts), read_starts(remembered.starts)
    for rule in map(policy.rule, rules):
        fact = None if rule is None or rule.dispose is None else rule.dispose.start.fact
        if fact is None or fact not in now or seen.get(fact) != now[fact]:
            return True
    return False


def remember(
    decision: Decision,
    before: Remembered,
    opted_out: Remembered,
    known: Mapping[str, StartValue] | None = None,
) -> Remembered:
    """What later runs shall know. A start that moved back is not noted until a person has confirmed it, and one that
    is not seen this time, because it is unknown or the record is held, is not forgotten. `known`: the starts of
    `before`, where the caller has read them already."""
    if not before.starts:
        starts = write_starts(decision.starts)
    else:
        known = read_starts(before.starts) if known is None else known
        starts = before.starts if known == dict(decision.starts) else _starts_after(decision, known)
    ended = before.marketing_ended and decision.marketing_ends
    return made(Remembered, (starts, opted_out.opted_out_at, opted_out.opt_out_source, ended, before.archived_by_us))


def _starts_after(decision: Decision, known: Mapping[str, StartValue]) -> str:
    moved = {reason.matter for reason in decision.reasons if reason.code is ReasonCode.START_MOVED_BACK}
    seen = {name: value for name, value in decision.starts if name not in moved}
    return write_starts({**known, **seen}.items())


def after_run(before: Remembered, noted: Remembered, now: Remembered) -> Remembered:
    """A run's note; but what was carried out or confirmed while the run went on stands."""
    if now == before:
        return noted
    return Remembered._make(new if same == old else same for old, new, same in zip(before, noted, now, strict=True))


@dataclass(slots=True)
class Tally:
    """Running counts of one plan while its decisions stream by."""

    outcomes: Counter[tuple[ObjectType, Outcome, str]] = field(default_factory=Counter)
    rules: dict[tuple[str, Action], RuleCount] = field(default_factory=dict)
    disposals: Counter[Going] = field(default_factory=Counter)

    def add(self, decision: Decision, action: Action) -> None:
        """Count a decision."""
        kind, outcome, reasons = decision.record.object_type, decision.outcome, decision.reasons
        first: str = reasons[0].code if reasons else ""
        if outcome is Outcome.RETAIN and reasons:
            first = reasons[0].rule or first
        rule = decision.rule or first
        self.outcomes[(kind, outcome, rule)] += 1
        if action is Action.NONE:
            return
        label = rule = str(rule)  # a reason's code is a text, but not a plain one
        if outcome is not Outcome.DISPOSE:
            label = outcome.value
        elif action is not Action.OBSERVE:
            self.disposals[going(decision)] += 1
        before = self.rules.get((label, action), RuleCount(label, action, 0, None, None))
        self.rules[(label, action)] = RuleCount(
            label,
            action,
            before.total + 1,
            _earliest(before.oldest_due_at, decision.due_at),
            _earliest(before.earliest_erase_by, decision.erase_by),
        )

    def include(self, other: "Tally") -> None:
        """Count what another tally counted."""
        self.outcomes.update(other.outcomes)
        self.disposals.update(other.disposals)
        for key, count in other.rules.items():
            before = self.rules.get(key)
            self.rules[key] = count if before is None else _together(before, count)

    def outcome_counts(self) -> tuple[OutcomeCount, ...]:
        """The outcomes, in a stable order."""
        counts = sorted(self.outcomes.items())
        return tuple(OutcomeCount(kind, outcome.value, str(rule), count) for (kind, outcome, rule), count in counts)

    def rule_counts(self) -> tuple[RuleCount, ...]:
        """The rules, the earliest deadline first."""
        far = datetime.max.replace(tzinfo=UTC)
        return tuple(sorted(self.rules.values(), key=lambda c: (c.earliest_erase_by or far, c.rule, c.action)))


def _together(one: RuleCount, other: RuleCount) -> RuleCount:
    return RuleCount(
        one.rule,
        one.action,
        one.total + other.total,
        _earliest(one.oldest_due_at, other.oldest_due_at),
        _earliest(one.earliest_erase_by, other.earliest_erase_by),
    )


def _earliest(first: datetime | None, second: datetime | None) -> datetime | None:
    return min((each for each in (first, second) if each is not None), default=None)
