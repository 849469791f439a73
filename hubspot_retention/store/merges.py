"""Which records became others: merged away, or given a new id.

What can go wrong: a merge is heard of late, twice or out of order, and a hold stays behind on an id that no longer
exists. So a hold or a request is never moved or copied: its row stays as the person wrote it, and the registers are
read through this table, over as many merges as there are, in whatever order they were heard of. What is merely noted
(memory, the ledger, tombstones, receipts) moves once, to where the record lives now.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import reduce
from itertools import chain
from typing import Final

from sqlalchemy import delete, insert, select

from hubspot_retention.core.deadline.obligation import Obligation, ObligationState
from hubspot_retention.core.decision.history import NOTHING_REMEMBERED, Remembered, read_starts, write_starts
from hubspot_retention.core.decision.model import StartValue
from hubspot_retention.core.facts.observation import OptOutSource
from hubspot_retention.core.facts.values import Ongoing
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.store.encoding import TYPE_NUMBERS, to_micros
from hubspot_retention.store.ledger import LedgerRows
from hubspot_retention.store.memory import MemoryRows
from hubspot_retention.store.receipts import ReceiptRows
from hubspot_retention.store.schema import memory
from hubspot_retention.store.service_schema import merged
from hubspot_retention.store.tombstones import TombstoneRows

MERGED: Final = "merged"
"""The reason of an obligation that ended because its record became another, and of the one it goes on as."""


class MergeRows(LedgerRows, MemoryRows, TombstoneRows, ReceiptRows):
    """Merges."""

    def rename_record(self, object_type: ObjectType, loser: RecordId, winner: RecordId, at: datetime) -> bool:
        """A record was merged into another, or got a new id: holds and requests bind the winner too; memory,
        tombstones and a live obligation move to it (state `look`, reason `merged`; the loser's ends). Answers whether
        that was new."""
        if loser == winner:
            return False
        is_new = self.note_merge(object_type, loser, winner, at)
        heir = self.heir_of(object_type, winner)
        if heir != loser:
            self._move_memory(object_type, loser, heir)
            if object_type is ObjectType.CONTACT:
                self.move_tombstones(loser, heir)
                self.move_receipts(loser, heir)
            self._move_obligation(RecordRef(object_type, loser), RecordRef(object_type, heir), at)
        return is_new

    def note_merge(self, object_type: ObjectType, loser: RecordId, winner: RecordId, at: datetime) -> bool:
        """A record became another: holds and requests bind the winner too, and nothing else moves yet. Answers whether
        that was new."""
        if winner in self._became(object_type, loser):
            return False
        row = {"object_type": TYPE_NUMBERS[object_type], "loser": loser, "winner": winner}
        self._connection.execute(insert(merged).values(row | {"heard_at": to_micros(at)}))
        return True

    def _became(self, object_type: ObjectType, record_id: RecordId) -> list[RecordId]:
        here = (merged.c.object_type == TYPE_NUMBERS[object_type], merged.c.loser == record_id)
        found = select(merged.c.winner).where(*here).order_by(merged.c.heard_at.desc(), merged.c.winner.desc())
        return [RecordId(winner) for winner in self._connection.scalars(found)]

    def heir_of(self, object_type: ObjectType, record_id: RecordId) -> RecordId:
        """Where a record lives now: the merges heard of last, followed to their end (or once around)."""
        seen = {record_id}
        while following := [each for each in self._became(object_type, record_id) if each not in seen]:
            record_id = following[0]
            seen.add(record_id)
        return record_id

    def became(self, record: RecordRef) -> frozenset[RecordRef]:
        """Every record that this one has become, over as many merges as there are."""
        found: set[RecordId] = set()
        left = [record.record_id]
        while left:
            new = set(self._became(record.object_type, left.pop())) - found
            found |= new
            left.extend(new)
        return frozenset(RecordRef(record.object_type, each) for each in found)

    def _move_memory(self, object_type: ObjectType, loser: RecordId, heir: RecordId) -> None:
        known = self.recall(object_type, [loser, heir])
        if loser in known:
            self.note(object_type, [(heir, together(known[loser], known.get(heir, NOTHING_REMEMBERED)))])
            here = (memory.c.object_type == TYPE_NUMBERS[object_type], memory.c.record_id == loser)
            self._connection.execute(delete(memory).where(*here))

    def recall_as_merged(
        self, object_type: ObjectType, merged: Mapping[RecordId, Sequence[RecordId]]
    ) -> Mapping[RecordId, Remembered]:
        """What would be remembered of records once these merges into them were followed; one of which that is nothing
        is not in the answer."""
        known = self.recall(object_type, [*merged, *chain.from_iterable(merged.values())])
        found: dict[RecordId, Remembered] = {}
        for winner, losers in merged.items():
            memories = [known[each] for each in (winner, *losers) if each in known]
            if memories:
                found[winner] = reduce(together, memories)
        return found

    def _move_obligation(self, loser: RecordRef, heir: RecordRef, at: datetime) -> None:
        before = self.obligation(loser)
        if before is not None and before.is_live:
            ended = before._replace(state=ObligationState.ENDED, reason=MERGED, settled_at=at)
            self.save_obligations([ended, inherited(before, self.obligation(heir), heir, at)])


def together(loser: Remembered, winner: Remembered) -> Remembered:
    """What is remembered of two records that became one. In doubt what makes a person look.

    Of a start the later one: an earlier one seen now has then moved back. Of an opt-out the earliest instant, whose
    time runs; if they came from different hands, nobody can say whose it is. Marketing has been ended if for both.
    """
    starts = read_starts(winner.starts)
    for name, start in read_starts(loser.starts).items():
        starts[name] = max(starts.get(name, start), start, key=_lateness)
    opt_outs = [each for each in (loser, winner) if each.opted_out_at is not None]
    sources = {each.opt_out_source for each in opt_outs}
    return Remembered(
        starts=write_starts(starts.items()),
        opted_out_at=min((each.opted_out_at for each in opt_outs if each.opted_out_at is not None), default=None),
        opt_out_source=sources.pop() if len(sources) == 1 else (OptOutSource.UNKNOWN if sources else None),
        marketing_ended=loser.marketing_ended and winner.marketing_ended,
        archived_by_us=loser.archived_by_us or winner.archived_by_us,
    )


def _lateness(start: StartValue) -> str:
    """Days and instants as ISO writes them; what is going on sorts after every year."""
    return "ongoing" if isinstance(start, Ongoing) else start.isoformat()


def inherited(before: Obligation, known: Obligation | None, heir: RecordRef, at: datetime) -> Obligation:
    """What the ledger says of the record that another one became: look at once, and until then the earlier dates.

    A standing approval never covers it by inheritance (`by_person`): that is for the look to say.
    """
    if known is None or not known.is_live:
        return before._replace(
            record=heir,
            state=ObligationState.LOOK,
            reason=MERGED,
            heard_at=at,
            next_look_at=at,
            by_person=False,
            attempts=0,
            plan_id="",
        )
    return known._replace(
        due_at=_earlier(before.due_at, known.due_at),
        erase_by=_earlier(before.erase_by, known.erase_by),
        call_by=_earlier(before.call_by, known.call_by),
        first_seen_at=min(before.first_seen_at, known.first_seen_at),
        next_look_at=at,
        right=before.right or known.right,
    )


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((each for each in (one, other) if each is not None), default=None)
