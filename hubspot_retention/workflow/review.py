"""Review: approve a plan by its digest, or reject it. Holds, requests and the kill switch: what people say."""

from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple

from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.deadline.ledger import put_off
from hubspot_retention.core.deadline.obligation import ObligationState
from hubspot_retention.core.hold import Hold
from hubspot_retention.core.plan.model import BEGUN, ItemState, Plan, PlanStatus
from hubspot_retention.core.plan.query import ItemFilter
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.policy.parse import parse_policy
from hubspot_retention.core.record import ObjectType, RecordRef
from hubspot_retention.core.request import RequestEnd, RequestKind, SubjectRequest
from hubspot_retention.errors import BlockedError, UsageError
from hubspot_retention.workflow.approvals import is_approved, policy_approved
from hubspot_retention.workflow.gate import plan_in, refuse_wider, why_not
from hubspot_retention.workflow.ports import Store, Transaction
from hubspot_retention.workflow.remembered import MAY_COME_FOR
from hubspot_retention.workflow.seal import has_shrunk, plan_entry

_SHORTEST_DIGEST = 12
"""How much of a digest a person must give: 48 bits, more than anybody types by accident."""


_IN_FLIGHT = ItemFilter(states=(ItemState.SENT, ItemState.UNKNOWN))
_ALREADY = {
    PlanStatus.APPROVED: "already; carry it out with `plan apply {}`",
    PlanStatus.APPLYING: "already and has begun to be carried out; if it was stopped, `plan apply {}` goes on with it",
    PlanStatus.PARTLY_APPLIED: "already and carried out in part; `plan apply {}` goes on with it",
    PlanStatus.APPLIED: "and carried out already",
}
_REJECTABLE = (
    PlanStatus.AWAITING_REVIEW,
    PlanStatus.BLOCKED,
    PlanStatus.APPROVED,
    PlanStatus.APPLYING,
    PlanStatus.PARTLY_APPLIED,
)


class InFlight(NamedTuple):
    """A record whose call was sent before a hold was placed, and the plan that sent it."""

    plan_id: str
    record: RecordRef


class Reviewer:
    """A named person who decides about plans."""

    def __init__(self, store: Store, actor: str, *, four_eyes: bool) -> None:
        self._store = store
        self._actor = actor
        self._four_eyes = four_eyes

    def approve(self, plan_id: str, digest: str, policy_text: str, now: datetime) -> Plan:
        """Approve exactly this plan; the policy it was made under counts as approved with it. It must be the one of
        `policy_text`, and no wider than the one approved last. Raises BlockedError; nothing was approved."""
        policy = parse_policy(policy_text)
        with self._store.transaction() as tx:
            plan = plan_in(tx, plan_id)
            self._check(plan, digest, policy, now)
            refuse_wider(tx, plan, policy, "approved")
            approved = replace(plan, status=PlanStatus.APPROVED, decided_by=self._actor, decided_at=now)
            tx.save_plan(approved)
            if not is_approved(tx, policy):
                policy_approved(tx, policy, policy_text, now, self._actor)
            tx.audit(plan_entry(plan, Verb.APPROVED, now, self._actor))
        return approved

    def _check(self, plan: Plan, digest: str, policy: RetentionPolicy, now: datetime) -> None:
        _check_waiting(plan, now)
        if len(digest) < _SHORTEST_DIGEST or not plan.digest.startswith(digest.lower()):
            raise BlockedError(
                f"plan {plan.plan_id} is not approved: its digest is not {digest!r}. "
                f"Read it with `plan show {plan.plan_id}` and give the digest printed at its end "
                f"(at least {_SHORTEST_DIGEST} characters)."
            )
        if policy.digest != plan.policy_digest:
            raise BlockedError(
                f"plan {plan.plan_id} is not approved: it was made under another policy than the one at hand. "
                "Make a new one with `plan new`."
            )
        if self._four_eyes and plan.requested_by.casefold() == self._actor.casefold():
            raise BlockedError(
                f"plan {plan.plan_id} is not approved: {self._actor} requested it, and four eyes are required. "
                "Somebody else must approve it."
            )

    def reject(self, plan_id: str, why: str, now: datetime) -> Plan:
        """Reject a plan; nothing more of it is ever applied, also when it is being applied at this moment."""
        with self._store.transaction() as tx:
            plan = plan_in(tx, plan_id)
            if plan.status is PlanStatus.REJECTED:
                raise BlockedError(f"nothing was changed: plan {plan_id} was rejected already")
            if plan.status not in _REJECTABLE:
                raise BlockedError(why_not(plan, "rejected"))
            rejected = replace(plan, status=PlanStatus.REJECTED, decided_by=self._actor, decided_at=now, why=why)
            tx.save_plan(rejected)
            tx.audit(plan_entry(plan, Verb.REJECTED, now, self._actor))
        return rejected

    def accept_fewer(self, plan_id: str, digest: str, policy_text: str, now: datetime) -> Plan | None:
        """Accept that a full run found far fewer records than the one before: the next one is measured by it. The plan
        itself stays blocked. `None` if it is not blocked for that. Raises BlockedError as `approve` does."""
        with self._store.transaction() as tx:
            plan = plan_in(tx, plan_id)
            if not has_shrunk(tx, plan):
                return None
            waiting = replace(plan, status=PlanStatus.AWAITING_REVIEW)
            self._check(waiting, digest, parse_policy(policy_text), now)
            accepted = replace(plan, decided_by=self._actor, decided_at=now)
            tx.save_plan(accepted)
            tx.audit(plan_entry(plan, Verb.CONFIRMED, now, self._actor, "fewer-records"))
        return accepted


