"""How far a log may be removed: as far as its entries are old, and nothing that was opened there is still open."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hubspot_retention.core.audit.entry import Entry, StoredEntry, canonical_bytes
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.audit.matters import Removable, removable
from tests.unit.core.audit.entries import NOW, an_entry

DAY = timedelta(days=1)


def told(subject: Subject, verb: Verb, record: str | None = None, **facts: Any) -> Entry:
    """Something that is about something else than a disposal."""
    return Entry(subject=subject, verb=verb, at=NOW, record=record, facts=tuple(facts.items()))


def a_log(*entries: Entry) -> Iterator[StoredEntry]:
    """Entries, a day apart, the first at `NOW`."""
    for seq, entry in enumerate(entries, 1):
        stored = Entry(**{name: getattr(entry, name) for name in entry.__slots__} | {"at": NOW + DAY * (seq - 1)})
        yield StoredEntry(seq, canonical_bytes(stored, seq), b"")


def removed(*entries: Entry, days: int) -> Removable | None:
    """What may be removed of a log, if what is older than so many days from its first entry has had its time."""
    return removable(a_log(*entries), NOW + DAY * days)


NOTICE = told(Subject.SERVICE, Verb.STARTED)
DONE = an_entry(verb=Verb.DONE)


def test_what_is_old_may_go_but_for_the_last_that_is_old() -> None:
    assert removed(*[NOTICE] * 9, days=5) == Removable(4)


def test_of_a_log_that_is_old_altogether_the_last_entry_stays() -> None:
    assert removed(*[NOTICE] * 3, days=99) == Removable(2)


def test_one_entry_may_go_by_itself() -> None:
    assert removed(*[NOTICE] * 3, days=2) == Removable(1)


@pytest.mark.parametrize(("days", "found"), [(1, None), (2, Removable(6))])
def test_of_a_log_whose_beginning_is_gone_only_what_is_left_is_counted(days: int, found: Removable | None) -> None:
    left = (replace(entry, seq=entry.seq + 5) for entry in a_log(*[NOTICE] * 3))
    assert removable(left, NOW + DAY * days) == found


def test_a_disposal_that_did_not_happen_leaves_its_obligation_open() -> None:
    opened = told(Subject.OBLIGATION, Verb.OPENED, "contacts/101")
    assert removed(NOTICE, opened, an_entry(verb=Verb.FAILED), NOTICE, days=9) == Removable(1, Subject.OBLIGATION)


@pytest.mark.parametrize(
    ("subject", "opens", "closes", "fact"),
    [
        (Subject.HOLD, Verb.PLACED, Verb.RELEASED, "hold_id"),
        (Subject.REQUEST, Verb.RECEIVED, Verb.ANSWERED, "request_id"),
        (Subject.STANDING_APPROVAL, Verb.GRANTED, Verb.REVOKED, "approval"),
        (Subject.ALARM, Verb.SENT, Verb.SETTLED, "about"),
    ],
)
def test_the_end_of_one_is_the_end_of_no_other(subject: Subject, opens: Verb, closes: Verb, fact: str) -> None:
    one, other = told(subject, opens, None, **{fact: 1}), told(subject, opens, None, **{fact: 2})
    ended = told(subject, closes, None, **{fact: 2})
    assert removed(NOTICE, one, other, ended, NOTICE, days=9) == Removable(1, subject)


@pytest.mark.parametrize("days", [0, 1])
def test_of_a_log_that_is_young_nothing_may_go(days: int) -> None:
    assert removed(NOTICE, NOTICE, days=days) is None


def test_there_is_nothing_to_remove_of_no_log() -> None:
    assert removable([], NOW) is None


HOLD = told(Subject.HOLD, Verb.PLACED, "contacts/1", hold_id=1)
OTHER_HOLD = told(Subject.HOLD, Verb.PLACED, "contacts/1", hold_id=2)
RELEASED = told(Subject.HOLD, Verb.RELEASED, "contacts/1", hold_id=1)
OPEN = [
    (HOLD, RELEASED),
    (told(Subject.REQUEST, Verb.RECEIVED, request_id=1), told(Subject.REQUEST, Verb.ANSWERED, request_id=1)),
    (told(Subject.OBLIGATION, Verb.OPENED, "contacts/1"), told(Subject.OBLIGATION, Verb.ENDED, "contacts/1")),
    (told(Subject.OBLIGATION, Verb.RAISED, "contacts/101"), DONE),
    (an_entry(verb=Verb.INTENDED), DONE),
    (an_entry(verb=Verb.UNKNOWN), an_entry(verb=Verb.ABANDONED)),
    (told(Subject.MARKETING, Verb.SENT, "contacts/1"), told(Subject.MARKETING, Verb.ENDED, "contacts/1")),
    (told(Subject.KILL_SWITCH, Verb.SET), told(Subject.KILL_SWITCH, Verb.CLEARED)),
    (told(Subject.ALARM, Verb.SENT, about="x"), told(Subject.ALARM, Verb.SETTLED, about="x")),
    (
        told(Subject.STANDING_APPROVAL, Verb.GRANTED, approval=1),
        told(Subject.STANDING_APPROVAL, Verb.REVOKED, approval=1),
    ),
]


@pytest.mark.parametrize(("opened", "closed"), OPEN)
def test_what_was_opened_and_is_not_closed_keeps_its_entry_and_all_after_it(opened: Entry, closed: Entry) -> None:
    log = [NOTICE, NOTICE, opened, NOTICE, opened, NOTICE, NOTICE]
    assert removed(*log, days=6) == Removable(2, opened.subject)
    assert removed(*log[:5], closed, NOTICE, NOTICE, days=7) == Removable(6)


def test_what_was_open_at_the_end_of_the_period_counts_also_if_it_was_closed_since() -> None:
    assert removed(NOTICE, HOLD, NOTICE, NOTICE, RELEASED, NOTICE, days=4) == Removable(1, Subject.HOLD)


def test_one_that_is_closed_closes_no_other() -> None:
    assert removed(NOTICE, HOLD, OTHER_HOLD, RELEASED, NOTICE, days=5) == Removable(2, Subject.HOLD)


def test_what_keeps_the_very_first_entry_is_told() -> None:
    assert removed(HOLD, NOTICE, NOTICE, days=9) == Removable(0, Subject.HOLD)


def test_what_is_open_behind_what_may_go_keeps_nothing() -> None:
    assert removed(NOTICE, NOTICE, HOLD, days=3) == Removable(2)


def test_a_standing_approval_is_over_when_its_time_is() -> None:
    until = (NOW + DAY * 3).isoformat()
    granted = told(Subject.STANDING_APPROVAL, Verb.GRANTED, approval=1, until_at=until)
    log = [NOTICE, granted, *[NOTICE] * 8]
    assert removed(*log, days=3) == Removable(1, Subject.STANDING_APPROVAL)
    assert removed(*log, days=4) == Removable(3)


def test_another_word_about_a_matter_neither_opens_nor_closes_it() -> None:
    refused = told(Subject.HOLD, Verb.REFUSED, "contacts/1", hold_id=1)
    assert removed(NOTICE, HOLD, refused, NOTICE, NOTICE, days=5) == Removable(1, Subject.HOLD)
    assert removed(NOTICE, refused, NOTICE, NOTICE, days=4) == Removable(3)
