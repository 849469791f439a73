"""What the audit log is told of an item of a plan: a step of its disposal, or how that ended."""

from datetime import datetime

from hubspot_retention.core.audit.entry import Entry, Facts
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.plan.model import Plan, PlanItem


def item_entry(
    plan: Plan,
    item: PlanItem,
    verb: Verb,
    at: datetime,
    *,
    actor: str,
    code: str = "",
    subject: Subject = Subject.DISPOSAL,
    facts: Facts = (),
) -> Entry:
    """One word about an item, with the plan, the policy and the rule by which it is disposed of."""
    return Entry(
        subject=subject,
        verb=verb,
        at=at,
        portal_id=plan.portal_id,
        record=str(item.record),
        run_id=plan.run_id,
        plan_id=plan.plan_id,
        plan_digest=plan.digest or None,
        policy_digest=plan.policy_digest,
        rule=item.decision.rule,
        actor=actor,
        code=code or None,
        facts=facts,
    )