def _check_waiting(plan: Plan, now: datetime) -> None:
    already = _ALREADY.get(plan.status)
    if already is not None:
        raise BlockedError(f"nothing was changed: plan {plan.plan_id} was approved {already.format(plan.plan_id)}")
    if plan.status is not PlanStatus.AWAITING_REVIEW:
        raise BlockedError(why_not(plan, "approved"))
    if now > plan.expires_at:
        raise BlockedError(f"plan {plan.plan_id} is not approved: it has expired; make a new one with `plan new`")


class Registrar:
    """Keeps the registers of holds and requests."""

    def __init__(self, store: Store, actor: str) -> None:
        self._store = store
        self._actor = actor

    def place_hold(
        self, record: RecordRef, matter: str, reason: str, review_on: date | None, now: datetime
    ) -> tuple[Hold, tuple[InFlight, ...]]:
        """Place a hold; answers it with the records that are in flight already and that it may come too late for.

        They answer «in flight, not held»: never a false promise (reliability, protocol 7). A hold on a contact
        reaches its deals, one on a deal or company whatever hangs on it, and only HubSpot knows what does: so of
        those every record in flight is named here, and whoever can ask HubSpot rules some out.
        """
        hold = Hold(hold_id=0, record=record, matter=matter, placed_by=self._actor, placed_at=now, review_on=review_on)
        with self._store.transaction() as tx:
            placed = tx.place_hold(hold, reason)
            in_flight = _in_flight(tx, record, now)
            commitment = tx.hold_commitment(placed.hold_id)
            tx.audit(self._hold_entry(placed, Verb.PLACED, now, ("in-flight" if in_flight else "", commitment)))
        return placed, in_flight

    def release_hold(self, hold_id: int, now: datetime) -> Hold:
        """Release a hold. Raises UsageError if none of that number is in force."""
        with self._store.transaction() as tx:
            hold = tx.release_hold(hold_id, now, self._actor)
            if hold is None:
                raise UsageError(f"there is no hold {hold_id} in force; see `hold list`")
            tx.audit(self._hold_entry(hold, Verb.RELEASED, now, ("", tx.hold_commitment(hold_id))))
        return hold

    def _hold_entry(self, hold: Hold, verb: Verb, at: datetime, said: tuple[str, str | None]) -> Entry:
        """`said`: a code, and the digest that stands for the hold's reason."""
        code, commitment = said
        return Entry(
            subject=Subject.HOLD,
            verb=verb,
            at=at,
            record=str(hold.record),
            actor=self._actor,
            code=code or None,
            facts=(("hold_id", hold.hold_id), ("matter", hold.matter), ("reason", commitment)),
        )

    def record_request(
        self, contact: RecordRef, kind: RequestKind, received_at: datetime, now: datetime
    ) -> SubjectRequest:
        """Write a request into the register; its clock runs from `received_at`."""
        if received_at > now:
            raise UsageError("a request cannot be received in the future")
        request = SubjectRequest(
            request_id=0, contact_id=contact.record_id, kind=kind, received_at=received_at, recorded_by=self._actor
        )
        with self._store.transaction() as tx:
            stored = tx.add_request(request)
            tx.audit(self._request_entry(stored, Verb.RECEIVED, now))
        return stored

    def close_request(self, request_id: int, end: RequestEnd, now: datetime) -> SubjectRequest:
        """Close a request: answered, refused or taken back. Raises UsageError if it is not open."""
        verbs = {
            RequestEnd.ANSWERED: Verb.ANSWERED,
            RequestEnd.REFUSED: Verb.REFUSED,
            RequestEnd.TAKEN_BACK: Verb.TAKEN_BACK,
        }
        with self._store.transaction() as tx:
            request = tx.close_request(request_id, now, end)
            if request is None:
                raise UsageError(f"there is no open request {request_id}; see `request list`")
            tx.audit(self._request_entry(request, verbs[end], now))
        return request

    def _request_entry(self, request: SubjectRequest, verb: Verb, at: datetime) -> Entry:
        return Entry(
            subject=Subject.REQUEST,
            verb=verb,
            at=at,
            record=f"contacts/{request.contact_id}",
            actor=self._actor,
            code=request.kind.value,
            facts=(("request_id", request.request_id),),
        )

    def set_kill_switch(self, words: str | None, now: datetime) -> None:
        """Stop all disposals within one record, or let them go on: at the next tick."""
        with self._store.transaction() as tx:
            tx.set_kill_switch(words)
            verb = Verb.CLEARED if words is None else Verb.SET
            tx.audit(Entry(subject=Subject.KILL_SWITCH, verb=verb, at=now, actor=self._actor))
            if words is None:
                _look_now(tx, now)


