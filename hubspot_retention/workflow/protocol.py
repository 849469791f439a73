"""The durable words of the disposal protocol: intended, sent, settled. Everything else is asked of the portal.

The safety border is `send`: the last check of our holds, of the stop switch and of what webhooks told, and the word
`sent`, in one transaction. A hold that was acknowledged before it wins; a hold placed after it is answered «in flight».
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.consent import Remembrance
from hubspot_retention.core.decision.agreeing import is_observed
from hubspot_retention.core.plan.model import FINAL_STATES, Action, ItemState, Plan, PlanItem, PlanStatus
from hubspot_retention.core.plan.query import ItemFilter
from hubspot_retention.core.plan.recheck import Skip
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.portal import CallResult, Fate
from hubspot_retention.core.probe import correspondence_is_verified
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.core.request import RequestRegister, SubjectRequest
from hubspot_retention.core.webhook.heard import Listening
from hubspot_retention.workflow.aftermath import note_done, took_effect
from hubspot_retention.workflow.fresh import Memory
from hubspot_retention.workflow.item_entry import item_entry
from hubspot_retention.workflow.ports import Store, Transaction
from hubspot_retention.workflow.remembered import named, remember, settle_remembered
from hubspot_retention.workflow.seal import wider_than_approved
from hubspot_retention.workflow.times import Times

CALL_WITHIN_SECONDS = 5.0
"""How long after `send` a call may still be made; later the record is checked again from the start."""


FRESH_FOR_SECONDS = 6.0
"""How old the fresh read may be at `send`: what changed in HubSpot since then would not be seen."""

CHECK_AGAIN: Final = "check-again"
"""Why a record begins again: the check is too old, or what it was checked against has changed here."""

HEARD: Final = "heard-since"
"""Why a record begins again: a webhook told since the fresh read of something that may hold it."""

CAME_FARTHER: Final = "came-farther"
"""Why a record begins again of whose bundle a part has gone for good before it was too late for the rest."""

TRY_AGAIN = (None, 423, 429)
"""Refusals after which nothing has happened and the record begins again: never sent, locked, over the limit."""

STILL_THERE: Final = "read-back-still-there"
"""Why a record begins again that was there after a call whose answer nobody heard. That call may take effect yet,
whatever becomes of the record here, so it is written down: for a day a hold on it is answered «in flight»."""

NOTHING_NEEDED: Final[Mapping[RecordId, Sequence[RecordRef]]] = {}


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a batch is checked against: the memory and the requests at the moment of its intent, what the portal has
    proved, when (monotonic seconds) its fresh read began, the last event heard before it, what it read `around`,
    and the `former` ids of contacts that had others before."""

    memory: Memory
    requests: tuple[SubjectRequest, ...]
    verified: bool
    at: float
    heard: int
    around: frozenset[RecordRef] = frozenset()
    former: Mapping[RecordRef, Sequence[RecordId]] = field(default_factory=dict)


class Part(NamedTuple):
    """A call that goes with a record, announced in the record's `sent`: to what it is done, and as what."""

    subject: Subject
    about: str
    code: str


@dataclass(frozen=True, slots=True)
class Sending:
    """A record is on its way since `at` (monotonic seconds). `late`: why it begins again if a call would come too late,
    as a code."""

    at: float
    late: str = "too-late-to-call"


