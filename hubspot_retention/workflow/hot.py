"""The hot sweep: what changed since the last one, found by search, so that no lost webhook costs more than minutes.

What can go wrong: a change falls between two sweeps, because the search index lags, our clock differs, or a search
shows a part as if it were the whole. So each sweep begins well before the last one did, and the mark moves on only when
the search was shown to be whole and everything it found is durable in the ledger. A search says only where to look: the
truth is read by id, later, by whoever decides (reliability S9).

A hold that is lifted, a subscription taken back, a record that is gone leave nothing to search for. So what is held or
under way is asked by id whether it changed since it was last heard of: the most pressing each time, and those behind
them in turn, so that nobody is passed over for ever because others always come first.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from hubspot_retention.core.alarm import AlarmKind
from hubspot_retention.core.deadline.obligation import Obligation, ObligationState
from hubspot_retention.core.facts.values import Unknown
from hubspot_retention.core.portal import Gone, MergedInto
from hubspot_retention.core.record import ObjectType, PortalId, RecordRef
from hubspot_retention.errors import PortalError, PortalPausedError
from hubspot_retention.workflow.foreign import Foreign
from hubspot_retention.workflow.inbox import LookAt
from hubspot_retention.workflow.ports import Store, Transaction
from hubspot_retention.workflow.reach import (
    LEDGER_TYPES,
    OUR_TYPES,
    ReachUnknownError,
    Surroundings,
    by_type,
    disposed_of,
    reached,
    under_obligation,
    whereabouts,
)

HOT_SWEEP: Final = "hot-sweep"
LEAST_OVERLAP: Final = timedelta(minutes=10)
"""How far HubSpot's search index may lag, with the difference of two clocks; how far it does is documented nowhere."""

