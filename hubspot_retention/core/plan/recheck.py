"""The re-check: a record read again immediately before the write. The set may only shrink (semantics 8)."""

from enum import StrEnum

from hubspot_retention.core.decision.model import Decision, Outcome
from hubspot_retention.core.plan.model import Action, PlanItem


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


_SKIPS = {
    Outcome.HELD: Skip.HELD,
    Outcome.UNDETERMINED: Skip.UNDETERMINED,
    Outcome.REFER: Skip.REFERRED,
    Outcome.RETAIN: Skip.NO_LONGER_DUE,
}


def recheck(item: PlanItem, now: Decision) -> Skip | None:
    """Why the item must be skipped, or `None` if it still stands: the same rule, dates and disposition."""
    planned = item.decision
    if item.action is Action.END_MARKETING:
        return None if now.marketing_ends and now.outcome is not Outcome.DISPOSE else Skip.MARKETING_GOES_ON
    if now.outcome is not Outcome.DISPOSE:
        return _SKIPS[now.outcome]
    same = (now.rule, now.disposition, now.due_at) == (planned.rule, planned.disposition, planned.due_at)
    return None if same else Skip.CHANGED
