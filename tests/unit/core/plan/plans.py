"""A plan and its items, for tests."""

from dataclasses import replace
from typing import Any

from hubspot_retention.core.civil import Period
from hubspot_retention.core.decision.model import Decision, Outcome, Reason, ReasonCode
from hubspot_retention.core.plan.model import Action, Plan, PlanItem, PlanKind, PlanStatus
from hubspot_retention.core.policy.model import (
    Dispose,
    Disposition,
    Mode,
    RetentionPolicy,
    RetentionRule,
    ReviewKind,
    Start,
)
from hubspot_retention.core.record import ObjectType, PortalId, RecordRef
from tests.builders import at, on
from tests.documents import clienti

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


def two_rules(**guest: Any) -> RetentionPolicy:
    """Clienti's policy, but who unsubscribes is archived, and the guests of an event are erased 18 months after it;
    `guest`: what is different of that. Both act by themselves."""
    found = clienti()
    erasing: dict[str, Any] = {
        "start": Start(fact="event_on"),
        "after": Period(months=18),
        "within": (Period(days=30),),
        "disposition": Disposition.ERASE,
        "overrides": frozenset(),
        "right": False,
        "review": ReviewKind.NOBODY,
        "warn_ahead": None,
    }
    mode = guest.pop("mode", Mode.ENFORCE)
    changed: list[RetentionRule] = []
    for rule in found.rules:
        if rule.rule_id == "unsubscribed" and rule.dispose is not None:
            changed.append(replace(rule, dispose=replace(rule.dispose, disposition=Disposition.ARCHIVE)))
        elif rule.rule_id == "event-participant":
            changed.append(replace(rule, keep=None, mode=mode, dispose=Dispose(**erasing | guest)))
        else:
            changed.append(rule)
    return replace(found, rules=tuple(changed))


def observing(*names: str, policy: RetentionPolicy | None = None) -> RetentionPolicy:
    """Clienti's policy, or another, with these rules in mode observe."""
    found = policy or clienti()
    rules = [replace(rule, mode=Mode.OBSERVE) if rule.rule_id in names else rule for rule in found.rules]
    assert {rule.rule_id for rule in rules if rule.mode is Mode.OBSERVE} == set(names)
    return replace(found, rules=tuple(rules))


UNSUBSCRIBED_AT = at("2026-11-20T10:00")
EVENT_ON = on("2025-03-01")


def masked(ref: str = "contacts/101", /, **values: Any) -> Decision:
    """A guest of an event who unsubscribed, under `two_rules`: the right to be archived decides, the event erases."""
    due = (("unsubscribed", UNSUBSCRIBED_AT), ("event-participant", at("2026-09-01T22:00")))
    starts = (("unsubscribed_at", UNSUBSCRIBED_AT), ("event_on", EVENT_ON))
    given: dict[str, Any] = {"rule": "unsubscribed", "right": True, "due": due, "starts": starts}
    return a_disposal(ref, **given | values)
