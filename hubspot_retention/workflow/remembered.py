"""Tombstones and consent receipts grow old like anything else: after the periods that the policy gives them they are
taken away."""

from datetime import datetime

from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.workflow.ports import Store
from hubspot_retention.workflow.standing import SERVICE


def expire_remembered(store: Store, policy: RetentionPolicy, now: datetime) -> tuple[int, int]:
    """Take away those whose period has run out; answers how many tombstones and how many receipts."""
    civil, kept = policy.civil, policy.evidence
    with store.transaction() as tx:
        tombstones = tx.forget_tombstones(civil.start_of(kept.tombstones, now))
        receipts = tx.forget_receipts(civil.start_of(kept.consent_receipts, now))
        for subject, number in ((Subject.TOMBSTONE, tombstones), (Subject.CONSENT_RECEIPT, receipts)):
            if number:
                facts = (("number", number),)
                tx.audit(Entry(subject=subject, verb=Verb.ENDED, at=now, actor=SERVICE, facts=facts))
    return tombstones, receipts
