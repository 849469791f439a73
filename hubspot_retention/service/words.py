"""Alarms in plain words, for a person at three in the morning: what is wrong, since when, what to do. Ids only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hubspot_retention.core.alarm import AlarmKind, AlarmLevel, AlarmRecord
from hubspot_retention.core.civil import Civil

_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent."""

    title: str
    body: str
    level: AlarmLevel


_TITLES: Final[Mapping[AlarmKind, str]] = {
    AlarmKind.DEADLINE_NEAR: "a deadline is near",
    AlarmKind.OVERDUE: "a deadline has passed",
    AlarmKind.REQUEST_NEAR: "a request waits for its answer",
    AlarmKind.REQUEST_OVERDUE: "a request was not answered in time",
    AlarmKind.FORECAST_LATE: "work will not be done in time",
    AlarmKind.RAISED: "records need a person",
    AlarmKind.READINESS_LOST: "the service is not ready",
    AlarmKind.TICK_LATE: "part of the service stands still",
    AlarmKind.ANCHOR_LATE: "an anchor of the audit log is late",
    AlarmKind.FOREIGN_DELETION: "somebody else deleted what must be kept",
    AlarmKind.ERASED_PERSON_BACK: "an erased person is back",
    AlarmKind.EVENT_UNREADABLE: "something changed that cannot be read",
    AlarmKind.WEBHOOKS_REJECTED: "webhooks are refused",
}
_ADVICE: Final[Mapping[AlarmKind, str]] = {
    AlarmKind.DEADLINE_NEAR: (
        "Run `hubspot-retention status`. If a plan waits for review: `plan show ID`, then `plan approve ID`. "
        "If nothing waits, look in the log for what stops the due tick."
    ),
    AlarmKind.OVERDUE: (
        "These records should be gone by now. Run `hubspot-retention status`, then `explain RECORD` for each: "
        "it says what stands in the way. Tell whoever answers for data protection."
    ),
    AlarmKind.REQUEST_NEAR: (
        "Answer the person by then, and write down that you did: `request close ID --as answered` (or `refused`, or "
        "`taken-back`), with the number after `requests/`. `request list` shows all that are open."
    ),
    AlarmKind.REQUEST_OVERDUE: (
        "The law's time for an answer is over. Answer the person now, tell whoever answers for data protection, and "
        "close the request: `request close ID --as answered`, with the number after `requests/`."
    ),
    AlarmKind.FORECAST_LATE: (
        "At the rate HubSpot lets us work, these records pass their deadline. Stop other programs that use up the "
        "account's daily quota, or raise the quota."
    ),
    AlarmKind.RAISED: (
        "Each of these failed again and again, or may not go. Run `hubspot-retention explain RECORD`, mend what it "
        "names, and it is tried again by itself. `answer-owed`: tell the person by then why they stay, and close the "
        "request."
    ),
    AlarmKind.READINESS_LOST: (
        "Look at /health/ready and the log. `audit-damaged`: run `audit verify`, nothing is disposed of until it is "
        "intact. `another-portal`: the token is the wrong one. `clocks-differ`: set the clock. `database`: disk full?"
    ),
    AlarmKind.TICK_LATE: (
        "Look at /health/ready and the log for `tick.failed`. If HubSpot is down or the daily quota is used up, it "
        "goes on by itself; a refused token (PortalDeniedError) needs a person."
    ),
    AlarmKind.ANCHOR_LATE: (
        "The log outside is older than it should be. Look in the log for `anchor.failed`: it says why. `file`: is its "
        "volume mounted? `witness`, `timestamp`, `message`: can they be reached? Nothing goes that should not."
    ),
    AlarmKind.FOREIGN_DELETION: (
        "Ask who deleted these records. In HubSpot a person can restore them from the recycle bin until the day named."
    ),
    AlarmKind.ERASED_PERSON_BACK: (
        "These contacts were erased under another id, and somebody or some program made them anew: look in HubSpot for "
        "the record's source. If the person did not come back by themselves, delete the contact there permanently and "
        "mend the import. Say what became of it: `alarm settle RECORD --outcome welcome`, or `taken-out`."
    ),
    AlarmKind.EVENT_UNREADABLE: (
        "HubSpot told that something about these records has changed, and again and again they could not be read. Look "
        "at each in HubSpot: was a hold placed or taken away? Look in the log for `event.failed`. It is over when the "
        "record is read because something else about it changes, or say so: `alarm settle RECORD --outcome seen-to`."
    ),
    AlarmKind.WEBHOOKS_REJECTED: (
        "Either a stranger sends them, or our secret or public URL is no longer HubSpot's: compare both with the app. "
        "Meanwhile the hot sweep finds what webhooks would have told. One that is unreadable is HubSpot's, and says "
        "something that this version does not understand: look in the log for `webhook.unreadable`, and report it."
    ),
}
_NAMES: Final[Mapping[str, str]] = {
    "records": "records",
    "earliest_call_by": "the first must go by",
    "call_by": "must go by",
    "asked_for": "asked for",
    "answer_by": "answer by",
    "first": "the first are",
    "passed": "gone by",
    "wait_for_review": "of them wait for review",
    "plans": "in plan",
    "last_success": "last success",
    "last_error": "last error",
    "restorable_until": "can be restored until",
}


def message_of(records: Sequence[AlarmRecord], civil: Civil, *, settled: bool = False) -> Message:
    """One message for alarms of one kind."""
    kind = records[0].kind
    level = AlarmLevel.URGENT if any(record.level is AlarmLevel.URGENT for record in records) else AlarmLevel.WARNING
    about = records[0].about if len(records) == 1 else f"{records[0].about} and {len(records) - 1} more"
    if settled:
        lines = [_settled(record, civil) for record in records[:_SHOWN]]
        return Message(f"[settled] HubSpot retention: {_TITLES[kind]} ({about})", "\n".join(lines), AlarmLevel.WARNING)
    lines = [_line(record, civil) for record in records[:_SHOWN]]
    if len(records) > _SHOWN:
        lines.append(f"… and {len(records) - _SHOWN} more: `hubspot-retention status`")
    title = f"[{level.value}] HubSpot retention: {_TITLES[kind]} ({about})"
    return Message(title, "\n".join((*lines, "", "What to do", _ADVICE[kind])), level)


def _line(record: AlarmRecord, civil: Civil) -> str:
    facts = "; ".join(f"{_NAMES.get(name, name.replace('_', ' '))}: {value}" for name, value in record.facts if value)
    since = f"since {_shown(record.first_at, civil)}"
    return f"- {record.about} ({since})" + (f": {facts}" if facts else "")


def _settled(record: AlarmRecord, civil: Civil) -> str:
    return f"- {record.about}: settled; it was open since {_shown(record.first_at, civil)}"


def _shown(instant: datetime, civil: Civil) -> str:
    return instant.astimezone(civil.zone).strftime("%Y-%m-%d %H:%M %Z")
