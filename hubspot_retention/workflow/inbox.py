"""The inbox: what HubSpot told of, worked off. Each event is a hint to look; the truth is read by id.

What can go wrong: an event is lost, comes twice, or late, or in another order; one that cannot be dealt with stops
all that come after it. So the events of one record are one matter, in no order; nothing is taken from an event but
whom to look at, and the ids of a merge, which are read; an event is done with only in the transaction that holds what
follows from it; a record that cannot be read waits by itself, ever longer, and at last goes to the ledger and to a
person. An event that never comes costs a sweep, no more (reliability L4).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from hubspot_retention.core.deadline.obligation import ObligationState
from hubspot_retention.core.portal import Gone, MergedInto
from hubspot_retention.core.record import RecordRef
from hubspot_retention.errors import PortalError, PortalPausedError, RetentionError
from hubspot_retention.workflow.foreign import OURS, Foreign
from hubspot_retention.workflow.matters import InboxOptions, Matter, is_person, sort_events
from hubspot_retention.workflow.ports import Store, Transaction
from hubspot_retention.workflow.reach import (
    LEDGER_TYPES,
    Surroundings,
    Whereabouts,
    disposed_of,
    reached,
    under_obligation,
    whereabouts,
)
from hubspot_retention.workflow.worth import Loss

LookAt = Callable[[Transaction, Sequence[RecordRef], datetime, str], object]
"""Has the ledger look at records: each is read afresh and decided as soon as it is its turn. The text says why."""

WEBHOOK: Final = "webhook"

_LOOKED: Final = "looked"
_MERGED: Final = "merged"

_LATE: Final = timedelta(minutes=2)
"""How long after an event HubSpot's answers may still be older than the event."""
_FIRST_PAUSE: Final = timedelta(minutes=1)
_SLOWER: Final = 4
_BATCH: Final = 100
_MOST_IN_A_ROW: Final = 3
"""After so many records in a row that could not be read, the rest waits for the next round."""

_log = structlog.get_logger("hubspot_retention.inbox")


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxReport:
    """One round: the events that are done with, by what became of them; how many records wait to be tried again;
    whether there is more to do at once."""

    outcomes: tuple[tuple[str, int], ...]
    waiting: int
    more: bool

    @property
    def handled(self) -> int:
        """How many events are done with."""
        return sum(number for _, number in self.outcomes)


@dataclass(slots=True)
class _Round:
    """One round: its instant, and what has become of events."""

    now: datetime
    outcomes: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Waiting:
    """A record that is tried again: how often it failed, when its turn comes, how many of the events are its."""

    times: int
    again_at: datetime
    events: int


