"""What must never be, looked at from outside: a portal's effects, the durable words, and what people were told."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.facts.observation import DealObservation
from hubspot_retention.core.plan.model import Action, Plan
from hubspot_retention.core.portal import MergedInto, SeenContact
from hubspot_retention.core.record import RecordRef
from hubspot_retention.workflow.gate import Permission
from hubspot_retention.workflow.protocol import CALL_WITHIN_SECONDS, FRESH_FOR_SECONDS
from hubspot_retention.workflow.standing import SERVICE
from tests.simulator.portal import PORTAL, SimulatedPortal
from tests.simulator.stage import Stage

_TERMINAL = ("disposal.done", "disposal.skipped", "disposal.failed")
_MOST_CALLS = 40
_MOST_SKEW = 300.0
_JUST_NOW = 10.0

Word = tuple[str, str | None]
"""What is looked for again in the log: what happened, and to which record."""


class ViolationError(AssertionError):
    """An invariant does not hold."""

    def __init__(self, invariant: str, words: str) -> None:
        super().__init__(f"{invariant}: {words}")
        self.invariant = invariant


@dataclass(frozen=True, slots=True)
class _Read:
    """What the fresh read after its intent said of a record, when, and what could hold it then."""

    answer: Any
    seconds: float
    around: Sequence[RecordRef]


@dataclass(slots=True)
class _Sent:
    """The last word `sent` of a record: its place, when it was last looked at whether it stands, what it said, the read
    before it, whether a call was made."""

    place: int
    seconds: float
    entry: Entry
    read: _Read | None
    called: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What a process was started with, and what it was told of the portal since."""

    policy_digest: str
    permission: Permission
    portal: int = PORTAL


@dataclass(frozen=True, slots=True)
class Backup:
    """What the outside knew when a backup was made: how many words there were, and which plans were approved."""

    words: int
    decided: frozenset[str]


