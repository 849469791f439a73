"""What is wrong now: everything that the rules of `core/deadline/alarm` and `requests` are asked about, gathered."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from hubspot_retention.bootstrap import Quota
from hubspot_retention.core.alarm import NO_NEWS, Alarm, AlarmKind, AlarmRecord
from hubspot_retention.core.audit.anchor import Doubt
from hubspot_retention.core.deadline.alarm import (
    anchor_alarms,
    deadline_alarms,
    forecast_alarm,
    raised_alarms,
    readiness_alarm,
    rejected_alarm,
    tick_alarms,
)
from hubspot_retention.core.deadline.forecast import Pace, Turn, late
from hubspot_retention.core.deadline.obligation import IN_DANGER, ObligationState
from hubspot_retention.core.deadline.requests import request_alarms
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.record import ObjectType
from hubspot_retention.errors import RetentionError
from hubspot_retention.service.counting import WEBHOOKS, Key
from hubspot_retention.service.health import TICK, Readiness
from hubspot_retention.service.works import code_of
from hubspot_retention.settings import AlarmSettings
from hubspot_retention.workflow.ports import Store
from hubspot_retention.workflow.watch import ANOTHER_PORTAL, AUDIT_DAMAGED, Found, Rejections, Signs

_log = structlog.get_logger("hubspot_retention.service")

_MOST: Final = 5_000
"""How many obligations of one rule are looked at, the earliest deadline first: of more than these any that is near
comes later, or the rule is told of as overdue already."""
_REQUESTS_A_RECORD: Final = 4
"""What a disposal costs on the whole: its share of fresh reads, its correspondence, the call, the reading back."""
_UNTOLD_RATE: Final = 5.0
_NO_LIMIT: Final = 1e9
_ACCEPTED: Final = frozenset(("accepted", "duplicate", "other-portal"))
_UNREADABLE: Final = frozenset(("unreadable",))
_REFUSED: Final = frozenset(("forged", "stale", "too-large")) | _UNREADABLE
_FOR_GOOD: Final = frozenset((ANOTHER_PORTAL, AUDIT_DAMAGED, Doubt.BEHIND, Doubt.FORKED, Doubt.LOST))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who is asked. `store` is opened for reading; `speed`: records a second as lately measured, if there were enough;
    `unstored`: webhooks counted and not stored yet; `anchors`: how old may be what each of them was last shown."""

    store: Store
    signs: Signs
    readiness: Callable[[], Readiness]
    quota: Callable[[], Quota]
    speed: Callable[[], float | None]
    unstored: Callable[[], Mapping[Key, int]]
    anchors: Mapping[str, timedelta]


class Finding:
    """Answers what is wrong. Called by one thread."""

    def __init__(
        self, asked: Asked, policy: RetentionPolicy, alarms: AlarmSettings, limits: Mapping[str, timedelta]
    ) -> None:
        self._asked = asked
        self._policy = policy
        self._alarms = alarms
        self._limits = limits
        self._rejections = Rejections()
        self._unreadable = Rejections()
        self._unready_since: datetime | None = None

    def __call__(self, now: datetime) -> Found:
        """Every alarm there is, as of now."""
        try:
            return Found((*self._in_store(now), *self._readiness(now)))
        except RetentionError as error:
            _log.error("ledger.unreadable", code=code_of(error))
            return Found(tuple(self._readiness(now)), whole=False)

    def _in_store(self, now: datetime) -> Iterator[Alarm]:
        with self._asked.store.transaction() as tx:
            rules = sorted({count.rule for count in tx.count_obligations(now) if count.state in IN_DANGER})
            obligations = [found for rule in rules for found in tx.obligations(IN_DANGER, rule=rule, limit=_MOST)]
            raised = [
                found for rule in rules for found in tx.obligations((ObligationState.RAISED,), rule=rule, limit=_MOST)
            ]
            requests = [request for request in tx.requests() if request.closed_at is None]
            owed = tx.obligations_of(ObjectType.CONTACT, sorted({request.contact_id for request in requests}))
            backlog = tx.backlog(now)
            ticks, counters, anchors = tx.ticks(), tx.counters(), tx.anchored()
            known = tx.alarms(open_only=True)
        policy, started_at = self._policy, self._asked.signs.started_at
        yield from deadline_alarms(obligations, policy, self._alarms.fractions, now)
        yield from request_alarms(requests, owed, policy, self._alarms.fractions, now)
        yield from raised_alarms(raised, policy)
        yield from self._forecast(backlog, known, now)
        yield from tick_alarms(ticks, self._limits, started_at, now)
        yield from anchor_alarms(anchors, self._asked.anchors, started_at, now)
        yield from self._webhooks(counters, known, now)

    def _forecast(self, backlog: Sequence[Turn], known: Sequence[AlarmRecord], now: datetime) -> tuple[Alarm, ...]:
        """Until HubSpot has answered nothing is known of its quota: then what was foretold before stands."""
        if self._asked.signs.portal_seen_at is None:
            return _still(known, AlarmKind.FORECAST_LATE)
        quota, measured = self._asked.quota(), self._asked.speed()
        allowed = (quota.per_second or _UNTOLD_RATE) / _REQUESTS_A_RECORD
        zone = _zone(self._asked.signs.time_zone, self._policy.civil.zone)
        midnight = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time(), tzinfo=zone)
        pace = Pace(
            per_second=allowed if measured is None else min(allowed, measured),
            left_today=_NO_LIMIT if quota.left_today is None else quota.left_today / _REQUESTS_A_RECORD,
            per_day=_NO_LIMIT if quota.per_day is None else quota.per_day / _REQUESTS_A_RECORD,
            day_ends_at=midnight.astimezone(UTC),
        )
        return forecast_alarm(late(backlog, pace, now), self._policy)

    def _webhooks(self, counters: Mapping[Key, int], known: Sequence[AlarmRecord], now: datetime) -> tuple[Alarm, ...]:
        """What was told before is over once a whole hour was watched: a service that has just started, and has seen
        nothing yet, cannot say so."""
        unstored = self._asked.unstored()

        def total(labels: frozenset[str]) -> int:
            keys = [(WEBHOOKS, label) for label in labels]
            return sum(counters.get(key, 0) + unstored.get(key, 0) for key in keys)

        accepted, refused = self._rejections.within(total(_ACCEPTED), total(_REFUSED), now)
        _, unreadable = self._unreadable.within(0, total(_UNREADABLE), now)
        found = rejected_alarm(accepted, refused, unreadable, self._alarms.rejected_share)
        return found if found or self._rejections.is_whole(now) else _still(known, AlarmKind.WEBHOOKS_REJECTED)

    def _readiness(self, now: datetime) -> tuple[Alarm, ...]:
        """Ticks that are late have an alarm of their own. A clock that was set back makes nobody wait for longer."""
        reasons = [reason for reason in self._asked.readiness().reasons if not reason.startswith(TICK)]
        if not reasons:
            self._unready_since = None
            return ()
        since = self._unready_since = min(self._unready_since or now, now)
        return readiness_alarm(reasons, since, now, for_good=not _FOR_GOOD.isdisjoint(reasons))


def _still(known: Sequence[AlarmRecord], kind: AlarmKind) -> tuple[Alarm, ...]:
    """The alarms of a kind that are open go on, without anything new to tell."""
    return tuple(
        Alarm(kind=kind, about=each.about, level=each.level, at=NO_NEWS, facts=each.facts)
        for each in known
        if each.kind is kind
    )


def _zone(name: str, otherwise: ZoneInfo) -> ZoneInfo:
    """The account's time zone, at whose midnight the day's quota begins anew."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return otherwise