def _look_now(tx: Transaction, now: datetime) -> None:
    """What was put off because everything stood still is looked at by the next tick; what failed keeps its pause."""
    waiting = [
        found
        for found in tx.obligations((ObligationState.OPEN, ObligationState.REVIEW))
        if not found.attempts
        and found.next_look_at > now
        and found.due_at is not None
        and max(found.due_at, found.not_before or found.due_at) <= now
    ]
    tx.save_obligations([put_off(found, now) for found in waiting])


def _in_flight(tx: Transaction, held: RecordRef, now: datetime) -> tuple[InFlight, ...]:
    """What a hold on a record may come too late for: what was sent and is not settled, and what was there when it was
    read back although nobody heard that its call had no effect. A contact's own hold reaches itself, whatever it was
    merged into, and its deals."""
    sent = [
        InFlight(plan.plan_id, item.record)
        for plan in tx.plans()
        if plan.status in BEGUN
        for item in tx.items(plan.plan_id, _IN_FLIGHT)
    ]
    sent.extend(InFlight(plan_id, record) for plan_id, record in tx.late_calls(now - MAY_COME_FOR))
    each = tuple(dict.fromkeys(sent))
    if held.object_type is not ObjectType.CONTACT:
        return each
    reached = {held, *tx.became(held)}
    return tuple(found for found in each if found.record in reached or found.record.object_type is ObjectType.DEAL)
