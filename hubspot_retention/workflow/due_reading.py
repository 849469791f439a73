"""Read what the ledger wants looked at afresh by id, decide it, and let the ledger hear of it.

What can go wrong: one record that cannot be read, or is answered wrongly, keeps all others from being read; or HubSpot
is down, and each record is blamed for it until a person is told of thousands. So what cannot be read is halved until it
stands alone, after all others; a record is blamed only while the same token can still read who it belongs to, and not
where one after the other fails and none can be read at all.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Final

from hubspot_retention.core.deadline.ledger import GONE, MERGED, UNREADABLE, done, ended, failed
from hubspot_retention.core.deadline.obligation import Obligation, ObligationState
from hubspot_retention.core.decision.agreeing import time_rules
from hubspot_retention.core.decision.history import NOTHING_REMEMBERED, Remembered
from hubspot_retention.core.facts.observation import OptOutSource
from hubspot_retention.core.facts.values import Unknown
from hubspot_retention.core.plan.build import item_of
from hubspot_retention.core.plan.model import Action, PlanItem, PlanKind, PlanStatus
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.portal import Gone, MergedInto, SeenContact
from hubspot_retention.core.record import ObjectType, PortalId, RecordId, RecordRef
from hubspot_retention.core.request import RequestRegister
from hubspot_retention.errors import PortalDeniedError, PortalError, PortalPausedError
from hubspot_retention.workflow.aftermath import took_effect
from hubspot_retention.workflow.deciding import Decided
from hubspot_retention.workflow.docket_ports import DealWithContacts
from hubspot_retention.workflow.fresh import FreshContact, FreshDeal, FreshReader, Memory, Missing
from hubspot_retention.workflow.moves import Moves
from hubspot_retention.workflow.obligations import Change, Hearing, Obligations
from hubspot_retention.workflow.ports import RecordSource, Store, Transaction
from hubspot_retention.workflow.returned import Returned
from hubspot_retention.workflow.seal import PARTIAL_RUNS

BATCH: Final = 100
_MOST_IN_A_ROW: Final = 3
"""After so many records that could not be read, and none that could, HubSpot itself is the trouble."""
POISON: Final = (PortalError, ValueError, LookupError, TypeError)
"""What one record can cause. What is written of it is written whole or not at all, so going on harms nothing else."""
_PLANNABLE: Final = (ObligationState.OPEN, ObligationState.REVIEW, ObligationState.RAISED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A record that is due by a fresh decision: its item for a plan of that kind, its obligation, the deals around
    it."""

    kind: PlanKind
    item: PlanItem
    obligation: Obligation
    deals: tuple[DealWithContacts, ...] = ()


@dataclass(slots=True)
class Found:
    """What a round of reading came to."""

    candidates: dict[RecordRef, Candidate] = field(default_factory=dict)
    looked: int = 0
    unreadable: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """What others must do: `settle_left` settles calls of ours whose answer was lost; `on_gone` hears of a record that
    somebody else took away, before its obligation ends, and may be told twice."""

    settle_left: Callable[[], None]
    on_gone: Callable[[Obligation], None]
    should_stop: Callable[[], bool] = lambda: False


class DueReader:
    """Reads records for the ledger."""

    def __init__(
        self,
        source: RecordSource,
        store: Store,
        fresh: FreshReader,
        ledger: Obligations,
        policy: RetentionPolicy,
        *,
        returned: Returned | None = None,
    ) -> None:
        self._source = source
        self._store = store
        self._fresh = fresh
        self._ledger = ledger
        self._policy = policy
        self._returned = returned or Returned(store)

    def read(self, wanted: Sequence[Obligation], portal: PortalId, now: datetime, others: Others) -> Found:
        """Read, decide, hear. Raises PortalError where HubSpot itself is the trouble; what was heard stands."""
        return _Round(self, portal, now, others).run(wanted)


