"""When the call must be made, when it may be made, and when what failed is tried again.

A deadline is the law's, so it is only ever counted back from (an archive needs HubSpot's bin, 90 days, before the
record is gone) and never rounded later. The one that the ledger alone moves is that of a record which a keep without
an end carried until lately: nobody could have been in time before the keep lapsed.
"""

from datetime import datetime, timedelta
from typing import Final

from hubspot_retention.core.decision.history import Remembered, read_starts
from hubspot_retention.core.decision.model import Decision
from hubspot_retention.core.facts.values import ONGOING
from hubspot_retention.core.policy.lengths import BIN_DAYS
from hubspot_retention.core.policy.model import Disposition, RetentionPolicy
from hubspot_retention.core.record import RecordRef

BIN: Final = timedelta(days=BIN_DAYS)
"""How long HubSpot keeps what is archived before it is gone."""
LONGEST_PAUSE: Final = timedelta(hours=24)
"""Whatever failed however often is looked at again within a day."""
_FIRST_PAUSE: Final = timedelta(minutes=2)
_SPREAD: Final = 1 << 16


def call_by(disposition: Disposition | None, erase_by: datetime) -> datetime:
    """The last instant at which the call meets `erase_by` (semantics 7). Nothing to dispose of: the instant itself."""
    return erase_by - BIN if disposition is Disposition.ARCHIVE else erase_by


def not_before(start: datetime, deadline: datetime, grace: timedelta) -> datetime | None:
    """The first instant at which the call may be made: a mistaken click can be undone until then. A grace however
    long leaves half of the time from the start to the deadline of the call."""
    return min(start + grace, start + (deadline - start) / 2) if grace else None


def pause(attempts: int, record: RecordRef) -> timedelta:
    """How long to wait after so many failures: twice as long each time, a day at most, and not all at one moment.
    The spread comes from the record's id, so that it is the same whenever it is asked for."""
    whole = min(_FIRST_PAUSE * (1 << min(max(attempts, 1) - 1, 20)), LONGEST_PAUSE)
    part = (record.record_id * 0x9E3779B1 + attempts * 0x85EBCA6B) % _SPREAD
    return whole * 3 / 4 + whole * part / (4 * _SPREAD)


def carried_until_lately(
    decision: Decision, before: Remembered, policy: RetentionPolicy, last_run_at: datetime
) -> frozenset[str]:
    """The rules by which a record that the last run retained is due for a reason that stood at that run already: then
    what carried it was a keep without an end (while criteria hold, or an ongoing relationship), and that has lapsed
    since.

    The starts that earlier runs noted tell it: nothing more needs to be stored of a million retained records. That
    the last run retained it, and did not hold, refer or doubt it, is for the caller to know.
    """
    due = [rule_id for rule_id, at in decision.due if at <= last_run_at]
    return frozenset(rule_id for rule_id in due if was_noted(rule_id, decision, before, policy))


def was_noted(rule_id: str, decision: Decision, before: Remembered, policy: RetentionPolicy) -> bool:
    """Whether earlier runs noted the start by which a rule is due, or a relationship that went on."""
    rule = policy.rule(rule_id)
    if rule is None or rule.dispose is None:
        return False
    then, now = read_starts(before.starts), dict(decision.starts)
    fact = rule.dispose.start.fact
    return fact in then and (then[fact] == now.get(fact) or then[fact] is ONGOING)


def deadline_after_lapse(
    decision: Decision, carried: frozenset[str], lapsed_at: datetime, policy: RetentionPolicy
) -> datetime | None:
    """The earliest limit of all rules that are due: of those that a keep carried from the run that saw it lapse, of
    those that became due since their own; `None` if none is."""
    limits = [lapsed_deadline(rule_id, lapsed_at if rule_id in carried else at, policy) for rule_id, at in decision.due]
    return min((limit for limit in limits if limit is not None), default=None)


def lapsed_deadline(rule_id: str, lapsed_at: datetime, policy: RetentionPolicy) -> datetime | None:
    """The rule's `within` from the run that saw the keep lapse (semantics 5), or from when it took effect where nothing
    carried it; `None` if the rule has none."""
    rule = policy.rule(rule_id)
    if rule is None or rule.dispose is None:
        return None
    return policy.civil.earliest(lapsed_at, rule.dispose.within)
