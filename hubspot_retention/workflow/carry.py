"""Carry out one batch of a plan under the disposal protocol (`dispose.py` tells why it is safe)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.consent import Remembrance
from hubspot_retention.core.facts.values import UNKNOWN, Unknown
from hubspot_retention.core.plan.bundle import Fate as Engaged
from hubspot_retention.core.plan.bundle import Settled, goes_beyond, settle_for_deal
from hubspot_retention.core.plan.model import OPTED_OUT, Action, ItemState, PlanItem
from hubspot_retention.core.plan.recheck import Skip
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.portal import Address, CallResult, Correspondence, Fate, MergedInto
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.core.view import Judge
from hubspot_retention.errors import PortalDeniedError, PortalError, PortalPausedError
from hubspot_retention.workflow.bundles import bundle_of_contact
from hubspot_retention.workflow.fresh import FreshContact, FreshReader
from hubspot_retention.workflow.gate import Freshness, Permission, Unwatched
from hubspot_retention.workflow.looking import Looked, Looker
from hubspot_retention.workflow.ports import Disposer, RecordSource, Store
from hubspot_retention.workflow.protocol import CHECK_AGAIN, NOTHING_NEEDED, STILL_THERE, Ledger, Prepared
from hubspot_retention.workflow.reported import Reported
from hubspot_retention.workflow.steps import BundleSteps
from hubspot_retention.workflow.times import Times

_FEW = 18
"""When so many erases are left, the next batch is read: a second ahead at HubSpot's usual limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What carrying out needs of the outside world. `workers`: how many erases run side by side. `should_stop`: whether
    the process is to end: the record in hand is finished, the next is not begun. `freshness`: whether the log is the
    newest there is. `pseudonym`: what stands for an address from now on, `None` where nothing does; it raises
    UsageError where it cannot be told, before anything is sent. `app_id`: our own app, whose writes come back as
    events."""

    source: RecordSource
    disposer: Disposer
    store: Store
    fresh: FreshReader
    policy: RetentionPolicy
    times: Times
    workers: int = 8
    should_stop: Callable[[], bool] = lambda: False
    freshness: Freshness = field(default_factory=Unwatched)
    pseudonym: Callable[[Address], str | None] = lambda address: None
    app_id: str = ""


def _nothing() -> None:
    return


class Carrier:
    """Does the work of one batch of one plan: items of one action and class, up to a hundred. `reported`: the files
    that the plan has told of."""

    def __init__(self, tools: Tools, ledger: Ledger, permission: Permission, reported: Reported) -> None:
        self._tools = tools
        self._ledger = ledger
        self._looker = Looker(tools.source, tools.store, tools.fresh, ledger, tools.policy, tools.times)
        attachments = permission.attachments(tools.policy)
        self._steps = BundleSteps(tools.disposer, tools.source, ledger, attachments, reported.is_first)

    def carry_out(self, batch: Sequence[PlanItem]) -> None:
        """Intent, fresh read, last check and `sent`, the call within seconds, settled by reading."""
        self.settle(self.act(self.look(batch)))

    def look(self, batch: Sequence[PlanItem], claimed: frozenset[RecordRef] = frozenset()) -> Looked:
        """Intent and fresh read. `claimed`: correspondence that batches under way may change meanwhile."""
        return self._looker.look(batch, claimed)

    def act(self, looked: Looked, nearly_done: Callable[[], None] = _nothing) -> Sequence[PlanItem]:
        """The last check and the calls; answers those that must be read back. `nearly_done` is called once, when
        few calls are left."""
        called = self._act(looked, nearly_done) if looked.due else []
        if not looked.later:
            return called
        self.settle(called)
        self._one_by_one(looked.later)
        return []

    def _act(self, looked: Looked, nearly_done: Callable[[], None]) -> Sequence[PlanItem]:
        item = looked.due[0]
        if item.action is Action.ERASE:
            return self._erase(looked, nearly_done)
        nearly_done()
        if item.action is Action.END_MARKETING:
            self._end_marketing(looked)
            return []
        if item.record.object_type is ObjectType.DEAL:
            return self._archive(self._without_letters(looked), looked.prepared)
        return self._archive_people(looked)

    # Archive: together, one call, each settled by itself.

    def _archive_people(self, looked: Looked) -> Sequence[PlanItem]:
        """What somebody needs who goes into the bin is noted with the word that they go; if it cannot be read, they
        stay."""
        needs: dict[RecordId, tuple[RecordRef, ...]] = {}
        for item in looked.due:
            letters = looked.needs.get(item.record.record_id, UNKNOWN)
            if isinstance(letters, Unknown):
                self._ledger.skip(item, Skip.CORRESPONDENCE_UNKNOWN)
            else:
                needs[item.record.record_id] = letters
        due = [item for item in looked.due if item.record.record_id in needs]
        return self._archive(due, looked.prepared, needs)

    def _archive(
        self,
        due: Sequence[PlanItem],
        prepared: Prepared,
        needs: Mapping[RecordId, Sequence[RecordRef]] = NOTHING_NEEDED,
    ) -> Sequence[PlanItem]:
        sending = self._ledger.send(due, prepared, needs=needs) if due else None
        if sending is None or not self._ledger.may_call(due, sending):
            return []
        kind = due[0].record.object_type
        return self._after_call(due, self._tools.disposer.archive(kind, [item.record.record_id for item in due]))

    def _without_letters(self, looked: Looked) -> list[PlanItem]:
        """A deal that goes takes the correspondence that only it still holds, first; answers who can go now."""
        bare, laden = [], []
        for item in looked.due:
            settled = _settle_deal(item.record.record_id, looked.letters)
            if isinstance(settled, Unknown):
                self._ledger.skip(item, Skip.CORRESPONDENCE_UNKNOWN)
            elif goes_beyond(settled, item.may_go):
                self._ledger.skip(item, Skip.MORE_WOULD_GO)
            elif any(entry.fate is Engaged.ARCHIVE for entry in settled):
                laden.append((item, settled))
            else:
                bare.append(item)
        for item, settled in laden:
            sending = self._ledger.send([item], looked.prepared, self._steps.archive_parts(settled))
            if (
                sending is not None
                and self._ledger.may_call([item], sending)
                and self._steps.archive_letters(item, sending, settled)
            ):
                self._ledger.settle([item], ItemState.PREPARED, Verb.INTENDED, "letters-archived")
                bare.append(item)
        return bare

    def _one_by_one(self, later: Sequence[PlanItem]) -> None:
        """Records that share correspondence: what one of them leaves behind is read only after it has gone."""
        for item in later:
            self._ledger.give_back([item], "shares-correspondence")
            if not self._tools.should_stop():
                self.carry_out([item])

    # Erase: one by one, children first.

    def _erase(self, looked: Looked, nearly_done: Callable[[], None]) -> list[PlanItem]:
        judge = Judge.of(self._tools.policy, looked.prepared.memory.register, self._tools.times.now())
        tell_at = max(0, len(looked.due) - _FEW)
        late: list[PlanItem] = []

        def erase(numbered: tuple[int, PlanItem]) -> PlanItem | None:
            number, item = numbered
            if self._tools.should_stop():
                return None
            if not self._ledger.is_fresh(looked.prepared):
                late.append(item)
                return None
            if number == tell_at:
                nearly_done()
            with self._poison_apart(item):
                return item if self._erase_one(item, looked, judge) else None
            return None

        with ThreadPoolExecutor(max_workers=self._tools.workers) as pool:
            called = [item for item in pool.map(erase, enumerate(looked.due)) if item is not None]
        if late:
            self._ledger.give_back(late, CHECK_AGAIN)
        return called

    @contextmanager
    def _poison_apart(self, item: PlanItem) -> Iterator[None]:
        """One record that cannot be read or answered for delays no other (L2): it is unknown until it is read."""
        try:
            yield
        except (PortalPausedError, PortalDeniedError):
            raise
        except PortalError:
            self._ledger.settle([item], ItemState.UNKNOWN, Verb.UNKNOWN, "portal-error")

    def _erase_one(self, item: PlanItem, looked: Looked, judge: Judge) -> bool:
        """Erase one contact with its bundle; answers whether the call was made and must be read back."""
        contact_id, prepared = item.record.record_id, looked.prepared
        found = looked.fresh[contact_id]
        assert isinstance(found, FreshContact)
        bundle = bundle_of_contact(contact_id, looked.letters.get(contact_id, UNKNOWN), found.deals, judge)
        settled = bundle.settled
        if isinstance(settled, Unknown) or any(entry.fate is Engaged.UNREADABLE for entry in settled):
            self._ledger.skip(item, Skip.CORRESPONDENCE_UNKNOWN)
            return False
        if not prepared.verified and any(entry.fate is not Engaged.ARCHIVE for entry in settled):
            self._ledger.skip(item, Skip.UNVERIFIED)
            return False
        if goes_beyond(settled, item.may_go):
            self._ledger.skip(item, Skip.MORE_WOULD_GO)
            return False
        remembered = None if found.address is None else self._remembered(found.address)
        sending = self._ledger.send([item], prepared, self._steps.parts(settled, bundle.stamps), remembered)
        if sending is None or not self._ledger.may_call([item], sending):
            return False
        if settled or bundle.stamps:
            if not self._steps.settle_bundle(item, sending, settled, bundle.stamps):
                return False
            sending = self._ledger.still_stands(item, prepared)
            if sending is None or not self._ledger.may_call([item], sending):
                return False
        return self._after_erase(item, self._tools.disposer.erase_contact(contact_id))

    def _remembered(self, address: Address) -> Remembrance | None:
        """What stays of somebody who goes. Consents that HubSpot refuses to tell of are not waited for."""
        pseudonym = self._tools.pseudonym(address)
        if pseudonym is None:
            return None
        consents, now, policy = self._tools.source.consents(address), self._tools.times.now(), self._tools.policy
        if isinstance(consents, Unknown):
            return Remembrance(pseudonym, consents)
        since = policy.civil.start_of(policy.evidence.consent_receipts, now)
        return Remembrance(pseudonym, tuple(each for each in consents if each.last_used_at(now) >= since))

    def _after_erase(self, item: PlanItem, result: CallResult) -> bool:
        if result.fate is Fate.DONE:
            return True
        self._ledger.settle_refusal([item], result)
        return result.fate is Fate.UNKNOWN or result.status == 404

    def _after_call(self, due: Sequence[PlanItem], result: CallResult) -> Sequence[PlanItem]:
        if result.fate is not Fate.DONE:
            self._ledger.settle_refusal(due, result)
        return due if result.fate is not Fate.REFUSED or result.status == 404 else []

    def settle(self, batch: Sequence[PlanItem]) -> None:
        """Settle calls by reading each record by its id: gone is done; still there waits for fresh checks."""
        if not batch:
            return
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
        self._ledger.settle(there, ItemState.PENDING, Verb.ABANDONED, STILL_THERE)
        self._ledger.settle(merged, ItemState.SKIPPED, Verb.SKIPPED, Skip.MERGED.value)

    # Marketing ends for those who stay.

    def _end_marketing(self, looked: Looked) -> None:
        for item in looked.due:
            if self._tools.should_stop():
                return
            found = looked.fresh[item.record.record_id]
            assert isinstance(found, FreshContact)
            if self._ledger.send([item], looked.prepared) is not None:
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
            self._ledger.settle([item], ItemState.DONE, Verb.DONE, OPTED_OUT)


def _settle_deal(deal_id: RecordId, letters: Correspondence) -> tuple[Settled, ...] | Unknown:
    """What becomes of the correspondence of a deal that goes; unknown if any of it could not be read."""
    listed = letters.get(deal_id, UNKNOWN)
    if isinstance(listed, Unknown):
        return UNKNOWN
    settled = tuple(settle_for_deal(deal_id, letter) for letter in listed)
    return UNKNOWN if any(entry.fate is Engaged.UNREADABLE for entry in settled) else settled