class InboxTick:
    """Works off the inbox, a round at a time. `look_at` is the ledger's."""

    def __init__(
        self, source: Surroundings, store: Store, foreign: Foreign, look_at: LookAt, options: InboxOptions
    ) -> None:
        self._source = source
        self._store = store
        self._foreign = foreign
        self._look_at = look_at
        self._options = options
        self._waiting: dict[RecordRef, _Waiting] = {}

    def run(self, now: datetime) -> InboxReport:
        """One round. Raises PortalError where HubSpot itself is the trouble; what was done until then stands."""
        limit = self._options.limit + sum(each.events for each in self._waiting.values())
        round_ = _Round(now)
        with self._store.transaction() as tx:
            events = tx.events_to_handle(limit)
            found = sort_events(events, self._options)
            for why, numbers in found.settled:
                tx.mark_handled(numbers, now, why)
                round_.outcomes[why] = len(numbers)
            ours = disposed_of(tx, [matter.record for matter in found.matters])
        due = [matter for matter in found.matters if self._is_due(matter, now)]
        simple = [matter for matter in due if self._is_simple(matter, ours)]
        if simple:
            self._look(simple, round_)
        self._in_parts([matter for matter in due if not matter.done], round_)
        return InboxReport(
            outcomes=tuple(sorted(round_.outcomes.items())),
            waiting=len(self._waiting),
            more=len(events) >= limit and bool(round_.outcomes),
        )

    def _is_due(self, matter: Matter, now: datetime) -> bool:
        waiting = self._waiting.get(matter.record)
        if waiting is not None:
            waiting.events = len(matter.events)
        return waiting is None or waiting.again_at <= now

    def _is_simple(self, matter: Matter, ours: frozenset[RecordRef]) -> bool:
        """Whether a look by the ledger is all there is to do: nothing needs to be read for it."""
        quiet = matter.is_plain and not matter.touches(self._options.hold_properties)
        return quiet and is_person(matter.record) and matter.record not in ours

    def _look(self, matters: Sequence[Matter], round_: _Round) -> None:
        with self._store.transaction() as tx:
            self._look_at(tx, [matter.record for matter in matters], round_.now, WEBHOOK)
            for matter in matters:
                tx.mark_handled(matter.numbers, round_.now, _LOOKED)
        for matter in matters:
            self._done(matter, _LOOKED, round_)

    def _done(self, matter: Matter, outcome: str, round_: _Round) -> None:
        matter.done = True
        self._waiting.pop(matter.record, None)
        round_.outcomes[outcome] += len(matter.events)

    # What must be read first.

    def _in_parts(self, matters: Sequence[Matter], round_: _Round) -> None:
        """Deal with matters a hundred at a time; where that fails, one by one (L2)."""
        in_a_row = 0
        for some in _sliced(matters):
            try:
                self._deal_with(some, round_)
                in_a_row = 0
                continue
            except Exception as error:
                _raise_if_general(error)
            for matter in [each for each in some if not each.done and self._is_due(each, round_.now)]:
                try:
                    self._deal_with([matter], round_)
                    in_a_row = 0
                except Exception as error:
                    _raise_if_general(error)
                    self._source.identity()
                    self._failed(matter, error, round_)
                    in_a_row += 1
                if in_a_row >= _MOST_IN_A_ROW:
                    return

    def _deal_with(self, matters: Sequence[Matter], round_: _Round) -> None:
        where = whereabouts(self._source, (record for matter in matters for record in matter.records))
        quiet = [matter for matter in matters if matter.is_plain and where[matter.record] is True]
        if quiet:
            self._look_around(quiet, round_)
        for matter in matters:
            if not matter.done:
                self._settle(matter, where, round_)

    def _look_around(self, matters: Sequence[Matter], round_: _Round) -> None:
        """Records in view of which something has changed: they, and whoever under an obligation that reaches."""
        records = [matter.record for matter in matters]
        around = reached(self._source, records)
        with self._store.transaction() as tx:
            for record in records:
                self._foreign.back(tx, record, round_.now)
            self._look_at(tx, _in_ledger(records, under_obligation(tx, around)), round_.now, WEBHOOK)
            for matter in matters:
                tx.mark_handled(matter.numbers, round_.now, _LOOKED)
        for matter in matters:
            self._done(matter, _LOOKED, round_)

    def _settle(self, matter: Matter, where: Whereabouts, round_: _Round) -> None:
        """One matter whose records were read: merged, gone, or in view."""
        losers = {
            record: RecordRef(record.object_type, found.winner)
            for record in matter.records
            if isinstance(found := where[record], MergedInto)
        }
        if losers:
            self._merged(matter, losers, round_)
        elif isinstance(where[matter.record], Gone):
            self._gone(matter, where, round_)
        elif self._is_early(matter, where, round_.now):
            self._waiting[matter.record] = _Waiting(0, matter.received_at + _LATE, len(matter.events))
        else:
            self._in_view(matter, [record for record in matter.records if where[record] is True], round_)

    def _is_early(self, matter: Matter, where: Whereabouts, now: datetime) -> bool:
        """Whether HubSpot may not show yet what it has told: the record is there, and should not be."""
        told_gone = {matter.record} if matter.is_deletion else matter.merges
        return any(where[record] is True for record in told_gone) and now < matter.received_at + _LATE

    def _merged(self, matter: Matter, losers: dict[RecordRef, RecordRef], round_: _Round) -> None:
        winners = sorted(set(losers.values()))
        around = reached(self._source, winners)
        with self._store.transaction() as tx:
            for loser, winner in sorted(losers.items()):
                self._foreign.merged(tx, loser, winner, round_.now)
            self._look_at(tx, _in_ledger(winners, under_obligation(tx, around)), round_.now, WEBHOOK)
            tx.mark_handled(matter.numbers, round_.now, _MERGED)
        self._done(matter, _MERGED, round_)

    def _gone(self, matter: Matter, where: Whereabouts, round_: _Round) -> None:
        """What is told to have been merged before all of it was gone, nobody can read any more: that is believed."""
        merges = {each: heir for each, heir in matter.merges.items() if where[each] is where[heir] is Gone.ABSENT}
        last = sorted({matter.record, *merges.values()} - merges.keys()) or [matter.record]
        losses = []
        for record in last:
            is_erased = matter.is_privacy_deletion and record == matter.record
            merged = tuple(sorted(each for each, heir in merges.items() if heir == record))
            losses.append(replace(self._foreign.lost(record, matter.told_at, privacy=is_erased), merged=merged))
        with self._store.transaction() as tx:
            if matter.restored_at is not None:
                self._foreign.back(tx, matter.record, round_.now, told_at=matter.restored_at, is_seen=False)
            for loss in losses:
                outcome = self._foreign.gone(tx, loss, round_.now)
            if outcome != OURS and not is_person(matter.record):
                self._look_at_held(tx, matter, round_.now)
            tx.mark_handled(matter.numbers, round_.now, outcome)
        self._done(matter, outcome, round_)

    def _look_at_held(self, tx: Transaction, matter: Matter, now: datetime) -> None:
        """Whom a company or a deal that is gone reached, nobody can read any more: anybody held may be free now."""
        held = tx.obligations((ObligationState.HELD,))
        records = [found.record for found in held if found.heard_at < matter.received_at]
        if records:
            self._look_at(tx, records, now, WEBHOOK)

    def _in_view(self, matter: Matter, records: Sequence[RecordRef], round_: _Round) -> None:
        around = reached(self._source, records)
        with self._store.transaction() as tx:
            was_ours = self._foreign.back(tx, matter.record, round_.now, told_at=matter.restored_at)
            self._look_at(tx, _in_ledger(records, under_obligation(tx, around)), round_.now, WEBHOOK)
            outcome = "restored" if was_ours else _LOOKED
            tx.mark_handled(matter.numbers, round_.now, outcome)
        self._done(matter, outcome, round_)

    # What cannot be read.

    def _failed(self, matter: Matter, error: Exception, round_: _Round) -> None:
        before = self._waiting.get(matter.record)
        times = 1 if before is None else before.times + 1
        _log.warning("event.failed", record=str(matter.record), code=type(error).__name__, times=times)
        if times < self._options.attempts:
            again_at = round_.now + _FIRST_PAUSE * _SLOWER ** (times - 1)
            self._waiting[matter.record] = _Waiting(times, again_at, len(matter.events))
        else:
            self._give_up(matter, f"failed:{type(error).__name__}", round_)

    def _give_up(self, matter: Matter, outcome: str, round_: _Round) -> None:
        """The ledger looks at the record, with its own patience, and a person is told."""
        with self._store.transaction() as tx:
            if matter.is_deletion:
                loss = Loss(record=matter.record, deleted_at=matter.told_at, privacy=matter.is_privacy_deletion)
                self._foreign.suspected(tx, loss, round_.now)
            else:
                self._foreign.unreadable(tx, matter.record, outcome, round_.now)
            if matter.record.object_type in LEDGER_TYPES:
                self._look_at(tx, [matter.record], round_.now, WEBHOOK)
            else:
                self._look_at_held(tx, matter, round_.now)
            tx.mark_handled(matter.numbers, round_.now, outcome)
        self._done(matter, outcome, round_)


def _raise_if_general(error: Exception) -> None:
    """Raise again what no record is to blame for: the account pauses, our database fails, somebody stopped us."""
    is_of_record = isinstance(error, PortalError) and not isinstance(error, PortalPausedError)
    if isinstance(error, RetentionError) and not is_of_record:
        raise error


def _in_ledger(records: Iterable[RecordRef], others: Iterable[RecordRef]) -> list[RecordRef]:
    own = [record for record in records if record.object_type in LEDGER_TYPES]
    return list(dict.fromkeys((*own, *others)))


def _sliced(matters: Sequence[Matter]) -> Iterator[Sequence[Matter]]:
    for start in range(0, len(matters), _BATCH):
        yield matters[start : start + _BATCH]
