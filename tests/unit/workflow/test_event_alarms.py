"""Alarms of what has happened to a record: whether anybody saw that they are over."""

from dataclasses import replace

import pytest

from hubspot_retention.core.alarm import AlarmKind, AlarmLevel, AlarmRecord
from hubspot_retention.core.record import RecordRef
from hubspot_retention.workflow.event_alarms import is_over_unseen, person_is_gone, settle
from tests.unit.workflow.desk import DAY, HOUR, NOW, Desk

WHO = RecordRef.parse("contacts/101")


def an_alarm(kind: AlarmKind) -> AlarmRecord:
    """An alarm of yesterday, last seen an hour ago."""
    return AlarmRecord(
        kind=kind,
        about=str(WHO),
        level=AlarmLevel.URGENT,
        first_at=NOW - DAY,
        last_seen_at=NOW - HOUR,
        facts=(("was", "held"),),
    )


@pytest.fixture
def known(desk: Desk, request: pytest.FixtureRequest) -> AlarmRecord:
    with desk.store.transaction() as tx:
        tx.save_alarm(an_alarm(request.param))
        found = tx.alarm(request.param, str(WHO))
    assert found is not None
    return found


@pytest.mark.parametrize("known", [AlarmKind.FOREIGN_DELETION], indirect=True)
def test_an_alarm_that_somebody_saw_to_be_over_is_not_over_unseen(desk: Desk, known: AlarmRecord) -> None:
    assert not is_over_unseen(known)
    with desk.store.transaction() as tx:
        settle(tx, known, NOW)
        found = tx.alarm(known.kind, known.about)
    assert found is not None
    assert (found.settled_at, found.last_seen_at) == (NOW, NOW)
    assert not is_over_unseen(found)
    assert is_over_unseen(replace(known, settled_at=NOW))


@pytest.mark.parametrize("known", [AlarmKind.ERASED_PERSON_BACK], indirect=True)
def test_what_was_told_of_somebody_who_is_gone_counts_no_more(desk: Desk, known: AlarmRecord) -> None:
    with desk.store.transaction() as tx:
        person_is_gone(tx, WHO, NOW)
        found = tx.alarm(known.kind, known.about)
    assert found is not None
    assert (found.settled_at, found.last_seen_at, found.facts) == (NOW, NOW, ())
