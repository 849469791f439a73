"""A person settles an alarm of something that has happened and is not undone."""

from dataclasses import replace
from datetime import datetime

from hubspot_retention.core.alarm import EVENTS, AlarmRecord, Outcome
from hubspot_retention.core.audit.kinds import Verb
from hubspot_retention.errors import UsageError
from hubspot_retention.workflow.ports import Store
from hubspot_retention.workflow.watch import alarm_entry


def settle_alarm(store: Store, about: str, outcome: Outcome, actor: str, now: datetime) -> AlarmRecord:
    """Settle what is open about a record and can end like that. Raises UsageError if nothing is, or if it ends by
    itself."""
    with store.transaction() as tx:
        known = [record for record in tx.alarms(open_only=True) if record.about == about]
        ending = [record for record in known if outcome in EVENTS.get(record.kind, ())]
        if not ending:
            raise UsageError(_why_not(about, known))
        # An outcome is of one kind, and of a kind there is one alarm a record.
        settled = replace(ending[0], settled_at=now)
        tx.save_alarm(settled)
        tx.audit(alarm_entry(settled, Verb.SETTLED, now, actor, (("outcome", outcome.value),)))
    return settled


def _why_not(about: str, known: list[AlarmRecord]) -> str:
    if not known:
        return f"no alarm about {about} is open: see `alarm list`"
    ends = [(record.kind.value, " or ".join(sorted(EVENTS[record.kind]))) for record in known if record.kind in EVENTS]
    if ends:
        return f"the alarm about {about} ({ends[0][0]}) ends with the outcome {ends[0][1]}"
    kinds = ", ".join(record.kind.value for record in known)
    return f"the alarm about {about} ({kinds}) is over as soon as what it tells of is over: nobody can settle it before"
