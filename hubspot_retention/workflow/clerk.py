"""Before a chunk of records is decided: fetch what its decisions need, from the store, the spool and the portal; and
once all are, note what later runs shall know.

Of subscription statuses each is a request where HubSpot has no batches of them. So while those of one chunk are under
way the next chunk is read: to wait for the last of each chunk by itself leaves a tenth of the allowed rate unused.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice
from typing import Final, TypeVar

from hubspot_retention.core.decision.history import NOTHING_REMEMBERED
from hubspot_retention.core.facts.observation import DealObservation, OptOut
from hubspot_retention.core.facts.values import Unknown
from hubspot_retention.core.plan.build import after_run
from hubspot_retention.core.portal import SeenContact, UnreadContact
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.workflow.deciding import ContactDocket, DealDocket, Findings, Known, UnreadDocket
from hubspot_retention.workflow.docket_ports import ContactReader, DealNeighbours
from hubspot_retention.workflow.moves import Merged, Moves
from hubspot_retention.workflow.opting_out import must_ask
from hubspot_retention.workflow.ports import RecordSource, Spool, Store
from hubspot_retention.workflow.returned import Lookout

_CHUNK: Final = 1_000
"""Records decided and stored in one transaction: few enough to keep memory flat, enough to spare syncs."""

_AHEAD: Final = 2
"""Chunks whose subscription statuses are asked for at once."""

_NOBODY: Final[Merged] = {}

T = TypeVar("T")
_Asked = tuple[Sequence[SeenContact], Known, Sequence[RecordId], "Future[Sequence[OptOut | Unknown | None]]"]


def _chunks(pages: Iterable[Sequence[T]], size: int) -> Iterator[list[T]]:
    records = chain.from_iterable(pages)
    while part := list(islice(records, size)):
        yield part


@dataclass(frozen=True, slots=True)
class Clerk:
    """Prepares the dockets of one run, which is of `as_of`, and keeps its notes. `moves` follows merges; a what-if,
    which has none, goes by what would be remembered if they were followed."""

    source: RecordSource
    store: Store
    spool: Spool
    as_of: datetime
    moves: Moves | None = None
    merged_deals: dict[RecordId, Sequence[RecordId]] = field(default_factory=dict)

    def spool_deals(self, page: Sequence[DealObservation]) -> None:
        """Deals as they are read."""
        self.spool.add_deals(page)
        self.merged_deals.update((deal.record_id, deal.merged_ids) for deal in page if deal.merged_ids)

    def all_contacts(self, pages: Iterable[Sequence[SeenContact]], lookout: Lookout) -> Iterator[ContactDocket]:
        """Every contact; those who were erased and are back are told of."""

        def looked_at() -> Iterator[list[SeenContact]]:
            for chunk in _chunks(pages, _CHUNK):
                lookout.look(chunk, self.as_of)
                yield chunk

        return self.contacts(looked_at())

    def all_unread(self, pages: Iterable[Sequence[UnreadContact]]) -> Iterator[UnreadDocket]:
        """Every contact, to be read where it is decided."""
        reader = self.source.contact_reader()
        for chunk in _chunks(pages, _CHUNK):
            yield self._unread(chunk, reader)

    def all_deals(self) -> Iterator[DealDocket]:
        """Every deal, after all contacts."""
        return map(self._deals, self.spool.deal_neighbours())

    def left(self, found: Iterable[Findings]) -> Iterator[ContactDocket]:
        """The dockets of those whom findings leave to be decided here. Those who wait for no request are put together:
        each docket is a transaction."""

        def chunks() -> Iterator[list[SeenContact]]:
            merged: list[SeenContact] = []
            for findings in found:
                merged.extend(findings.merged)
                if findings.pending or len(merged) >= _CHUNK:
                    yield [*findings.pending, *merged]
                    merged.clear()
            if merged:
                yield merged

        return self.contacts(chunks())

    def contacts(self, chunks: Iterable[Sequence[SeenContact]]) -> Iterator[ContactDocket]:
        """The dockets of chunks of contacts, in their order, with a subscription status for each that is newly opted
        out. A chunk is taken before the docket of the one before is given out."""
        asked: deque[_Asked] = deque()
        with ThreadPoolExecutor(_AHEAD, thread_name_prefix="statuses") as pool:
            for chunk in chunks:
                asked.append(self._ask(chunk, pool))
                if len(asked) >= _AHEAD:
                    yield self._docket(*asked.popleft())
            while asked:
                yield self._docket(*asked.popleft())

    def note(self) -> None:
        """The memory for later runs, once the plans are sealed: a start counts as seen only when the run that saw it
        made plans that a person can read. What was carried out or confirmed meanwhile stands. A page at a time, so
        that nobody's hold waits for it."""
        for kind in (ObjectType.CONTACT, ObjectType.DEAL):
            for page in self.spool.notes(kind):
                with self.store.transaction() as tx:
                    known = tx.recall(kind, [record_id for record_id, _, _ in page])
                    tx.note(
                        kind,
                        [(key, after_run(old, new, known.get(key, NOTHING_REMEMBERED))) for key, old, new in page],
                    )

    def _ask(self, chunk: Sequence[SeenContact], pool: ThreadPoolExecutor) -> _Asked:
        seen = [contact.observation for contact in chunk]
        merged = {contact.record_id: contact.merged_ids for contact in seen if contact.merged_ids}
        known = self._known(ObjectType.CONTACT, [contact.record_id for contact in seen], merged)
        wanted = {
            contact.observation.record_id: contact.address
            for contact in chunk
            if contact.address is not None
            and must_ask(contact, known.before.get(contact.observation.record_id, NOTHING_REMEMBERED))
        }
        return chunk, known, list(wanted), pool.submit(self.source.opt_outs, list(wanted.values()))

    def _docket(
        self,
        chunk: Sequence[SeenContact],
        known: Known,
        asked: Sequence[RecordId],
        answers: "Future[Sequence[OptOut | Unknown | None]]",
    ) -> ContactDocket:
        seen = [contact.observation for contact in chunk]
        return ContactDocket(
            seen=seen,
            statuses=dict(zip(asked, answers.result(), strict=True)),
            neighbours=self.spool.neighbours(seen),
            known=known,
        )

    def _unread(self, chunk: list[UnreadContact], reader: ContactReader) -> UnreadDocket:
        known = self._known(ObjectType.CONTACT, [contact.record_id for contact in chunk])
        return UnreadDocket(unread=chunk, reader=reader, neighbours=self.spool.neighbours(chunk), known=known)

    def _deals(self, neighbours: DealNeighbours) -> DealDocket:
        ids = neighbours.deal_ids
        merged = {each: self.merged_deals[each] for each in self.merged_deals.keys() & ids}
        return DealDocket(neighbours=neighbours, known=self._known(ObjectType.DEAL, ids, merged))

    def _known(self, kind: ObjectType, ids: Sequence[RecordId], merged: Merged = _NOBODY) -> Known:
        """What is known of records, once what is remembered of those that were `merged` into them has followed."""
        with self.store.transaction() as tx:
            if merged and self.moves is not None:
                self.moves.follow(tx, kind, merged, self.as_of)
            before = tx.recall(kind, ids)
            if merged and self.moves is None:
                before = {**before, **tx.recall_as_merged(kind, merged)}
            return Known(before=before, obliged=tx.obliged(kind, ids))
