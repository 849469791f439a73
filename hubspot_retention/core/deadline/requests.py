"""Which requests of the register are near the end of their clock, or past it.

The service answers nobody: a person does, and closes the request. Until then its clock is watched as that of a right
is, whatever was asked for. A request for erasure or a withdrawal is in the ledger as well; while an obligation stands
there whose clock ends no later than the request's, the alarms of the obligation tell of both.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from hubspot_retention.core.alarm import Alarm, AlarmKind, AlarmLevel
from hubspot_retention.core.deadline.alarm import clock_of, marks_passed
from hubspot_retention.core.deadline.obligation import IN_DANGER, Obligation
from hubspot_retention.core.policy.model import RetentionPolicy, answer_by
from hubspot_retention.core.record import RecordId
from hubspot_retention.core.request import RequestKind, SubjectRequest

_IN_LEDGER: Final = frozenset((RequestKind.ERASURE, RequestKind.WITHDRAWAL))


def request_alarms(
    requests: Iterable[SubjectRequest],
    obligations: Mapping[RecordId, Obligation],
    policy: RetentionPolicy,
    fractions: Sequence[float],
    now: datetime,
) -> tuple[Alarm, ...]:
    """One alarm a request that is open and whose clock nears its end, or has passed it. `requests`: also under the
    contacts that their own became; `obligations`: those of all these contacts; `fractions` rise."""
    found: dict[int, SubjectRequest] = {}
    told_by_ledger: set[int] = set()
    for request in requests:
        if request.closed_at is None:
            found.setdefault(request.request_id, request)
            if _tells(obligations.get(request.contact_id), request, policy):
                told_by_ledger.add(request.request_id)
    alarms = (_alarm(found[number], policy, fractions, now) for number in found if number not in told_by_ledger)
    return tuple(alarm for alarm in alarms if alarm is not None)


def _tells(obligation: Obligation | None, request: SubjectRequest, policy: RetentionPolicy) -> bool:
    """Whether the alarms of an obligation tell of a request in time: it is of a right, or nobody could decide yet
    whether it is, and its clock ends no later."""
    if obligation is None or request.kind not in _IN_LEDGER or obligation.state not in IN_DANGER:
        return False
    is_of_right = obligation.right or obligation.call_by is None
    return is_of_right and clock_of(obligation, policy)[1] <= answer_by(policy, request.received_at)


def _alarm(request: SubjectRequest, policy: RetentionPolicy, fractions: Sequence[float], now: datetime) -> Alarm | None:
    limit = answer_by(policy, request.received_at)
    passed = marks_passed(request.received_at, limit, fractions, now)
    if not passed:
        return None
    is_over = limit <= now
    facts = [
        ("record", f"contacts/{request.contact_id}"),
        ("asked_for", request.kind.value),
        ("answer_by", policy.civil.show(limit)),
    ]
    if not is_over:
        facts.append(("passed", f"{fractions[len(passed) - 1]:.0%} of the time"))
    return Alarm(
        kind=AlarmKind.REQUEST_OVERDUE if is_over else AlarmKind.REQUEST_NEAR,
        about=f"requests/{request.request_id}",
        level=AlarmLevel.WARNING if not is_over and len(passed) == 1 else AlarmLevel.URGENT,
        at=passed[-1],
        facts=tuple(facts),
    )
