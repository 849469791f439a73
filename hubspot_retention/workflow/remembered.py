"""What stays of somebody who goes: a tombstone and consent receipts, durable before the call, in force once the person
is known to be gone. They grow old like anything else: after the periods that the policy gives them they are taken away,
unless a person has stopped all disposals, or nobody has approved periods so short. What people in the bin need is
kept as long as they can be restored.
"""

from datetime import datetime, timedelta
from typing import Final

from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.consent import ConsentReceipt, Remembrance
from hubspot_retention.core.deadline.timing import BIN
from hubspot_retention.core.facts.values import Unknown
from hubspot_retention.core.plan.model import ItemState, PlanItem
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.record import ObjectType
from hubspot_retention.core.tombstone import Tombstone
from hubspot_retention.workflow.kept import kept_since
from hubspot_retention.workflow.ports import Store, Transaction
from hubspot_retention.workflow.standing import SERVICE

MAY_COME_FOR: Final = timedelta(days=1)
"""So long after a record was still there a call whose answer was lost can take effect on it."""

_CAN_BE_RESTORED_FOR: Final = BIN + MAY_COME_FOR
"""So long after the word that somebody goes into the bin they can be there: the call may have come late."""

_IN_FLIGHT: Final = (ItemState.SENT, ItemState.UNKNOWN)


def named(remembered: Remembrance | None) -> tuple[tuple[str, str], ...]:
    """What the word `sent` says of what is remembered."""
    if remembered is None:
        return ()
    unread = (("consents", "unreadable"),) if isinstance(remembered.consents, Unknown) else ()
    return ("subject", remembered.pseudonym), *unread


def remember(tx: Transaction, item: PlanItem, remembered: Remembrance, at: datetime) -> None:
    """Before the call: who will be gone leaves a tombstone, and receipts of their consents."""
    record_id, pseudonym = item.record.record_id, remembered.pseudonym
    tx.bury(Tombstone(record_id=record_id, pseudonym=pseudonym, sent_at=at))
    consents = () if isinstance(remembered.consents, Unknown) else remembered.consents
    tx.keep_receipts(
        [
            ConsentReceipt(
                record_id=record_id, pseudonym=pseudonym, consent=consent, last_used_at=consent.last_used_at(at)
            )
            for consent in consents
        ]
    )


def settle_remembered(tx: Transaction, item: PlanItem, state: ItemState, at: datetime) -> int:
    """Only of who is known to be gone a tombstone and receipts count; an answer that was lost leaves them open, and so
    does a call that may take effect yet. Answers how many receipts count from now on."""
    record_id = item.record.record_id
    if state is ItemState.DONE:
        tx.complete_tombstone(record_id, at)
        return tx.complete_receipts(record_id, at)
    if state is not ItemState.UNKNOWN and tx.late_call(item.record, at - MAY_COME_FOR) is None:
        tx.lift_tombstone(record_id)
        tx.lift_receipts(record_id)
    return 0


def _forget_over(tx: Transaction, now: datetime) -> None:
    """Calls that can take effect no more are over, and so is what was kept for them, unless there is another call."""
    for record in tx.forget_late_calls(now - MAY_COME_FOR):
        is_called_again = tx.disposed(record.object_type, [record.record_id], states=_IN_FLIGHT)
        if record.object_type is ObjectType.CONTACT and not is_called_again:
            tx.lift_tombstone(record.record_id)
            tx.lift_receipts(record.record_id)


def expire_remembered(store: Store, policy: RetentionPolicy, now: datetime) -> tuple[int, int, int]:
    """Take away those whose period has run out, and those that wait for a call that can take effect no more; answers
    how many tombstones, receipts and texts of people the first were. What people wrote is kept as long as the log."""
    with store.transaction() as tx:
        if tx.kill_switch() is not None:
            return 0, 0, 0
        _forget_over(tx, now)
        tx.forget_old_needs(now - _CAN_BE_RESTORED_FOR)
        kept = kept_since(tx, policy, now)
        if kept is None:
            return 0, 0, 0
        tombstones = tx.forget_tombstones(kept.tombstones)
        receipts = tx.forget_receipts(kept.consent_receipts)
        texts = tx.forget_texts(kept.audit_log)
        for subject, verb, number in (
            (Subject.TOMBSTONE, Verb.ENDED, tombstones),
            (Subject.CONSENT_RECEIPT, Verb.ENDED, receipts),
            (Subject.PRIVATE_TEXT, Verb.ERASED, texts),
        ):
            if number:
                facts = (("number", number),)
                tx.audit(Entry(subject=subject, verb=verb, at=now, actor=SERVICE, facts=facts))
    return tombstones, receipts, texts
