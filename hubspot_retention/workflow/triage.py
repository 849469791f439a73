"""Triage: of what the ledger wants looked at, what must be read afresh, and what is known without reading.

What a plan holds that waits for a person, or that is being carried out, needs no look: a night's plan of a hundred
thousand inactive contacts must cost nothing each half minute.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from itertools import groupby, islice
from typing import Final

from hubspot_retention.core.deadline.ledger import LOOK_AGAIN, by_deadline, done, is_hinted, put_off, waits
from hubspot_retention.core.deadline.obligation import Obligation, ObligationState
from hubspot_retention.core.deadline.outcome import SETTLED_WITHIN
from hubspot_retention.core.plan.model import OVER, Plan, PlanStatus
from hubspot_retention.core.record import ObjectType
from hubspot_retention.workflow.allowance import Allowance
from hubspot_retention.workflow.obligations import Change
from hubspot_retention.workflow.ports import Transaction
from hubspot_retention.workflow.seal import DUE_RUN, PARTIAL_RUNS

GUARDRAIL: Final = "guardrail"
REJECTED: Final = "rejected"
TRY_AGAIN: Final = timedelta(hours=1)
"""When a plan of single records is made again in place of one that a guardrail blocks, or that still waits."""

_MOST_READ: Final = 2_000
"""Records read in one tick for time rules; exercised rights are all read."""
_PAGE: Final = 500


class Fate(Enum):
    """What a plan means for a record in it. `WAITS`: for a person. `STUCK`: a guardrail or a person forbids it.
    `GOES`: it is approved and carried out. `OVER`: it does not bind the record any more."""

    WAITS = auto()
    STUCK = auto()
    GOES = auto()
    OVER = auto()


def fate_of(plan: Plan, run_kind: str, now: datetime) -> Fate:
    """What a plan means for the records in it. A full run's plan that a person rejected, or a guardrail blocks, binds
    as long as it is valid: what a person has just refused must not come back half a minute later."""
    if now > plan.expires_at:
        return Fate.OVER
    match plan.status:
        case PlanStatus.APPROVED | PlanStatus.APPLYING:
            return Fate.GOES
        case PlanStatus.AWAITING_REVIEW | PlanStatus.BUILDING:
            return Fate.OVER if run_kind == DUE_RUN else Fate.WAITS
        case PlanStatus.REJECTED:
            return Fate.OVER if run_kind == DUE_RUN else Fate.STUCK
        case PlanStatus.BLOCKED:
            is_old = run_kind in PARTIAL_RUNS and now >= plan.built_at + TRY_AGAIN
            return Fate.OVER if is_old else Fate.STUCK
        case _:
            return Fate.OVER


@dataclass(slots=True)
class Triage:
    """Sorts obligations as of an instant; remembers the plans it met."""

    allowance: Allowance
    now: datetime
    to_read: list[Obligation] = field(default_factory=list)
    _plans: dict[str, tuple[Plan, str] | None] = field(default_factory=dict)

    def sort(self, tx: Transaction, kind: ObjectType, queue: Sequence[Obligation]) -> list[Change]:
        """What changes without reading; what must be read is added to `to_read`."""
        disposed = tx.disposed(kind, [found.record.record_id for found in queue if self._has_ended(tx, found.plan_id)])
        changes: list[Change] = []
        after: Obligation | None
        for found in queue:
            gone = disposed.get(found.record.record_id)
            if gone is not None and gone[0] == found.plan_id:
                after = done(found, "read-back-absent", self.now, found.plan_id)
            else:
                after = self._known(tx, found)
            if after is None:
                self.to_read.append(found)
            else:
                changes.append((found, after))
        return changes

    def plan(self, tx: Transaction, plan_id: str) -> tuple[Plan, str] | None:
        """A plan with the kind of its run."""
        if plan_id not in self._plans:
            plan = tx.plan(plan_id)
            self._plans[plan_id] = None if plan is None else (plan, tx.run_kind(plan.run_id))
        return self._plans[plan_id]

    def _has_ended(self, tx: Transaction, plan_id: str) -> bool:
        found = self.plan(tx, plan_id)
        return found is not None and found[0].status in OVER

    def _known(self, tx: Transaction, found: Obligation) -> Obligation | None:
        """An obligation as it stands without a look; `None`: it must be read."""
        holds = self.plan(tx, found.plan_id)
        if holds is None or is_hinted(found) or found.state not in (ObligationState.OPEN, ObligationState.REVIEW):
            return None
        if self.fate(tx, found) is Fate.WAITS and self.allowance.may_cover(found):
            return None
        return self.bound(tx, found)

    def fate(self, tx: Transaction, found: Obligation) -> Fate:
        """What its plan means for a record."""
        holds = self.plan(tx, found.plan_id)
        return Fate.OVER if holds is None else fate_of(*holds, self.now)

    def bound(self, tx: Transaction, found: Obligation, code: str = "") -> Obligation | None:
        """An obligation as its plan binds it; `None` if none does. `code`: why it waits, if that is worth saying."""
        holds = self.plan(tx, found.plan_id)
        if holds is None:
            return None
        plan, run_kind = holds
        soon = self.now + SETTLED_WITHIN
        match fate_of(plan, run_kind, self.now):
            case Fate.GOES:
                return put_off(found, soon)
            case Fate.STUCK:
                why = REJECTED if plan.status is PlanStatus.REJECTED else GUARDRAIL
                again = TRY_AGAIN if run_kind in PARTIAL_RUNS else LOOK_AGAIN
                return waits(found, plan.plan_id, why, max(plan.built_at + again, soon))
            case Fate.WAITS:
                return waits(found, plan.plan_id, code, max(plan.built_at + LOOK_AGAIN, soon))
            case _:
                return None


def pages(queue: Sequence[Obligation]) -> Iterator[tuple[ObjectType, list[Obligation]]]:
    """The queue by class, so many at a time."""
    ordered = sorted(queue, key=_class_of)
    for kind, group in groupby(ordered, key=_class_of):
        while page := list(islice(group, _PAGE)):
            yield kind, page


def _class_of(found: Obligation) -> ObjectType:
    return found.record.object_type


def in_turn(wanted: Sequence[Obligation]) -> list[Obligation]:
    """Exercised rights and what is undecided, then as many time rules as one tick reads; earliest deadline first."""
    ordered = sorted(wanted, key=by_deadline)
    first = [found for found in ordered if found.right or found.due_at is None]
    then = [found for found in ordered if not (found.right or found.due_at is None)]
    return [*first, *then[:_MOST_READ]]
