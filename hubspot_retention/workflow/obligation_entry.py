"""What the audit log is told of an obligation: that it began, was raised to a person, was met, or ended."""

from datetime import datetime
from typing import Final

from hubspot_retention.core.audit.entry import Entry, Facts
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.deadline.duty import ANSWER_OWED
from hubspot_retention.core.deadline.ledger import Told
from hubspot_retention.core.deadline.obligation import Obligation
from hubspot_retention.core.policy.model import RetentionPolicy

_VERBS: Final = {
    Told.OPENED: Verb.OPENED,
    Told.RAISED: Verb.RAISED,
    Told.DONE: Verb.DONE,
    Told.ENDED: Verb.ENDED,
}


def entry_of(after: Obligation, word: Told, policy: RetentionPolicy, at: datetime) -> Entry:
    """One word of an obligation as it is now; with its beginning go its dates, and where an answer is owed from now on,
    that has the clock of the request."""
    is_dated = word is Told.OPENED or (word is Told.RAISED and after.reason == ANSWER_OWED)
    return Entry(
        subject=Subject.OBLIGATION,
        verb=_VERBS[word],
        at=at,
        record=str(after.record),
        plan_id=after.plan_id or None,
        policy_digest=policy.digest,
        rule=after.rule or None,
        code=after.reason or None,
        facts=_dates(after) if is_dated else (),
    )


def _dates(after: Obligation) -> Facts:
    dates = (
        ("due_at", after.due_at),
        ("erase_by", after.erase_by),
        ("call_by", after.call_by),
        ("not_before", after.not_before),
    )
    return tuple((name, None if at is None else at.isoformat(timespec="seconds")) for name, at in dates)
