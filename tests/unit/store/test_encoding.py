"""How values lie in columns."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubspot_retention.core.record import ObjectType
from hubspot_retention.store.encoding import (
    TYPE_NUMBERS,
    TYPES,
    from_micros,
    from_micros_or_none,
    to_micros,
    to_micros_or_none,
)


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_comes_back_to_the_microsecond(at: datetime) -> None:
    assert from_micros(to_micros(at)) == at


def test_an_instant_of_any_time_zone_comes_back_in_utc() -> None:
    at = datetime(2026, 3, 29, 2, 30, tzinfo=timezone(timedelta(hours=1)))
    assert from_micros(to_micros(at)) == at
    assert from_micros(to_micros(at)).tzinfo is UTC


def test_an_instant_without_a_time_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        to_micros(datetime(2026, 3, 29, tzinfo=UTC).replace(tzinfo=None))


def test_nothing_stays_nothing() -> None:
    assert (to_micros_or_none(None), from_micros_or_none(None)) == (None, None)


def test_every_object_type_has_its_number_for_good() -> None:
    assert {kind.value: number for kind, number in TYPE_NUMBERS.items()} == {
        "calls": 10,
        "companies": 20,
        "contacts": 30,
        "deals": 40,
        "emails": 50,
        "meetings": 60,
        "notes": 70,
        "tasks": 80,
        "tickets": 90,
    }
    assert set(TYPE_NUMBERS) == set(ObjectType)


def test_the_numbers_sort_as_the_names_do() -> None:
    assert [TYPES[number] for number in sorted(TYPES)] == sorted(ObjectType)
