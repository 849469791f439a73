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
from hubspot_retention.core.decision.rights import rights_of
from hubspot_retention.core.decision.ruleset import TOLERANCE, Disposing, Matches, ReadyRule, Ruleset
from hubspot_retention.core.decision.weigh import NEVER, End, Weighing, weigh_matches
from hubspot_retention.core.facts.contact import ContactFacts
from hubspot_retention.core.facts.values import UNKNOWN, Ongoing, Start, Truth
from hubspot_retention.core.hold import Causes, HoldKind
from hubspot_retention.core.policy.model import Disposition
from hubspot_retention.core.record import RecordRef

_YEAR = Period(months=12)
_NO_MATCHES = Matches()
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
        return _decision(weigh_matches(_NO_MATCHES, facts, ruleset, as_of), Outcome.HELD, held)
    matches = ruleset.matcher.ask(facts, as_of)
    if matches.lone is not None and history is NO_HISTORY:
        short = _by_one_rule(matches.lone, facts, ruleset, as_of)
        if short is not None:
            return short
    return _settle(weigh_matches(matches, facts, ruleset, as_of), history)


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


def _by_one_rule(disposing: Disposing, facts: Facts, ruleset: Ruleset, as_of: datetime) -> Decision | None:
    """What `_settle` says where one rule matches and all that it does is dispose, as of two contacts in three, at half
    the cost. `None` as soon as there is more to look at than the time."""
    rule, dispose, start = disposing
    value, civil = start.read(facts), ruleset.civil
    if not isinstance(value, date) or facts.contradicted is not False or start.too_far_ahead(value, civil, as_of):
        return None
    at = civil.instant_of(value) if dispose.after.is_zero else civil.add(value, dispose.after)
    record, starts = RecordRef(ruleset.object_type, facts.record_id), ((start.fact, value),)
    answer_by, ends, observed = rights_of(facts, ruleset)
    if at <= as_of:
        why, limit = (Reason(ReasonCode.PERIOD_ENDED, rule.rule_id, at),), civil.earliest(at, dispose.within)
        by, what, right = rule.rule_id, dispose.disposition, dispose.right
        due = ((by, at),)
        return Decision(record, Outcome.DISPOSE, why, by, what, at, limit, None, answer_by, ends, right, starts, due)
    if _activity_doubts(facts, as_of):
        return None
    why = (Reason(ReasonCode.NOT_YET_DUE, rule.rule_id, at),)
    return Decision(
        record, Outcome.RETAIN, why, None, None, None, None, at, answer_by, ends, False, starts, (), observed
    )


def _later(value: Start, than: Start, civil: Civil) -> Truth:
    if value is None or than is None:
        return False
    if isinstance(value, date) and isinstance(than, date):
        return civil.instant_of(value) > civil.instant_of(than)
    return UNKNOWN


# What follows is semantics 5, steps 2 to 4; `case` is one record, its rules weighed.


def _decision(case: Weighing, outcome: Outcome, reasons: list[Reason], until: datetime | None = None) -> Decision:
    """A decision that is no disposal."""
    answer_by, ends, observed = rights_of(case.facts, case.ruleset)
    record = RecordRef(case.ruleset.object_type, case.facts.record_id)
    starts = tuple(case.starts.items())
    why = tuple(reasons)
    return Decision(record, outcome, why, None, None, None, None, until, answer_by, ends, False, starts, (), observed)


def _is_exclusive(case: Weighing) -> bool:
    rules = case.matches.rules
    return bool(rules) and rules[0].exclusive


