"""Invented obligations, approvals, events and alarms, and strategies that make any of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from hubspot_retention.core.alarm import AlarmKind, AlarmLevel, AlarmRecord
from hubspot_retention.core.deadline.approval import StandingApproval
from hubspot_retention.core.deadline.obligation import Obligation, ObligationState
from hubspot_retention.core.policy.model import Disposition
from hubspot_retention.core.record import ObjectType
from hubspot_retention.core.webhook.event import Event
from tests.contract.store.values import CONTACT, NOW, PORTAL, a_record, instants, names, record_ids, records

HOUR = timedelta(hours=1)


def an_obligation(number: int = 101, kind: ObjectType = CONTACT, **changes: Any) -> Obligation:
    """Somebody unsubscribed."""
    said: dict[str, Any] = {
        "record": a_record(number, kind),
        "state": ObligationState.OPEN,
        "reason": "period-ended",
        "rule": "unsubscribed",
        "disposition": Disposition.ERASE,
        "due_at": NOW,
        "erase_by": NOW + 120 * HOUR,
        "call_by": NOW + 120 * HOUR,
        "first_seen_at": NOW,
        "heard_at": NOW,
        "next_look_at": NOW,
        "right": True,
    }
    return Obligation(**(said | changes))


def an_approval(**changes: Any) -> StandingApproval:
    """A standing approval that the store has not numbered yet."""
    said: dict[str, Any] = {"approval_id": 0, "rule": "unsubscribed", "max_per_day": 10, "granted_by": "anna.k"}
    said |= {"until_at": NOW + 240 * HOUR, "granted_at": NOW, "policy_digest": "ab" * 32}
    return StandingApproval(**(said | changes))


def an_event(number: int = 1, **changes: Any) -> Event:
    """A contact's property changed."""
    said: dict[str, Any] = {"portal_id": PORTAL, "subscription_id": 7, "event_id": number, "object_type": CONTACT}
    said |= {"event_type": "contact.propertyChange", "object_id": 100 + number, "occurred_at": NOW}
    said |= {"property_name": "hs_email_optout", "change_source": "CRM_UI", "source_id": "userId:1"}
    return Event(**(said | changes))


def an_alarm(about: str = "unsubscribed", **changes: Any) -> AlarmRecord:
    """A deadline is near."""
    said: dict[str, Any] = {"kind": AlarmKind.DEADLINE_NEAR, "about": about, "level": AlarmLevel.WARNING}
    return AlarmRecord(**(said | {"first_at": NOW, "last_seen_at": NOW, "facts": (("records", "3"),)} | changes))


_maybe = st.none() | instants
_counts = st.integers(min_value=0, max_value=10**6)
_codes = names | st.just("")
obligations = st.builds(
    Obligation,
    record=records,
    state=st.sampled_from(ObligationState),
    first_seen_at=instants,
    heard_at=instants,
    next_look_at=instants,
    reason=_codes,
    rule=_codes,
    disposition=st.none() | st.sampled_from(Disposition),
    due_at=_maybe,
    erase_by=_maybe,
    call_by=_maybe,
    not_before=_maybe,
    by_person=st.booleans(),
    right=st.booleans(),
    attempts=_counts,
    plan_id=_codes,
    settled_at=_maybe,
)
approvals = st.builds(
    StandingApproval,
    approval_id=st.just(0),
    rule=names,
    max_per_day=_counts,
    until_at=instants,
    granted_by=names,
    granted_at=instants,
    policy_digest=names,
    revoked_at=_maybe,
    revoked_by=_codes,
    used_on=st.none() | st.dates(),
    used=_counts,
)
events = st.builds(
    Event,
    portal_id=record_ids,
    subscription_id=record_ids,
    event_id=record_ids,
    event_type=_codes,
    object_type=st.none() | st.sampled_from(ObjectType),
    object_id=record_ids,
    occurred_at=instants,
    property_name=_codes,
    change_source=_codes,
    source_id=_codes,
    others=st.lists(st.tuples(st.sampled_from(["primary", "merged", "new"]), record_ids), max_size=3).map(tuple),
)
alarms = st.builds(
    AlarmRecord,
    kind=st.sampled_from(AlarmKind),
    about=names,
    level=st.sampled_from(AlarmLevel),
    first_at=instants,
    last_seen_at=instants,
    last_sent_at=_maybe,
    times=_counts,
    settled_at=_maybe,
    facts=st.lists(st.tuples(names, names), max_size=3).map(tuple),
)
EARLY = datetime(2026, 3, 1, tzinfo=UTC)
