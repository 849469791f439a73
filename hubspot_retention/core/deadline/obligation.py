"""One line of the deadline ledger: a record, what is to become of it, and by when."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from hubspot_retention.core.policy.model import Disposition
from hubspot_retention.core.record import RecordRef


class ObligationState(StrEnum):
    """How far an obligation has come.

    `look`: somebody said look, nothing is decided yet. `open`: to be disposed of. `review`: a plan with it waits for
    a person. `held`: a hold binds the record. `raised`: it failed again and again, cannot go, or an answer is owed: a
    person was told. `done`: disposed of. `ended`: no longer due.
    """

    LOOK = "look"
    OPEN = "open"
    REVIEW = "review"
    HELD = "held"
    RAISED = "raised"
    DONE = "done"
    ENDED = "ended"


LIVE: Final = (
    ObligationState.LOOK,
    ObligationState.OPEN,
    ObligationState.REVIEW,
    ObligationState.HELD,
    ObligationState.RAISED,
)
"""The states of what has not ended."""

IN_DANGER: Final = tuple(state for state in LIVE if state is not ObligationState.HELD)
"""The states of what is still to be worked off, so that its deadline can be missed: a hold stops the clock."""


class Obligation(NamedTuple):
    """What the ledger knows of one record. Instants in UTC.

    `reason` is a code. `call_by` is the last instant at which the call meets `erase_by` (semantics 7), `not_before`
    the first at which it may be made (grace). `by_person`: the data subject set the start, so a standing approval may
    cover it. `right`: an exercised right. `next_look_at`: when it is to be read again. `settled_at`: when it ended.
    """

    record: RecordRef
    state: ObligationState
    first_seen_at: datetime
    heard_at: datetime
    next_look_at: datetime
    reason: str = ""
    rule: str = ""
    disposition: Disposition | None = None
    due_at: datetime | None = None
    erase_by: datetime | None = None
    call_by: datetime | None = None
    not_before: datetime | None = None
    by_person: bool = False
    right: bool = False
    attempts: int = 0
    plan_id: str = ""
    settled_at: datetime | None = None

    @property
    def is_live(self) -> bool:
        """Whether it has not ended."""
        return self.state in LIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class ObligationCount:
    """Obligations of one state, rule and disposition, counted as of an instant.

    `overdue`: those past `due_at` in the sense of the storage-limitation debt (the period has ended and the record is
    still there). `late`: those past the last instant at which the call met `erase_by`. `oldest_due_at`, `next_call_by`:
    over all of them.
    """

    state: ObligationState
    rule: str
    disposition: Disposition | None
    total: int
    overdue: int
    late: int
    oldest_due_at: datetime | None
    next_call_by: datetime | None