def _settle(case: Weighing, history: History) -> Decision:
    """Undetermined, refer, dispose, or not."""
    moved = _moved_back(case, history) if history.starts else []
    if moved or case.matches.might_exclude or (case.unclear and not _is_exclusive(case)):
        return _decision(case, Outcome.UNDETERMINED, [*case.unclear, *moved])
    grounds = _grounds_to_refer(case, history)
    if grounds:
        certain = [reason for holds, reason in grounds if holds is True]
        if certain:
            return _decision(case, Outcome.REFER, certain)
    disposal = _disposal(case)
    if disposal is None or not grounds:
        return disposal or _no_disposal(case)
    doubted = [Reason(ReasonCode.REFERRAL_UNKNOWN, reason.rule) for holds, reason in grounds if holds is UNKNOWN]
    return _decision(case, Outcome.UNDETERMINED, doubted) if doubted else disposal


def _moved_back(case: Weighing, history: History) -> list[Reason]:
    """The starts that lie much earlier than an earlier run saw them. One that no rule reads for just that reason is
    noted too: whoever confirms it confirms what it is now."""
    civil = case.ruleset.civil
    now = {**_no_longer_read(case, history), **case.starts}
    moved = [
        name for name, seen in history.starts.items() if name in now and moved_back(seen, now[name], civil, case.as_of)
    ]
    case.starts.update((name, now[name]) for name in moved)
    return [Reason(ReasonCode.START_MOVED_BACK, matter=name) for name in moved]


def _no_longer_read(case: Weighing, history: History) -> dict[str, StartValue]:
    """Starts that an earlier run saw and no rule reads now, although a keep could match by when they lie: one that
    jumps back takes its keep with it, and the jump would go unseen."""
    if _is_exclusive(case):
        return {}
    unread = [
        start for start in case.ruleset.compared if start.fact in history.starts and start.fact not in case.starts
    ]
    found = [(start.fact, start.read(case.facts)) for start in unread]
    return {name: value for name, value in found if value is not None and value is not UNKNOWN}


def _grounds_to_refer(case: Weighing, history: History) -> list[tuple[Truth, Reason]]:
    """The grounds on which a person must look, each with whether it holds."""
    grounds: list[tuple[Truth, Reason]] = []
    if history.restored:
        grounds.append((True, Reason(ReasonCode.RESTORED_BY_A_PERSON)))
    if case.facts.contradicted is not False:
        grounds.append((case.facts.contradicted, Reason(ReasonCode.END_CONTRADICTED)))
    grounds.extend((True, reason) for reason in case.matches.overlapping)
    for rule in case.matches.referring:
        if rule.refer_when is not None:
            holds = rule.refer_when(case.facts, case.as_of)
            grounds.append((holds, Reason(ReasonCode.ROLES_IN_CONFLICT, rule.rule_id)))
        if rule.refer_if_later is not None and rule.dispose_start is not None:
            start = rule.dispose_start.read(case.facts)
            later = _later(rule.refer_if_later(case.facts), start, case.ruleset.civil)
            grounds.append((later, Reason(ReasonCode.WROTE_AFTER_REQUEST, rule.rule_id)))
    if not (case.matches.rules or case.unclear or case.doubts):
        grounds.append((True, Reason(ReasonCode.NO_RULE_MATCHES)))
    return grounds


def _disposal(case: Weighing) -> Decision | None:
    """The disposal that is due: the deciding rule, its dates, the disposition; `None` if none is due."""
    due: list[tuple[tuple[bool, datetime, int], ReadyRule, datetime]] = []
    for rule, at in case.effective:
        if at is NEVER or at > case.as_of or rule.dispose is None:
            continue
        limit = case.ruleset.civil.earliest(at, rule.dispose.within)
        due.append(((not rule.dispose.right, limit, rule.order), rule, at))
    if not due:
        return None
    _, deciding, due_at = min(due, key=lambda entry: entry[0])
    assert deciding.dispose is not None
    reasons = [Reason(ReasonCode.PERIOD_ENDED, rule.rule_id, at) for _, rule, at in due]
    for keeping, end in case.keeps:
        if keeping.basis in deciding.dispose.overrides and (end is NEVER or end > due_at):
            reasons.append(Reason(ReasonCode.KEEP_OVERRIDDEN, keeping.rule_id))
    erases = any(rule.dispose and rule.dispose.disposition is Disposition.ERASE for _, rule, _ in due)
    answer_by, marketing_ends, _ = rights_of(case.facts, case.ruleset)
    return Decision(
        record=RecordRef(case.ruleset.object_type, case.facts.record_id),
        outcome=Outcome.DISPOSE,
        reasons=tuple(reasons),
        rule=deciding.rule_id,
        disposition=Disposition.ERASE if erases else Disposition.ARCHIVE,
        due_at=due_at,
        erase_by=min(limit for (_, limit, _), _, _ in due),
        answer_by=answer_by,
        marketing_ends=marketing_ends,
        right=deciding.dispose.right,
        starts=tuple(case.starts.items()),
        due=tuple((rule.rule_id, at) for _, rule, at in due),
    )