class Ledger:
    """Writes the protocol's words for the items of one plan, each with its audit entry in one transaction. `policy`:
    the one at hand; `listening`: what of a webhook makes a fresh read doubtful; `is_sound`: whether the log and the
    clock can still be trusted."""

    def __init__(
        self,
        store: Store,
        plan: Plan,
        policy: RetentionPolicy,
        actor: str,
        times: Times,
        *,
        listening: Listening,
        is_sound: Callable[[], bool] = lambda: True,
    ) -> None:
        self._store = store
        self._plan = plan
        self._policy = policy
        self._actor = actor
        self._times = times
        self._listening = listening
        self._is_sound = is_sound

    def prepare(self, batch: Sequence[PlanItem]) -> Prepared:
        """Tx A: the intent of a batch is durable, and what it is checked against is read."""
        kind = batch[0].record.object_type
        ids = [item.record.record_id for item in batch]
        with self._store.transaction() as tx:
            for item in batch:
                tx.set_item_state(self._plan.plan_id, item.record, ItemState.PREPARED)
                tx.audit(self._entry(item, Verb.INTENDED, item.action.value))
            requests = tuple(tx.requests())
            memory = Memory(
                register=tx.hold_register(),
                contacts=tx.recall(ObjectType.CONTACT, ids) if kind is ObjectType.CONTACT else {},
                deals=tx.recall(ObjectType.DEAL, ids) if kind is ObjectType.DEAL else {},
                requests=RequestRegister.of_all(requests),
            )
            verified = correspondence_is_verified(tuple(tx.probe_results(self._plan.portal_id)))
            heard = tx.last_event()
        return Prepared(memory, requests, verified, self._times.monotonic(), heard)

    def send(
        self,
        batch: Sequence[PlanItem],
        prepared: Prepared,
        parts: Sequence[Part] = (),
        remembered: Remembrance | None = None,
        needs: Mapping[RecordId, Sequence[RecordRef]] = NOTHING_NEEDED,
    ) -> Sending | None:
        """Tx B: if nothing was held, asked for, stopped, rejected or heard of since the check, and it is still fresh,
        the batch is `sent`, and with it the parts of its bundle. Else `None`, and its items wait to be checked again.

        `remembered`: what stands for the one person who is erased, and their consents. The tombstone and the receipts
        are durable before the call, as nobody could write them afterwards: the address goes with the contact. So is
        what contacts `need` who go into the bin.

        The seconds to the call are counted from before the word is durable: a process that is frozen right after the
        commit must not take its awakening for the moment of the check.
        """
        with self._store.transaction() as tx:
            doubt = self._doubt(tx, batch, prepared)
            if doubt:
                for item in batch:
                    tx.set_item_state(self._plan.plan_id, item.record, ItemState.PENDING)
                    tx.audit(self._entry(item, Verb.ABANDONED, doubt))
                return None
            for item in batch:
                tx.set_item_state(self._plan.plan_id, item.record, ItemState.SENT)
                tx.audit(self._entry(item, Verb.SENT, item.action.value, facts=named(remembered)))
                self._note_merges(tx, item, prepared.former.get(item.record, ()))
                tx.note_needs(item.record.record_id, needs.get(item.record.record_id, ()), self._times.now())
                if remembered is not None:
                    remember(tx, item, remembered, self._times.now())
                for part in parts:
                    tx.audit(self._entry(item, Verb.SENT, part.code, part.subject, (("about", part.about),)))
            return Sending(self._times.monotonic())

    def _note_merges(self, tx: Transaction, item: PlanItem, former: Sequence[RecordId]) -> None:
        """A hold on an id that the record had before must be told that it is in flight, although nobody else may have
        told of the merge yet."""
        kind, winner = item.record.object_type, item.record.record_id
        for loser in former:
            if tx.note_merge(kind, loser, winner, self._times.now()):
                facts = (("winner", str(item.record)), ("held", False))
                entry = self._entry(item, Verb.SEEN, "", Subject.MERGE)
                tx.audit(replace(entry, record=str(RecordRef(kind, loser)), facts=facts))

    def still_stands(self, item: PlanItem, prepared: Prepared) -> Sending | None:
        """Tx B once more, before the last step of a bundle: its first steps took time."""
        with self._store.transaction() as tx:
            doubt = self._doubt(tx, [item], prepared)
            if not doubt:
                return Sending(self._times.monotonic())
            self._settle(tx, item, ItemState.PENDING, Verb.ABANDONED, doubt)
        return None

    def in_time(self, sending: Sending) -> bool:
        """Whether the call may still be made."""
        return self._times.monotonic() - sending.at <= CALL_WITHIN_SECONDS

    def may_call(self, batch: Sequence[PlanItem], sending: Sending) -> bool:
        """Whether a call for a batch may still be made; if not, its items wait to be checked again."""
        if self.in_time(sending):
            return True
        self.settle(batch, ItemState.PENDING, Verb.ABANDONED, sending.late)
        return False

    def is_fresh(self, prepared: Prepared) -> bool:
        """Whether what was read can still be gone by."""
        return self._times.monotonic() - prepared.at <= FRESH_FOR_SECONDS

    def is_stopped(self) -> bool:
        """Whether a person stopped all disposals, rejected this plan or approved a narrower policy, it has expired, or
        the log or the clock is doubtful."""
        with self._store.transaction() as tx:
            return self._is_stopped(tx)

    def _is_stopped(self, tx: Transaction) -> bool:
        applying = tx.plan_status(self._plan.plan_id) is PlanStatus.APPLYING
        is_over = not applying or tx.kill_switch() is not None or self._times.now() > self._plan.expires_at
        return is_over or not self._is_sound() or bool(wider_than_approved(tx, self._policy))

    def _doubt(self, tx: Transaction, batch: Sequence[PlanItem], prepared: Prepared) -> str:
        """Why a batch must be checked again from the start, as a code; empty where it may go on. What the policy only
        observes goes on by no way."""
        if any(is_observed(item.decision, self._policy) for item in batch):
            return Skip.OBSERVED.value
        if self._is_stopped(tx) or not self.is_fresh(prepared):
            return CHECK_AGAIN
        if tx.hold_register() != prepared.memory.register or tuple(tx.requests()) != prepared.requests:
            return CHECK_AGAIN
        records = [item.record for item in batch]
        heard = tx.events_since(prepared.heard, records, self._listening.properties)
        return HEARD if self._listening.doubts((each.event for each in heard), records, prepared.around) else ""

    def skip(self, item: PlanItem, why: Skip) -> None:
        """The item is not carried out: a terminal word. One that is gone may be so by a call whose answer was lost."""
        if why is Skip.GONE:
            with self._store.transaction() as tx:
                if took_effect(tx, item.record, self._times.now()) == self._plan.plan_id:
                    return
        self.settle([item], ItemState.SKIPPED, Verb.SKIPPED, why.value)

    def settle(self, items: Sequence[PlanItem], state: ItemState, verb: Verb, code: str) -> None:
        """Tx C: what became of items, or that they wait again."""
        with self._store.transaction() as tx:
            for item in items:
                self._settle(tx, item, state, verb, code)
            if state is ItemState.DONE and items:
                note_done(tx, items, self._times.now())

    def settle_refusal(self, items: Sequence[PlanItem], result: CallResult, about: str = "") -> None:
        """A call that was refused had no effect: it is failed, or waits if it was only too busy or never left. One
        whose answer was lost is unknown. So is a 404: it means gone only if the same token just read the portal
        (S10)."""
        code = about + (f"http-{result.status}" if result.status is not None else "no-answer")
        if result.fate is Fate.REFUSED and result.status in TRY_AGAIN:
            self.settle(items, ItemState.PENDING, Verb.ABANDONED, code)
        elif result.fate is Fate.REFUSED and result.status != 404:
            self.settle(items, ItemState.FAILED, Verb.FAILED, code)
        else:
            self.settle(items, ItemState.UNKNOWN, Verb.UNKNOWN, code)

    def give_back(self, batch: Sequence[PlanItem], code: str) -> None:
        """Those of a batch that got no further than their intent wait again."""
        records = {item.record for item in batch}
        with self._store.transaction() as tx:
            prepared = list(tx.items(self._plan.plan_id, ItemFilter(states=(ItemState.PREPARED,))))
            for item in prepared:
                if item.record in records:
                    self._settle(tx, item, ItemState.PENDING, Verb.ABANDONED, code)

    def _settle(self, tx: Transaction, item: PlanItem, state: ItemState, verb: Verb, code: str) -> None:
        tx.set_item_state(self._plan.plan_id, item.record, state, code)
        if code == STILL_THERE:
            tx.note_late_call(self._plan.plan_id, item.record, self._times.now())
        elif state is ItemState.DONE and item.state_code == STILL_THERE:
            tx.forget_late_call(item.record)
        tx.audit(self._entry(item, verb, code))
        if item.action is Action.ERASE:
            receipts = settle_remembered(tx, item, state, self._times.now())
            if receipts:
                facts = (("number", str(receipts)),)
                tx.audit(self._entry(item, Verb.STORED, "", Subject.CONSENT_RECEIPT, facts))
        if state in FINAL_STATES:
            tx.count("disposals", f"{item.decision.rule or 'marketing'}/{state.value}")

    def step(self, item: PlanItem, subject: Subject, verb: Verb, result: CallResult, about: str) -> None:
        """A step of a bundle, after it was taken: what it was done to, and HubSpot's status."""
        facts = (("about", about), ("fate", result.fate.value))
        code = "" if result.status is None else f"http-{result.status}"
        with self._store.transaction() as tx:
            tx.audit(self._entry(item, verb, code, subject, facts))

    def _entry(
        self,
        item: PlanItem,
        verb: Verb,
        code: str,
        subject: Subject = Subject.DISPOSAL,
        facts: tuple[tuple[str, str], ...] = (),
    ) -> Entry:
        if subject is Subject.DISPOSAL and item.action is Action.END_MARKETING:
            subject = Subject.MARKETING
            verb = Verb.ENDED if verb is Verb.DONE else verb
        plan, at = self._plan, self._times.now()
        return item_entry(plan, item, verb, at, actor=self._actor, code=code, subject=subject, facts=facts)
