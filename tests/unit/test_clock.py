"""The clock that never jumps: it counts the sleep of the machine wherever one does, and is what freshness goes by."""

import time

import pytest

from hubspot_retention.bootstrap import Application
from hubspot_retention.clock import steady_seconds
from hubspot_retention.hubspot.connection import Timing
from hubspot_retention.service.house import Instead


def test_the_clock_that_counts_sleep_is_asked_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "CLOCK_BOOTTIME", 7, raising=False)
    monkeypatch.setattr(time, "clock_gettime", {7: 289.5}.__getitem__)
    assert steady_seconds() == 289.5


def test_elsewhere_it_is_the_one_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(time, "CLOCK_BOOTTIME", raising=False)
    monkeypatch.setattr(time, "monotonic", lambda: 12.5)
    assert steady_seconds() == 12.5


def test_it_goes_on_and_never_back() -> None:
    before = steady_seconds()
    time.sleep(0.01)
    assert before + 0.01 <= steady_seconds()


def test_freshness_and_the_seconds_to_a_call_go_by_it_in_commands_in_the_service_and_on_the_way_to_hubspot() -> None:
    assert Application.monotonic is steady_seconds
    assert Instead().monotonic is steady_seconds
    assert Timing().monotonic is steady_seconds
