"""Tombstones, and the instant before which they have run out."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hubspot_retention.core.civil import Civil, Period
from hubspot_retention.core.record import RecordId
from hubspot_retention.core.tombstone import Tombstone

CIVIL = Civil(ZoneInfo("Europe/Copenhagen"))
NOW = datetime(2026, 2, 28, 11, tzinfo=UTC)


def test_a_tombstone_says_whose_key_made_it() -> None:
    stone = Tombstone(record_id=RecordId(101), pseudonym="2026:9f", sent_at=NOW)
    assert (stone.epoch, stone.erased_at) == ("2026", None)


@pytest.mark.parametrize("period", ["P24M", "P5Y", "P30D", "P1W"])
def test_what_began_then_has_run_out_and_what_began_a_second_later_has_not(period: str) -> None:
    began = CIVIL.start_of(Period.parse(period), NOW)
    assert CIVIL.add(began, Period.parse(period)) <= NOW
    assert CIVIL.add(began + timedelta(seconds=1), Period.parse(period)) > NOW