@dataclass(slots=True, kw_only=True)
class Checker:
    """Keeps the record that nobody on the stage can change. `promised`, `asked`: holds and requests acknowledged and in
    force, by record (`asked` with how many durable words there were then); `heard`: holds set in HubSpot whose webhook
    was stored, with how many words there were; `stopped_at`: how many there were when the
    kill switch was set, `None` while it is not; `is_restored`: a backup runs that nobody knows to be brought back;
    `was_restored`: one ever was."""

    stage: Stage
    portal: SimulatedPortal
    plans: dict[str, Plan]
    approved: dict[str, dict[RecordRef, str]]
    decided: set[str]
    promised: dict[RecordRef, set[int]] = field(default_factory=dict)
    asked: dict[RecordRef, dict[int, int]] = field(default_factory=dict)
    heard: dict[RecordRef, int] = field(default_factory=dict)
    stopped_at: int | None = None
    is_restored: bool = False
    was_restored: bool = False
    log: list[Entry] = field(default_factory=list)
    kept: list[Word] = field(default_factory=list)
    processes: dict[str, Process] = field(default_factory=dict)
    effects: int = 0
    holds: int = 0
    _reads: dict[tuple[str, RecordRef], _Read] = field(default_factory=dict)
    _sent: dict[tuple[str, RecordRef], _Sent] = field(default_factory=dict)
    _intended: set[tuple[str, RecordRef]] = field(default_factory=set)
    _calls: Counter[RecordRef] = field(default_factory=Counter)
    _together: set[RecordRef] = field(default_factory=set)
    _terminal: Counter[tuple[str | None, str | None]] = field(default_factory=Counter)
    _without_store: set[str] = field(default_factory=set)
    _is_known_again: bool = False
    _touched: tuple[RecordRef | None, float] = (None, 0.0)

    def listen(self) -> None:
        """Hear what the portal does."""
        self.portal.on_read, self.portal.on_call, self.portal.on_effect = self.read, self.call, self.effect

    @property
    def under_way(self) -> RecordRef | None:
        """The record that was last intended or called for, if that was only just now."""
        record, seconds = self._touched
        return record if self.stage.seconds - seconds <= _JUST_NOW else None

    def read(self, record: RecordRef, answer: Any) -> None:
        """An answer about a record leaves the portal. What is read again beside others is not what decides it."""
        key = (self.stage.who, record)
        if key in self._intended:
            self._intended.remove(key)
            self._reads[key] = _Read(answer, self.stage.seconds, self.portal.around(record))

    def failed(self) -> None:
        """Somebody's transaction was not stored."""
        self._without_store.add(self.stage.who)

    def stands(self, records: Iterable[RecordRef]) -> None:
        """A transaction looked at whether the words of these records stand, and had nothing to say: a bundle's first
        steps take time, its last one is made by a new look."""
        for record in records:
            sent = self._sent.get((self.stage.who, record))
            if sent is not None:
                sent.seconds = self.stage.seconds

    def durable(self, entries: list[Entry]) -> None:
        """A transaction has been committed with these words."""
        self._without_store.discard(self.stage.who)
        for entry in entries:
            kind = entry.kind
            self.log.append(entry)
            self.kept.append((kind, entry.record))
            if kind == "disposal.intended":
                record = RecordRef.parse(entry.record or "")
                self._touched = (record, self.stage.seconds)
                self._intended.add((self.stage.who, record))
            elif kind == "disposal.sent":
                self._is_sent(entry)
            elif kind in _TERMINAL:
                self._ended(entry, kind)
            elif kind == "plan.approved":
                self._approved(entry)
            elif kind == "plan.rejected":
                self.decided.discard(entry.plan_id or "")

    def _approved(self, entry: Entry) -> None:
        if entry.actor == self.plans[entry.plan_id or ""].requested_by != SERVICE:
            self._fail("S18", f"{entry.actor} approves the plan that {entry.actor} asked for")
        self.decided.add(entry.plan_id or "")

    def _is_sent(self, entry: Entry) -> None:
        key = (self.stage.who, RecordRef.parse(entry.record or ""))
        self._sent[key] = _Sent(len(self.log), self.stage.seconds, entry, self._reads.get(key))
        if entry.plan_id not in self.decided:
            self._fail("S5", f"{entry.record} is sent by a plan that is not approved")
        if entry.at > self.plans[entry.plan_id or ""].expires_at:
            self._fail("S6", f"{entry.record} is sent by a plan that has expired")
        if abs(self.stage.wall_offset) > _MOST_SKEW:
            self._fail("S13", f"{entry.record} is sent while the clocks disagree by {self.stage.wall_offset:.0f} s")

    def _ended(self, entry: Entry, kind: str) -> None:
        key, record = (entry.plan_id, entry.record), RecordRef.parse(entry.record or "")
        self._terminal[key] += 1
        if self._terminal[key] > 1:
            self._fail("E1", f"{entry.record} ends twice")
        if kind == "disposal.done" and self.portal.has(record):
            invariant = "S12" if record in self._together else "S10"
            self._fail(invariant, f"{entry.record} is called done and is still there")

    def call(self, kind: str, record: RecordRef, *, together: bool) -> None:
        """A call is about to leave."""
        self._calls[record] += 1
        self._touched = (record, self.stage.seconds)
        (self._together.add if together else self._together.discard)(record)
        sent = self._sent.get((self.stage.who, record))
        if self.stage.who in self._without_store:
            self._fail("S15", f"the call for {record} leaves although the database failed")
        elif sent is None:
            self._fail("S2", f"the call for {record} leaves without a durable word")
        elif sent.called:
            self._fail("L5", f"{record} is called for again under one word")
        elif self.stage.seconds - sent.seconds > CALL_WITHIN_SECONDS:
            self._fail(
                "S1-time", f"the call for {record} leaves {self.stage.seconds - sent.seconds:.0f} s after its word"
            )
        elif self._calls[record] > _MOST_CALLS:
            self._fail("L5", f"{record} is called for more than {_MOST_CALLS} times")
        else:
            sent.called = True
        read = self._reads.get((self.stage.who, record))
        if read is not None and isinstance(read.answer, MergedInto):
            self._fail("S11", f"a call is made for {record}, whose last read answered with another id")

    def effect(self, kind: str, record: RecordRef, who: str) -> None:
        """A record goes, by somebody's call."""
        self.effects += 1
        sent = self._sent[who, record]
        entry = sent.entry
        if not all((entry.rule, entry.policy_digest, entry.plan_id, entry.plan_digest, entry.actor)):
            self._fail("S2", f"{record} goes without a durable word of rule, policy, plan and actor")
        if record in self.promised:
            self._fail("S1", f"{record} goes although its hold was acknowledged")
        if any(sent.place > asked_at for asked_at in self.asked.get(record, {}).values()):
            self._fail("S1", f"{record} was sent although it was asked before to stay")
        around = (record,) if sent.read is None else sent.read.around
        if any(sent.place > self.heard.get(each, sent.place) for each in around):
            self._fail("S1-heard", f"{record} was sent although a webhook had told of a hold that reaches it")
        if self.stopped_at is not None and sent.place > self.stopped_at:
            self._fail("S16", f"{record} was sent after the kill switch was set")
        if self.approved[entry.plan_id or ""].get(record) != kind:
            self._fail("S5", f"{kind} of {record} was never approved")
        if self.is_restored and not self._is_known_again:
            self._fail("S14", f"{record} goes by a database that has forgotten what its anchor saw")
        self._check_read(record, sent)
        self._check_process(kind, record, entry.plan_id or "", self.processes[who])

    def _check_read(self, record: RecordRef, sent: _Sent) -> None:
        read = sent.read
        if read is None or sent.seconds - read.seconds > FRESH_FOR_SECONDS:
            self._fail("S9", f"{record} goes without a fresh read by id before it was sent")
        elif not _is_free(read.answer):
            self._fail("S3", f"{record} goes although its last read did not say that it is not held")

    def _check_process(self, kind: str, record: RecordRef, plan_id: str, process: Process) -> None:
        if process.portal != PORTAL:
            self._fail("S7", f"{record} goes in a portal that is not the plan's")
        if process.policy_digest != self.plans[plan_id].policy_digest:
            self._fail("S19", f"{record} goes under another policy than the approved one")
        may = process.permission
        if may.mode.value == "observe" or (kind == Action.ERASE.value and not may.allow_erase):
            self._fail("S17", f"{record} goes although the settings do not allow it")

    # A backup.

    def backup(self) -> Backup:
        """A backup is made."""
        return Backup(len(self.kept), frozenset(self.decided))

    def restore(self, backup: Backup) -> None:
        """The database is again what it was; the outside remembers."""
        del self.kept[backup.words :]
        self.decided = set(backup.decided)
        self.is_restored = self.was_restored = True
        self._is_known_again = False
        self.stopped_at = None
        self._sent.clear()
        self._terminal = Counter()

    def brought_back(self) -> None:
        """The anchor has begun anew with the database that was restored: it knows again what it had forgotten."""
        self._is_known_again = True

    def compare(self, words: Iterable[Word]) -> None:
        """What the log holds in the end is what was acknowledged, all of it and nothing else."""
        if list(words) != self.kept:
            self._fail("E4", "the log does not hold what was acknowledged")

    def _fail(self, invariant: str, words: str) -> NoReturn:
        self.stage.tell(f"VIOLATION of {invariant}: {words}")
        self.stage.broken = ViolationError(invariant, words)
        raise self.stage.broken


def _is_free(answer: Any) -> bool:
    """Whether an answer says of a record that nothing of its own holds it."""
    if isinstance(answer, DealObservation):
        return answer.legal_hold is False and answer.owes is False
    return isinstance(answer, SeenContact) and answer.observation.legal_hold is False
