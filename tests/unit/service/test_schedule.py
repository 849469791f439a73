"""When a full sweep is due, and what wakes the service."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from hubspot_retention.clock import Clock
from hubspot_retention.service.interval import Every
from hubspot_retention.service.names import DUE, FULL, HOT, INBOX, SELF_CHECK, WATCH, limits_of
from hubspot_retention.service.schedule import Schedule, full_sweep_is_due
from hubspot_retention.settings import ServiceSettings, read_settings
from tests.builders import at
from tests.documents import clienti

CIVIL = clienti().civil


def settings(**service: object) -> ServiceSettings:
    """Settings of the service, some of them set."""
    lines = "\n".join(f"{name} = {value}" for name, value in service.items())
    return read_settings(f"[service]\n{lines}\n", "test", {}).service


def is_due(last: str | None, now: str, **service: object) -> bool:
    """Whether a sweep is due; times without an offset are UTC, an hour behind Copenhagen in winter."""
    return full_sweep_is_due(None if last is None else at(last), at(now), settings(**service), CIVIL)


def test_where_there_was_no_sweep_one_is_due() -> None:
    assert is_due(None, "2026-11-24T12:00")


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        ("2026-11-24T02:00", "2026-11-25T01:59", False),
        ("2026-11-24T02:00", "2026-11-25T02:00", True),
        ("2026-11-24T14:00", "2026-11-25T01:59", False),
        ("2026-11-24T14:00", "2026-11-25T02:00", True),
    ],
)
def test_each_night_at_three_local_time_a_sweep_is_due(last: str, now: str, due: bool) -> None:
    assert is_due(last, now) is due


def test_a_night_that_was_missed_is_made_up_for_at_once() -> None:
    assert is_due("2026-11-23T02:00", "2026-11-24T14:00")
    assert not is_due("2026-11-24T02:00", "2026-11-24T14:00")


def test_one_that_is_too_old_is_due_at_any_time_of_day() -> None:
    assert is_due("2026-11-24T10:00", "2026-11-24T22:00", full_hours=12)
    assert not is_due("2026-11-24T10:00", "2026-11-24T21:59", full_hours=12)


def test_a_weekly_sweep_is_not_made_each_night() -> None:
    assert not is_due("2026-11-24T02:00", "2026-11-30T02:00", full_hours=168)
    assert is_due("2026-11-24T02:00", "2026-12-01T02:00", full_hours=168)
    assert is_due("2026-11-24T14:00", "2026-12-01T02:00", full_hours=168)


def test_a_clock_that_was_set_back_is_no_reason_to_wait() -> None:
    assert is_due("2036-11-24T02:00", "2026-11-24T14:00")


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_on_the_days_on_which_the_clocks_change_there_is_one_sweep_too(day: str) -> None:
    midnight = at(f"{day}T00:00")
    last = midnight - timedelta(hours=22)
    found = [hour for hour in range(0, 96) if full_sweep_is_due(last, midnight + hour * HOUR / 4, settings(), CIVIL)]
    local = (midnight + found[0] * HOUR / 4).astimezone(CIVIL.zone)
    assert (local.hour, local.minute) == (3, 0)


HOUR = timedelta(hours=1)


def test_the_scheduler_says_what_is_wanted_at_once_and_again_and_again() -> None:
    wanted: list[tuple[str, ...]] = []
    twice = threading.Event()

    def want(*names: str) -> None:
        wanted.append(names)
        if wanted.count((INBOX, DUE)) > 2:
            twice.set()

    looked: list[bool] = []
    schedule = Schedule(settings(due_seconds=0.05), want, lambda: looked.append(True))
    schedule.start()
    try:
        assert twice.wait(20)
    finally:
        schedule.stop()
    assert {(INBOX, DUE), (HOT,), (SELF_CHECK,), (WATCH,)} == set(wanted)
    assert looked == [True]


class Wakened:
    """A schedule, what it wanted, and the wall clock by which it goes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead, self.wanted, self.came = timedelta(), list[tuple[str, ...]](), threading.Event()
        scene = self

        class Wall(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
                return scene.now().astimezone(tz)

        monkeypatch.setattr("apscheduler.schedulers.base.datetime", Wall)
        self.schedule = Schedule(settings(due_seconds=0.2), self._want, lambda: None)

    def _want(self, *names: str) -> None:
        self.wanted.append(names)
        if {(INBOX, DUE), (HOT,), (SELF_CHECK,), (WATCH,)} <= set(self.wanted):
            self.came.set()

    def now(self) -> datetime:
        """What the wall clock shows."""
        return Clock().now() + self.ahead

    def forget(self) -> None:
        """Whatever was wanted until now."""
        self.wanted.clear()
        self.came.clear()


@pytest.fixture
def wakened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wakened]:
    """A schedule that has begun."""
    made = Wakened(monkeypatch)
    made.schedule.start()
    yield made
    made.schedule.stop()


def test_by_a_clock_that_was_set_back_everything_is_wanted_at_once_and_again_and_again(wakened: Wakened) -> None:
    wakened.ahead = -timedelta(hours=2)
    time.sleep(0.5)
    wakened.forget()
    time.sleep(0.5)
    assert wakened.wanted == []
    wakened.schedule.begin_anew()
    assert wakened.came.wait(20)
    wakened.forget()
    time.sleep(1)
    assert (INBOX, DUE) in wakened.wanted


def test_by_a_clock_that_was_set_ahead_what_was_missed_is_wanted_once(wakened: Wakened) -> None:
    wakened.forget()
    wakened.ahead = timedelta(days=1)
    assert wakened.came.wait(20)
    assert wakened.wanted.count((HOT,)) == 1


def test_the_next_time_is_counted_from_now_however_long_ago_the_last_one_was() -> None:
    """Else every run that was missed is listed: in ten years ten millions."""
    now = at("2036-11-24T12:00")
    for before in (None, at("2026-11-24T12:00"), at("2037-11-24T12:00")):
        assert Every(timedelta(seconds=30)).get_next_fire_time(before, now) == now + timedelta(seconds=30)


def test_a_schedule_that_was_never_started_can_be_stopped() -> None:
    Schedule(settings(), lambda *_: None, lambda: None).stop()


def test_jobs_are_set_as_the_architecture_says(monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[str, Any] = {}

    class Scheduler:
        def __init__(self, **options: Any) -> None:
            made.update(options)

        def add_job(self, deed: Callable[..., None], trigger: Every, **options: Any) -> None:
            made.setdefault("jobs", []).append(trigger.every.total_seconds())

        def start(self) -> None: ...

    monkeypatch.setattr("apscheduler.schedulers.background.BackgroundScheduler", Scheduler)
    Schedule(settings(), lambda *_: None, lambda: None).start()
    assert made["timezone"] == "UTC"
    assert made["job_defaults"] == {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    assert made["jobs"] == [30.0, 900.0, 21600.0, 30.0, 60.0]


def test_a_tick_may_be_late_by_a_few_rounds() -> None:
    limits = limits_of(settings())
    assert limits[DUE] == limits[INBOX] == timedelta(minutes=15)
    assert limits[HOT] == timedelta(minutes=45)
    assert limits[FULL] == timedelta(hours=36)
    assert limits[SELF_CHECK] == timedelta(hours=12)
    assert limits[WATCH] == timedelta(minutes=15)
    slow = limits_of(settings(due_seconds=3600))
    assert (slow[DUE], slow[WATCH]) == (timedelta(hours=20), timedelta(minutes=20))