class _Round:
    """One round of reading."""

    def __init__(self, reader: DueReader, portal: PortalId, now: datetime, others: Others) -> None:
        self._reader = reader
        self._store = reader._store
        self._ledger = reader._ledger
        self._portal = portal
        self._now = now
        self._others = others
        self._found = Found()
        self._blamed: list[RecordRef] = []
        self._is_settled = False
        self._lookout = reader._returned.lookout(portal)
        self._moves = Moves(reader._policy, portal)

    def run(self, wanted: Sequence[Obligation]) -> Found:
        """All of them, in their order; what cannot be read comes last."""
        batches = deque(_batches(wanted))
        while batches and not self._others.should_stop():
            batch = batches.popleft()
            try:
                self._batch(batch)
            except (PortalPausedError, PortalDeniedError):
                raise
            except POISON:
                self._reader._source.identity()
                if len(batch) > 1:
                    half = len(batch) // 2
                    batches.extend((batch[:half], batch[half:]))
                else:
                    self._blamed.append(batch[0].record)
                    if len(self._blamed) >= _MOST_IN_A_ROW and not self._found.looked:
                        raise
        self._blame()
        return self._found

    def _blame(self) -> None:
        """What could not be read by itself, while HubSpot answers, is tried again after a pause."""
        self._found.unreadable = len(self._blamed)
        with self._store.transaction() as tx:
            found = (tx.obligation(record) for record in self._blamed)
            changes: list[Change] = [
                (was, failed(was, UNREADABLE, self._now)) for was in found if was is not None and was.is_live
            ]
            self._ledger.write(tx, changes, self._now)

    def _batch(self, batch: Sequence[Obligation]) -> None:
        kind = batch[0].record.object_type
        ids = [obligation.record.record_id for obligation in batch]
        with self._store.transaction() as tx:
            recalled = tx.recall(kind, ids)
            memory = Memory(
                register=tx.hold_register(),
                contacts=recalled if kind is ObjectType.CONTACT else {},
                deals=recalled if kind is ObjectType.DEAL else {},
                requests=RequestRegister.of_all(tx.requests()),
            )
        fresh: Mapping[RecordId, FreshContact | FreshDeal | Missing]
        if kind is ObjectType.DEAL:
            fresh = self._reader._fresh.deals(ids, memory, self._now)
        else:
            fresh = self._reader._fresh.contacts(ids, memory, self._now)
        self._hear(kind, fresh, recalled)
        for record_id in ids:
            if isinstance(fresh[record_id], Gone):
                self._gone(RecordRef(kind, record_id))
        self._found.looked += len(batch)

    def _hear(
        self,
        kind: ObjectType,
        fresh: Mapping[RecordId, FreshContact | FreshDeal | Missing],
        recalled: Mapping[RecordId, Remembered],
    ) -> None:
        seen = {key: found for key, found in fresh.items() if isinstance(found, FreshContact | FreshDeal)}
        contacts = [found for found in seen.values() if isinstance(found, FreshContact)]
        self._lookout.look([SeenContact(found.view.seen, found.address) for found in contacts], self._now)
        decided = {key: _decided(found, recalled.get(key, NOTHING_REMEMBERED)) for key, found in seen.items()}
        with self._store.transaction() as tx:
            for key in seen:
                self._moves.back(tx, RecordRef(kind, key), self._now)
            hearing = Hearing(portal_id=self._portal, at=self._now, is_fresh=True)
            heard = self._ledger.hear(tx, kind, list(decided.values()), hearing)
            noted = [(key, _noted(entry)) for key, entry in decided.items()]
            tx.note(kind, [(key, after) for key, after in noted if after != decided[key].before])
            for key, found in fresh.items():
                if isinstance(found, MergedInto):
                    self._merged(tx, RecordRef(kind, key), RecordRef(kind, found.winner))
            proposed = [self._proposed(tx, decided[key], obligation, seen[key]) for key, obligation in heard.items()]
        self._found.candidates.update((each.obligation.record, each) for each in proposed if each is not None)

    def _proposed(
        self, tx: Transaction, decided: Decided, obligation: Obligation, found: FreshContact | FreshDeal
    ) -> Candidate | None:
        placed = item_of(decided.decision, decided.before, self._reader._policy)
        if obligation.state not in _PLANNABLE or placed is None or placed[1].action is Action.NONE:
            return None
        kind, item = placed
        rules = time_rules(item.decision, self._reader._policy)
        if rules and not item.start_is_new:
            item = item._replace(start_is_new=_was_new(tx, item, rules))
        deals = found.deals if isinstance(found, FreshContact) else ()
        return Candidate(kind=kind, item=item, obligation=obligation, deals=deals)

    def _merged(self, tx: Transaction, loser: RecordRef, winner: RecordRef) -> None:
        """What binds the loser, and since when it was opted out, follows to the winner: nobody's days begin anew."""
        self._moves.merged(tx, loser, winner, self._now)
        self._ledger.look_at(tx, [winner], self._now, MERGED)

    def _gone(self, record: RecordRef) -> None:
        """By our own hand, or by somebody else's. A call of ours whose answer was lost is settled first."""
        if not self._is_settled:
            self._others.settle_left()
            self._is_settled = True
        with self._store.transaction() as tx:
            took_effect(tx, record, self._now)
            was = tx.obligation(record)
            if was is None or not was.is_live:
                return
            if plan_id := _disposed_by(tx, was):
                self._ledger.write(tx, [(was, done(was, "read-back-absent", self._now, plan_id))], self._now)
                return
        self._others.on_gone(was)
        with self._store.transaction() as tx:
            was = tx.obligation(record)
            if was is not None and was.is_live:
                self._ledger.write(tx, [(was, ended(was, GONE, self._now))], self._now)