_UNDER_WAY: Final = (ObligationState.OPEN, ObligationState.REVIEW, ObligationState.RAISED)
_FIRST_ASKED: Final = 4_000
"""Of what is held, and of what is under way, the earliest deadlines: so many each time; and so many of each kind of
alarm about a record."""
_ASKED_IN_TURN: Final = 1_000
"""Of those behind them: so many each time, where the last sweep left off. That is fifty requests with the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HotOptions:
    """`overlap`: how far before the last sweep the next one begins. `first`: how far back the very first one goes; the
    full sweep covers what is older."""

    portal_id: PortalId
    overlap: timedelta = timedelta(minutes=15)
    first: timedelta = timedelta(days=1)

    def __post_init__(self) -> None:
        if self.overlap < LEAST_OVERLAP:
            raise ValueError(f"overlap: expected at least {LEAST_OVERLAP // timedelta(minutes=1)} minutes")


@dataclass(frozen=True, slots=True, kw_only=True)
class HotReport:
    """One sweep: how many records of each class the search found, how many the ledger was told to look at, and the
    classes whose search was not whole: their mark has not moved."""

    found: tuple[tuple[ObjectType, int], ...]
    looked: int
    short: tuple[ObjectType, ...]


@dataclass(slots=True)
class _Sweep:
    """One sweep, as far as it has come."""

    now: datetime
    found: dict[ObjectType, int] = field(default_factory=dict)
    looked: set[RecordRef] = field(default_factory=set)
    short: list[ObjectType] = field(default_factory=list)
    trouble: PortalError | None = None

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """What fails here keeps nothing else from being swept, unless the whole account pauses."""
        try:
            yield
        except PortalPausedError:
            raise
        except PortalError as error:
            self.trouble = self.trouble or error


class _Turn:
    """Whose turn it is among the obligations in some states. Begins anew with the process, and after a full sweep: that
    has read everybody."""

    def __init__(self, *states: ObligationState) -> None:
        self._states = states
        self._next = 0

    def next(self, tx: Transaction) -> list[Obligation]:
        """The most pressing, and of the others those whose turn it is."""
        first = tx.obligations(self._states, limit=_FIRST_ASKED)
        behind = tx.obligations(self._states, limit=_ASKED_IN_TURN, skip=_FIRST_ASKED + self._next)
        self._next = self._next + len(behind) if len(behind) == _ASKED_IN_TURN else 0
        return [*first, *behind]


class HotSweep:
    """Sweeps. `look_at` is the ledger's; `foreign` judges what is gone."""

    def __init__(
        self, source: Surroundings, store: Store, foreign: Foreign, look_at: LookAt, options: HotOptions
    ) -> None:
        self._source = source
        self._store = store
        self._foreign = foreign
        self._look_at = look_at
        self._options = options
        self._held, self._others = _Turn(ObligationState.HELD), _Turn(*_UNDER_WAY)

    def run(self, now: datetime) -> HotReport:
        """One sweep. One class that cannot be searched does not keep the others from being swept; its error is raised
        at the end."""
        sweep = _Sweep(now)
        for kind in OUR_TYPES:
            with sweep.going_on():
                self._class(kind, sweep)
        with sweep.going_on():
            self._live(sweep)
        with sweep.going_on():
            self._told_of(sweep)
        if sweep.trouble is not None:
            raise sweep.trouble
        return HotReport(found=tuple(sweep.found.items()), looked=len(sweep.looked), short=tuple(sweep.short))

    def _class(self, kind: ObjectType, sweep: _Sweep) -> None:
        name = f"hot-{kind.value}"
        with self._store.transaction() as tx:
            mark = tx.watermark(self._options.portal_id, name) or sweep.now - self._options.first
        whole, seen = True, set[int]()
        for page in self._source.changed(kind, min(mark, sweep.now) - self._options.overlap):
            if isinstance(page, Unknown):
                whole = False
                continue
            new = [record_id for record_id in page if record_id not in seen]
            seen.update(new)
            whole = self._page([RecordRef(kind, record_id) for record_id in new], sweep) and whole
        sweep.found[kind] = len(seen)
        if not whole:
            sweep.short.append(kind)
            return
        with self._store.transaction() as tx:
            tx.save_watermark(self._options.portal_id, name, sweep.now)

    def _page(self, records: Sequence[RecordRef], sweep: _Sweep) -> bool:
        """Have the ledger look at whom a page leads to; answers whether that is known."""
        if records and records[0].object_type is ObjectType.CONTACT:
            self._look(self._still_there(records, sweep.now), sweep)
        try:
            around = reached(self._source, records)
        except ReachUnknownError:
            return False
        with self._store.transaction() as tx:
            wanted = under_obligation(tx, around)
        self._look(wanted, sweep)
        return True

    def _still_there(self, records: Sequence[RecordRef], now: datetime) -> list[RecordRef]:
        """What this service disposed of may stand in the index for a while; what a person restored is there again. What
        has only just gone is left to the next sweep, which finds it as well."""
        with self._store.transaction() as tx:
            ours = disposed_of(tx, records)
        where = whereabouts(self._source, ours)
        with self._store.transaction() as tx:
            back = {record for record in ours if where[record] is True and self._foreign.back(tx, record, now)}
        return [record for record in records if record not in ours or record in back]

    def _look(self, records: Sequence[RecordRef], sweep: _Sweep) -> None:
        if records:
            with self._store.transaction() as tx:
                self._look_at(tx, records, sweep.now, HOT_SWEEP)
            sweep.looked.update(records)

    def _live(self, sweep: _Sweep) -> None:
        """Look again at what is under an obligation and has changed since it was last heard of. What is merged or gone
        needs no look: that is known now."""
        with self._store.transaction() as tx:
            held, others = self._held.next(tx), self._others.next(tx)
        live = {each.record: each for each in (*held, *others)}
        for kind, ids in by_type(live):
            touched = {RecordRef(kind, each): at for each, at in self._source.touched(kind, ids).items()}
            self._look([record for record, at in touched.items() if self._is_newer(at, live[record])], sweep)
            for record, at in touched.items():
                if isinstance(at, Gone):
                    with sweep.going_on():
                        self._gone(record, sweep)
                elif isinstance(at, MergedInto):
                    self._merged(record, RecordRef(kind, at.winner), sweep)

    def _is_newer(self, at: datetime | Unknown | Gone | MergedInto, known: Obligation) -> bool:
        """Whether a record has changed since it was last heard of, or may have."""
        if isinstance(at, datetime):
            return at >= known.heard_at - self._options.overlap
        return isinstance(at, Unknown)

    def _told_of(self, sweep: _Sweep) -> None:
        """Ask by id where the records are of which an alarm tells: one that somebody deleted may be back, and an erased
        person who was back be gone again, without a word."""
        with self._store.transaction() as tx:
            alarms = tx.alarms(open_only=True)
        lost, people = (
            [RecordRef.parse(each.about) for each in alarms if each.kind is kind][:_FIRST_ASKED]
            for kind in (AlarmKind.FOREIGN_DELETION, AlarmKind.ERASED_PERSON_BACK)
        )
        where = whereabouts(self._source, (*lost, *people))
        back = [record for record in lost if where[record] is True]
        with self._store.transaction() as tx:
            for record in back:
                self._foreign.back(tx, record, sweep.now)
        self._look([record for record in back if record.object_type in LEDGER_TYPES], sweep)
        for record in people:
            if isinstance(where[record], Gone):
                with sweep.going_on():
                    self._gone(record, sweep)

    def _gone(self, record: RecordRef, sweep: _Sweep) -> None:
        loss = self._foreign.lost(record, sweep.now)
        with self._store.transaction() as tx:
            self._foreign.gone(tx, loss, sweep.now)

    def _merged(self, loser: RecordRef, winner: RecordRef, sweep: _Sweep) -> None:
        with self._store.transaction() as tx:
            self._foreign.merged(tx, loser, winner, sweep.now)
            self._look_at(tx, [winner], sweep.now, HOT_SWEEP)
        sweep.looked.add(winner)
