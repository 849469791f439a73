"""The requests of a period: which were closed in time, and which are past their deadline."""

from datetime import UTC, datetime, timedelta

from hubspot_retention.core.record import RecordId
from hubspot_retention.core.report.figures import RequestLine
from hubspot_retention.core.report.requests import RequestClock, RequestFigures, clocks_of, count_requests
from hubspot_retention.core.request import RequestKind, SubjectRequest
from tests.documents import clienti

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
END = BEGIN + 61 * DAY
INSTANT = timedelta(microseconds=1)


def a_clock(*, answer_by: datetime, ended_at: datetime | None = None, recorded_at: datetime = BEGIN) -> RequestClock:
    """A request of the log."""
    line = RequestLine(7, "contacts/101", "access", recorded_at, ended_at, "" if ended_at is None else "answered")
    return RequestClock(line, recorded_at, answer_by)


def test_the_clock_runs_from_when_the_register_says_that_it_was_received() -> None:
    asked = BEGIN - 9 * DAY
    request = SubjectRequest(
        request_id=7, contact_id=RecordId(101), kind=RequestKind.ACCESS, received_at=asked, recorded_by="anna"
    )
    line = RequestLine(7, "contacts/101", "access", BEGIN)
    assert clocks_of([line], {7: request}, clienti()) == (RequestClock(line, asked, asked + 30 * DAY),)


def test_one_that_the_register_does_not_know_counts_from_when_it_was_written_down() -> None:
    line = RequestLine(7, "contacts/101", "access", BEGIN)
    assert clocks_of([line], {}, clienti()) == (RequestClock(line, BEGIN, BEGIN + 30 * DAY),)


def test_one_that_is_closed_by_the_end_of_its_clock_is_in_time() -> None:
    found = [a_clock(answer_by=BEGIN, ended_at=BEGIN + later) for later in (-INSTANT, 0 * INSTANT, INSTANT)]
    assert [clock.is_late for clock in found] == [False, False, True]
    assert count_requests(found, BEGIN, END) == RequestFigures(recorded=3, closed=3, late=1)


def test_one_that_is_open_is_overdue_once_its_clock_has_ended_and_never_late() -> None:
    found = [a_clock(answer_by=END + later) for later in (-INSTANT, 0 * INSTANT, INSTANT)]
    assert [clock.is_late for clock in found] == [False, False, False]
    assert count_requests(found, BEGIN, END) == RequestFigures(recorded=3, open=3, overdue=1)


def test_one_that_was_closed_late_is_not_overdue_any_more() -> None:
    assert not a_clock(answer_by=BEGIN, ended_at=BEGIN + DAY).is_overdue(END)


def test_only_what_was_written_down_in_the_period_counts_as_recorded_in_it() -> None:
    found = [a_clock(answer_by=END, recorded_at=BEGIN + later) for later in (-INSTANT, 0 * INSTANT, DAY)]
    assert count_requests(found, BEGIN, END).recorded == 2
