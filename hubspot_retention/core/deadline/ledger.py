"""What becomes of an obligation: heard of, looked at, planned, failed, held, raised, done, ended.

The ledger never decides: it notes what decisions oblige to, and when somebody must look next. The invariants: what
has been told in the audit log (opened, or raised to a person) ends there exactly once, as done or as ended; what ends
and begins again is another obligation; and nothing that is live is without an instant at which it is looked at again.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from hubspot_retention.core.deadline.duty import ANSWER_OWED, Duty, Seen, Terms, answer_of, duty_of
from hubspot_retention.core.deadline.obligation import Obligation, ObligationState
from hubspot_retention.core.deadline.timing import LONGEST_PAUSE, call_by, lapsed_deadline, pause, was_noted
from hubspot_retention.core.decision.model import Decision, Outcome, ReasonCode
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.record import RecordRef

MOST_ATTEMPTS: Final = 6
"""After so many failures, about an hour, a person is told."""
LOOK_AGAIN: Final = timedelta(hours=36)
"""What waits for a person or is held is looked at again after so long; the nightly sweep hears of it before that."""
_LATELY: Final = timedelta(days=2)
"""A run's page is at most so old. Beyond it the clock was wrong, and what it wrote down must not stand in the way."""

_ABOUT_NOW: Final = timedelta(hours=1)
_MOMENT: Final = timedelta(microseconds=1)

UNREADABLE: Final = "unreadable"
CORRESPONDENCE_UNREADABLE: Final = "correspondence-unreadable"
SUBSCRIBED_AGAIN: Final = "subscribed-again"
MARKETING_ENDED: Final = "marketing-ended"
GONE: Final = "gone"
MERGED: Final = "merged"


class Told(StrEnum):
    """What of an obligation goes into the audit log."""

    OPENED = "opened"
    RAISED = "raised"
    DONE = "done"
    ENDED = "ended"


def is_begun(obligation: Obligation) -> bool:
    """Whether it is in the audit log: a hint to look that led to nothing is not."""
    return obligation.due_at is not None or obligation.state is ObligationState.RAISED


def is_hinted(obligation: Obligation) -> bool:
    """Whether something was said of the record since it was last read: then what a plan holds of it may be old."""
    return obligation.next_look_at < obligation.heard_at


def told(before: Obligation | None, after: Obligation) -> tuple[Told, ...]:
    """What a change of the ledger adds to the audit log."""
    live = before if before is not None and before.is_live else None
    if not after.is_live:
        if live is None or not is_begun(live):
            return ()
        return (Told.DONE if after.state is ObligationState.DONE else Told.ENDED,)
    found = []
    if after.due_at is not None and (live is None or live.due_at is None):
        found.append(Told.OPENED)
    if after.state is ObligationState.RAISED and (live is None or _is_news(live, after)):
        found.append(Told.RAISED)
    return tuple(found)


def _is_news(live: Obligation, after: Obligation) -> bool:
    owes_now = after.reason == ANSWER_OWED and live.reason != ANSWER_OWED
    return owes_now or live.state is not ObligationState.RAISED


def by_deadline(obligation: Obligation) -> tuple[datetime, RecordRef]:
    """The order of the ledger: an unknown deadline first, then the earliest."""
    return obligation.call_by or datetime.min.replace(tzinfo=UTC), obligation.record


def looked_for(known: Obligation | None, record: RecordRef, code: str, now: datetime) -> Obligation:
    """Somebody says: look at this record. What is known of it stands, and it is read whatever holds it."""
    if known is not None and known.is_live:
        return known._replace(heard_at=now, next_look_at=min(known.next_look_at, now - _MOMENT))
    return Obligation(
        record=record,
        state=ObligationState.LOOK,
        first_seen_at=now,
        heard_at=now,
        next_look_at=now,
        reason=code,
    )


def heard(known: Obligation | None, seen: Seen, terms: Terms) -> Obligation | None:
    """The ledger after a decision; `None` if it has nothing to say of the record."""
    live = known if known is not None and known.is_live else None
    if known is not None and _is_stale(known, seen):
        return None if live is None else live._replace(next_look_at=min(live.next_look_at, seen.at))
    duty = duty_of(seen, terms)
    answer = answer_of(seen, terms) if duty is None else None
    soon = _soon_due(seen)
    if soon is not None and (duty is not None or answer is not None or live is not None):
        return _due_soon(live, seen, soon)
    if duty is not None:
        return _obliged(live, duty, seen, terms.policy)
    if answer is not None:
        return raised(_opened(live, answer, seen), answer.reason, seen.at)
    return None if live is None else _not_obliged(live, seen, terms.policy)


