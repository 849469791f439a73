"""Alarms in words, and how they reach somebody."""

from collections.abc import Iterator
from typing import Any

import pytest

from hubspot_retention.core.alarm import AlarmKind, AlarmLevel, AlarmRecord
from hubspot_retention.errors import UsageError
from hubspot_retention.service.heartbeat import Heartbeat
from hubspot_retention.service.notify import AppriseNotifier, LogOnly, notifier
from hubspot_retention.service.words import message_of
from tests.builders import at
from tests.documents import clienti
from tests.unit.office import Office, an_office, closed_port

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
"""Apprise loads it, to see whether it is there."""

CIVIL = clienti().civil


def a_record(about: str = "unsubscribed", **more: Any) -> AlarmRecord:
    """An alarm since noon."""
    since = at("2026-11-24T12:00")
    values: dict[str, Any] = {"kind": AlarmKind.DEADLINE_NEAR, "level": AlarmLevel.URGENT, "about": about}
    return AlarmRecord(**values | {"first_at": since, "last_seen_at": since} | more)


def test_a_message_says_what_is_wrong_since_when_and_what_to_do() -> None:
    facts = (("records", "3"), ("earliest_call_by", "2026-11-28T11:00:00+01:00"), ("plans", "12-review"), ("x_y", "1"))
    message = message_of([a_record(facts=facts)], CIVIL)
    assert message.title == "[urgent] HubSpot retention: a deadline is near (unsubscribed)"
    first, *_ = message.body.splitlines()
    assert first == (
        "- unsubscribed (since 2026-11-24 13:00 CET): records: 3; the first must go by: 2026-11-28T11:00:00+01:00; "
        "in plan: 12-review; x y: 1"
    )
    assert "What to do\nRun `hubspot-retention status`" in message.body


def test_a_request_that_nobody_answered_is_told_with_its_last_day_and_how_to_close_it() -> None:
    facts = (("record", "contacts/101"), ("asked_for", "access"), ("answer_by", "2026-12-01T11:00:00+01:00"))
    message = message_of([a_record("requests/7", kind=AlarmKind.REQUEST_OVERDUE, facts=facts)], CIVIL)
    assert message.title == "[urgent] HubSpot retention: a request was not answered in time (requests/7)"
    assert "record: contacts/101; asked for: access; answer by: 2026-12-01T11:00:00+01:00" in message.body
    assert "`request close ID --as answered`" in message.body


@pytest.mark.parametrize("kind", AlarmKind)
def test_every_kind_has_its_words(kind: AlarmKind) -> None:
    message = message_of([a_record(kind=kind)], CIVIL)
    assert len(message.body.splitlines()[-1]) > 40


def test_many_alarms_are_one_message_of_readable_length() -> None:
    records = [a_record(f"contacts/{number}", kind=AlarmKind.RAISED) for number in range(1, 13)]
    message = message_of(records, CIVIL)
    assert message.title == "[urgent] HubSpot retention: records need a person (contacts/1 and 11 more)"
    assert "… and 2 more: `hubspot-retention status`" in message.body
    assert len(message.body.splitlines()) == 14


def test_a_message_is_as_urgent_as_the_worst_in_it() -> None:
    records = [a_record(level=AlarmLevel.WARNING), a_record("b", level=AlarmLevel.URGENT)]
    assert message_of(records, CIVIL).level is AlarmLevel.URGENT
    assert message_of(records[:1], CIVIL).title.startswith("[warning]")


def test_what_is_settled_is_told_without_advice() -> None:
    message = message_of([a_record()], CIVIL, settled=True)
    assert message.title == "[settled] HubSpot retention: a deadline is near (unsubscribed)"
    assert message.body == "- unsubscribed: settled; it was open since 2026-11-24 13:00 CET"


# Sending.


@pytest.fixture
def office() -> Iterator[Office]:
    """One that listens."""
    with an_office() as made:
        yield made


def test_an_alarm_reaches_an_address(office: Office) -> None:
    assert AppriseNotifier([f"json://127.0.0.1:{office.port}/a"], CIVIL).tell([a_record()])
    (received,) = office.received
    assert received["title"] == "[urgent] HubSpot retention: a deadline is near (unsubscribed)"
    assert (received["type"], "What to do" in received["message"]) == ("failure", True)


def test_what_is_settled_is_good_news(office: Office) -> None:
    assert AppriseNotifier([f"json://127.0.0.1:{office.port}/a"], CIVIL).tell([a_record()], settled=True)
    assert office.received[0]["type"] == "success"


def test_it_is_told_once_anybody_was_reached_and_who_was_not_is_logged(office: Office, logged: list[Any]) -> None:
    addresses = [f"json://anna:hemmelig@127.0.0.1:{closed_port()}", f"json://127.0.0.1:{office.port}"]
    assert AppriseNotifier(addresses, CIVIL).tell([a_record()])
    assert len(office.received) == 1
    (line,) = [line for line in logged if line["event"] == "notice.failed"]
    assert line["address"] == 1
    assert "hemmelig" not in str(line)


def test_where_nobody_was_reached_it_is_not_told_and_nothing_is_raised(office: Office) -> None:
    office.status = 500
    notify = AppriseNotifier([f"json://127.0.0.1:{office.port}", f"json://127.0.0.1:{closed_port()}"], CIVIL)
    assert not notify.tell([a_record()])


def test_a_plug_in_that_raises_is_as_one_that_fails(monkeypatch: pytest.MonkeyPatch, logged: list[Any]) -> None:
    def fail(*_: object, **__: object) -> bool:
        raise ZeroDivisionError("hemmelig")

    notify = AppriseNotifier(["json://127.0.0.1:1"], CIVIL)
    monkeypatch.setattr("apprise.Apprise.notify", fail)
    assert not notify.tell([a_record()])
    assert logged[-1]["code"] == "ZeroDivisionError"
    assert "hemmelig" not in str(logged)


def test_an_address_that_is_none_is_refused_by_its_place_and_not_shown() -> None:
    with pytest.raises(UsageError) as raised:
        AppriseNotifier(["json://127.0.0.1:1", "nonsense://anna:hemmelig@example.dk"], CIVIL)
    assert "no. 2" in str(raised.value)
    assert "hemmelig" not in str(raised.value)


def test_without_an_address_the_log_is_all_that_is_told() -> None:
    made = notifier([], CIVIL)
    assert isinstance(made, LogOnly)
    assert made.tell([a_record()])
    assert isinstance(notifier(["json://127.0.0.1:1"], CIVIL), AppriseNotifier)


# The heartbeat.


def test_a_heartbeat_asks_for_its_url(office: Office, logged: list[Any]) -> None:
    Heartbeat(f"http://127.0.0.1:{office.port}/ping/1").beat()
    assert office.asked == ["/ping/1"]
    assert logged == []


def test_one_that_fails_is_logged_without_its_url_and_not_raised(office: Office, logged: list[Any]) -> None:
    office.status = 503
    Heartbeat(f"http://127.0.0.1:{office.port}/hemmelig").beat()
    Heartbeat(f"http://127.0.0.1:{closed_port()}/hemmelig").beat()
    assert [line["code"] for line in logged] == ["http-503", "ConnectError"]
    assert "hemmelig" not in str(logged)
