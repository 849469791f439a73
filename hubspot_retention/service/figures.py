"""The figures of the job: what is past its date and why, what comes next, what is held; read at once from the store.

Health, metrics and `status` show the same ones.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from hubspot_retention.core.alarm import AlarmKind, AlarmRecord, Tick
from hubspot_retention.core.audit.anchor import Anchored
from hubspot_retention.core.deadline.obligation import IN_DANGER, LIVE, ObligationCount, ObligationState
from hubspot_retention.core.record import ObjectType, PortalId
from hubspot_retention.service.counting import DISPOSALS, WEBHOOKS, Key
from hubspot_retention.workflow.ports import Transaction

_EVERY_RUN = 2**53


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the store says as of an instant. `alarms` are the open ones; `sweep`: records that the last sweep read;
    `anchors`: what each that is set was last shown."""

    at: datetime
    obligations: Sequence[ObligationCount]
    ticks: Mapping[str, Tick]
    alarms: Sequence[AlarmRecord]
    counters: Mapping[Key, int]
    holds: int
    inbox_waiting: int
    sweep: Mapping[ObjectType, int]
    anchors: Sequence[Anchored] = ()

    @property
    def anchor_ages(self) -> Mapping[str, float | None]:
        """How many seconds ago the audit log was last shown to each of its anchors; `None`: never."""
        return {each.name: (self.at - each.at).total_seconds() if each.at else None for each in self.anchors}

    @property
    def debt(self) -> Mapping[ObligationState, int]:
        """The storage-limitation debt: records whose period has ended and that are still there, by why."""
        return {state: sum(count.overdue for count in self.obligations if count.state is state) for state in LIVE}

    @property
    def oldest_overdue_seconds(self) -> float:
        """How long ago the period ended of what waits longest; a hold is a ground to wait. 0: nothing waits."""
        waiting = [
            count.oldest_due_at for count in self.obligations if count.state in IN_DANGER and count.oldest_due_at
        ]
        return max(0.0, (self.at - min(waiting)).total_seconds()) if waiting else 0.0

    @property
    def next_deadline_seconds(self) -> float | None:
        """Until the next call must have been made; negative if one should have been; `None`: there is none."""
        waiting = [count.next_call_by for count in self.obligations if count.state in IN_DANGER and count.next_call_by]
        return (min(waiting) - self.at).total_seconds() if waiting else None

    @property
    def on_time_ratio(self) -> float | None:
        """The share of what was done that was done in time; `None`: nothing was done yet."""
        done = [count for count in self.obligations if count.state is ObligationState.DONE]
        total = sum(count.total for count in done)
        return 1 - sum(count.late for count in done) / total if total else None

    @property
    def by_state_and_rule(self) -> Mapping[tuple[ObligationState, str], int]:
        """Obligations that have not ended."""
        found: Counter[tuple[ObligationState, str]] = Counter()
        for count in self.obligations:
            if count.state in LIVE:
                found[(count.state, count.rule)] += count.total
        return found

    @property
    def disposals(self) -> Mapping[tuple[str, str], int]:
        """What became of disposals, by rule and result, since the database was made."""
        labels = {label: number for (name, label), number in self.counters.items() if name == DISPOSALS}
        return {(label.rpartition("/")[0], label.rpartition("/")[2]): number for label, number in labels.items()}

    @property
    def webhooks(self) -> Mapping[str, int]:
        """Webhooks by answer, since the database was made."""
        return {label: number for (name, label), number in self.counters.items() if name == WEBHOOKS}

    @property
    def alarms_by_kind(self) -> Mapping[AlarmKind, int]:
        """How many alarms are open, of every kind."""
        found = Counter(record.kind for record in self.alarms)
        return {kind: found[kind] for kind in AlarmKind}


def read_figures(tx: Transaction, portal: PortalId | None, now: datetime, anchors: Iterable[str] = ()) -> Figures:
    """Every figure, in one short transaction. `anchors`: those that are set; of others the store may still know."""
    shown = {each.name: each for each in tx.anchored()}
    return Figures(
        at=now,
        obligations=tx.count_obligations(now),
        ticks=tx.ticks(),
        alarms=tx.alarms(open_only=True),
        counters=tx.counters(),
        holds=sum(len(matters) for matters in tx.hold_register().values()),
        inbox_waiting=tx.events_waiting(),
        sweep={} if portal is None else tx.last_population(portal, _EVERY_RUN),
        anchors=[shown.get(name, Anchored(name=name)) for name in anchors],
    )