def _soon_due(seen: Seen) -> datetime | None:
    """When a record that is retained will be due, if that is about now. HubSpot's clock may be a little ahead of ours,
    and somebody who unsubscribed this moment must not be taken for one who stays."""
    until = seen.decision.until
    return until if until is not None and seen.at < until <= seen.at + _ABOUT_NOW else None


def _due_soon(live: Obligation | None, seen: Seen, until: datetime) -> Obligation:
    known = live or looked_for(None, seen.decision.record, seen.decision.outcome.value, seen.at)
    return known._replace(heard_at=seen.at, next_look_at=until)


def _is_stale(known: Obligation, seen: Seen) -> bool:
    """Whether something was heard of the record after the run began that read this page of it. Then the page may be
    the older of the two, and must neither end what has begun nor begin what has ended."""
    if seen.is_fresh:
        return False
    latest = known.heard_at if known.settled_at is None else max(known.heard_at, known.settled_at)
    return seen.at < latest <= seen.at + _LATELY


def _obliged(live: Obligation | None, duty: Duty, seen: Seen, policy: RetentionPolicy) -> Obligation:
    """Something is to be done: what is known already, if that is the same disposal, goes on."""
    opened = _opened(live, duty, seen)
    return opened if live is None or _what(live) != _what(opened) else _going_on(opened, live, seen, policy)


def _opened(live: Obligation | None, duty: Duty, seen: Seen) -> Obligation:
    known_since = live.due_at if live is not None and live.rule == duty.rule else None
    return Obligation(
        record=seen.decision.record,
        state=ObligationState.OPEN,
        first_seen_at=seen.at if live is None else live.first_seen_at,
        heard_at=seen.at,
        next_look_at=seen.at if duty.not_before is None else max(seen.at, duty.not_before),
        reason=duty.reason,
        rule=duty.rule,
        disposition=duty.disposition,
        due_at=duty.due_at or known_since or seen.at,
        erase_by=duty.erase_by,
        call_by=duty.call_by,
        not_before=duty.not_before,
        by_person=duty.by_person,
        right=duty.right,
        plan_id=seen.plan_id,
    )


def _what(obligation: Obligation) -> tuple[object, ...]:
    return obligation.rule, obligation.disposition, obligation.due_at


def _going_on(opened: Obligation, known: Obligation, seen: Seen, policy: RetentionPolicy) -> Obligation:
    """The same disposal, heard of again: a longer deadline that it was given stands for what it was given for, and so
    do its plan and what failed in a plan or for its correspondence, which no look at the record mends. One copy,
    however much stands: a run hears of all that is due again."""
    stands: dict[str, Any] = {}
    if not seen.plan_id and known.plan_id:
        stands["plan_id"] = known.plan_id
    if known.erase_by is not None and opened.erase_by is not None and known.erase_by > opened.erase_by:
        erase_by = min((known.erase_by, *_limits_since(known, seen, policy)))
        stands.update(erase_by=erase_by, call_by=call_by(known.disposition, erase_by))
    if known.state is ObligationState.REVIEW and not seen.plan_id:
        stands["state"] = known.state
    by_letters = known.reason == CORRESPONDENCE_UNREADABLE
    if known.plan_id or by_letters:
        if known.attempts:
            stands["attempts"] = known.attempts
        if by_letters:
            stands["reason"] = known.reason
        if known.state is ObligationState.RAISED:
            stands.update(
                state=known.state,
                reason=known.reason,
                plan_id=known.plan_id,
                next_look_at=known.next_look_at,
            )
    return opened._replace(**stands) if stands else opened


def _limits_since(known: Obligation, seen: Seen, policy: RetentionPolicy) -> Iterator[datetime]:
    """The limits of rules that have become due since an obligation began: it was given no longer deadline for those."""
    for rule_id, at in seen.decision.due:
        was_due = at <= known.first_seen_at and was_noted(rule_id, seen.decision, seen.before, policy)
        limit = None if was_due or rule_id == known.rule else lapsed_deadline(rule_id, at, policy)
        if limit is not None:
            yield limit


