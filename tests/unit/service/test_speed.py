"""How fast records are worked off is measured where there are enough of them."""

import pytest

from hubspot_retention.service.speed import Speed
from tests.faults.world import Monotonic


@pytest.fixture
def clock() -> Monotonic:
    """Seconds that pass when a test says so."""
    return Monotonic()


def test_before_anything_was_measured_nothing_is_known(clock: Monotonic) -> None:
    assert Speed(clock).per_second() is None


def test_it_is_records_by_the_time_they_took(clock: Monotonic) -> None:
    speed = Speed(clock)
    speed.note(100, 50.0)
    speed.note(20, 10.0)
    assert speed.per_second() == 2.0


def test_a_few_records_say_nothing_of_many(clock: Monotonic) -> None:
    speed = Speed(clock)
    speed.note(9, 9.0)
    assert speed.per_second() is None
    speed.note(10, 5.0)
    assert speed.per_second() == 2.0


def test_what_took_no_time_is_no_measurement(clock: Monotonic) -> None:
    speed = Speed(clock)
    speed.note(100, 0.0)
    assert speed.per_second() is None


def test_after_a_day_it_is_forgotten(clock: Monotonic) -> None:
    speed = Speed(clock)
    speed.note(100, 100.0)
    clock.pass_by(86_400)
    assert speed.per_second() == 1.0
    clock.pass_by(1)
    assert speed.per_second() is None


def test_the_last_twenty_measurements_count(clock: Monotonic) -> None:
    speed = Speed(clock)
    speed.note(10, 1_000.0)
    for _ in range(20):
        speed.note(10, 5.0)
    assert speed.per_second() == 2.0
