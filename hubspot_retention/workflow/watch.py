"""Watch: look at the service itself, stop disposals that must not go on, and tell a person in time.

What can go wrong: everything works and nobody notices that nothing happens; or somebody is told so often that nobody
reads it any more. So deadlines, ticks and readiness are looked at once a minute or oftener, beside the work and not by
it; what is told is stored with when it was told; a message that could not be sent is sent later, and never raises.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from threading import Lock
from typing import Final, Protocol

import structlog

from hubspot_retention.core.alarm import EVENTS, Alarm, AlarmKind, AlarmRecord, Verdict, judge, untold
from hubspot_retention.core.audit.entry import Entry, Facts
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.audit.verify import VerifyReport
from hubspot_retention.core.counted import counted
from hubspot_retention.core.portal import PortalDetails
from hubspot_retention.core.record import PortalId
from hubspot_retention.errors import BlockedError, RetentionError
from hubspot_retention.workflow.ports import Store, Transaction
from hubspot_retention.workflow.standing import SERVICE

_log = structlog.get_logger("hubspot_retention.watch")

AUDIT_DAMAGED: Final = "audit-damaged"
ANOTHER_PORTAL: Final = "another-portal"
CLOCKS_DIFFER: Final = "clocks-differ"

_VERIFIED_FOR: Final = timedelta(hours=1)
"""A self-check that is tried again, because HubSpot did not answer, does not read the whole log again."""


_Key = tuple[AlarmKind, str]


class AuditDamagedError(RetentionError):
    """The audit log is not the one that was written."""


class Notifier(Protocol):
    """What brings alarms to a person."""

    def tell(self, records: Sequence[AlarmRecord], *, settled: bool) -> bool:
        """Tell of alarms of one kind, in one message; answers whether anybody was reached. Never raises."""


class Gate:
    """What stops every disposal though no person said so: codes, set and taken back by the self-check."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._codes: set[str] = set()
        self._others: Callable[[], Sequence[str]] = tuple

    def ask(self, others: Callable[[], Sequence[str]]) -> None:
        """From now on it is closed for these reasons as well."""
        self._others = others

    def set(self, code: str, *, closed: bool) -> None:
        """Close the gate for a reason, or take the reason back."""
        with self._lock:
            (self._codes.add if closed else self._codes.discard)(code)

    def codes(self) -> tuple[str, ...]:
        """Why it is closed; empty while it is open."""
        with self._lock:
            return tuple(sorted({*self._codes, *self._others()}))


@dataclass(slots=True)
class Signs:
    """What the service last saw of itself, for whoever asks."""

    started_at: datetime
    gate: Gate = field(default_factory=Gate)
    portal_id: PortalId | None = None
    portal_seen_at: datetime | None = None
    time_zone: str = ""
    clock_skew_seconds: float | None = None
    audit_verified_at: datetime | None = None
    audit_entries: int = 0


class SelfCheck:
    """Verifies the audit log, the portal's identity and the clocks."""

    def __init__(
        self,
        signs: Signs,
        store: Store,
        verify: Callable[[], VerifyReport],
        expected: PortalId | None,
        now: Callable[[], datetime],
    ) -> None:
        self._signs = signs
        self._store = store
        self._verify = verify
        self._expected = expected
        self._now = now
        self._report: VerifyReport | None = None
        self._read_at: datetime | None = None

    def identify(self, details: PortalDetails) -> None:
        """Take note of whose token it is and how far the clocks are apart. Raises BlockedError if it must not go on."""
        signs = self._signs
        expected = self._expected or details.portal_id
        is_other = details.portal_id != expected
        signs.gate.set(ANOTHER_PORTAL, closed=is_other)
        signs.gate.set(CLOCKS_DIFFER, closed=not details.clocks_agree)
        signs.clock_skew_seconds = details.clock_skew_seconds
        if is_other:
            raise BlockedError(
                f"the token belongs to portal {details.portal_id}, this installation is for portal {expected}: "
                "nothing is read or disposed of. Use the right token; another portal needs a database of its own."
            )
        self._expected = expected
        signs.portal_id, signs.portal_seen_at, signs.time_zone = details.portal_id, self._now(), details.time_zone
        if not details.clocks_agree:
            raise BlockedError(
                f"our clock and HubSpot's differ by {details.clock_skew_seconds:.0f} seconds: "
                "nothing is disposed of. Set the clock."
            )

    def verify(self) -> None:
        """Read the whole audit log. Raises AuditDamagedError; then nothing is disposed of until it verifies again."""
        now = self._now()
        if self._report is None or self._read_at is None or now - self._read_at >= _VERIFIED_FOR or now < self._read_at:
            self._report, self._read_at = self._verify(), now
            self._write_down(self._report, now)
        report = self._report
        self._signs.gate.set(AUDIT_DAMAGED, closed=not report.intact)
        if not report.intact:
            raise AuditDamagedError(
                f"the audit log is not the one that was written ({counted(len(report.findings), 'finding')}): "
                "nothing is disposed of. `audit verify` names the entries; restore the log before anything else."
            )
        self._signs.audit_verified_at, self._signs.audit_entries = self._read_at, report.entries

    def _write_down(self, report: VerifyReport, now: datetime) -> None:
        verb = Verb.DONE if report.intact else Verb.FAILED
        facts = (("entries", report.entries), ("findings", len(report.findings)), ("head", report.head.hash.hex()))
        with self._store.transaction() as tx:
            tx.audit(Entry(subject=Subject.VERIFICATION, verb=verb, at=now, actor=SERVICE, facts=facts))


@dataclass(frozen=True, slots=True)
class Found:
    """What is wrong. Not `whole`: the store could not be read, so what is not here may be wrong all the same."""

    alarms: tuple[Alarm, ...]
    whole: bool = True


