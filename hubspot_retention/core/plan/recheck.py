"""The re-check: a record read again immediately before the write. The set may only shrink (semantics 8)."""

from enum import StrEnum

from hubspot_retention.core.decision.agreeing import is_observed
from hubspot_retention.core.decision.model import Decision, Outcome
from hubspot_retention.core.plan.model import Action, PlanItem
from hubspot_retention.core.policy.model import RetentionPolicy


class Skip(StrEnum):
    """Why an item that was planned is not carried out."""

    GONE = "gone-already"
    MERGED = "merged-into-another"
    HELD = "held-now"
    UNDETERMINED = "undetermined-now"
    REFERRED = "to-be-looked-at-now"
    NO_LONGER_DUE = "no-longer-due"
    CHANGED = "changed-since-planned"
    MARKETING_GOES_ON = "marketing-no-longer-ends"
    UNVERIFIED = "correspondence-unverified"
    CORRESPONDENCE_UNKNOWN = "correspondence-unknown"
    MORE_WOULD_GO = "more-correspondence-would-go"
    OBSERVED = "only-observed"


_SKIPS = {
    Outcome.HELD: Skip.HELD,
    Outcome.UNDETERMINED: Skip.UNDETERMINED,
    Outcome.REFER: Skip.REFERRED,
    Outcome.RETAIN: Skip.NO_LONGER_DUE,
}


def recheck(item: PlanItem, now: Decision, policy: RetentionPolicy) -> Skip | None:
    """Why the item must be skipped, or `None` if it still stands: the same rule, dates and disposition, and no rule in
    mode `observe` that has become due since and must agree."""
    planned = item.decision
    if item.action is Action.END_MARKETING:
        if not now.marketing_ends or now.outcome is Outcome.DISPOSE:
            return Skip.MARKETING_GOES_ON
        return Skip.OBSERVED if is_observed(now, policy) else None
    if now.outcome is not Outcome.DISPOSE:
        return _SKIPS[now.outcome]
    if is_observed(now, policy):
        return Skip.OBSERVED
    same = (now.rule, now.disposition, now.due_at) == (planned.rule, planned.disposition, planned.due_at)
    return None if same else Skip.CHANGED