def _was_new(tx: Transaction, item: PlanItem, rules: Sequence[str]) -> bool:
    """Whether the last full run was the first to see the start of one of these time rules, as it is now. It has noted
    the start by now, and still another run must have seen it: a typing error in a date must not erase anybody
    overnight."""
    due = {(rule, at) for rule, at in item.decision.due if rule in rules}
    for plan, known in tx.items_of_record(item.record):
        if plan.status in (PlanStatus.READ_ONLY, PlanStatus.BUILDING) or tx.run_kind(plan.run_id) in PARTIAL_RUNS:
            continue
        return known.start_is_new and not due.isdisjoint(known.decision.due)
    return False


def _disposed_by(tx: Transaction, obligation: Obligation) -> str:
    """The plan of ours by which a record went since it was first heard of; empty if it was not us."""
    record = obligation.record
    found = tx.disposed(record.object_type, [record.record_id]).get(record.record_id)
    plan = None if found is None else tx.plan(found[0])
    return plan.plan_id if plan is not None and plan.built_at >= obligation.first_seen_at else ""


def _batches(wanted: Sequence[Obligation]) -> Iterator[list[Obligation]]:
    """In their order, a hundred at a time, those of one class together."""
    for start in range(0, len(wanted), BATCH):
        hundred = sorted(wanted[start : start + BATCH], key=_class_of)
        for _, group in groupby(hundred, key=_class_of):
            yield list(group)


def _class_of(obligation: Obligation) -> ObjectType:
    return obligation.record.object_type


def _decided(found: FreshContact | FreshDeal, before: Remembered) -> Decided:
    if isinstance(found, FreshDeal):
        return Decided(found.decision, before, NOTHING_REMEMBERED)
    seen = found.view.seen.opt_out
    if isinstance(seen, Unknown):
        known = Remembered(opted_out_at=before.opted_out_at, opt_out_source=before.opt_out_source)
    elif seen is not None and before.opted_out_at is not None:
        # The earlier of the two: where no instant was to be had at first, that of the first sight stood in for it.
        earliest = before.opted_out_at if seen.at is None else min(before.opted_out_at, seen.at)
        known = Remembered(opted_out_at=earliest, opt_out_source=_whose(seen.source, before))
    elif seen is None:
        known = NOTHING_REMEMBERED
    else:
        known = Remembered(opted_out_at=seen.at, opt_out_source=seen.source)
    return Decided(found.decision, before, known)


def _whose(source: OptOutSource, before: Remembered) -> OptOutSource:
    """Who set an opt-out that was remembered. Where another hand than then stands behind it, it was taken back between
    two looks and set again: then nobody can say whose it is, and a person must look. The earlier instant stands, for a
    deadline may run from it."""
    return source if source is before.opt_out_source else OptOutSource.UNKNOWN


def _noted(entry: Decided) -> Remembered:
    """What later runs shall know at once: an opt-out, or that it was taken back, and so whether marketing is to be
    ended anew. A start counts as seen only when a full run saw it and made plans of it."""
    return entry.before._replace(
        opted_out_at=entry.opt_out.opted_out_at,
        opt_out_source=entry.opt_out.opt_out_source,
        marketing_ended=entry.before.marketing_ended and entry.decision.marketing_ends,
    )
