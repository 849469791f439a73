"""What must never be, looked at from outside: a portal's effects, the durable words, and what people were told."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.plan.model import Plan
from hubspot_retention.core.portal import MergedInto, SeenContact
from hubspot_retention.core.record import RecordId
from hubspot_retention.workflow.protocol import CALL_WITHIN_SECONDS, FRESH_FOR_SECONDS
from tests.simulator.portal import PORTAL, SimulatedPortal
from tests.simulator.stage import Stage

_TERMINAL = ("disposal.done", "disposal.skipped", "disposal.failed")
_MOST_CALLS = 40


class ViolationError(AssertionError):
    """An invariant does not hold."""

    def __init__(self, invariant: str, words: str) -> None:
        super().__init__(f"{invariant}: {words}")
        self.invariant = invariant


@dataclass(frozen=True, slots=True)
class _Read:
    """What the last fresh read said of a record, when, and how long the log was then."""

    answer: Any
    seconds: float
    words: int


@dataclass(slots=True, kw_only=True)
class Checker:
    """Keeps the record that nobody on the stage can change. `promised`: holds acknowledged and in force, by record;
    `stopped_at`: how many durable words there were when the kill switch was set, `None` while it is not."""

    stage: Stage
    portal: SimulatedPortal
    plans: dict[str, Plan]
    approved: dict[RecordId, str]
    policy_digest: str
    promised: dict[RecordId, int] = field(default_factory=dict)
    stopped_at: int | None = None
    log: list[Entry] = field(default_factory=list)
    identity: tuple[int, float] = (PORTAL, 0.0)
    run_policy: str = ""
    effects: int = 0
    holds: int = 0
    _reads: dict[RecordId, _Read] = field(default_factory=dict)
    _sent: dict[RecordId, tuple[int, float]] = field(default_factory=dict)
    _calls: Counter[RecordId] = field(default_factory=Counter)
    _terminal: Counter[tuple[str | None, str | None]] = field(default_factory=Counter)

    def listen(self) -> None:
        """Hear what the portal does."""
        self.portal.on_identity = self.identify
        self.portal.on_read, self.portal.on_call, self.portal.on_effect = self.read, self.call, self.effect

    def identify(self, portal: int, skew: float) -> None:
        """The portal says whose token it was."""
        self.identity = (portal, skew)

    def read(self, record: RecordId, answer: Any) -> None:
        """An answer about a record leaves the portal."""
        self._reads[record] = _Read(answer, self.stage.seconds, len(self.log))

    def durable(self, entries: list[Entry]) -> None:
        """A transaction has been committed with these words."""
        for entry in entries:
            self.log.append(entry)
            if entry.kind == "disposal.sent" and entry.record:
                self._sent[_id(entry.record)] = (len(self.log), self.stage.seconds)
                if entry.at > self.plans[entry.plan_id or ""].expires_at:
                    self._fail("S6", f"{entry.record} is sent by a plan that has expired")
            if entry.kind in _TERMINAL:
                self._ended(entry)

    def _ended(self, entry: Entry) -> None:
        key = (entry.plan_id, entry.record)
        self._terminal[key] += 1
        if self._terminal[key] > 1:
            self._fail("E1", f"{entry.record} ends twice")
        if entry.kind == "disposal.done" and _id(entry.record or "") in self.portal.there:
            self._fail("S10", f"{entry.record} is called done and is still there")

    def call(self, kind: str, record: RecordId) -> None:
        """A call is about to leave."""
        self._calls[record] += 1
        sent = self._sent.get(record)
        if sent is None:
            self._fail("S2", f"the call for {record} leaves without a durable word")
        elif self.stage.seconds - sent[1] > CALL_WITHIN_SECONDS:
            self._fail("S1-time", f"the call for {record} leaves {self.stage.seconds - sent[1]:.0f} s after its word")
        if self._calls[record] > _MOST_CALLS:
            self._fail("L5", f"{record} is called for more than {_MOST_CALLS} times")
        read = self._reads.get(record)
        if read is not None and isinstance(read.answer, MergedInto):
            self._fail("S11", f"a call is made for {record}, whose last read answered with another id")

    def effect(self, kind: str, record: RecordId) -> None:
        """A record goes."""
        self.effects += 1
        sent, read = self._sent.get(record), self._reads.get(record)
        if sent is None or not self._is_told(record):
            self._fail("S2", f"{record} goes without a durable word of rule, policy, plan and actor")
            return
        if record in self.promised:
            self._fail("S1", f"{record} goes although its hold was acknowledged")
        if self.stopped_at is not None and sent[0] > self.stopped_at:
            self._fail("S16", f"{record} was sent after the kill switch was set")
        if self.approved.get(record) != kind:
            self._fail("S5", f"{kind} of {record} was never approved")
        self._check_read(record, read, sent)
        self._check_run(record)

    def _check_read(self, record: RecordId, read: _Read | None, sent: tuple[int, float]) -> None:
        if read is None or read.words > sent[0] or sent[1] - read.seconds > FRESH_FOR_SECONDS:
            self._fail("S9", f"{record} goes without a fresh read by id before it was sent")
        elif not isinstance(read.answer, SeenContact) or read.answer.observation.legal_hold is not False:
            self._fail("S3", f"{record} goes although its last read did not say that it is not held")

    def _check_run(self, record: RecordId) -> None:
        portal, skew = self.identity
        if portal != PORTAL:
            self._fail("S7", f"{record} goes in a portal that is not the plan's")
        if abs(skew) > 300:
            self._fail("S13", f"{record} goes while the clocks disagree by {skew:.0f} s")
        if self.run_policy != self.policy_digest:
            self._fail("S19", f"{record} goes under another policy than the approved one")

    def _is_told(self, record: RecordId) -> bool:
        entry = self.log[self._sent[record][0] - 1]
        return all((entry.rule, entry.policy_digest, entry.plan_id, entry.plan_digest, entry.actor))

    def _fail(self, invariant: str, words: str) -> None:
        self.stage.tell(f"VIOLATION of {invariant}: {words}")
        raise ViolationError(invariant, words)


def _id(record: str) -> RecordId:
    return RecordId(int(record.partition("/")[2]))
