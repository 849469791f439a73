"""What the long-running service needs of a transaction, beside what a single command needs of it (`ports`)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from hubspot_retention.core.alarm import AlarmKind, AlarmRecord, Tick
from hubspot_retention.core.audit.anchor import Anchored, Token
from hubspot_retention.core.audit.whole import StoredCheckpoint
from hubspot_retention.core.deadline.approval import StandingApproval
from hubspot_retention.core.deadline.forecast import Turn
from hubspot_retention.core.deadline.obligation import Obligation, ObligationCount, ObligationState
from hubspot_retention.core.plan.model import Action, ItemState, PlanKind
from hubspot_retention.core.record import ObjectType, PortalId, RecordId, RecordRef
from hubspot_retention.core.webhook.event import Event, StoredEvent


class ServiceTransaction(Protocol):
    """The deadline ledger, standing approvals, the inbox, ticks, alarms and counters."""

    def last_full_run(self, portal: PortalId) -> datetime | None:
        """When the newest run began that read the whole portal and ended as done (a what-if is none)."""

    def full_run_before(self, portal: PortalId, run_id: int) -> tuple[int, datetime] | None:
        """The number of the newest run before this one that read the whole portal and ended as done (a what-if is
        none), and when it began."""

    def run_kind(self, run_id: int) -> str:
        """What kind of run it was."""

    def disposed(
        self, object_type: ObjectType, ids: Sequence[RecordId], *, states: Sequence[ItemState] = (ItemState.DONE,)
    ) -> Mapping[RecordId, tuple[str, Action, datetime | None]]:
        """Records with an item to archive or erase in one of these states: of the newest one its plan, what was to be
        done, and when the ledger settled it, if it did; not what was seen in view since (`RESTORED`). With `sent` and
        `unknown`: what may have had its effect too.
        """

    def outcomes_of(self, object_type: ObjectType, ids: Sequence[RecordId]) -> Mapping[RecordId, str]:
        """The outcome of each record's newest item, such as `held`; a record without any is not in the answer."""

    def held_by(
        self, run_id: int, kind: PlanKind, object_type: ObjectType, after: RecordId, limit: int
    ) -> Sequence[RecordId]:
        """Records of a class that a run's plan of that kind holds as held, with ids beyond `after`, in their order."""

    def of_run(self, run_id: int, object_type: ObjectType, ids: Sequence[RecordId]) -> frozenset[RecordId]:
        """Which of the records stand in the plans of a run, as whatever."""

    def obligation(self, record: RecordRef) -> Obligation | None:
        """What the ledger knows of a record."""

    def obligations_of(self, object_type: ObjectType, ids: Sequence[RecordId]) -> Mapping[RecordId, Obligation]:
        """What the ledger knows of records; one it does not know is not in the answer."""

    def obliged(self, object_type: ObjectType, ids: Sequence[RecordId]) -> frozenset[RecordId]:
        """Which of the records the ledger knows, settled or not."""

    def save_obligations(self, obligations: Sequence[Obligation]) -> None:
        """Write down obligations, each in place of what stood there of its record."""

    def obligations(
        self,
        states: Sequence[ObligationState],
        *,
        rule: str | None = None,
        limit: int | None = None,
        skip: int = 0,
    ) -> Sequence[Obligation]:
        """Obligations in these states, of one rule or of all, unknown deadlines first, then the earliest `call_by`; the
        first few may be skipped, and `limit` is how many follow at most."""

    def obligations_to_look_at(self, now: datetime, limit: int) -> Sequence[Obligation]:
        """Live obligations whose `next_look_at` has come: exercised rights and what nobody could decide yet, then time
        rules, each in the same order."""

    def backlog(self, now: datetime) -> Sequence[Turn]:
        """What is still to be worked off, counted by deadline and grace, the earliest first; what has no deadline or
        has missed it comes first, as one."""

    def obligations_not_heard_since(self, at: datetime, object_type: ObjectType, limit: int) -> Sequence[Obligation]:
        """Live obligations of a class last heard of before an instant, in the same order."""

    def count_obligations(self, now: datetime) -> Sequence[ObligationCount]:
        """Obligations by state, rule and disposition. `overdue`: not settled, and due. `late`: past the last instant at
        which the call met `erase_by`, those that are settled at the instant they were."""

    def forget_obligations(self, before: datetime) -> int:
        """Take out of the ledger what was settled before an instant; answers how many. The audit log keeps its end."""

    def grant_standing(self, approval: StandingApproval) -> StandingApproval:
        """Store a standing approval (its `approval_id` is given by the store)."""

    def revoke_standing(self, approval_id: int, at: datetime, by: str) -> StandingApproval | None:
        """Revoke one that is not revoked; `None` if there is none of that number."""

    def standing_approvals(self, *, all: bool = False) -> Sequence[StandingApproval]:
        """Standing approvals that are not revoked (or all), in the order they were granted."""

    def policy_document(self, policy_digest: str) -> str | None:
        """The text of a policy that a person approved, be it long ago; `None` if nobody approved one of that digest."""

    def use_standing(self, approval_id: int, day: date, number: int) -> StandingApproval | None:
        """Let so many more go on a local day. `None`, and nothing is changed, if it is revoked, if that is more than
        its cap leaves, or if the day lies before one it was used on."""

    def add_events(self, events: Sequence[Event], received_at: datetime) -> int:
        """Put events into the inbox; answers how many were new. One that is there already is left as it is."""

    def events_to_handle(self, limit: int) -> Sequence[StoredEvent]:
        """The oldest events that nobody handled yet."""

    def last_event(self) -> int:
        """The number of the newest event, handled or not; 0 where there is none."""

    def events_since(
        self, number: int, records: Collection[RecordRef], properties: Collection[str]
    ) -> Sequence[StoredEvent]:
        """The events with a higher number, handled or not, that are about one of the records, change one of the
        properties, or move something (an association, a merge, a restore)."""

    def mark_handled(self, numbers: Sequence[int], at: datetime, outcome: str) -> None:
        """Events were handled; `outcome` is a code."""

    def events_waiting(self) -> int:
        """How many events nobody handled yet."""

    def forget_events(self, before: datetime) -> int:
        """Take out of the inbox what was handled before an instant; answers how many. HubSpot repeats an event for a
        day or more: forgotten sooner, it would be new again."""

    def tick_started(self, name: str, at: datetime) -> None:
        """One of the service's ticks begins."""

    def tick_done(self, name: str, at: datetime, seconds: float, error: str = "") -> None:
        """It has ended. With `error`, a code, its last success stays what it was."""

    def ticks(self) -> Mapping[str, Tick]:
        """The ticks that ever began, by name."""

    def own_portal(self) -> PortalId | None:
        """The portal that all this is about: that of the first run, or else the first of which anything was noted;
        `None` before any was met."""

    def watermark(self, portal: PortalId, name: str) -> datetime | None:
        """Up to which instant something was read, `None` for never."""

    def save_watermark(self, portal: PortalId, name: str, at: datetime) -> None:
        """Up to which instant something was read."""

    def alarms(self, *, open_only: bool = False) -> Sequence[AlarmRecord]:
        """Alarms, by kind and what they are about; with `open_only` those that are not settled."""

    def alarm(self, kind: AlarmKind, about: str) -> AlarmRecord | None:
        """The alarm of a kind about something, settled or not."""

    def save_alarm(self, record: AlarmRecord) -> None:
        """Store an alarm in place of what stood there of its kind and what it is about."""

    def count(self, name: str, label: str, by: int = 1) -> None:
        """Add to a counter that outlives the process."""

    def counters(self) -> Mapping[tuple[str, str], int]:
        """The counters, by name and label."""

    def anchored(self) -> Sequence[Anchored]:
        """What each anchor was last shown, by name."""

    def save_anchored(self, rows: Sequence[Anchored]) -> None:
        """Store what anchors were shown, in place of what stood there of them."""

    def forget_anchored(self) -> None:
        """No anchor was shown anything of the log as it is from now on."""

    def save_checkpoint(self, signed: StoredCheckpoint) -> None:
        """Keep what was signed of the log; of a text that is kept already only signatures that are new."""

    def keep_tokens(self, tokens: Sequence[Token]) -> None:
        """Store proofs that checkpoints were there."""

    def tokens(self) -> Sequence[Token]:
        """All of them, in the order they were stored."""

    def keep_words(self, words: str, at: datetime) -> str:
        """Store words of a person apart from all else; answers the commitment to them, which a log may hold."""
