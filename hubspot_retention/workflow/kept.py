"""Since when evidence is kept: by the policy at hand and by the one that a person approved last, whichever keeps it
longer.

What can go wrong: a slip in a period takes away overnight, in any mode, what nobody can bring back, and no plan shows
it beforehand. So a shorter period counts only once a person has approved it, and until somebody has approved a policy
nothing goes at all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from hubspot_retention.core.civil import Period
from hubspot_retention.core.policy.model import Evidence, RetentionPolicy
from hubspot_retention.workflow.ports import Transaction
from hubspot_retention.workflow.seal import policy_of


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSince:
    """For each kind of evidence the instant before which its period has run out."""

    consent_receipts: datetime
    tombstones: datetime
    audit_log: datetime


def kept_since(tx: Transaction, policy: RetentionPolicy, now: datetime) -> KeptSince | None:
    """Since when evidence is kept; `None` if all of it is, because nobody has approved a policy, or nobody can read any
    more the one approved last."""
    text = tx.approved_policy()
    approved = None if text is None else policy_of(text)
    if approved is None:
        return None
    both = (approved, policy)

    def since(period: Callable[[Evidence], Period]) -> datetime:
        return min(each.civil.start_of(period(each.evidence), now) for each in both)

    return KeptSince(
        consent_receipts=since(lambda evidence: evidence.consent_receipts),
        tombstones=since(lambda evidence: evidence.tombstones),
        audit_log=since(lambda evidence: evidence.audit_log),
    )
