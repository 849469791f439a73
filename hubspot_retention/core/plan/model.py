"""A disposition plan and its items, as values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from hubspot_retention.core.decision.model import Decision
from hubspot_retention.core.record import ObjectType, PortalId, RecordRef


class PlanKind(StrEnum):
    """A run makes two plans: a flood of inactive contacts must never hold up a five-day duty (semantics 8)."""

    RIGHTS = "rights"
    TIME = "time"


class PlanStatus(StrEnum):
    """The life of a plan. `building` is a run that stopped before its plan was whole: it can never be applied."""

    BUILDING = "building"
    READ_ONLY = "read-only"
    BLOCKED = "blocked"
    AWAITING_REVIEW = "awaiting-review"
    APPROVED = "approved"
    APPLYING = "applying"
    APPLIED = "applied"
    PARTLY_APPLIED = "partly-applied"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


class Action(StrEnum):
    """What applying the plan does with an item. `observe`: nothing, its rule is only observed, whoever approves the
    plan. `none`: it is in the plan for a person to see."""

    ARCHIVE = "archive"
    ERASE = "erase"
    END_MARKETING = "end-marketing"
    OBSERVE = "observe"
    NONE = "none"


class Block(StrEnum):
    """Why an item that is due is not carried out as the plan stands."""

    UNVERIFIED = "unverified"
    CORRESPONDENCE_UNKNOWN = "correspondence-unknown"


class ItemState(StrEnum):
    """How far an item has come (reliability, disposal protocol)."""

    PENDING = "pending"
    PREPARED = "prepared"
    SENT = "sent"
    UNKNOWN = "unknown"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


WAITS_OR_RUNS: Final = (PlanStatus.AWAITING_REVIEW, PlanStatus.APPROVED, PlanStatus.APPLYING, PlanStatus.PARTLY_APPLIED)
"""Plans that may take records away yet, as they stand."""
BEGUN: Final = (PlanStatus.APPLYING, PlanStatus.PARTLY_APPLIED, PlanStatus.REJECTED, PlanStatus.EXPIRED)
"""Plans that may have calls under way: rejected or expired midway, too."""
OVER: Final = (PlanStatus.APPLIED, PlanStatus.PARTLY_APPLIED, PlanStatus.EXPIRED, PlanStatus.REJECTED)
"""Plans that nobody is carrying out."""
NOT_SENT: Final = (ItemState.PENDING, ItemState.PREPARED)
FINAL_STATES = frozenset((ItemState.DONE, ItemState.SKIPPED, ItemState.FAILED))
OPTED_OUT: Final = "opted-out"
"""The code of an item by which marketing ended for somebody who stays: nothing was disposed of."""
RESTORED: Final = "restored"
"""The code of an item that was carried out, and whose record was seen in view since: it is not away by our hand."""


class Bundle(NamedTuple):
    """What goes and stays with a record, counted: an erase goes children first (semantics 7)."""

    archived: int = 0
    emails_gone: int = 0
    detached: int = 0
    rehomed: int = 0
    stays_on_deal: int = 0
    attachments: int = 0
    deals_stamped: int = 0

    @property
    def keeps_correspondence(self) -> bool:
        """Whether correspondence stays that must survive the erasure of its contact."""
        return bool(self.detached or self.rehomed or self.stays_on_deal)


class PlanItem(NamedTuple):
    """One record of a plan: the decision on it, what is done about it, how far that has come.

    `may_go`: the correspondence that it may take along, in its order; when it is carried out nothing else goes.
    `start_is_new`: no earlier run saw the start of a time rule that must agree, so a person must look (semantics 8).
    """

    decision: Decision
    action: Action
    block: Block | None = None
    bundle: Bundle | None = None
    may_go: tuple[RecordRef, ...] = ()
    start_is_new: bool = False
    state: ItemState = ItemState.PENDING
    state_code: str = ""

    @property
    def record(self) -> RecordRef:
        """The record."""
        return self.decision.record


class RuleCount(NamedTuple):
    """One line of a plan's summary: due records of a rule, the oldest `due_at`, the earliest `erase_by`."""

    rule: str
    action: Action
    total: int
    oldest_due_at: datetime | None
    earliest_erase_by: datetime | None


class OutcomeCount(NamedTuple):
    """One line of a plan's summary: records of a class with an outcome, by its first reason."""

    object_type: ObjectType
    outcome: str
    reason: str
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan without its items. Instants in UTC. `digest` binds everything but the watermark (semantics 8).

    `population`: records read per class. `breaches`: what a guardrail said; not empty blocks the plan whole.
    """

    plan_id: str
    run_id: int
    kind: PlanKind
    portal_id: PortalId
    policy_name: str
    policy_digest: str
    as_of: datetime
    built_at: datetime
    expires_at: datetime
    requested_by: str
    digest: str
    status: PlanStatus
    population: tuple[tuple[ObjectType, int], ...]
    outcomes: tuple[OutcomeCount, ...]
    rules: tuple[RuleCount, ...]
    breaches: tuple[str, ...]
    decided_by: str = ""
    decided_at: datetime | None = None
    why: str = ""

    @property
    def to_do(self) -> tuple[RuleCount, ...]:
        """The lines of its summary that applying it carries out."""
        return tuple(count for count in self.rules if count.action is not Action.OBSERVE)

    @property
    def observed(self) -> int:
        """How many records are only observed."""
        return sum(count.total for count in self.rules if count.action is Action.OBSERVE)