class Watch:
    """Tells of alarms. `find` answers what is wrong now. What could not be written down is kept until it can: a full
    disk is told of once, and not each minute."""

    def __init__(
        self, store: Store, notifier: Notifier, find: Callable[[datetime], Found], now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._notifier = notifier
        self._find = find
        self._now = now
        self._stored: dict[_Key, AlarmRecord] = {}
        self._unsaved: dict[_Key, tuple[AlarmRecord, Verb | None]] = {}

    def run(self) -> dict[str, object]:
        """Look once; answers how many alarms were told, could not be told, and were settled. Raises RetentionError if
        that could not be written down."""
        now = self._now()
        found = self._find(now)
        known = self._known()
        verdict = judge(known.values(), found.alarms, now)
        settled = verdict.settled if found.whole else ()
        told, waiting = self._tell(verdict)
        heard_of = {key for key, record in known.items() if record.last_sent_at is not None}
        unheard = [untold(record) for record in waiting if _key(record) not in heard_of]
        self._keep(None, *verdict.seen, *unheard)
        self._keep(Verb.SENT, *told)
        self._keep(Verb.SETTLED, *settled)
        self._settle(settled)
        self._save(now)
        figures = {"told": len(told), "untold": len(waiting), "settled": len(settled)}
        return dict(figures) if any(figures.values()) else {}

    def _known(self) -> dict[_Key, AlarmRecord]:
        try:
            with self._store.transaction() as tx:
                self._stored = {_key(record): record for record in tx.alarms()}
        except RetentionError as error:
            _log.error("alarms.unreadable", code=type(error).__name__)
        return self._stored | {
            key: _as_it_is(record, self._stored.get(key)) for key, (record, _) in self._unsaved.items()
        }

    def _keep(self, verb: Verb | None, *records: AlarmRecord) -> None:
        self._unsaved |= {_key(record): (record, verb) for record in records}

    def _save(self, now: datetime) -> None:
        with self._store.transaction() as tx:
            stored = {_key(record): record for record in tx.alarms()}
            for key, (record, verb) in self._unsaved.items():
                tx.save_alarm(_as_it_is(record, stored.get(key)))
                if verb is not None:
                    tx.audit(alarm_entry(record, verb, now))
        self._unsaved.clear()

    def _tell(self, verdict: Verdict) -> tuple[list[AlarmRecord], list[AlarmRecord]]:
        """One message a kind; what nobody could be told of waits for the next time."""
        told: list[AlarmRecord] = []
        waiting: list[AlarmRecord] = []
        for _, group in groupby(sorted(verdict.told, key=_place), key=lambda record: record.kind):
            records = list(group)
            for record in records:
                _log.warning("alarm.raised", **_words(record))
            (told if self._notifier.tell(records, settled=False) else waiting).extend(records)
        return told, waiting

    def _settle(self, settled: Sequence[AlarmRecord]) -> None:
        for record in settled:
            _log.info("alarm.settled", **_words(record))
        heard_of = [record for record in settled if record.last_sent_at is not None]
        for _, group in groupby(sorted(heard_of, key=_place), key=lambda record: record.kind):
            self._notifier.tell(list(group), settled=True)


def raise_alarm(tx: Transaction, alarm: Alarm) -> None:
    """Store an alarm of something that has happened; `Watch` tells of it, and goes on until it is settled."""
    known = tx.alarm(alarm.kind, alarm.about)
    verdict = judge(() if known is None else (known,), [alarm], alarm.at)
    # One that is open again soon after it was told and settled is told when its pause is over.
    for record in (*map(untold, verdict.told), *verdict.seen):
        tx.save_alarm(record)


class Rejections:
    """How many webhooks were accepted and refused in the last hour, from counters that only grow."""

    def __init__(self) -> None:
        self._seen: deque[tuple[datetime, int, int]] = deque()

    def within(self, accepted: int, rejected: int, now: datetime) -> tuple[int, int]:
        """Accepted and refused since an hour ago, or since the first time this was asked."""
        while len(self._seen) > 1 and now - self._seen[1][0] >= timedelta(hours=1):
            self._seen.popleft()
        self._seen.append((now, accepted, rejected))
        _, before, refused_before = self._seen[0]
        return accepted - before, rejected - refused_before

    def is_whole(self, now: datetime) -> bool:
        """Whether that was an hour."""
        return bool(self._seen) and now - self._seen[0][0] >= timedelta(hours=1)


def _key(record: AlarmRecord) -> _Key:
    return record.kind, record.about


def _as_it_is(record: AlarmRecord, stored: AlarmRecord | None) -> AlarmRecord:
    """What the watch has to write down, beside what the store knows by now: while an event was being told, a person may
    have settled it, the record may be back, or more may have happened to it. Of that nobody was told yet."""
    if stored is None or record.kind not in EVENTS:
        return record
    if (stored.first_at, stored.level, stored.facts) != (record.first_at, record.level, record.facts):
        return stored
    return record if stored.settled_at is None else replace(record, settled_at=stored.settled_at)


def _place(record: AlarmRecord) -> tuple[str, str]:
    return record.kind.value, record.about


def _words(record: AlarmRecord) -> dict[str, object]:
    return {
        "kind": record.kind.value,
        "about": record.about,
        "urgency": record.level.value,  # `level` is the line's own
        "times": record.times,
        "facts": dict(record.facts),
    }


def alarm_entry(record: AlarmRecord, verb: Verb, now: datetime, actor: str = SERVICE, more: Facts = ()) -> Entry:
    """That an alarm was sent or settled, for the audit log."""
    facts = (("about", record.about), ("level", record.level.value), ("times", record.times), *more)
    return Entry(subject=Subject.ALARM, verb=verb, at=now, actor=actor, code=record.kind.value, facts=facts)