def _not_obliged(live: Obligation, seen: Seen, policy: RetentionPolicy) -> Obligation:
    """Nothing is to be done now. What is merely doubted stays: its deadline may be running all the same."""
    decision = seen.decision
    code = decision.reasons[0].code.value if decision.reasons else decision.outcome.value
    spoken = live._replace(heard_at=seen.at)
    if live.reason == ANSWER_OWED:
        # Of a request that cannot be read nobody can tell that it is closed.
        is_unknown = any(reason.code is ReasonCode.REQUEST_UNREADABLE for reason in decision.reasons)
        return raised(spoken, ANSWER_OWED, seen.at) if is_unknown else ended(spoken, code, seen.at)
    if live.due_at is not None and decision.outcome is Outcome.HELD:
        return held(spoken, code, seen.at)
    if live.due_at is not None and live.disposition is None and seen.before.marketing_ended and decision.marketing_ends:
        return done(spoken, MARKETING_ENDED, seen.at, live.plan_id)
    if decision.outcome is Outcome.UNDETERMINED:
        after = failed(spoken, code, seen.at)
        nobodys = live.due_at is None and not doubts_a_right(decision, policy)
        return ended(spoken, code, seen.at) if nobodys and after.state is ObligationState.RAISED else after
    if live.due_at is not None and decision.outcome is Outcome.REFER:
        return raised(spoken, code, seen.at)
    return ended(spoken, SUBSCRIBED_AGAIN if seen.subscribed_again else code, seen.at)


def doubts_a_right(decision: Decision, policy: RetentionPolicy) -> bool:
    """Whether nobody can tell if somebody exercised a right: its deadline may be running."""
    rules = (policy.rule(reason.rule or "") for reason in decision.reasons)
    return any(rule is not None and rule.dispose is not None and rule.dispose.right for rule in rules)


def held(live: Obligation, code: str, now: datetime) -> Obligation:
    """A hold binds the record: what was due may be due again when it is lifted."""
    return live._replace(state=ObligationState.HELD, reason=code, plan_id="", attempts=0, next_look_at=now + LOOK_AGAIN)


def planned(live: Obligation, plan_id: str, code: str, look_at: datetime) -> Obligation:
    """A plan that is carried out by itself holds it."""
    state = ObligationState.RAISED if live.state is ObligationState.RAISED else ObligationState.OPEN
    return live._replace(state=state, plan_id=plan_id, reason=code or live.reason, next_look_at=look_at)


def waits(live: Obligation, plan_id: str, code: str, look_at: datetime) -> Obligation:
    """A plan that waits for a person holds it; `code` says why it does not go by itself, if that is worth saying."""
    return live._replace(
        state=ObligationState.REVIEW, plan_id=plan_id, reason=code or live.reason, next_look_at=look_at
    )


def put_off(live: Obligation, look_at: datetime) -> Obligation:
    """Nothing has changed; it is looked at again then."""
    return live._replace(next_look_at=look_at)


def to_answer(live: Obligation, answer_by: datetime, now: datetime) -> Obligation:
    """Marketing has ended for somebody who asked for erasure: what is left is to answer them. It is read again at once,
    for the request may be closed by now."""
    if live.reason == ANSWER_OWED:
        return live
    owed = live._replace(erase_by=answer_by, call_by=answer_by, not_before=None, attempts=0, next_look_at=now)
    return owed._replace(state=ObligationState.RAISED, reason=ANSWER_OWED, plan_id="")


def failed(live: Obligation, code: str, now: datetime, plan_id: str = "") -> Obligation:
    """It could not be read, decided or done: again after a pause that grows; after several failures a person is
    told, and it is still tried. That somebody is owed an answer stands meanwhile."""
    attempts = live.attempts + 1
    again = now + pause(attempts, live.record)
    state = ObligationState.RAISED if attempts >= MOST_ATTEMPTS else live.state
    if state is ObligationState.REVIEW:
        state = ObligationState.OPEN
    reason = live.reason if live.reason == ANSWER_OWED else code
    return live._replace(state=state, reason=reason, attempts=attempts, plan_id=plan_id, next_look_at=again)


def raised(live: Obligation, code: str, now: datetime, plan_id: str = "") -> Obligation:
    """Only a person can see to it. It is looked at again each day, and ends when it is no longer so."""
    return live._replace(
        state=ObligationState.RAISED,
        reason=code,
        plan_id=plan_id,
        next_look_at=now + LONGEST_PAUSE,
    )


def ended(live: Obligation, code: str, now: datetime) -> Obligation:
    """It is no longer due."""
    return live._replace(state=ObligationState.ENDED, reason=code, settled_at=now, next_look_at=now)


def done(live: Obligation, code: str, now: datetime, plan_id: str) -> Obligation:
    """It was carried out under a plan."""
    return live._replace(
        state=ObligationState.DONE, reason=code, plan_id=plan_id, settled_at=now, next_look_at=now, heard_at=now
    )
