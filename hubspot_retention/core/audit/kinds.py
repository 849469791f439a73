"""The closed list of what can happen: a subject, and what was done to it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Subject(StrEnum):
    """What an entry is about."""

    RUN = "run"
    PLAN = "plan"
    DISPOSAL = "disposal"
    ENGAGEMENT = "engagement"
    DEAL = "deal"
    ATTACHMENT = "attachment"
    MARKETING = "marketing"
    HOLD = "hold"
    REQUEST = "request"
    POLICY = "policy"
    SETTINGS = "settings"
    PROPERTY = "property"
    VERIFICATION = "verification"
    PROBE = "probe"
    KILL_SWITCH = "kill-switch"
    START = "start"
    FOREIGN_DELETION = "foreign-deletion"
    RESTORATION = "restoration"
    TOMBSTONE = "tombstone"
    PSEUDONYM_KEY = "pseudonym-key"
    CONSENT_RECEIPT = "consent-receipt"
    WEBHOOK = "webhook"
    PRIVATE_TEXT = "private-text"
    OBLIGATION = "obligation"
    STANDING_APPROVAL = "standing-approval"
    MERGE = "merge"
    ALARM = "alarm"
    SERVICE = "service"
    ANCHOR = "anchor"
    RECOVERY = "recovery"
    LOG_KEY = "log-key"
    LOG = "log"
    OWNER_WARNING = "owner-warning"
    RESIDUE = "residue"


class Verb(StrEnum):
    """What was done to the subject. `unknown`: a call was sent and its answer was lost."""

    STARTED = "started"
    RESUMED = "resumed"
    FINISHED = "finished"
    STOPPED = "stopped"
    BUILT = "built"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    BLOCKED = "blocked"
    SUPERSEDED = "superseded"
    APPLIED = "applied"
    INTENDED = "intended"
    SENT = "sent"
    ABANDONED = "abandoned"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNKNOWN = "unknown"
    VERIFIED = "verified"
    ARCHIVED = "archived"
    ERASED = "erased"
    ASSOCIATED = "associated"
    DISSOCIATED = "dissociated"
    STAMPED = "stamped"
    REPORTED = "reported"
    ENDED = "ended"
    PLACED = "placed"
    RELEASED = "released"
    RECEIVED = "received"
    ANSWERED = "answered"
    REFUSED = "refused"
    TAKEN_BACK = "taken-back"
    CHANGED = "changed"
    CREATED = "created"
    SET = "set"
    CLEARED = "cleared"
    CONFIRMED = "confirmed"
    SEEN = "seen"
    HIT = "hit"
    STORED = "stored"
    ACCEPTED = "accepted"
    OPENED = "opened"
    RAISED = "raised"
    GRANTED = "granted"
    REVOKED = "revoked"
    USED = "used"
    SETTLED = "settled"
    CUT = "cut"


_CALL: Final = (
    Verb.INTENDED,
    Verb.SENT,
    Verb.ABANDONED,
    Verb.SKIPPED,
    Verb.FAILED,
    Verb.UNKNOWN,
    Verb.VERIFIED,
)
"""What can happen to anything that is done by a call to the portal."""

VERBS: Final[Mapping[Subject, frozenset[Verb]]] = {
    Subject.RUN: frozenset((Verb.STARTED, Verb.FINISHED)),
    Subject.PLAN: frozenset(
        (
            Verb.BUILT,
            Verb.APPROVED,
            Verb.REJECTED,
            Verb.EXPIRED,
            Verb.BLOCKED,
            Verb.SUPERSEDED,
            Verb.STARTED,
            Verb.RESUMED,
            Verb.STOPPED,
            Verb.REFUSED,
            Verb.APPLIED,
            Verb.CONFIRMED,
        )
    ),
    Subject.DISPOSAL: frozenset((*_CALL, Verb.DONE)),
    Subject.ENGAGEMENT: frozenset((*_CALL, Verb.ARCHIVED, Verb.ASSOCIATED, Verb.DISSOCIATED)),
    Subject.DEAL: frozenset((*_CALL, Verb.STAMPED)),
    Subject.ATTACHMENT: frozenset((*_CALL, Verb.REPORTED, Verb.ERASED)),
    Subject.MARKETING: frozenset((*_CALL, Verb.ENDED)),
    Subject.HOLD: frozenset((Verb.PLACED, Verb.RELEASED, Verb.REFUSED)),
    Subject.REQUEST: frozenset((Verb.RECEIVED, Verb.ANSWERED, Verb.REFUSED, Verb.TAKEN_BACK)),
    Subject.POLICY: frozenset((Verb.APPROVED, Verb.CHANGED)),
    Subject.SETTINGS: frozenset((Verb.CHANGED,)),
    Subject.PROPERTY: frozenset((Verb.CREATED,)),
    Subject.VERIFICATION: frozenset((Verb.DONE, Verb.FAILED)),
    Subject.PROBE: frozenset((Verb.STARTED, Verb.CREATED, Verb.ERASED, Verb.DONE, Verb.FAILED)),
    Subject.KILL_SWITCH: frozenset((Verb.SET, Verb.CLEARED)),
    Subject.START: frozenset((Verb.CONFIRMED,)),
    Subject.FOREIGN_DELETION: frozenset((Verb.SEEN,)),
    Subject.RESTORATION: frozenset((Verb.SEEN,)),
    Subject.TOMBSTONE: frozenset((Verb.HIT, Verb.ENDED)),
    Subject.PSEUDONYM_KEY: frozenset((Verb.CREATED, Verb.ERASED)),
    Subject.CONSENT_RECEIPT: frozenset((Verb.STORED, Verb.ENDED)),
    Subject.WEBHOOK: frozenset((Verb.ACCEPTED,)),
    Subject.PRIVATE_TEXT: frozenset((Verb.ERASED,)),
    Subject.OBLIGATION: frozenset((Verb.OPENED, Verb.RAISED, Verb.DONE, Verb.ENDED)),
    Subject.STANDING_APPROVAL: frozenset((Verb.GRANTED, Verb.REVOKED, Verb.USED)),
    Subject.MERGE: frozenset((Verb.SEEN,)),
    Subject.ALARM: frozenset((Verb.SENT, Verb.SETTLED)),
    Subject.SERVICE: frozenset((Verb.STARTED, Verb.STOPPED)),
    Subject.ANCHOR: frozenset((Verb.SENT,)),
    Subject.RECOVERY: frozenset((Verb.CONFIRMED,)),
    Subject.LOG_KEY: frozenset((Verb.CHANGED, Verb.ERASED)),
    Subject.LOG: frozenset((Verb.CUT,)),
    Subject.RESIDUE: frozenset((Verb.REPORTED,)),
    Subject.OWNER_WARNING: frozenset((Verb.INTENDED, Verb.DONE, Verb.FAILED, Verb.UNKNOWN)),
}