def _no_disposal(case: Weighing) -> Decision:
    """No effective instant has come: outweighed, in doubt, unconfirmed, or simply retained."""
    if case.matches.outweighed:
        return _decision(case, Outcome.REFER, [*case.matches.outweighed, *_outweighing(case)])
    until: datetime | None = None
    pending: list[Reason] = []
    for rule, at in case.effective:
        if at is not NEVER:
            pending.append(Reason(ReasonCode.NOT_YET_DUE, rule.rule_id, at))
            until = at if until is None or at < until else until
    if not _is_exclusive(case):
        doubts = [*case.doubts, *_activity_doubts(case.facts, case.as_of)]
        if doubts:
            return _decision(case, Outcome.UNDETERMINED, doubts)
        stale_at = None if pending else _stale_at(case)
        if stale_at is not None and stale_at <= case.as_of:
            unconfirmed = Reason(ReasonCode.RELATIONSHIP_UNCONFIRMED, at=stale_at)
            return _decision(case, Outcome.REFER, [unconfirmed, *_running(case)])
    return _decision(case, Outcome.RETAIN, [*_running(case), *pending, *case.doubts], until)


def _running_keeps(case: Weighing) -> list[tuple[ReadyRule, End]]:
    """The keeps that carry the record: one that has ended carries nothing."""
    return [(rule, end) for rule, end in case.keeps if end is NEVER or end > case.as_of]


def _running(case: Weighing) -> list[Reason]:
    return [_carried(rule, end) for rule, end in _running_keeps(case)]


def _outweighing(case: Weighing) -> list[Reason]:
    """The keeps that stand against a request, which are fewer than those that run: it overrides some bases."""
    requests = [dispose for rule, dispose, _ in case.matches.disposing if rule.rule.outweighed_is_referred]
    return [
        _carried(rule, end)
        for rule, end in _running_keeps(case)
        if any(rule.basis not in dispose.overrides for dispose in requests)
    ]


def _carried(rule: ReadyRule, end: End) -> Reason:
    """What a keep says of the record, with its end if that is known."""
    if end is NEVER:
        return Reason(ReasonCode.KEEP_WITHOUT_END, rule.rule_id)
    return Reason(ReasonCode.KEEP_RUNS, rule.rule_id, end)


def _activity_doubts(facts: Facts, as_of: datetime) -> list[Reason]:
    active_at = facts.last_activity_at
    if active_at is UNKNOWN:
        return [Reason(ReasonCode.LAST_ACTIVITY_UNKNOWN)]
    if active_at is not None and active_at > as_of + TOLERANCE:
        return [Reason(ReasonCode.LAST_ACTIVITY_IN_FUTURE, at=active_at)]
    return []


def _stale_at(case: Weighing) -> datetime | None:
    """When an ongoing relationship that nobody confirmed must be looked at; `None` if nothing ever happened."""
    active_at = case.facts.last_activity_at
    if not isinstance(active_at, datetime):
        return None
    return case.ruleset.civil.add(active_at, case.ruleset.review_after)
