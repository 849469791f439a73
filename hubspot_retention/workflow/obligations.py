"""The ledger in the store: it hears decisions, is told to look, and writes down what follows.

Whatever is decided is heard in the transaction that stores the decision, so that no obligation is lost between the
two. Most records oblige to nothing, and for those nothing is stored: a million retained contacts are no rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from hubspot_retention.core.deadline.duty import Seen, Terms
from hubspot_retention.core.deadline.ledger import heard, looked_for, told
from hubspot_retention.core.deadline.obligation import Obligation
from hubspot_retention.core.deadline.timing import carried_until_lately
from hubspot_retention.core.decision.model import Decision, Outcome, ReasonCode
from hubspot_retention.core.plan.model import PlanKind, PlanStatus
from hubspot_retention.core.plan.recheck import Skip
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.record import ObjectType, PortalId, RecordId, RecordRef
from hubspot_retention.workflow.deciding import Decided, obliges
from hubspot_retention.workflow.moves import take_out
from hubspot_retention.workflow.obligation_entry import entry_of
from hubspot_retention.workflow.ports import Store, Transaction
from hubspot_retention.workflow.seal import PARTIAL_RUNS

IN_DOUBT: Final = "in-doubt"
"""Why a record is looked at of which a sweep could not tell whether somebody exercised a right."""
NOT_SWEPT: Final = "not-swept"
"""Why a record is looked at that a full sweep did not come upon."""

_LEDGER_TYPES: Final = (ObjectType.CONTACT, ObjectType.DEAL)
_PAGE: Final = 1_000

Change = tuple[Obligation | None, Obligation]
"""An obligation before and after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """Where and when decisions were made. `plans`: those of the run that hold what is due; `is_fresh`: each record was
    read by id just now."""

    portal_id: PortalId
    at: datetime
    plans: Mapping[PlanKind, str] = field(default_factory=dict)
    is_fresh: bool = False


class Obligations:
    """Keeps the ledger under one policy."""

    def __init__(self, policy: RetentionPolicy, grace: timedelta) -> None:
        self._terms = Terms(policy=policy, grace=grace)

    def hear(
        self, tx: Transaction, kind: ObjectType, decided: Sequence[Decided], hearing: Hearing
    ) -> Mapping[RecordId, Obligation]:
        """Note what decisions oblige to; answers what the ledger says now of those it knows. Before the items of the
        same decisions are stored: a record's last item tells how an earlier run judged it."""
        known = tx.obligations_of(kind, [entry.decision.record.record_id for entry in decided])
        last_run_at = None
        if any(_may_have_lapsed(entry, known.get(entry.decision.record.record_id)) for entry in decided):
            last_run_at = tx.last_full_run(hearing.portal_id)
        changes: list[Change] = []
        for entry in decided:
            decision = entry.decision
            was = known.get(decision.record.record_id)
            if was is None and not obliges(decision, self._terms.policy):
                continue
            if was is None and decision.outcome is Outcome.UNDETERMINED and not decision.marketing_ends:
                changes.append((None, looked_for(None, decision.record, IN_DOUBT, hearing.at)))
                continue
            seen = Seen(
                decision=decision,
                at=hearing.at,
                before=entry.before,
                opt_out=entry.opt_out,
                carried=self._carried(tx, entry, last_run_at) if _may_have_lapsed(entry, was) else frozenset(),
                plan_id=hearing.plans.get(_plan_of(entry), ""),
                is_fresh=hearing.is_fresh,
            )
            after = heard(was, seen, self._terms)
            if after is not None:
                changes.append((was, after))
        self.write(tx, changes, hearing.at)
        known_now = {after.record.record_id: after for _, after in changes}
        for entry in decided:
            # By the decision, not by the state: whoever is held and has yet to be taken off a list owes that still.
            record = entry.decision.record
            if entry.decision.outcome is Outcome.HELD and record.record_id in known_now:
                take_out(tx, record, Skip.HELD, hearing.at)
        return known_now

    def _carried(self, tx: Transaction, entry: Decided, last_run_at: datetime | None) -> frozenset[str]:
        """The rules against which a keep without an end carried the record until lately: the last full run let it stay
        for that alone, although their time was over then. What that run held, referred or doubted stands in its
        plans."""
        decision = entry.decision
        if last_run_at is None:
            return frozenset()
        carried = carried_until_lately(decision, entry.before, self._terms.policy, last_run_at)
        judged_otherwise = bool(carried) and any(
            plan.built_at >= last_run_at
            and plan.status is not PlanStatus.READ_ONLY
            and not _is_carried(item.decision)
            and tx.run_kind(plan.run_id) not in PARTIAL_RUNS
            for plan, item in tx.items_of_record(decision.record)
        )
        return frozenset() if judged_otherwise else carried

    def look_at(self, tx: Transaction, records: Sequence[RecordRef], now: datetime, code: str) -> None:
        """Have contacts and deals read and decided as soon as it is their turn; `code` says why. Others have no
        obligations."""
        changes: list[Change] = []
        for kind in _LEDGER_TYPES:
            ids = sorted({record.record_id for record in records if record.object_type is kind})
            known = tx.obligations_of(kind, ids)
            for record_id in ids:
                was = known.get(record_id)
                changes.append((was, looked_for(was, RecordRef(kind, record_id), code, now)))
        self.write(tx, changes, now)

    def look_at_missed(self, store: Store, since: datetime, now: datetime) -> int:
        """After a whole sweep that began at `since`: have what it did not come upon looked at; answers how many. Such
        a record is gone, or was missed."""
        missed = 0
        for kind in _LEDGER_TYPES:
            page = _PAGE
            while page == _PAGE:
                with store.transaction() as tx:
                    found = tx.obligations_not_heard_since(since, kind, _PAGE)
                    self.look_at(tx, [each.record for each in found], max(now, since), NOT_SWEPT)
                page = len(found)
                missed += page
        return missed

    def write(self, tx: Transaction, changes: Sequence[Change], at: datetime) -> None:
        """Store what changed, and what the audit log must say of it."""
        tx.save_obligations([after for was, after in changes if after != was])
        for was, after in changes:
            for word in told(was, after):
                tx.audit(entry_of(after, word, self._terms.policy, at))


def _may_have_lapsed(entry: Decided, known: Obligation | None) -> bool:
    """Whether a record is to be disposed of, and it is not known yet that something is to be done, and by when."""
    if entry.decision.outcome is not Outcome.DISPOSE:
        return False
    return known is None or not known.is_live or known.due_at is None


def _is_carried(decision: Decision) -> bool:
    """Whether a record stayed for a keep, also where a person is to confirm that the relationship goes on."""
    kept = any(reason.code is ReasonCode.KEEP_WITHOUT_END for reason in decision.reasons)
    return kept or decision.outcome is Outcome.RETAIN


def _plan_of(entry: Decided) -> PlanKind:
    decision = entry.decision
    return PlanKind.TIME if decision.outcome is Outcome.DISPOSE and not decision.right else PlanKind.RIGHTS
