"""A plan and its items, for tests."""

from typing import Any

from hubspot_retention.core.decision.model import Decision, Outcome, Reason, ReasonCode
from hubspot_retention.core.plan.model import Action, Plan, PlanItem, PlanKind, PlanStatus
from hubspot_retention.core.policy.model import Disposition
from hubspot_retention.core.record import ObjectType, PortalId, RecordRef
from tests.builders import at

AS_OF = at("2026-11-22T08:00")


def a_plan(**values: Any) -> Plan:
    """A plan of time rules that awaits review."""
    found: dict[str, Any] = {
        "plan_id": "7-time",
        "run_id": 7,
        "kind": PlanKind.TIME,
        "portal_id": PortalId(25412345),
        "policy_name": "A policy",
        "policy_digest": "abc",
        "as_of": AS_OF,
        "built_at": AS_OF,
        "expires_at": at("2026-11-23T08:00"),
        "requested_by": "anna.k",
        "digest": "",
        "status": PlanStatus.AWAITING_REVIEW,
        "population": ((ObjectType.CONTACT, 100), (ObjectType.DEAL, 40)),
        "outcomes": (),
        "rules": (),
        "breaches": (),
    }
    return Plan(**found | values)


def a_disposal(ref: str = "contacts/101", /, **values: Any) -> Decision:
    """A former customer who is due."""
    found: dict[str, Any] = {
        "record": RecordRef.parse(ref),
        "outcome": Outcome.DISPOSE,
        "reasons": (Reason(ReasonCode.PERIOD_ENDED, "former-customer", at("2026-10-31T23:00")),),
        "rule": "former-customer",
        "disposition": Disposition.ERASE,
        "due_at": at("2026-10-31T23:00"),
        "erase_by": at("2026-11-30T23:00"),
    }
    return Decision(**found | values)


def a_decision(outcome: Outcome, *reasons: Reason, record: str = "contacts/101", **values: Any) -> Decision:
    """A decision that is no disposal."""
    return Decision(record=RecordRef.parse(record), outcome=outcome, reasons=reasons, **values)


def an_item(record: str = "contacts/101", **values: Any) -> PlanItem:
    """An erasure that is planned."""
    found: dict[str, Any] = {"decision": a_disposal(record), "action": Action.ERASE}
    return PlanItem(**found | values)
