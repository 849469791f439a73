"""Tombstones grow old like anything else: after the period that the policy gives them they are taken away."""

from datetime import datetime

from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.workflow.ports import Store
from hubspot_retention.workflow.standing import SERVICE


def expire_tombstones(store: Store, policy: RetentionPolicy, now: datetime) -> int:
    """Take away those whose period has run out; answers how many."""
    before = policy.civil.start_of(policy.evidence.tombstones, now)
    with store.transaction() as tx:
        number = tx.forget_tombstones(before)
        if number:
            facts = (("number", number),)
            tx.audit(Entry(subject=Subject.TOMBSTONE, verb=Verb.ENDED, at=now, actor=SERVICE, facts=facts))
    return number
