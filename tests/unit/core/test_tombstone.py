"""Tombstones, and the instant before which they have run out."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hubspot_retention.core.civil import Civil, Period
from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.record import RecordId
from hubspot_retention.core.tombstone import ECHO, Tombstone

CIVIL = Civil(ZoneInfo("Europe/Copenhagen"))
NOW = datetime(2026, 2, 28, 11, tzinfo=UTC)


def test_a_tombstone_says_whose_key_made_it() -> None:
    stone = Tombstone(record_id=RecordId(101), pseudonym="2026:9f", sent_at=NOW)
    assert (stone.epoch, stone.erased_at) == ("2026", None)


def test_who_is_in_view_after_the_erasure_was_brought_back_unless_they_wrote_since() -> None:
    stone = Tombstone(record_id=RecordId(101), pseudonym="2026:9f", sent_at=NOW, erased_at=NOW)
    later, second = NOW + ECHO, timedelta(seconds=1)
    assert stone.is_disturbed((), later)
    assert stone.is_disturbed((None, UNKNOWN, date(2030, 1, 1), NOW), later)
    assert not stone.is_disturbed((NOW, NOW + second), later)
    assert not stone.is_disturbed((), later - second)
    assert not replace(stone, erased_at=None).is_disturbed((), later)


@pytest.mark.parametrize("period", ["P24M", "P5Y", "P30D", "P1W"])
def test_what_began_then_has_run_out_and_what_began_a_second_later_has_not(period: str) -> None:
    began = CIVIL.start_of(Period.parse(period), NOW)
    assert CIVIL.add(began, Period.parse(period)) <= NOW
    assert CIVIL.add(began + timedelta(seconds=1), Period.parse(period)) > NOW
