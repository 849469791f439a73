"""Which items of a plan are wanted, and what a run is begun with."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hubspot_retention.core.decision.model import Outcome
from hubspot_retention.core.plan.model import Action, ItemState
from hubspot_retention.core.record import ObjectType, PortalId


class ItemOrder(StrEnum):
    """`record`: by class and id, the order of the digest. `deadline`: the earliest `erase_by` first."""

    RECORD = "record"
    DEADLINE = "deadline"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFilter:
    """Empty tuples mean all."""

    actions: tuple[Action, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    object_types: tuple[ObjectType, ...] = ()
    states: tuple[ItemState, ...] = ()
    order: ItemOrder = ItemOrder.RECORD


ALL_ITEMS = ItemFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """What a run begins with; instants in UTC. `kind`: `plan`, `reconcile` or `what-if`."""

    portal_id: PortalId
    policy_digest: str
    as_of: datetime
    started_at: datetime
    kind: str
    actor: str
