"""What became of records that others merged or brought back, as it is seen by id: written down, and what follows.

What can go wrong: a record that went by our own hand is restored, and whoever takes it away afterwards is taken for us;
or the alarm of a deletion stands although the record is back, and hides the next deletion. So whoever reads a record by
id or in a whole list and finds it in view says so here, whatever it was read for; and with the plan that had disposed
of it is remembered that it is not away by our hand any more. Only, what was read may be older than what we did: of what
has just gone by our hand nobody believes that it is back because it is seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from hubspot_retention.core.alarm import AlarmKind
from hubspot_retention.core.audit.entry import Entry, Facts
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.deadline.ledger import told
from hubspot_retention.core.deadline.obligation import Obligation
from hubspot_retention.core.plan.model import NOT_SENT, RESTORED, WAITS_OR_RUNS, Action, ItemState, Plan, PlanStatus
from hubspot_retention.core.plan.recheck import Skip
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.record import ObjectType, PortalId, RecordId, RecordRef
from hubspot_retention.workflow.event_alarms import alarm_about, settle
from hubspot_retention.workflow.item_entry import item_entry
from hubspot_retention.workflow.obligation_entry import entry_of
from hubspot_retention.workflow.ports import Transaction
from hubspot_retention.workflow.standing import SERVICE

_DISPOSALS: Final = (Action.ARCHIVE, Action.ERASE)
_BEHIND: Final = timedelta(minutes=10)
"""For so long after it went a record may still be seen: answers and lists of HubSpot lag by minutes, and what was read
before it went is heard of a little later."""

Merged = Mapping[RecordId, Sequence[RecordId]]
"""What records tell: which others were merged into each."""


def take_out(tx: Transaction, record: RecordRef, why: Skip, now: datetime) -> int:
    """Take a record out of every plan that waits or runs, as far as no call for it was sent; answers how many items.

    Only disposals: the marketing of somebody who is held ends all the same.
    """
    found = [
        (plan, item)
        for plan, item in tx.items_of_record(record)
        if plan.status in WAITS_OR_RUNS and item.action in _DISPOSALS and item.state in NOT_SENT
    ]
    for plan, item in found:
        tx.set_item_state(plan.plan_id, record, ItemState.SKIPPED, why.value)
        tx.audit(item_entry(plan, item, Verb.SKIPPED, now, actor=SERVICE, code=why.value))
    return len(found)


def _is_in_view(tx: Transaction, record: RecordRef) -> None:
    """HubSpot shows what hangs on the record, or on what it became: what it needed in the bin is over."""
    if record.object_type is ObjectType.CONTACT:
        tx.forget_needs(record.record_id)


class Moves:
    """Writes down where records of one portal went."""

    def __init__(self, policy: RetentionPolicy, portal_id: PortalId) -> None:
        self._policy = policy
        self._portal_id = portal_id

    def read(self, tx: Transaction, record: RecordRef, now: datetime) -> None:
        """A record that something was told of was read by id: that it could not be is over."""
        settle(tx, alarm_about(tx, record, AlarmKind.EVENT_UNREADABLE), now)

    def follow(self, tx: Transaction, kind: ObjectType, merged: Merged, now: datetime) -> None:
        """What records tell of merges is followed where it was not yet: where something of a loser is remembered or
        owed under the id that it had."""
        losers = [loser for each in merged.values() for loser in each]
        owed = {record_id for record_id, known in tx.obligations_of(kind, losers).items() if known.is_live}
        left = owed | tx.recall(kind, losers).keys()
        for winner, each in merged.items():
            for loser in sorted(left.intersection(each) - {winner}):
                self.merged(tx, RecordRef(kind, loser), RecordRef(kind, winner), now)

    def merged(self, tx: Transaction, loser: RecordRef, winner: RecordRef, now: datetime) -> None:
        """What binds a merged-away record follows to the winner, at once; the loser leaves every plan."""
        for each in (loser, winner):
            self.read(tx, each, now)
        heir = RecordRef(winner.object_type, tx.heir_of(winner.object_type, winner.record_id))
        before = {each: tx.obligation(each) for each in (loser, heir)}
        is_new = tx.rename_record(loser.object_type, loser.record_id, winner.record_id, now)
        for each, known in before.items():
            self._tell_ledger(tx, known, tx.obligation(each), now)
        _is_in_view(tx, loser)
        take_out(tx, loser, Skip.MERGED, now)
        held = winner in tx.hold_register()
        if held:
            take_out(tx, winner, Skip.HELD, now)
        if is_new:
            facts = (("winner", str(winner)), ("held", held))
            tx.audit(self._entry(Subject.MERGE, loser, now, "", facts))

    def back(
        self,
        tx: Transaction,
        record: RecordRef,
        now: datetime,
        *,
        told_at: datetime | None = None,
        is_seen: bool = True,
    ) -> bool:
        """A record was read by id and is in view. Whether it is one that this service had disposed of, not only just:
        that is written down once.

        An alarm of its deletion is over, and one that it could not be read. What was erased here and made anew has a
        new id: `returned` notices it. `told_at`: when it is told to have been restored; after the plan was made that
        counts at once, also where nobody has seen it in view.
        """
        self.read(tx, record, now)
        settle(tx, alarm_about(tx, record), now)
        done = tx.disposed(record.object_type, [record.record_id]).get(record.record_id)
        if done is None:
            return False
        plan_id, action, settled_at = done
        plan = tx.plan(plan_id)
        assert plan is not None
        is_told = told_at is not None and told_at > plan.built_at
        if not is_told and (not is_seen or _has_just_gone(tx, record, plan, settled_at, now)):
            return False
        tx.set_item_state(plan_id, record, ItemState.DONE, RESTORED)
        if is_seen:
            _is_in_view(tx, record)
        tx.audit(self._entry(Subject.RESTORATION, record, now, action.value, (("plan", plan_id),)))
        return True

    def listed(self, tx: Transaction, kind: ObjectType, ids: Sequence[RecordId], now: datetime) -> None:
        """Records that this service archived once stand in a list that was begun at that instant."""
        for record_id in tx.disposed(kind, ids):
            self.back(tx, RecordRef(kind, record_id), now)

    def _tell_ledger(self, tx: Transaction, before: Obligation | None, after: Obligation | None, at: datetime) -> None:
        """What a change of the ledger adds to the log: each obligation that was told of ends there once, under the
        record of which it was told (E1)."""
        if after is None:
            return
        for word in told(before, after):
            entry = entry_of(after, word, self._policy, at)
            tx.audit(replace(entry, portal_id=self._portal_id, actor=SERVICE))

    def _entry(self, subject: Subject, record: RecordRef, at: datetime, code: str, facts: Facts = ()) -> Entry:
        return Entry(
            subject=subject,
            verb=Verb.SEEN,
            at=at,
            portal_id=self._portal_id,
            record=str(record),
            policy_digest=self._policy.digest,
            actor=SERVICE,
            code=code or None,
            facts=facts,
        )


def _has_just_gone(tx: Transaction, record: RecordRef, plan: Plan, settled_at: datetime | None, now: datetime) -> bool:
    """Whether a record that a plan disposed of may be seen although it is gone. The ledger is told when the plan has
    been carried out (`settled_at`); if somebody has had the record looked at since, it went before that."""
    if settled_at is None and plan.status is PlanStatus.APPLYING:
        return now <= plan.expires_at
    known = tx.obligation(record)
    if settled_at is None and known is not None and known.first_seen_at > plan.built_at:
        settled_at = known.first_seen_at
    return settled_at is not None and now < settled_at + _BEHIND
