"""decide(facts, holds, ruleset, as_of) -> Decision, with its reasons.

What can go wrong here is what the whole service is for: disposing of a record that must stay. The order of the
steps is the protection. Whatever binds or is unclear answers before any disposal is looked at, and an unknown
fact can only ever make a disposal disappear.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from hubspot_retention.core.civil import Civil, Period
from hubspot_retention.core.criteria import Facts
from hubspot_retention.core.decision.model import Decision, Outcome, Reason, ReasonCode, StartValue
from hubspot_retention.core.decision.ruleset import TOLERANCE, Matches, ReadyRule, Ruleset
from hubspot_retention.core.decision.weigh import NEVER, Weighing, weigh_matches
from hubspot_retention.core.facts.contact import ContactFacts
from hubspot_retention.core.facts.values import UNKNOWN, Ongoing, Start, Truth, Unknown
from hubspot_retention.core.hold import Causes, HoldKind
from hubspot_retention.core.policy.model import Disposition
from hubspot_retention.core.record import RecordRef

_YEAR = Period(months=12)
_HOLD_REASONS = {
    HoldKind.FLAG: ReasonCode.HOLD_FLAG,
    HoldKind.REGISTER: ReasonCode.HOLD_REGISTER,
    HoldKind.DEBT: ReasonCode.OUTSTANDING_DEBT,
    HoldKind.UNREADABLE: ReasonCode.HOLD_UNREADABLE,
}


@dataclass(frozen=True, slots=True)
class History:
    """What earlier runs know of a record: the starts they saw, and whether a person restored it from the bin."""

    starts: Mapping[str, StartValue] = field(default_factory=dict)
    restored: bool = False


NO_HISTORY = History()


def moved_back(seen: StartValue, now: StartValue, civil: Civil, as_of: datetime) -> bool:
    """Whether a start moved back by more than a year, or from ongoing to more than a year ago."""
    if isinstance(now, Ongoing):
        return False
    return civil.add(now, _YEAR) < (as_of if isinstance(seen, Ongoing) else civil.instant_of(seen))


def decide(facts: Facts, causes: Causes, ruleset: Ruleset, as_of: datetime, history: History = NO_HISTORY) -> Decision:
    """What follows for one record as of an instant."""
    held = _held(facts, causes)
    if held:
        return _Case(facts, ruleset, as_of, Weighing(facts, ruleset, as_of, Matches())).decision(Outcome.HELD, held)
    weighing = weigh_matches(ruleset.matcher.ask(facts, as_of), facts, ruleset, as_of)
    return _Case(facts, ruleset, as_of, weighing).settle(history)


def _held(facts: Facts, causes: Causes) -> list[Reason]:
    reasons = []
    if causes:
        reasons = [Reason(_HOLD_REASONS[cause.kind], record=cause.record, matter=cause.matter) for cause in causes]
    if not isinstance(facts, ContactFacts):
        return reasons
    if facts.restricted is True:
        reasons.append(Reason(ReasonCode.PROCESSING_RESTRICTED))
    elif facts.restricted is UNKNOWN:
        reasons.append(Reason(ReasonCode.RESTRICTION_UNREADABLE))
    if facts.erasure_requested_at is UNKNOWN or facts.consent_withdrawn_at is UNKNOWN:
        reasons.append(Reason(ReasonCode.REQUEST_UNREADABLE))
    return reasons


def _later(value: Start, than: Start, civil: Civil) -> Truth:
    if value is None or than is None:
        return False
    if isinstance(value, date) and isinstance(than, date):
        return civil.instant_of(value) > civil.instant_of(than)
    return UNKNOWN


@dataclass(slots=True)
class _Case:
    """One record being decided, its rules already weighed. Methods are semantics 5, steps 2 to 4."""

    facts: Facts
    ruleset: Ruleset
    as_of: datetime
    weighing: Weighing

    def decision(self, outcome: Outcome, reasons: list[Reason], until: datetime | None = None) -> Decision:
        """A decision that is no disposal."""
        answer_by, marketing_ends = self._rights()
        return Decision(
            record=RecordRef(self.ruleset.object_type, self.facts.record_id),
            outcome=outcome,
            reasons=tuple(reasons),
            until=until,
            answer_by=answer_by,
            marketing_ends=marketing_ends,
            starts=tuple(self.weighing.starts.items()),
        )

    def _rights(self) -> tuple[datetime | None, bool]:
        """The end of an erasure request's clock, and whether marketing ends: both whatever the outcome."""
        facts = self.facts
        if not isinstance(facts, ContactFacts):
            return None, False
        asked = facts.erasure_requested_at
        if isinstance(asked, datetime):
            return self.ruleset.civil.earliest(asked, self.ruleset.request_clock), True
        ends = isinstance(facts.unsubscribed_at, datetime) or isinstance(facts.consent_withdrawn_at, datetime)
        return None, ends or facts.restricted is True

    @property
    def _is_exclusive(self) -> bool:
        rules = self.weighing.matches.rules
        return bool(rules) and rules[0].exclusive

    def settle(self, history: History) -> Decision:
        """Undetermined, refer, dispose, or not."""
        moved = self._moved_back(history) if history.starts else []
        if moved or (self.weighing.unclear and not self._is_exclusive):
            return self.decision(Outcome.UNDETERMINED, [*self.weighing.unclear, *moved])
        grounds = self._grounds_to_refer(history)
        certain = [reason for holds, reason in grounds if holds is True]
        if certain:
            return self.decision(Outcome.REFER, certain)
        disposal = self._disposal()
        if disposal is None or not grounds:
            return disposal or self._no_disposal()
        doubted = [Reason(ReasonCode.REFERRAL_UNKNOWN, reason.rule) for holds, reason in grounds if holds is UNKNOWN]
        return self.decision(Outcome.UNDETERMINED, doubted) if doubted else disposal

    def _moved_back(self, history: History) -> list[Reason]:
        """The starts that lie much earlier than an earlier run saw them."""
        starts, civil = self.weighing.starts, self.ruleset.civil
        return [
            Reason(ReasonCode.START_MOVED_BACK, matter=name)
            for name, seen in history.starts.items()
            if name in starts and moved_back(seen, starts[name], civil, self.as_of)
        ]

    def _grounds_to_refer(self, history: History) -> list[tuple[Truth, Reason]]:
        """The grounds on which a person must look, each with whether it holds."""
        grounds: list[tuple[Truth, Reason]] = []
        if history.restored:
            grounds.append((True, Reason(ReasonCode.RESTORED_BY_A_PERSON)))
        if self.facts.contradicted is not False:
            grounds.append((self.facts.contradicted, Reason(ReasonCode.END_CONTRADICTED)))
        for rule in self.weighing.matches.referring:
            if rule.refer_when is not None:
                holds = rule.refer_when(self.facts, self.as_of)
                grounds.append((holds, Reason(ReasonCode.ROLES_IN_CONFLICT, rule.rule_id)))
            if rule.refer_if_later is not None and rule.dispose_start is not None:
                start = rule.dispose_start.read(self.facts)
                later = _later(rule.refer_if_later(self.facts), start, self.ruleset.civil)
                grounds.append((later, Reason(ReasonCode.WROTE_AFTER_REQUEST, rule.rule_id)))
        if not (self.weighing.matches.rules or self.weighing.unclear or self.weighing.doubts):
            grounds.append((True, Reason(ReasonCode.NO_RULE_MATCHES)))
        return grounds

    def _disposal(self) -> Decision | None:
        """The disposal that is due: the deciding rule, its dates, the disposition; `None` if none is due."""
        limits: dict[str, datetime] = {}
        due: list[tuple[tuple[bool, datetime, int], ReadyRule, datetime]] = []
        for rule, at in self.weighing.effective:
            if at is NEVER or at > self.as_of or rule.dispose is None:
                continue
            limit = limits[rule.rule_id] = self.ruleset.civil.earliest(at, rule.dispose.within)
            due.append(((not rule.dispose.right, limit, rule.order), rule, at))
        if not due:
            return None
        _, deciding, due_at = min(due, key=lambda entry: entry[0])
        assert deciding.dispose is not None
        reasons = [Reason(ReasonCode.PERIOD_ENDED, rule.rule_id, at) for _, rule, at in due]
        for keeping, end in self.weighing.keeps:
            if keeping.basis in deciding.dispose.overrides and (end is NEVER or end > due_at):
                reasons.append(Reason(ReasonCode.KEEP_OVERRIDDEN, keeping.rule_id))
        erases = any(rule.dispose and rule.dispose.disposition is Disposition.ERASE for _, rule, _ in due)
        answer_by, marketing_ends = self._rights()
        return Decision(
            record=RecordRef(self.ruleset.object_type, self.facts.record_id),
            outcome=Outcome.DISPOSE,
            reasons=tuple(reasons),
            rule=deciding.rule_id,
            disposition=Disposition.ERASE if erases else Disposition.ARCHIVE,
            due_at=due_at,
            erase_by=min(limits.values()),
            answer_by=answer_by,
            marketing_ends=marketing_ends,
            right=deciding.dispose.right,
            starts=tuple(self.weighing.starts.items()),
        )

    def _no_disposal(self) -> Decision:
        """No effective instant has come: outweighed, in doubt, unconfirmed, or simply retained."""
        carried = [
            Reason(ReasonCode.KEEP_WITHOUT_END, rule.rule_id)
            if end is NEVER
            else Reason(ReasonCode.KEEP_RUNS, rule.rule_id, end)
            for rule, end in self.weighing.keeps
        ]
        outweighed = self.weighing.matches.outweighed
        if outweighed:
            return self.decision(Outcome.REFER, [*outweighed, *carried])
        ends = [(rule, at) for rule, at in self.weighing.effective if at is not NEVER]
        if not self._is_exclusive:
            doubts = [*self.weighing.doubts, *self._activity_doubts()]
            if doubts:
                return self.decision(Outcome.UNDETERMINED, doubts)
            stale_at = None if ends else self._stale_at()
            if stale_at is not None and stale_at <= self.as_of:
                unconfirmed = Reason(ReasonCode.RELATIONSHIP_UNCONFIRMED, at=stale_at)
                return self.decision(Outcome.REFER, [unconfirmed, *carried])
        pending = [Reason(ReasonCode.NOT_YET_DUE, rule.rule_id, at) for rule, at in ends]
        until = min([at for _, at in ends]) if ends else None
        return self.decision(Outcome.RETAIN, [*carried, *pending, *self.weighing.doubts], until)

    def _activity_doubts(self) -> list[Reason]:
        active_at = self.facts.last_activity_at
        if isinstance(active_at, Unknown):
            return [Reason(ReasonCode.LAST_ACTIVITY_UNKNOWN)]
        if active_at is not None and active_at > self.as_of + TOLERANCE:
            return [Reason(ReasonCode.LAST_ACTIVITY_IN_FUTURE, at=active_at)]
        return []

    def _stale_at(self) -> datetime | None:
        """When an ongoing relationship that nobody confirmed must be looked at; `None` if nothing ever happened."""
        active_at = self.facts.last_activity_at
        if not isinstance(active_at, datetime):
            return None
        return self.ruleset.civil.add(active_at, self.ruleset.review_after)
