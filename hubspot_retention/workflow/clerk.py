"""Before a chunk of records is decided: fetch what its decisions need, from the store, the spool and the portal.

Of subscription statuses each is a request where HubSpot has no batches of them. So while those of one chunk are under
way the next chunk is read: to wait for the last of each chunk by itself leaves a tenth of the allowed rate unused.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import Final, TypeVar

from hubspot_retention.core.decision.history import NOTHING_REMEMBERED
from hubspot_retention.core.facts.observation import OptOut
from hubspot_retention.core.facts.values import Unknown
from hubspot_retention.core.portal import SeenContact, UnreadContact
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.workflow.deciding import ContactDocket, DealDocket, Known, UnreadDocket
from hubspot_retention.workflow.docket_ports import ContactReader, DealNeighbours
from hubspot_retention.workflow.opting_out import must_ask
from hubspot_retention.workflow.ports import RecordSource, Spool, Store
from hubspot_retention.workflow.returned import Lookout

_CHUNK: Final = 1_000
"""Records decided and stored in one transaction: few enough to keep memory flat, enough to spare syncs."""

_AHEAD: Final = 2
"""Chunks whose subscription statuses are asked for at once."""

T = TypeVar("T")
_Asked = tuple[Sequence[SeenContact], Known, Sequence[RecordId], "Future[Sequence[OptOut | Unknown | None]]"]


def _chunks(pages: Iterable[Sequence[T]], size: int) -> Iterator[list[T]]:
    records = chain.from_iterable(pages)
    while part := list(islice(records, size)):
        yield part


@dataclass(frozen=True, slots=True)
class Clerk:
    """Prepares the dockets of one run."""

    source: RecordSource
    store: Store
    spool: Spool

    def all_contacts(
        self, pages: Iterable[Sequence[SeenContact]], lookout: Lookout, as_of: datetime
    ) -> Iterator[ContactDocket]:
        """Every contact; those who were erased and are back are told of."""

        def looked_at() -> Iterator[list[SeenContact]]:
            for chunk in _chunks(pages, _CHUNK):
                lookout.look(chunk, as_of)
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

    def _ask(self, chunk: Sequence[SeenContact], pool: ThreadPoolExecutor) -> _Asked:
        known = self._known(ObjectType.CONTACT, [contact.observation.record_id for contact in chunk])
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
        return DealDocket(neighbours=neighbours, known=self._known(ObjectType.DEAL, neighbours.deal_ids))

    def _known(self, kind: ObjectType, ids: Sequence[RecordId]) -> Known:
        with self.store.transaction() as tx:
            return Known(before=tx.recall(kind, ids), obliged=tx.obliged(kind, ids))
