"""A decision and its reasons, as values. Reasons explain; they never steer."""

from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from hubspot_retention.core.facts.values import Ongoing
from hubspot_retention.core.policy.model import Disposition
from hubspot_retention.core.record import RecordRef


class Outcome(StrEnum):
    """What is to happen with a record."""

    HELD = "held"
    UNDETERMINED = "undetermined"
    REFER = "refer"
    DISPOSE = "dispose"
    RETAIN = "retain"


class ReasonCode(StrEnum):
    """Every reason there is. Each is explained in `explain.py` and documented in docs/reasons.md."""

    HOLD_FLAG = "hold-flag"
    HOLD_REGISTER = "hold-register"
    OUTSTANDING_DEBT = "outstanding-debt"
    HOLD_UNREADABLE = "hold-unreadable"
    PROCESSING_RESTRICTED = "processing-restricted"
    RESTRICTION_UNREADABLE = "restriction-unreadable"
    REQUEST_UNREADABLE = "request-unreadable"
    KEEP_MATCH_UNKNOWN = "keep-match-unknown"
    KEEP_END_UNKNOWN = "keep-end-unknown"
    KEEP_START_IN_FUTURE = "keep-start-in-future"
    START_MOVED_BACK = "start-moved-back"
    REFERRAL_UNKNOWN = "referral-unknown"
    RULE_MATCH_UNKNOWN = "rule-match-unknown"
    START_UNKNOWN = "start-unknown"
    START_IN_FUTURE = "start-in-future"
    LAST_ACTIVITY_UNKNOWN = "last-activity-unknown"
    LAST_ACTIVITY_IN_FUTURE = "last-activity-in-future"
    NO_RULE_MATCHES = "no-rule-matches"
    END_CONTRADICTED = "end-contradicted"
    WROTE_AFTER_REQUEST = "wrote-after-request"
    ROLES_IN_CONFLICT = "roles-in-conflict"
    EXCLUSIVE_RULES_OVERLAP = "exclusive-rules-overlap"
    RESTORED_BY_A_PERSON = "restored-by-a-person"
    REQUEST_OUTWEIGHED = "request-outweighed"
    RELATIONSHIP_UNCONFIRMED = "relationship-unconfirmed"
    PERIOD_ENDED = "period-ended"
    KEEP_OVERRIDDEN = "keep-overridden"
    KEEP_RUNS = "keep-runs"
    KEEP_WITHOUT_END = "keep-without-end"
    NOT_YET_DUE = "not-yet-due"


class Reason(NamedTuple):
    """One reason: its code, the rule it speaks of, the instant it turns on, the record or matter it points at."""

    code: ReasonCode
    rule: str | None = None
    at: datetime | None = None
    record: RecordRef | None = None
    matter: str = ""


StartValue = date | datetime | Ongoing


class Decision(NamedTuple):
    """The decision on one record. Instants in UTC.

    `starts` are the starts that matching rules used, by fact, and those that moved back and so took their rule with
    them: what later runs and the re-check compare with. `due` are the rules that are due, each with the instant at
    which it took effect: what the deadline ledger counts from. `marketing_observed`: of who stays, that it ends by
    nothing but rights whose rules are in mode `observe`.
    A named tuple, as observations are: a run makes one for every record.
    """

    record: RecordRef
    outcome: Outcome
    reasons: tuple[Reason, ...]
    rule: str | None = None
    disposition: Disposition | None = None
    due_at: datetime | None = None
    erase_by: datetime | None = None
    until: datetime | None = None
    answer_by: datetime | None = None
    marketing_ends: bool = False
    right: bool = False
    starts: tuple[tuple[str, StartValue], ...] = ()
    due: tuple[tuple[str, datetime], ...] = ()
    marketing_observed: bool = False
