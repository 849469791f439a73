"""Warn owners: what a sweep decided tells whose owner is to be told ahead, and a task in HubSpot tells them.

Each record is read again by id, as of the day up to which owners are warned, before anybody is told of it. A warning
decides nothing and is given once for a due date; one whose answer was lost is given again, for twice is better than
never. HubSpot's faults end the warnings of that sweep, the next goes on; a plan never waits for them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from hubspot_retention.core.audit.entry import Entry, Facts
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.decision.model import Decision
from hubspot_retention.core.owner_warning import Foresight, OwnerWarning, WarningState, task_for
from hubspot_retention.core.plan.model import Action, Plan
from hubspot_retention.core.policy.model import Mode, RetentionPolicy
from hubspot_retention.core.policy.words import period_words
from hubspot_retention.core.portal import Fate
from hubspot_retention.core.record import ObjectType, PortalId, RecordId
from hubspot_retention.core.request import RequestRegister
from hubspot_retention.errors import BlockedError, PortalError
from hubspot_retention.workflow.assess import Watcher
from hubspot_retention.workflow.fresh import FreshContact, FreshDeal, FreshReader, Memory
from hubspot_retention.workflow.gate import Freshness, Permission
from hubspot_retention.workflow.owner_ports import Owners
from hubspot_retention.workflow.ports import RecordSource, Store
from hubspot_retention.workflow.standing import SERVICE

_PAGE: Final = 1_000
_BATCH: Final = 100
"""Records read at once, and the most that stand in one task."""
_MOST: Final = 5_000
"""Records whose owners are told of after one sweep: a first sweep may find hundreds of thousands."""
_KEPT: Final = timedelta(days=400)
"""How long a warning is remembered after it was settled and its record was due."""
_FOR_NOW: Final = frozenset((WarningState.NO_OWNER, WarningState.ELSEWHERE))
"""What may be otherwise at the next sweep, though the date is the same: somebody is given the record, a hold ends."""
_VERBS: Final = {Fate.DONE: Verb.DONE, Fate.REFUSED: Verb.FAILED, Fate.UNKNOWN: Verb.UNKNOWN}


class OwnerHearing:
    """Hears the decisions of a sweep, and notes in the store which warnings they call for."""

    def __init__(self, store: Store, foresight: Foresight) -> None:
        self._store = store
        self._foresight = foresight
        self._heard: list[OwnerWarning] = []

    def hear(self, decision: Decision) -> None:
        """A decision was made."""
        wanted = self._foresight.wanted(decision)
        if wanted is not None:
            self._heard.append(wanted)
            if len(self._heard) >= _PAGE:
                self.note()

    def beside(self, watcher: Watcher) -> Watcher:
        """Hear what a person watches."""
        watched = watcher.decision
        if watched is None:
            return replace(watcher, decision=self.hear, worth_hearing=self._foresight.wanted)

        def both(decision: Decision) -> None:
            watched(decision)
            self.hear(decision)

        return replace(watcher, decision=both)

    def note(self) -> None:
        """Write down what was heard since the last time: what was told already of that due date stands, and that there
        was nobody to tell, or nothing to tell of, is looked at again."""
        with self._store.transaction() as tx:
            for kind in (ObjectType.CONTACT, ObjectType.DEAL):
                heard = [warning for warning in self._heard if warning.record.object_type is kind]
                known = tx.owner_warnings_of(kind, [warning.record.record_id for warning in heard])
                asked = [self._to_look_at(each, known.get(each.record.record_id)) for each in heard]
                tx.save_owner_warnings([each for each in asked if each is not None])
        self._heard.clear()

    def _to_look_at(self, heard: OwnerWarning, known: OwnerWarning | None) -> OwnerWarning | None:
        """The warning that is wanted, with when it was last looked at. What another rule was to take, and is due by one
        that has owners warned, is taken by that one."""
        if known is None or known.due_at != heard.due_at:
            return heard
        is_due = heard.due_at <= self._foresight.as_of
        if known.state in _FOR_NOW or (known.state is WarningState.ANOTHER_RULE and is_due):
            return replace(heard, settled_at=known.settled_at)
        return None


@dataclass(slots=True)
class Warned:
    """What became of the warnings after a sweep: records told of, tasks given, records whose owner is not there.
    `stopped_by`: why not all of it was done, in words."""

    told: int = 0
    tasks: int = 0
    without_owner: int = 0
    stopped_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarnerParts:
    """What warning is done with."""

    source: RecordSource
    owners: Owners
    store: Store
    fresh: FreshReader
    policy: RetentionPolicy
    permission: Permission
    freshness: Freshness
    clock: Callable[[], datetime]
    should_stop: Callable[[], bool] = lambda: False


@dataclass(slots=True)
class OwnerWarner:
    """Tells owners."""

    parts: WarnerParts
    _done: Warned = field(default_factory=Warned)

    def run(self) -> Warned:
        """Tell the owners of what is noted. In `observe`, while all is stopped, or while the log is not the newest,
        nobody is told. Never raises what HubSpot answered: it is told in the answer."""
        self._done = Warned()
        now = self.parts.clock()
        with self.parts.store.transaction() as tx:
            tx.forget_owner_warnings(now - _KEPT)
            stopped = tx.kill_switch() is not None
        foresight = Foresight.of(self.parts.policy, now)
        if self.parts.permission.mode is Mode.OBSERVE or stopped or foresight.farthest is None:
            return self._done
        try:
            self.parts.freshness.require()
            portal_id = self.parts.source.identity().portal_id
            for kind in (ObjectType.CONTACT, ObjectType.DEAL):
                self._tell_all(kind, portal_id, foresight)
        except (PortalError, BlockedError) as error:
            self._done.stopped_by = str(error)
        return self._done

    def _tell_all(self, kind: ObjectType, portal_id: PortalId, foresight: Foresight) -> None:
        with self.parts.store.transaction() as tx:
            wanted = tx.owner_warnings_wanted(kind, _MOST)
        to_tell: list[OwnerWarning] = []
        for start in range(0, len(wanted), _BATCH):
            if self.parts.should_stop():
                return
            placed = self._look(kind, wanted[start : start + _BATCH], foresight)
            to_tell.extend(each for each in placed if each.state is WarningState.WANTED)
            settled = [each for each in placed if each.state is not WarningState.WANTED]
            with self.parts.store.transaction() as tx:
                tx.save_owner_warnings([replace(each, settled_at=self.parts.clock()) for each in settled])
            self._done.without_owner += sum(each.state is WarningState.NO_OWNER for each in settled)
        to_tell.sort(key=_task_of)
        for _, together in groupby(to_tell, key=_task_of):
            several = list(together)
            for start in range(0, len(several), _BATCH):
                self._tell(several[start : start + _BATCH], portal_id)

    def _look(self, kind: ObjectType, wanted: Sequence[OwnerWarning], foresight: Foresight) -> list[OwnerWarning]:
        """Read records again: when and by which rule each will go, and who looks after it."""
        ids = [warning.record.record_id for warning in wanted]
        now = self._decided(kind, ids, foresight.as_of)
        horizons = {record_id: foresight.horizon(decision) for record_id, decision in now.items()}
        then: dict[RecordId, Decision] = {}
        for horizon in sorted({each for each in horizons.values() if each is not None}):
            then |= self._decided(kind, [each for each, until in horizons.items() if until == horizon], horizon)
        owners = self.parts.owners.owners_of(kind, ids)
        found = ((each, each.record.record_id) for each in wanted)
        return [
            self._owned(foresight.placed(each, now.get(record_id), then.get(record_id)), owners)
            for each, record_id in found
        ]

    def _decided(self, kind: ObjectType, ids: Sequence[RecordId], as_of: datetime) -> dict[RecordId, Decision]:
        """Decisions on records that are read by id; what cannot be read is not in the answer."""
        with self.parts.store.transaction() as tx:
            remembered = tx.recall(kind, ids)
            memory = Memory(
                register=tx.hold_register(),
                contacts=remembered if kind is ObjectType.CONTACT else {},
                deals=remembered if kind is ObjectType.DEAL else {},
                requests=RequestRegister.of_all(tx.requests()),
            )
        read = self.parts.fresh.contacts if kind is ObjectType.CONTACT else self.parts.fresh.deals
        seen = read(ids, memory, as_of).items()
        return {record_id: each.decision for record_id, each in seen if isinstance(each, FreshContact | FreshDeal)}

    @staticmethod
    def _owned(placed: OwnerWarning, owners: Mapping[RecordId, str]) -> OwnerWarning:
        if placed.state is not WarningState.WANTED:
            return placed
        owner = owners.get(placed.record.record_id)
        return replace(placed, state=WarningState.NO_OWNER) if owner is None else replace(placed, owner=owner)

    def _tell(self, warnings: Sequence[OwnerWarning], portal_id: PortalId) -> None:
        """One task, with its intent and its outcome in the log."""
        parts, first = self.parts, warnings[0]
        task = task_for(parts.policy, portal_id, warnings)
        facts = (("owner", first.owner), ("records", len(warnings)))
        with parts.store.transaction() as tx:
            tx.audit(self._entry(Verb.INTENDED, first, portal_id, facts))
        result = parts.owners.give_task(task)
        now = parts.clock()
        with parts.store.transaction() as tx:
            if result.fate is not Fate.DONE:
                tx.audit(self._entry(_VERBS[result.fate], first, portal_id, facts, result.category))
                return
            for each in warnings:
                due = (("owner", each.owner), ("due_at", each.due_at.isoformat(timespec="seconds")))
                tx.audit(replace(self._entry(Verb.DONE, each, portal_id, due), record=str(each.record)))
            told = [replace(each, state=WarningState.TOLD, settled_at=now) for each in warnings]
            tx.save_owner_warnings(told)
        self._done.tasks += 1
        self._done.told += len(warnings)

    def _entry(self, verb: Verb, warning: OwnerWarning, portal_id: PortalId, facts: Facts, code: str = "") -> Entry:
        return Entry(
            subject=Subject.OWNER_WARNING,
            verb=verb,
            at=self.parts.clock(),
            portal_id=portal_id,
            policy_digest=self.parts.policy.digest,
            rule=warning.rule,
            actor=SERVICE,
            code=code or None,
            facts=facts,
        )


def _task_of(warning: OwnerWarning) -> tuple[str, str, bool]:
    return warning.owner, warning.rule, warning.erases


@dataclass(frozen=True, slots=True, kw_only=True)
class WarnedOf:
    """Of how many of the records that a plan disposes of by a rule the owner was warned in time. `ahead` as the policy
    names it."""

    rule: str
    ahead: str
    told: int
    total: int


def warned_of(store: Store, plan: Plan, policy: RetentionPolicy) -> tuple[WarnedOf, ...]:
    """For each rule of a plan that has owners warned: of how many they were."""
    found = []
    for count in plan.rules:
        rule = policy.rule(count.rule)
        ahead = None if rule is None else rule.warn_ahead
        if ahead is None or count.action not in (Action.ARCHIVE, Action.ERASE):
            continue
        with store.transaction() as tx:
            told = tx.count_owners_told(plan.plan_id, count.rule, policy.civil.start_of(ahead, plan.as_of))
        found.append(WarnedOf(rule=count.rule, ahead=period_words(ahead), told=told, total=count.total))
    return tuple(found)
