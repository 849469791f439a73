"""What is shown of a plan, as values: its header, what blocks its items, what hangs on them, the items wanted."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hubspot_retention.core.civil import Civil
from hubspot_retention.core.deadline.timing import call_by
from hubspot_retention.core.decision.wire import decision_json
from hubspot_retention.core.plan.model import Action, Block, Bundle, ItemState, Plan, PlanItem
from hubspot_retention.core.policy.model import AttachmentPolicy, Disposition
from hubspot_retention.workflow.owner_warnings import WarnedOf

NO_BUNDLE = Bundle()

ITEMS_SHOWN = 20
"""How many items are shown unless all are asked for."""

BLOCK_WORDS: Mapping[Block, str] = {
    Block.UNVERIFIED: "correspondence must be kept, and `portal probe` has not yet seen this portal keep it",
    Block.CORRESPONDENCE_UNKNOWN: "the correspondence could not be listed",
}
OBSERVED_WORDS = "a rule that must agree is in mode observe, so nothing is done, whoever approves a plan"


@dataclass(frozen=True, slots=True)
class Totals:
    """Of all items of a plan: how many there are, how many are blocked and why, how far they are, their bundles."""

    items: int = 0
    blocked: Mapping[Block, int] = field(default_factory=dict)
    states: Mapping[ItemState, int] = field(default_factory=dict)
    codes: Mapping[tuple[ItemState, str], int] = field(default_factory=dict)
    bundle: Bundle = NO_BUNDLE


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan with its totals and those of its items that are shown. `attachments`: what the policy has done with the
    files of what goes."""

    plan: Plan
    totals: Totals
    items: tuple[PlanItem, ...] = ()
    warned: tuple[WarnedOf, ...] = ()
    attachments: AttachmentPolicy = AttachmentPolicy.REPORT


def totals(items: Iterable[PlanItem]) -> Totals:
    """The totals of a plan's items, read once."""
    count = 0
    blocked: Counter[Block] = Counter()
    states: Counter[ItemState] = Counter()
    codes: Counter[tuple[ItemState, str]] = Counter()
    sums = [0] * len(Bundle._fields)
    for item in items:
        count += 1
        if item.action in (Action.OBSERVE, Action.NONE):
            continue
        if item.block is not None:
            blocked[item.block] += 1
        states[item.state] += 1
        if item.state_code:
            codes[(item.state, item.state_code)] += 1
        if item.bundle is not None:
            sums = [one + other for one, other in zip(sums, item.bundle, strict=True)]
    return Totals(count, dict(blocked), dict(states), dict(codes), Bundle(*sums))


def last_call(action: Action, erase_by: datetime | None) -> datetime | None:
    """The last instant at which the call of an action meets a limit (semantics 7); `None` if there is no limit."""
    disposition = Disposition.ARCHIVE if action is Action.ARCHIVE else None
    return None if erase_by is None else call_by(disposition, erase_by)


def plan_json(view: PlanView, civil: Civil) -> dict[str, Any]:
    """A plan as plain JSON; instants are ISO 8601 in civil time with offset."""
    plan = view.plan
    return {
        "plan_id": plan.plan_id,
        "kind": plan.kind.value,
        "status": plan.status.value,
        "digest": plan.digest,
        "portal": plan.portal_id,
        "policy": {"name": plan.policy_name, "digest": plan.policy_digest},
        "as_of": civil.show(plan.as_of),
        "built_at": civil.show(plan.built_at),
        "expires_at": civil.show(plan.expires_at),
        "requested_by": plan.requested_by,
        "decided_by": plan.decided_by or None,
        "decided_at": None if plan.decided_at is None else civil.show(plan.decided_at),
        "why": plan.why or None,
        "population": {kind.value: count for kind, count in plan.population},
        "breaches": list(plan.breaches),
        "rules": [
            {
                "rule": count.rule,
                "action": count.action.value,
                "count": count.total,
                "oldest_due_at": None if count.oldest_due_at is None else civil.show(count.oldest_due_at),
                "earliest_erase_by": None if count.earliest_erase_by is None else civil.show(count.earliest_erase_by),
            }
            for count in plan.rules
        ],
        "outcomes": [
            {"class": found.object_type.value, "outcome": found.outcome, "reason": found.reason, "count": found.total}
            for found in plan.outcomes
        ],
        "owners_warned": [{"rule": of.rule, "told": of.told, "total": of.total} for of in view.warned],
        "blocked": {block.value: count for block, count in view.totals.blocked.items()},
        "states": {state.value: count for state, count in view.totals.states.items()},
        "bundle": view.totals.bundle._asdict(),
        "item_count": view.totals.items,
        "items": [item_json(item, civil) for item in view.items],
    }


def item_json(item: PlanItem, civil: Civil) -> dict[str, Any]:
    """An item as plain JSON: its decision, what is done about it, how far that has come."""
    return {
        **decision_json(item.decision, civil),
        "action": item.action.value,
        "block": None if item.block is None else item.block.value,
        "bundle": None if item.bundle is None else item.bundle._asdict(),
        "start_is_new": item.start_is_new,
        "state": item.state.value,
        "state_code": item.state_code or None,
    }
