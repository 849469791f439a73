"""The grouped plan: what came up since the last full run and does not go by itself waits for a person in one plan.

A plan that is replaced every half minute can never be approved. So a new one is made at once where none waits, and
else takes in what waits already, at most once an hour, unless a deadline is near.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from hubspot_retention.core.deadline.obligation import Obligation
from hubspot_retention.core.plan.model import Action, ItemState, Plan, PlanStatus
from hubspot_retention.core.plan.query import ItemFilter
from hubspot_retention.core.record import ObjectType, PortalId, RecordId, RecordRef
from hubspot_retention.workflow.due_reading import Candidate
from hubspot_retention.workflow.ports import Transaction
from hubspot_retention.workflow.seal import REVIEW_RUN
from hubspot_retention.workflow.triage import TRY_AGAIN

_HURRY: Final = timedelta(hours=6)
_STILL_OPEN: Final = ItemFilter(
    actions=(Action.ARCHIVE, Action.ERASE, Action.END_MARKETING), states=(ItemState.PENDING, ItemState.PREPARED)
)
_UNDECIDED: Final = (PlanStatus.AWAITING_REVIEW, PlanStatus.BLOCKED)


def grouped_plans(tx: Transaction, portal: PortalId, rest: Sequence[Candidate], now: datetime) -> list[Plan]:
    """The grouped plans that wait, of the kinds that a new one would replace."""
    kinds = {each.kind for each in rest}
    return [
        plan
        for plan in tx.plans(portal)
        if plan.status in _UNDECIDED
        and plan.kind in kinds
        and now <= plan.expires_at
        and tx.run_kind(plan.run_id) == REVIEW_RUN
    ]


def not_until(plans: Sequence[Plan], rest: Sequence[Candidate], now: datetime) -> datetime | None:
    """When a grouped plan may be made anew; `None`: now."""
    newest = max((plan.built_at for plan in plans), default=None)
    deadlines = [each.obligation.call_by for each in rest if each.obligation.call_by is not None]
    near = any(now <= deadline < now + _HURRY for deadline in deadlines)
    if newest is None or near or now >= newest + TRY_AGAIN or now < newest:
        return None
    return newest + TRY_AGAIN


def also_waiting(tx: Transaction, plans: Sequence[Plan], but: Collection[RecordRef]) -> list[Obligation]:
    """The obligations of the other records that those plans hold and that still wait."""
    ids: dict[ObjectType, set[RecordId]] = {}
    for plan in plans:
        for item in tx.items(plan.plan_id, _STILL_OPEN):
            if item.record not in but:
                ids.setdefault(item.record.object_type, set()).add(item.record.record_id)
    held = {plan.plan_id for plan in plans}
    return [
        found
        for kind, wanted in ids.items()
        for found in tx.obligations_of(kind, sorted(wanted)).values()
        if found.is_live and found.plan_id in held
    ]
