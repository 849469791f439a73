"""List what hangs on the records that are due, so that a plan says what goes, what stays, and what is blocked.

Nothing kept may hang on hope: until `portal probe` has seen this portal keep correspondence that also hangs on a
deal or another contact, a contact with such correspondence is blocked as unverified (semantics 7).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Final

from hubspot_retention.core.facts.company import closed_at
from hubspot_retention.core.facts.values import UNKNOWN, Unknown
from hubspot_retention.core.plan.bundle import (
    Fate,
    Settled,
    WonDeal,
    may_go,
    once_all_have_gone,
    settle_for_contact,
    settle_for_deal,
    summarise,
)
from hubspot_retention.core.plan.model import Action, Block, PlanItem
from hubspot_retention.core.plan.query import ItemFilter
from hubspot_retention.core.portal import Correspondence, Engagement
from hubspot_retention.core.probe import correspondence_is_verified
from hubspot_retention.core.record import ObjectType, PortalId, RecordId, RecordRef
from hubspot_retention.core.view import Judge
from hubspot_retention.workflow.docket_ports import DealWithContacts
from hubspot_retention.workflow.needed_in_bin import needs_known
from hubspot_retention.workflow.ports import RecordSource, Spool, Store

_BATCH = 1_000
"""How many records one batch of associations may ask for (HubSpot, since 2025-02-10)."""
_TAKEN_WITH: Final = {ObjectType.CONTACT: Action.ERASE, ObjectType.DEAL: Action.ARCHIVE}
"""What takes its correspondence with it."""


def _wanted(kind: ObjectType) -> ItemFilter:
    return ItemFilter(actions=(_TAKEN_WITH[kind],), object_types=(kind,))


@dataclass(frozen=True, slots=True)
class DealStamp:
    """The end of a won deal that is written to it before its contact goes: afterwards nobody can tell."""

    deal_id: RecordId
    end_on: date


@dataclass(frozen=True, slots=True)
class ContactBundle:
    """All that must be settled before a contact is erased; `UNKNOWN` if it could not be listed."""

    settled: tuple[Settled, ...] | Unknown
    stamps: tuple[DealStamp, ...]


def bundle_of_contact(
    contact_id: RecordId, letters: Sequence[Engagement] | Unknown, deals: Iterable[DealWithContacts], judge: Judge
) -> ContactBundle:
    """What must be settled before a contact is erased."""
    won, stamps = [], []
    for view, traces in deals:
        if view.seen.is_won is not True:
            continue
        closed = closed_at(view.seen)
        won.append(WonDeal(view.seen.record_id, closed if isinstance(closed, datetime) else None))
        end = judge.deal_facts(view, traces).customer_until
        if view.seen.customer_until is None and isinstance(end, date):
            stamps.append(DealStamp(view.seen.record_id, end))
    if isinstance(letters, Unknown):
        return ContactBundle(UNKNOWN, tuple(stamps))
    return ContactBundle(tuple(settle_for_contact(contact_id, letter, won) for letter in letters), tuple(stamps))


class BundleLister:
    """Lists the bundles of a plan's items, a thousand records at a time."""

    def __init__(self, source: RecordSource, store: Store, spool: Spool, judge: Judge) -> None:
        self._source = source
        self._store = store
        self._spool = spool
        self._judge = judge
        self._begun: dict[tuple[ObjectType, tuple[RecordId, ...]], Future[Correspondence]] = {}
        self._goes: dict[tuple[str, ObjectType], frozenset[RecordRef]] = {}

    def begin(self, kind: ObjectType, plan_ids: Iterable[str], pool: Executor) -> None:
        """Once all records of a class are decided: ask for the correspondence of the first of them in each plan, by
        threads of the pool, so that HubSpot does not wait for what comes next."""
        for plan_id in plan_ids:
            with self._store.transaction() as tx:
                ids = tuple(item.record.record_id for item in islice(tx.items(plan_id, _wanted(kind)), _BATCH))
            if ids:
                self._begun[kind, ids] = pool.submit(self._source.correspondence, kind, ids)

    def list_for(
        self,
        kind: ObjectType,
        plan_ids: Iterable[str],
        portal: PortalId,
        progress: Callable[[str, int, int | None], None] = lambda phase, done, total: None,
    ) -> Iterator[None]:
        """List the correspondence of every contact that is to be erased, or of every deal that is to be archived: at
        each step that of one batch."""
        with self._store.transaction() as tx:
            verified = correspondence_is_verified(tuple(tx.probe_results(portal)))
        for plan_id in plan_ids:
            for items in self._batches(plan_id, kind):
                found = (
                    self._contacts(plan_id, items, verified)
                    if kind is ObjectType.CONTACT
                    else self._deals(plan_id, items)
                )
                with self._store.transaction() as tx:
                    tx.replace_items(plan_id, found)
                progress("listing correspondence", len(items), None)
                yield

    def _batches(self, plan_id: str, kind: ObjectType) -> Iterator[list[PlanItem]]:
        with self._store.transaction() as tx:
            items = tx.items(plan_id, _wanted(kind))
        while batch := list(islice(items, _BATCH)):
            yield batch

    def _letters(self, kind: ObjectType, ids: Sequence[RecordId]) -> Correspondence:
        begun = self._begun.pop((kind, tuple(ids)), None)
        listed = self._source.correspondence(kind, ids) if begun is None else begun.result()
        return needs_known(self._store, listed)

    def _contacts(self, plan_id: str, items: Sequence[PlanItem], verified: bool) -> list[PlanItem]:
        ids = [item.record.record_id for item in items]
        letters = self._letters(ObjectType.CONTACT, ids)
        deals_of = self._spool.deals_of_contacts(ids)
        found = []
        for item in items:
            contact_id = item.record.record_id
            bundle = bundle_of_contact(
                contact_id, letters.get(contact_id, UNKNOWN), deals_of.get(contact_id, ()), self._judge
            )
            found.append(self._with_bundle(plan_id, item, bundle.settled, len(bundle.stamps), verified))
        return found

    def _with_bundle(
        self, plan_id: str, item: PlanItem, settled: tuple[Settled, ...] | Unknown, stamps: int, verified: bool
    ) -> PlanItem:
        if isinstance(settled, Unknown) or any(entry.fate is Fate.UNREADABLE for entry in settled):
            return item._replace(block=Block.CORRESPONDENCE_UNKNOWN)
        shares = verified and any(entry.fate is Fate.DETACH for entry in settled)
        going = self._going(plan_id, item.record.object_type) if shares else frozenset[RecordRef]()
        bundle = summarise(once_all_have_gone(item.record, settled, going), stamps)
        block = Block.UNVERIFIED if bundle.keeps_correspondence and not verified else None
        return item._replace(bundle=bundle, may_go=may_go(settled, going), block=block)

    def _going(self, plan_id: str, kind: ObjectType) -> frozenset[RecordRef]:
        """Which of a class go by a plan; asked for only where correspondence is shared."""
        if (plan_id, kind) not in self._goes:
            with self._store.transaction() as tx:
                items = tx.items(plan_id, _wanted(kind))
            self._goes[plan_id, kind] = frozenset(item.record for item in items)
        return self._goes[plan_id, kind]

    def _deals(self, plan_id: str, items: Sequence[PlanItem]) -> list[PlanItem]:
        letters = self._letters(ObjectType.DEAL, [item.record.record_id for item in items])
        found = []
        for item in items:
            deal_id = item.record.record_id
            listed = letters.get(deal_id, UNKNOWN)
            settled = (
                UNKNOWN if isinstance(listed, Unknown) else tuple(settle_for_deal(deal_id, letter) for letter in listed)
            )
            found.append(self._with_bundle(plan_id, item, settled, 0, verified=True))
        return found
