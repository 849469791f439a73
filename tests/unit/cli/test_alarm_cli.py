"""`alarm`: what is open, and how a person settles what is not undone."""

from datetime import timedelta

import pytest

from hubspot_retention.bootstrap import application
from hubspot_retention.core.alarm import AlarmKind, AlarmLevel, AlarmRecord
from hubspot_retention.core.audit.entry import read_entry
from hubspot_retention.core.audit.kinds import Subject
from tests.faults.people import a_portal
from tests.unit.cli.conftest import MakeHouse
from tests.unit.cli.house import House, wide_lines

FACTS = (("what", "deletion"), ("was", "held"), ("in_bin", "yes"), ("restorable_until", "2027-01-31"))


@pytest.fixture
def house(house_of: MakeHouse) -> House:
    """A held record was deleted by somebody else, and a deadline is near."""
    made = house_of(a_portal())
    app = application()
    now = app.clock.now()
    with app.store() as store, store.transaction() as tx:
        for kind, about, level, facts in (
            (AlarmKind.DEADLINE_NEAR, "unsubscribed", AlarmLevel.WARNING, ()),
            (AlarmKind.FOREIGN_DELETION, "contacts/101", AlarmLevel.URGENT, FACTS),
        ):
            record = AlarmRecord(
                kind=kind, about=about, level=level, first_at=now - timedelta(hours=1), last_seen_at=now, facts=facts
            )
            tx.save_alarm(record)
    return made


def test_the_most_urgent_comes_first_with_the_day_until_which_it_can_be_undone(house: House) -> None:
    text = house("alarm", "list").out
    assert text.index("foreign deletion, restorable") < text.index("2027-01-31") < text.index("deadline near")
    assert wide_lines(text) == []
    kinds = {row["about"]: row["kind"] for row in house("alarm", "list", "--json").json}
    assert kinds == {"contacts/101": "foreign-deletion", "unsubscribed": "deadline-near"}


def test_a_person_settles_a_deletion_once_and_the_log_says_who_and_how(house: House) -> None:
    ran = house("alarm", "settle", "contacts/101", "--outcome", "lost", "--who", "bent")
    assert (ran.code, ran.out) == (0, "the alarm about contacts/101 is settled by bent: lost\n")
    assert [row["about"] for row in house("alarm", "list", "--json").json] == ["unsubscribed"]
    assert "settled" in house("alarm", "list", "--all").out
    with application().store("read") as store:
        (entry,) = [
            entry for entry in (read_entry(stored.body) for stored in store.entries()) if entry.subject is Subject.ALARM
        ]
    assert (entry.actor, entry.code, dict(entry.facts)["outcome"]) == ("bent", "foreign-deletion", "lost")
    again = house("alarm", "settle", "contacts/101", "--outcome", "lost")
    assert (again.code, again.err) == (2, "no alarm about contacts/101 is open: see `alarm list`\n")


def test_what_is_over_by_itself_nobody_settles(house: House) -> None:
    app = application()
    now = app.clock.now()
    with app.store() as store, store.transaction() as tx:
        tx.save_alarm(
            AlarmRecord(
                kind=AlarmKind.RAISED,
                about="contacts/102",
                level=AlarmLevel.WARNING,
                first_at=now,
                last_seen_at=now,
            )
        )
    ran = house("alarm", "settle", "contacts/102", "--outcome", "let-go")
    assert ran.code == 2
    assert "(raised) is over as soon as what it tells of is over" in " ".join(ran.err.split())
    assert len(house("alarm", "list", "--json").json) == 3


def raised(kind: AlarmKind, *about: str) -> None:
    """Alarms of one kind are open, about these records."""
    app = application()
    now = app.clock.now()
    with app.store() as store, store.transaction() as tx:
        for each in about:
            tx.save_alarm(AlarmRecord(kind=kind, about=each, level=AlarmLevel.WARNING, first_at=now, last_seen_at=now))


def test_an_erased_person_who_is_back_is_settled_in_the_words_for_that_alone(house: House) -> None:
    raised(AlarmKind.ERASED_PERSON_BACK, "contacts/101", "contacts/103")
    assert house("alarm", "settle", "contacts/101", "--outcome", "welcome").code == 0
    assert {row["kind"] for row in house("alarm", "list", "--json").json if row["about"] == "contacts/101"} == {
        "foreign-deletion"
    }
    wrong = house("alarm", "settle", "contacts/103", "--outcome", "lost")
    said = "the alarm about contacts/103 (erased-person-back) ends with the outcome taken-out or welcome"
    assert (wrong.code, " ".join(wrong.err.split())) == (2, said)


def test_a_record_that_could_not_be_read_is_settled_once_a_person_has_seen_to_it(house: House) -> None:
    raised(AlarmKind.EVENT_UNREADABLE, "companies/11")
    assert house("alarm", "settle", "companies/11", "--outcome", "let-go").code == 2
    assert house("alarm", "settle", "companies/11", "--outcome", "seen-to").code == 0
    assert "companies/11" not in {row["about"] for row in house("alarm", "list", "--json").json}


def test_without_any_alarm_the_list_says_so(house_of: MakeHouse) -> None:
    assert house_of(a_portal())("alarm", "list").out == "None.\n"
