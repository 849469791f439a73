"""Carry out one batch of a plan under the disposal protocol (`dispose.py` tells why it is safe)."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.facts.values import UNKNOWN, Unknown
from hubspot_retention.core.plan.bundle import Fate as Engaged
from hubspot_retention.core.plan.bundle import Settled, settle_for_deal
from hubspot_retention.core.plan.model import Action, ItemState, PlanItem
from hubspot_retention.core.plan.recheck import Skip, recheck
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.portal import CallResult, Correspondence, Fate, MergedInto
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.core.view import Judge
from hubspot_retention.errors import PortalDeniedError, PortalError, PortalPausedError
from hubspot_retention.workflow.bundles import bundle_of_contact
from hubspot_retention.workflow.fresh import FreshContact, FreshDeal, FreshReader, Missing
from hubspot_retention.workflow.ports import Disposer, RecordSource, Store
from hubspot_retention.workflow.protocol import Ledger, Prepared
from hubspot_retention.workflow.steps import BundleSteps
from hubspot_retention.workflow.times import Times


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What carrying out needs of the outside world. `workers`: how many erases run side by side."""

    source: RecordSource
    disposer: Disposer
    store: Store
    fresh: FreshReader
    policy: RetentionPolicy
    times: Times
    workers: int = 8


class Carrier:
    """Does the work of one batch of one plan: items of one action and class, up to a hundred."""

    def __init__(self, tools: Tools, ledger: Ledger) -> None:
        self._tools = tools
        self._ledger = ledger
        self._steps = BundleSteps(tools.disposer, tools.source, ledger, tools.policy.attachments)

    def carry_out(self, batch: Sequence[PlanItem]) -> None:
        """Intent, fresh read, last check and `sent`, the call within seconds, settled by reading."""
        prepared = self._ledger.prepare(batch)
        if batch[0].record.object_type is ObjectType.DEAL:
            self._archive_deals(batch, prepared)
            return
        ids = [item.record.record_id for item in batch]
        fresh = self._tools.fresh.contacts(ids, prepared.memory, self._tools.times.now())
        due = self._still_due(batch, fresh)
        match batch[0].action:
            case Action.ERASE:
                self._erase(due, fresh, prepared)
            case Action.ARCHIVE:
                self._archive(due, prepared)
            case _:
                self._end_marketing(due, fresh, prepared)

    def _still_due(
        self,
        batch: Sequence[PlanItem],
        fresh: dict[RecordId, FreshContact | Missing] | dict[RecordId, FreshDeal | Missing],
    ) -> list[PlanItem]:
        """The items that still stand after the fresh read; the others are skipped with their reason."""
        due = []
        for item in batch:
            found = fresh[item.record.record_id]
            if isinstance(found, FreshContact | FreshDeal):
                why = recheck(item, found.decision)
            else:
                why = Skip.MERGED if isinstance(found, MergedInto) else Skip.GONE
            if why is None:
                due.append(item)
            else:
                self._ledger.skip(item, why)
        return due

    # Archive: together, one call, each settled by itself.

    def _archive(self, due: Sequence[PlanItem], prepared: Prepared) -> None:
        if not due:
            return
        sending = self._ledger.send(due, prepared)
        if sending is None:
            return
        if not self._ledger.in_time(sending):
            self._ledger.settle(due, ItemState.PENDING, Verb.ABANDONED, "too-late-to-call")
            return
        kind = due[0].record.object_type
        result = self._tools.disposer.archive(kind, [item.record.record_id for item in due])
        self._after_call(due, result)

    def _archive_deals(self, batch: Sequence[PlanItem], prepared: Prepared) -> None:
        """A deal that goes takes the correspondence that only it still holds, first."""
        ids = [item.record.record_id for item in batch]
        fresh = self._tools.fresh.deals(ids, prepared.memory, self._tools.times.now())
        due = self._still_due(batch, fresh)
        letters = self._tools.source.correspondence(ObjectType.DEAL, [item.record.record_id for item in due])
        bare, laden = [], []
        first, later = _apart(due, letters)
        for item in first:
            settled = _settle_deal(item.record.record_id, letters)
            if isinstance(settled, Unknown):
                self._ledger.skip(item, Skip.CORRESPONDENCE_UNKNOWN)
            elif settled:
                laden.append((item, settled))
            else:
                bare.append(item)
        for item, settled in laden:
            parts = self._steps.parts(settled)
            if self._ledger.send([item], prepared, parts) and self._steps.archive_letters(item, settled):
                self._ledger.settle([item], ItemState.PREPARED, Verb.INTENDED, "letters-archived")
                bare.append(item)
        self._archive(bare, prepared)
        self._one_by_one(later)

    def _one_by_one(self, later: Sequence[PlanItem]) -> None:
        """Records that share correspondence: what one of them leaves behind is read only after it has gone."""
        for item in later:
            self._ledger.give_back([item], "shares-correspondence")
            self.carry_out([item])

    # Erase: one by one, children first.

    def _erase(
        self, due: Sequence[PlanItem], fresh: dict[RecordId, FreshContact | Missing], prepared: Prepared
    ) -> None:
        ids = [item.record.record_id for item in due]
        letters = self._tools.source.correspondence(ObjectType.CONTACT, ids) if ids else {}
        judge = Judge.of(self._tools.policy, prepared.memory.register, self._tools.times.now())

        first, later = _apart(due, letters)

        def erase(item: PlanItem) -> PlanItem | None:
            found = fresh[item.record.record_id]
            assert isinstance(found, FreshContact)
            with self._poison_apart(item):
                return item if self._erase_one(item, found, letters, judge, prepared) else None
            return None

        with ThreadPoolExecutor(max_workers=self._tools.workers) as pool:
            called = [item for item in pool.map(erase, first) if item is not None]
        if called:
            self.settle(called)
        self._one_by_one(later)

    @contextmanager
    def _poison_apart(self, item: PlanItem) -> Iterator[None]:
        """One record that cannot be read or answered for delays no other (L2): it is unknown until it is read."""
        try:
            yield
        except (PortalPausedError, PortalDeniedError):
            raise
        except PortalError:
            self._ledger.settle([item], ItemState.UNKNOWN, Verb.UNKNOWN, "portal-error")

    def _erase_one(
        self,
        item: PlanItem,
        found: FreshContact,
        letters: Correspondence,
        judge: Judge,
        prepared: Prepared,
    ) -> bool:
        """Erase one contact with its bundle; answers whether the call was made and must be read back."""
        contact_id = item.record.record_id
        bundle = bundle_of_contact(contact_id, letters.get(contact_id, UNKNOWN), found.deals, judge)
        settled = bundle.settled
        if isinstance(settled, Unknown) or any(entry.fate is Engaged.UNREADABLE for entry in settled):
            self._ledger.skip(item, Skip.CORRESPONDENCE_UNKNOWN)
            return False
        if not prepared.verified and any(entry.fate is not Engaged.ARCHIVE for entry in settled):
            self._ledger.skip(item, Skip.UNVERIFIED)
            return False
        sending = self._ledger.send([item], prepared, self._steps.parts(settled, bundle.stamps))
        if sending is None:
            return False
        if settled or bundle.stamps:
            if not self._steps.settle_bundle(item, settled, bundle.stamps):
                return False
            sending = self._ledger.still_stands(item, prepared)
            if sending is None:
                return False
        if not self._ledger.in_time(sending):
            self._ledger.settle([item], ItemState.PENDING, Verb.ABANDONED, "too-late-to-call")
            return False
        return self._after_erase(item, self._tools.disposer.erase_contact(contact_id))

    def _after_erase(self, item: PlanItem, result: CallResult) -> bool:
        if result.fate is Fate.DONE:
            return True
        self._ledger.settle_refusal([item], result)
        return result.fate is Fate.UNKNOWN or result.status == 404

    def _after_call(self, due: Sequence[PlanItem], result: CallResult) -> None:
        if result.fate is not Fate.DONE:
            self._ledger.settle_refusal(due, result)
        if result.fate is not Fate.REFUSED or result.status == 404:
            self.settle(due)

    def settle(self, batch: Sequence[PlanItem]) -> None:
        """Settle calls by reading each record by its id: gone is done; still there waits for fresh checks."""
        if batch[0].action is Action.END_MARKETING:
            self._ledger.settle(batch, ItemState.PENDING, Verb.ABANDONED, "answer-lost")
            return
        kind = batch[0].record.object_type
        present = self._tools.source.presence(kind, [item.record.record_id for item in batch])
        gone: list[PlanItem] = []
        there: list[PlanItem] = []
        merged: list[PlanItem] = []
        for item in batch:
            answer = present[item.record.record_id]
            (there if answer is True else merged if isinstance(answer, MergedInto) else gone).append(item)
        self._ledger.settle(gone, ItemState.DONE, Verb.DONE, "read-back-absent")
        self._ledger.settle(there, ItemState.PENDING, Verb.ABANDONED, "read-back-still-there")
        self._ledger.settle(merged, ItemState.SKIPPED, Verb.SKIPPED, Skip.MERGED.value)

    # Marketing ends for those who stay.

    def _end_marketing(
        self, due: Sequence[PlanItem], fresh: dict[RecordId, FreshContact | Missing], prepared: Prepared
    ) -> None:
        for item in due:
            found = fresh[item.record.record_id]
            assert isinstance(found, FreshContact)
            if self._ledger.send([item], prepared) is not None:
                with self._poison_apart(item):
                    self._end_marketing_of(item, found)

    def _end_marketing_of(self, item: PlanItem, found: FreshContact) -> None:
        results = []
        if found.address is not None:
            results.append(self._tools.disposer.opt_out(found.address))
            self._ledger.step(item, Subject.MARKETING, Verb.VERIFIED, results[-1], "opt-out")
        if self._tools.policy.marketing_lists:
            results.append(self._tools.disposer.leave_lists(item.record.record_id))
            self._ledger.step(item, Subject.MARKETING, Verb.VERIFIED, results[-1], "static-lists")
        bad = [result for result in results if result.fate is not Fate.DONE]
        if bad:
            self._ledger.settle_refusal([item], bad[0])
        else:
            self._ledger.settle([item], ItemState.DONE, Verb.DONE, "opted-out")


def _apart(items: Sequence[PlanItem], letters: Correspondence) -> tuple[list[PlanItem], list[PlanItem]]:
    """Those that can go together, and those that share a piece of correspondence with one before them."""
    first: list[PlanItem] = []
    later: list[PlanItem] = []
    claimed: set[RecordRef] = set()
    for item in items:
        listed = letters.get(item.record.record_id, UNKNOWN)
        own = set() if isinstance(listed, Unknown) else {letter.ref for letter in listed}
        (later if own & claimed else first).append(item)
        claimed |= own
    return first, later


def _settle_deal(deal_id: RecordId, letters: Correspondence) -> tuple[Settled, ...] | Unknown:
    """The correspondence that goes with a deal; unknown if any of it could not be read."""
    listed = letters.get(deal_id, UNKNOWN)
    if isinstance(listed, Unknown):
        return UNKNOWN
    settled = [settle_for_deal(deal_id, letter) for letter in listed]
    if any(entry.fate is Engaged.UNREADABLE for entry in settled):
        return UNKNOWN
    return tuple(entry for entry in settled if entry.fate is Engaged.ARCHIVE)
