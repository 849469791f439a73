"""The durable words of the disposal protocol: intended, sent, settled. Everything else is asked of the portal.

The safety border is `send`: the last check of our holds and of the stop switch, and the word `sent`, in one
transaction. A hold that was acknowledged before it wins; a hold placed after it is answered «in flight».
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.decision.history import NOTHING_REMEMBERED
from hubspot_retention.core.facts.contact import Requests
from hubspot_retention.core.hold import HoldRegister
from hubspot_retention.core.plan.model import Action, ItemState, Plan, PlanItem, PlanStatus
from hubspot_retention.core.plan.recheck import Skip
from hubspot_retention.core.portal import CallResult
from hubspot_retention.core.probe import correspondence_is_verified
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.core.request import SubjectRequest, requests_of
from hubspot_retention.workflow.fresh import Memory
from hubspot_retention.workflow.ports import Store, Transaction
from hubspot_retention.workflow.times import Times

CALL_WITHIN_SECONDS = 5.0
"""How long after `send` a call may still be made; later the record is checked again from the start."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a batch is checked against: the memory at the moment of its intent, and what the portal has proved."""

    memory: Memory
    verified: bool


@dataclass(frozen=True, slots=True)
class Sending:
    """A record is on its way since `at` (monotonic seconds)."""

    at: float


class Ledger:
    """Writes the protocol's words for the items of one plan, each with its audit entry in one transaction."""

    def __init__(self, store: Store, plan: Plan, actor: str, times: Times) -> None:
        self._store = store
        self._plan = plan
        self._actor = actor
        self._times = times

    def prepare(self, batch: Sequence[PlanItem]) -> Prepared:
        """Tx A: the intent of a batch is durable, and what it is checked against is read."""
        kind = batch[0].record.object_type
        ids = [item.record.record_id for item in batch]
        with self._store.transaction() as tx:
            for item in batch:
                tx.set_item_state(self._plan.plan_id, item.record, ItemState.PREPARED)
                tx.audit(self._entry(item, Verb.INTENDED, item.action.value))
            memory = Memory(
                register=tx.hold_register(),
                contacts=tx.recall(ObjectType.CONTACT, ids) if kind is ObjectType.CONTACT else {},
                deals=tx.recall(ObjectType.DEAL, ids) if kind is ObjectType.DEAL else {},
                requests=requests_by_contact(tx.requests()),
            )
            return Prepared(memory, correspondence_is_verified(tuple(tx.probe_results(self._plan.portal_id))))

    def send(self, batch: Sequence[PlanItem], register: HoldRegister) -> Sending | None:
        """Tx B: if nothing was held, stopped or rejected since the check, the batch is `sent`. Else `None`, and
        its items wait to be checked again."""
        with self._store.transaction() as tx:
            if not self._may_go_on(tx, register):
                for item in batch:
                    tx.set_item_state(self._plan.plan_id, item.record, ItemState.PENDING)
                    tx.audit(self._entry(item, Verb.ABANDONED, "check-again"))
                return None
            for item in batch:
                tx.set_item_state(self._plan.plan_id, item.record, ItemState.SENT)
                tx.audit(self._entry(item, Verb.SENT, item.action.value))
        return Sending(self._times.monotonic())

    def still_stands(self, item: PlanItem, register: HoldRegister) -> Sending | None:
        """Tx B once more, before the last step of a bundle: its first steps took time."""
        with self._store.transaction() as tx:
            if self._may_go_on(tx, register):
                return Sending(self._times.monotonic())
            self._settle(tx, item, ItemState.PENDING, Verb.ABANDONED, "check-again")
        return None

    def in_time(self, sending: Sending) -> bool:
        """Whether the call may still be made."""
        return self._times.monotonic() - sending.at <= CALL_WITHIN_SECONDS

    def _may_go_on(self, tx: Transaction, register: HoldRegister) -> bool:
        current = tx.plan(self._plan.plan_id)
        applying = current is not None and current.status is PlanStatus.APPLYING
        return applying and tx.kill_switch() is None and tx.hold_register() == register

    def skip(self, item: PlanItem, why: Skip) -> None:
        """The item is not carried out: a terminal word."""
        self.settle([item], ItemState.SKIPPED, Verb.SKIPPED, why.value)

    def settle(self, items: Sequence[PlanItem], state: ItemState, verb: Verb, code: str) -> None:
        """Tx C: what became of items, or that they wait again."""
        with self._store.transaction() as tx:
            for item in items:
                self._settle(tx, item, state, verb, code)

    def _settle(self, tx: Transaction, item: PlanItem, state: ItemState, verb: Verb, code: str) -> None:
        tx.set_item_state(self._plan.plan_id, item.record, state, code)
        tx.audit(self._entry(item, verb, code))
        if state is ItemState.DONE and item.action is not Action.ERASE:
            kind, record_id = item.record.object_type, item.record.record_id
            known = tx.recall(kind, [record_id]).get(record_id, NOTHING_REMEMBERED)
            noted = (
                known._replace(archived_by_us=True)
                if item.action is Action.ARCHIVE
                else known._replace(marketing_ended=True)
            )
            tx.note(kind, [(record_id, noted)])

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
        return Entry(
            subject=subject,
            verb=verb,
            at=self._times.now(),
            portal_id=self._plan.portal_id,
            record=str(item.record),
            run_id=self._plan.run_id,
            plan_id=self._plan.plan_id,
            plan_digest=self._plan.digest,
            policy_digest=self._plan.policy_digest,
            rule=item.decision.rule,
            actor=self._actor,
            code=code or None,
            facts=facts,
        )


def requests_by_contact(register: Sequence[SubjectRequest]) -> dict[RecordId, Requests]:
    """What the register says of each contact that stands in it."""
    found: dict[RecordId, list[SubjectRequest]] = {}
    for request in register:
        found.setdefault(request.contact_id, []).append(request)
    return {contact: requests_of(entries) for contact, entries in found.items()}
