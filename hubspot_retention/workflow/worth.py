"""What a record was that is gone: held, kept, or free to go. Of which nobody can tell, it counts as kept.

HubSpot's bin shows a record's properties, not whom it was associated with. So a contact that only its company or its
deal kept is taken for free, or every deletion of a lead would call somebody; whoever a hold reached from there is
known from the ledger and from plans.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from hubspot_retention.core.deadline.ledger import GONE
from hubspot_retention.core.deadline.obligation import Obligation, ObligationState
from hubspot_retention.core.decision.decide import NO_HISTORY
from hubspot_retention.core.decision.model import Decision, Outcome, ReasonCode
from hubspot_retention.core.facts.observation import ContactObservation, DealObservation
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.record import ObjectType, RecordRef
from hubspot_retention.core.request import RequestRegister, requests_of
from hubspot_retention.core.view import ContactView, DealView, Judge
from hubspot_retention.workflow.ports import Transaction
from hubspot_retention.workflow.reach import Observed

_TOLD_FOR: Final = timedelta(days=2)
"""HubSpot tells of something for a day."""
_KEEPS: Final = frozenset((ReasonCode.KEEP_RUNS, ReasonCode.KEEP_WITHOUT_END))


class Worth(StrEnum):
    """What a record was when somebody else deleted it."""

    HELD = "held"
    KEPT = "kept"
    UNKNOWN = "unknown"
    FREE = "free"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A record that is not in view any more. `seen`: as it lies in the bin, if it does. `privacy`: it was erased for
    good, and no bin has it. `merged`: what is told to have been merged into it, and cannot be read any more either."""

    record: RecordRef
    deleted_at: datetime
    seen: Observed | None = None
    privacy: bool = False
    merged: tuple[RecordRef, ...] = ()


def worth_of(tx: Transaction, loss: Loss, known: Obligation | None, policy: RetentionPolicy, now: datetime) -> Worth:
    """What a lost record was, from the ledger, the registers, the last plan, and what the bin still shows of it."""
    if is_known_held(tx, loss.record, known):
        return Worth.HELD
    was_due = known is not None and known.disposition is not None and (known.is_live or is_heard_of(loss, known, now))
    if loss.seen is None:
        return Worth.FREE if was_due else Worth.UNKNOWN
    found = _judged(loss.seen, Judge.of(policy, tx.hold_register(), now), RequestRegister.of_all(tx.requests()))
    return Worth.FREE if was_due and found is not Worth.HELD else found


def is_heard_of(loss: Loss, known: Obligation | None, now: datetime) -> bool:
    """Whether it is one more event of a loss by which the obligation ended: lately, and nobody has looked since then
    whether the record is back. HubSpot tells of an erasure twice, in any order."""
    if known is None or known.settled_at is None or (known.state, known.reason) != (ObligationState.ENDED, GONE):
        return False
    is_same = loss.seen is None or loss.deleted_at <= known.settled_at
    return is_same and now < known.settled_at + _TOLD_FOR


def is_known_held(tx: Transaction, record: RecordRef, known: Obligation | None) -> bool:
    """Whether a record was held, as far as that is known here: by the ledger, by the last plan, by the registers, whose
    holds and requests bind what a record has become."""
    kind, record_id = record.object_type, record.record_id
    if known is not None and known.state is ObligationState.HELD:
        return True
    if record in tx.hold_register() or tx.outcomes_of(kind, [record_id]).get(record_id) == Outcome.HELD.value:
        return True
    own = [request for request in tx.requests() if request.contact_id == record_id]
    return kind is ObjectType.CONTACT and requests_of(own).restricts


def _judged(seen: Observed, judge: Judge, requests: RequestRegister) -> Worth:
    if isinstance(seen, ContactObservation):
        view = ContactView(seen._replace(deals=(), companies=()), (), ())
        facts = judge.contact_facts(view, requests.of(seen))
        return _by_decision(judge.decide_contact(view, facts, NO_HISTORY))
    if isinstance(seen, DealObservation):
        deal = DealView(seen._replace(contacts=(), companies=()), ())
        return _by_decision(judge.decide_deal(deal, (), NO_HISTORY))
    company = judge.company(seen, ())
    if company.causes:
        return Worth.HELD
    return Worth.FREE if company.facts.is_customer is False else Worth.KEPT


def _by_decision(decision: Decision) -> Worth:
    match decision.outcome:
        case Outcome.HELD:
            return Worth.HELD
        case Outcome.DISPOSE:
            return Worth.FREE
        case Outcome.RETAIN:
            return Worth.KEPT if any(reason.code in _KEEPS for reason in decision.reasons) else Worth.FREE
        case _:
            return Worth.KEPT
