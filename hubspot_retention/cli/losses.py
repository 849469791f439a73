"""What plans lose by a hold or a request, and whom a hold reaches: told to whoever has just placed or recorded it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hubspot_retention.cli.in_view import asked_at_once
from hubspot_retention.cli.output import say
from hubspot_retention.errors import RetentionError

if TYPE_CHECKING:
    from hubspot_retention.bootstrap import Application
    from hubspot_retention.core.record import RecordRef

_NAMED = 10
"""How many records of a plan are named."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom a hold reaches, and which of the records that were asked about were in view after that was read. What is not
    in view any more hangs on nothing that can be seen, so of it nobody can tell."""

    reached: frozenset["RecordRef"]
    in_view: frozenset["RecordRef"]

    def rules_out(self, record: "RecordRef") -> bool:
        """Whether the hold certainly does not reach a record."""
        return record in self.in_view and record not in self.reached


def reach_of(house: "Application", held: "RecordRef", asked: Collection["RecordRef"]) -> Reach | None:
    """Whom a hold on a record in view reaches, asked of HubSpot; `None` if that could not be read, which is told."""
    from hubspot_retention.workflow.reach import reached, whereabouts

    try:
        with asked_at_once(house) as (portal, _):
            found = reached(portal, [held])
            where = whereabouts(portal, {held, *asked})
    except RetentionError as error:
        say(f"it could not be found out whom else the hold on {held} reaches: {error}. It reaches them all the same")
        return None
    if where[held] is not True:  # it went meanwhile, and what hung on it cannot be seen any more
        return None
    return Reach(found | {held}, frozenset(each for each, place in where.items() if place is True))


def tell_losses(house: "Application", records: Collection["RecordRef"]) -> None:
    """Tell which plans that wait or run would have taken some of these records, and do not any more."""
    from hubspot_retention.core.plan.model import NOT_SENT, WAITS_OR_RUNS, Action, PlanStatus

    open_statuses = (*WAITS_OR_RUNS, PlanStatus.BLOCKED)
    losses: dict[str, list[str]] = {}
    with house.store("brief") as store, store.transaction() as tx:
        for record in sorted(records):
            for made, item in tx.items_of_record(record):
                goes = item.action in (Action.ARCHIVE, Action.ERASE)
                if goes and made.status in open_statuses and item.state in NOT_SENT:
                    losses.setdefault(made.plan_id, []).append(str(record))
    for plan_id, lost in losses.items():
        more = f" and {len(lost) - _NAMED:,} more" if len(lost) > _NAMED else ""
        skipped = "it is" if len(lost) == 1 else "they are"
        say(f"plan {plan_id} loses {', '.join(lost[:_NAMED])}{more}: {skipped} skipped when the plan is applied")
