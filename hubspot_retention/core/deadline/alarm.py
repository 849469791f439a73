"""Which deadlines are in danger, and what else in the service a person must hear of.

A deadline is measured by the call that meets it (`call_by`), in parts of the time that its rule gives: an unsubscribe
of 120 hours is told of after 48, 72 and 96 of them. Records of one rule are one alarm: a flood of them must not bury
the next rule. What nobody could decide yet has no deadline, so it is given the shortest that any right has.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from hubspot_retention.core.alarm import NO_NEWS, Alarm, AlarmKind, AlarmLevel, Tick
from hubspot_retention.core.audit.anchor import Anchored
from hubspot_retention.core.deadline.forecast import Late
from hubspot_retention.core.deadline.obligation import IN_DANGER, Obligation, ObligationState
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.record import RecordRef

UNDECIDED: Final = "undecided"
"""What an alarm is about whose records nobody could decide yet."""
PORTAL: Final = "portal"
WEBHOOKS: Final = "webhooks"
SERVICE: Final = "service"

_SHOWN: Final = 5
_FEWEST_WEBHOOKS: Final = 20
"""Of fewer than these a share says nothing."""
_SETTLE_IN: Final = timedelta(minutes=10)
"""How long a service that has just begun may take until its ticks have run."""
_PATIENCE: Final = timedelta(minutes=5)
"""How long readiness may be lost before anybody is woken, unless it is a matter that no waiting mends."""


@dataclass(slots=True)
class _Group:
    """The obligations of one rule that are in danger, or late."""

    news_at: datetime
    call_by: datetime
    stage: int
    total: int = 0
    waiting: int = 0
    plans: set[str] = field(default_factory=set)
    records: list[tuple[datetime, RecordRef]] = field(default_factory=list)


def shortest_right(policy: RetentionPolicy) -> timedelta:
    """The shortest time that any exercised right gives; of a month its shortest."""
    periods = [
        period
        for rule in policy.rules
        if rule.dispose is not None and rule.dispose.right
        for period in rule.dispose.within
    ]
    return min((timedelta(days=period.days + 28 * period.months) for period in periods), default=timedelta(days=5))


def clock_of(obligation: Obligation, policy: RetentionPolicy) -> tuple[datetime, datetime]:
    """When the time for the call of an obligation began, and when it ends.

    It is counted back from the end: where a keep lapsed late, the time began later than the nominal date.
    """
    if obligation.call_by is None:
        return obligation.first_seen_at, obligation.first_seen_at + shortest_right(policy)
    rule = policy.rule(obligation.rule)
    begins = obligation.first_seen_at
    if rule is not None and rule.dispose is not None and obligation.due_at and obligation.erase_by:
        nominal = policy.civil.earliest(obligation.due_at, rule.dispose.within) - obligation.due_at
        begins = obligation.erase_by - nominal
    return min(begins, obligation.call_by), obligation.call_by


def marks_passed(begins: datetime, ends: datetime, fractions: Sequence[float], now: datetime) -> Sequence[datetime]:
    """The instants that have come at which a clock is told of: each of the fractions of its time, and its end."""
    marks = [begins + (ends - begins) * part for part in fractions]
    return [mark for mark in (*marks, ends) if mark <= now]


def deadline_alarms(
    obligations: Iterable[Obligation], policy: RetentionPolicy, fractions: Sequence[float], now: datetime
) -> tuple[Alarm, ...]:
    """One alarm a rule for what is near its deadline, and one for what has passed it. `fractions` rise."""
    groups: dict[tuple[AlarmKind, str], _Group] = {}
    for obligation in obligations:
        if obligation.state not in IN_DANGER:
            continue
        begins, ends = clock_of(obligation, policy)
        passed = marks_passed(begins, ends, fractions, now)
        if not passed:
            continue
        kind = AlarmKind.OVERDUE if ends <= now else AlarmKind.DEADLINE_NEAR
        key = (kind, obligation.rule or UNDECIDED)
        group = groups.setdefault(key, _Group(news_at=passed[-1], call_by=ends, stage=len(passed)))
        _count(group, obligation, ends, passed)
    return tuple(_deadline_alarm(kind, about, group, fractions, policy) for (kind, about), group in groups.items())


def _count(group: _Group, obligation: Obligation, ends: datetime, passed: Sequence[datetime]) -> None:
    group.news_at = max(group.news_at, passed[-1])
    group.call_by = min(group.call_by, ends)
    group.stage = max(group.stage, len(passed))
    group.total += 1
    group.records.append((ends, obligation.record))
    if obligation.state is ObligationState.REVIEW:
        group.waiting += 1
        group.plans.add(obligation.plan_id)


def _deadline_alarm(
    kind: AlarmKind, about: str, group: _Group, fractions: Sequence[float], policy: RetentionPolicy
) -> Alarm:
    first = [str(record) for _, record in sorted(group.records)[:_SHOWN]]
    facts = [
        ("records", str(group.total)),
        ("earliest_call_by", policy.civil.show(group.call_by)),
        ("first", " ".join(first)),
    ]
    if kind is AlarmKind.DEADLINE_NEAR:
        facts.append(("passed", f"{fractions[group.stage - 1]:.0%} of the time"))
    if group.waiting:
        facts.append(("wait_for_review", str(group.waiting)))
        facts.append(("plans", " ".join(sorted(filter(None, group.plans))[:_SHOWN])))
    mild = kind is AlarmKind.DEADLINE_NEAR and group.stage == 1
    level = AlarmLevel.WARNING if mild else AlarmLevel.URGENT
    return Alarm(kind=kind, about=about, level=level, at=group.news_at, facts=tuple(facts))


def raised_alarms(obligations: Iterable[Obligation], policy: RetentionPolicy) -> tuple[Alarm, ...]:
    """One alarm a record that a person must see to."""
    return tuple(
        Alarm(
            kind=AlarmKind.RAISED,
            about=str(found.record),
            level=AlarmLevel.URGENT if found.right else AlarmLevel.WARNING,
            at=found.first_seen_at,
            facts=(
                ("rule", found.rule or UNDECIDED),
                ("reason", found.reason),
                ("call_by", policy.civil.show(clock_of(found, policy)[1])),
            ),
        )
        for found in obligations
        if found.state is ObligationState.RAISED
    )


def tick_alarms(
    ticks: Mapping[str, Tick], limits: Mapping[str, timedelta], started_at: datetime, now: datetime
) -> tuple[Alarm, ...]:
    """One alarm a tick whose last success is older than its limit. The time that the service was down counts, but it
    has a moment to make up for it. More than twice the limit is urgent. One that never succeeded, or did so only by a
    clock that was ahead, counts from the start of the service, as an anchor does: a service that has just begun by the
    right clock is not late because the clock before it was wrong."""
    if now - started_at < _SETTLE_IN:
        return ()
    found = []
    for name, limit in limits.items():
        tick = ticks.get(name, Tick(name=name))
        last = started_at if tick.last_done_at is None or tick.is_ahead(now) else tick.last_done_at
        if now - last > limit:
            level = AlarmLevel.URGENT if now - last > 2 * limit else AlarmLevel.WARNING
            shown = (tick.last_done_at or started_at).isoformat(timespec="seconds")
            facts = (("last_success", shown), ("last_error", tick.last_error or "none"))
            found.append(Alarm(kind=AlarmKind.TICK_LATE, about=name, level=level, at=last + limit, facts=facts))
    return tuple(found)


def anchor_alarms(
    anchors: Iterable[Anchored], limits: Mapping[str, timedelta], started_at: datetime, now: datetime
) -> tuple[Alarm, ...]:
    """One alarm an anchor of the audit log that was shown nothing for longer than its limit. One that never was shown
    anything, or did so only by a clock that was ahead, counts from the start of the service, which has a moment to make
    up for its absence."""
    if now - started_at < _SETTLE_IN:
        return ()
    known, found = {anchor.name: anchor for anchor in anchors}, []
    for name, limit in limits.items():
        anchor = known.get(name, Anchored(name=name))
        last = anchor.known_at(now) or started_at
        if now - last > limit:
            shown = "never" if anchor.at is None else anchor.at.isoformat(timespec="seconds")
            facts = (("last_success", shown), ("last_error", anchor.error or "none"))
            found.append(
                Alarm(kind=AlarmKind.ANCHOR_LATE, about=name, level=AlarmLevel.WARNING, at=last + limit, facts=facts)
            )
    return tuple(found)


def readiness_alarm(reasons: Sequence[str], since: datetime, now: datetime, *, for_good: bool) -> tuple[Alarm, ...]:
    """That the service is not ready, with the codes of why. `for_good`: no waiting mends it."""
    if not reasons or (now - since < _PATIENCE and not for_good):
        return ()
    facts = (("reasons", " ".join(reasons)), ("since", since.isoformat(timespec="seconds")))
    return (Alarm(kind=AlarmKind.READINESS_LOST, about=SERVICE, level=AlarmLevel.URGENT, at=since, facts=facts),)


def rejected_alarm(accepted: int, rejected: int, unreadable: int, share: float) -> tuple[Alarm, ...]:
    """That many webhooks of the last hour were refused; it may be a stranger, it may be our own secret. Or that one of
    them was HubSpot's and could not be read."""
    total = accepted + rejected
    if not unreadable and (total < _FEWEST_WEBHOOKS or rejected < share * total):
        return ()
    of_hubspots = (("unreadable", str(unreadable)),) if unreadable else ()
    facts = (("rejected", str(rejected)), ("of", str(total)), ("within", "1 h"), *of_hubspots)
    return (Alarm(kind=AlarmKind.WEBHOOKS_REJECTED, about=WEBHOOKS, level=AlarmLevel.WARNING, at=NO_NEWS, facts=facts),)


def forecast_alarm(late: Late | None, policy: RetentionPolicy) -> tuple[Alarm, ...]:
    """That work is not done in time at the rate it goes; `late`: what would pass its deadline."""
    if late is None:
        return ()
    facts = (("records", str(late.number)), ("earliest_call_by", policy.civil.show(late.earliest)))
    return (Alarm(kind=AlarmKind.FORECAST_LATE, about=PORTAL, level=AlarmLevel.URGENT, at=NO_NEWS, facts=facts),)
