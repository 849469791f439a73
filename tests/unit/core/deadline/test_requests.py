"""Which requests of the register are told of, when, and which the ledger tells of already."""

from datetime import timedelta
from typing import Any

import pytest

from hubspot_retention.core.alarm import Alarm, AlarmKind, AlarmLevel
from hubspot_retention.core.deadline.duty import ANSWER_OWED
from hubspot_retention.core.deadline.obligation import Obligation
from hubspot_retention.core.deadline.requests import request_alarms
from hubspot_retention.core.policy.model import Disposition
from hubspot_retention.core.record import RecordId
from hubspot_retention.core.request import RequestEnd, RequestKind, SubjectRequest
from tests.builders import at
from tests.documents import clienti
from tests.unit.core.deadline.lines import a_hint, an_obligation

ASKED = at("2026-11-01T10:00")
DAY = timedelta(days=1)
LIMIT = ASKED + 30 * DAY
FRACTIONS = (0.4, 0.6, 0.8)
WINNER = RecordId(202)


def a_request(kind: RequestKind = RequestKind.ACCESS, **more: Any) -> SubjectRequest:
    """Somebody asked for something at the beginning of November."""
    values: dict[str, Any] = {"request_id": 7, "contact_id": RecordId(101), "received_at": ASKED, "recorded_by": "anna"}
    return SubjectRequest(kind=kind, **values | more)


def erasure(state: str = "open", **more: Any) -> Obligation:
    """The ledger's line of the request, if it was one for erasure."""
    values: dict[str, Any] = {
        "first_seen_at": ASKED,
        "rule": "erasure-request",
        "due_at": ASKED,
        "erase_by": LIMIT,
        "call_by": LIMIT,
    }
    return an_obligation(state, **values | more)


def alarms(*requests: SubjectRequest, days: float, owed: Obligation | None = None, of: int = 101) -> tuple[Alarm, ...]:
    """What is told so many days after the request was received."""
    obligations = {} if owed is None else {RecordId(of): owed}
    return request_alarms(requests, obligations, clienti(), FRACTIONS, ASKED + days * DAY)


@pytest.mark.parametrize("kind", RequestKind)
def test_a_request_of_every_kind_is_told_of_ahead_of_its_last_day_and_after_it(kind: RequestKind) -> None:
    near, over = (alarms(a_request(kind), days=days) for days in (12, 30))
    assert [(alarm.kind, alarm.about) for alarm in (*near, *over)] == [
        (AlarmKind.REQUEST_NEAR, "requests/7"),
        (AlarmKind.REQUEST_OVERDUE, "requests/7"),
    ]


@pytest.mark.parametrize(
    ("days", "kind", "level", "mark"),
    [
        (12, AlarmKind.REQUEST_NEAR, AlarmLevel.WARNING, 12),
        (17.9, AlarmKind.REQUEST_NEAR, AlarmLevel.WARNING, 12),
        (18, AlarmKind.REQUEST_NEAR, AlarmLevel.URGENT, 18),
        (29.9, AlarmKind.REQUEST_NEAR, AlarmLevel.URGENT, 24),
        (30, AlarmKind.REQUEST_OVERDUE, AlarmLevel.URGENT, 30),
        (300, AlarmKind.REQUEST_OVERDUE, AlarmLevel.URGENT, 30),
    ],
)
def test_it_is_told_of_at_the_marks_of_a_right(days: float, kind: AlarmKind, level: AlarmLevel, mark: int) -> None:
    (found,) = alarms(a_request(), days=days)
    assert (found.kind, found.level, found.at) == (kind, level, ASKED + mark * DAY)


def test_before_the_first_mark_nothing_is_told() -> None:
    assert alarms(a_request(), days=11.9) == ()


def test_what_is_told_is_numbers_the_kind_and_the_last_day() -> None:
    (near,), (over,) = alarms(a_request(), days=19), alarms(a_request(), days=31)
    told = {"record": "contacts/101", "asked_for": "access", "answer_by": "2026-12-01T11:00:00+01:00"}
    assert dict(near.facts) == told | {"passed": "60% of the time"}
    assert dict(over.facts) == told


def test_a_request_that_is_closed_is_told_of_no_more() -> None:
    closed = a_request(closed_at=LIMIT, end=RequestEnd.ANSWERED)
    assert alarms(closed, days=40) == ()
    assert alarms(closed, a_request(request_id=8), days=40)[0].about == "requests/8"


def test_each_request_is_an_alarm_of_its_own() -> None:
    assert [alarm.about for alarm in alarms(a_request(), a_request(request_id=8), days=31)] == [
        "requests/7",
        "requests/8",
    ]


def test_a_request_of_a_contact_that_was_merged_away_is_told_once_with_the_number_it_was_recorded_under() -> None:
    (found,) = alarms(a_request(), a_request(contact_id=WINNER), days=31)
    assert dict(found.facts)["record"] == "contacts/101"


@pytest.mark.parametrize("kind", [RequestKind.ERASURE, RequestKind.WITHDRAWAL])
@pytest.mark.parametrize("state", ["open", "review", "raised"])
def test_what_the_ledger_tells_of_is_not_told_twice(kind: RequestKind, state: str) -> None:
    assert alarms(a_request(kind), days=31, owed=erasure(state)) == ()


def test_the_ledger_tells_of_an_answer_that_is_owed_and_of_what_nobody_could_decide_in_time() -> None:
    request = a_request(RequestKind.ERASURE)
    assert alarms(request, days=31, owed=erasure("raised", reason=ANSWER_OWED, disposition=None)) == ()
    assert alarms(request, days=31, owed=a_hint(first_seen_at=LIMIT - 5 * DAY)) == ()


def test_the_ledger_tells_of_a_merged_contacts_request_under_the_contact_that_it_became() -> None:
    request, followed = (a_request(RequestKind.ERASURE, contact_id=number) for number in (RecordId(101), WINNER))
    assert alarms(request, followed, days=31, owed=erasure(), of=WINNER) == ()


@pytest.mark.parametrize(
    "owed",
    [
        pytest.param(erasure("done", settled_at=ASKED), id="they are gone, and to be told so"),
        pytest.param(erasure("ended", settled_at=ASKED), id="it ended"),
        pytest.param(erasure("held"), id="a hold stops its alarms"),
        pytest.param(erasure(erase_by=LIMIT + DAY, call_by=LIMIT + DAY), id="it has longer"),
        pytest.param(a_hint(first_seen_at=LIMIT - 4 * DAY), id="its clock began too late"),
        pytest.param(
            erasure(rule="former-customer", right=False, disposition=Disposition.ARCHIVE), id="a time rule says nothing"
        ),
    ],
)
def test_an_obligation_that_does_not_tell_of_it_in_time_silences_nothing(owed: Obligation) -> None:
    assert [alarm.kind for alarm in alarms(a_request(RequestKind.ERASURE), days=31, owed=owed)] == [
        AlarmKind.REQUEST_OVERDUE
    ]


@pytest.mark.parametrize("kind", sorted({*RequestKind} - {RequestKind.ERASURE, RequestKind.WITHDRAWAL}))
def test_an_obligation_says_nothing_of_what_else_was_asked_for(kind: RequestKind) -> None:
    assert len(alarms(a_request(kind), days=31, owed=erasure())) == 1
