"""The one thread that works: what it does first, and what it does when something fails."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from hubspot_retention.core.alarm import Tick
from hubspot_retention.errors import BlockedError, PortalPausedError, PortalTemporaryError, RetentionError
from hubspot_retention.hubspot.faults import TemporaryFailureError
from hubspot_retention.service.works import STOPPED, Facts, Job, StoppingError, Works, code_of
from hubspot_retention.store.database import SqlStore
from tests.unit.service.conftest import Hands


class Bench:
    """Jobs that note that they were done; each may be told to do something else."""

    def __init__(self, store: SqlStore, hands: Hands, *jobs: Job) -> None:
        self.done: list[str] = []
        self.deeds: dict[str, Callable[[], Facts | None]] = {}
        self.store, self.hands = store, hands
        made = jobs or [self.job(name) for name in ("inbox", "due", "hot", "full", "self-check")]
        self.works = Works(made, store, hands.times)

    def job(self, name: str, **more: Any) -> Job:
        """A job."""
        return Job(name=name, do=lambda: self._do(name), **more)

    def _do(self, name: str) -> Facts | None:
        self.done.append(name)
        return self.deeds.get(name, lambda: None)()

    def all(self) -> list[str]:
        """Do whatever is wanted; what was done."""
        while self.works.step() is not None:
            pass
        return self.done

    def fails(self, name: str, error: Exception) -> None:
        """From now on this job fails."""

        def fail() -> None:
            raise error

        self.deeds[name] = fail

    def tick(self, name: str) -> Tick:
        """What was written down of it."""
        with self.store.transaction() as tx:
            return tx.ticks()[name]


@pytest.fixture
def bench(store: SqlStore, hands: Hands) -> Bench:
    """The five ticks."""
    return Bench(store, hands)


def test_what_is_most_pressing_comes_first(bench: Bench) -> None:
    bench.works.want("self-check", "full", "hot", "due", "inbox")
    assert bench.all() == ["inbox", "due", "hot", "full", "self-check"]


def test_what_is_pressing_without_end_lets_everything_else_have_its_turn(bench: Bench) -> None:
    bench.deeds["inbox"] = lambda: bench.works.want("inbox")
    bench.works.want("inbox", "due", "hot", "full", "self-check")
    steps = [bench.works.step() for _ in range(20)]
    assert [name for name in steps if name != "inbox"] == ["due", "hot", "full", "self-check"]
    assert steps[0] == steps[-1] == "inbox"


def test_nothing_is_done_that_nobody_wants(bench: Bench) -> None:
    bench.works.want("nonsense")
    assert bench.all() == []


def test_what_is_wanted_twice_is_done_once_and_what_is_wanted_meanwhile_once_more(bench: Bench) -> None:
    bench.works.want("due")
    bench.works.want("due")
    bench.deeds["due"] = lambda: None if len(bench.done) > 1 else bench.works.want("due")
    assert bench.all() == ["due", "due"]


def test_success_has_its_consequences_and_failure_has_not(store: SqlStore, hands: Hands) -> None:
    bench = Bench(store, hands)
    bench.works = Works([bench.job("due"), bench.job("full", then=("due",))], store, hands.times)
    bench.works.want("full")
    assert bench.all() == ["full", "due"]
    bench.done.clear()
    bench.fails("full", BlockedError("no"))
    bench.works.want("full")
    assert bench.all() == ["full"]


def test_each_tick_is_written_down_with_how_long_it_took(bench: Bench, hands: Hands) -> None:
    began = hands.present
    bench.deeds["due"] = lambda: hands.pass_by(2.5)
    bench.works.want("due")
    bench.all()
    tick = bench.tick("due")
    assert (tick.last_started_at, tick.last_done_at, tick.seconds) == (began, hands.present, 2.5)
    assert tick.last_error == ""


def test_a_tick_that_fails_keeps_its_last_success_and_the_thread(bench: Bench, hands: Hands) -> None:
    bench.works.want("due")
    bench.all()
    succeeded = hands.present
    hands.pass_by(30)
    bench.fails("due", TemporaryFailureError("x", status=503, category="", wait_seconds=0.0, harmless=True))
    bench.works.want("due", "self-check")
    assert bench.all() == ["due", "due", "self-check"]
    tick = bench.tick("due")
    assert (tick.last_done_at, tick.last_error) == (succeeded, "TemporaryFailureError:http-503")


def test_what_fails_is_wanted_again_by_itself_after_a_pause_that_doubles(bench: Bench, hands: Hands) -> None:
    bench.fails("due", BlockedError("no"))
    bench.works.want("due")
    bench.all()
    for pause in (1, 2, 4, 8):
        hands.pass_by(pause - 0.5)
        bench.works.want("due")
        assert bench.works.step() is None
        hands.pass_by(0.5)
        assert bench.works.step() == "due"


def test_the_pause_is_five_minutes_at_most_and_over_after_a_success(bench: Bench, hands: Hands) -> None:
    bench.fails("due", BlockedError("no"))
    bench.works.want("due")
    for _ in range(40):
        bench.works.step()
        hands.pass_by(300)
    assert bench.done == ["due"] * 40
    del bench.deeds["due"]
    assert bench.works.step() == "due"
    assert bench.works.step() is None
    bench.fails("due", BlockedError("no"))
    bench.works.want("due")
    bench.works.step()
    hands.pass_by(1)
    assert bench.works.step() == "due"


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (PortalTemporaryError("busy", 90.0), 90.0),
        (PortalPausedError("477", 7_200.0), 7_200.0),
        (PortalPausedError("for ever", 1e9), 86_400.0),
        (PortalPausedError("the day's quota"), 1.0),
        (PortalTemporaryError("at once", 0.0), 1.0),
    ],
)
def test_when_hubspot_says_how_long_that_is_waited_for_but_no_longer_than_a_day(
    bench: Bench, hands: Hands, error: PortalTemporaryError, seconds: float
) -> None:
    bench.fails("due", error)
    bench.works.want("due")
    bench.works.step()
    hands.pass_by(seconds - 0.1)
    assert bench.works.step() is None
    hands.pass_by(0.1)
    assert bench.works.step() == "due"


def test_one_that_waits_delays_no_other(bench: Bench) -> None:
    bench.fails("inbox", PortalPausedError("wait", 3_600.0))
    bench.works.want("inbox", "due")
    assert bench.all() == ["inbox", "due"]


def test_a_clock_that_jumps_back_ten_years_delays_nothing(bench: Bench, hands: Hands) -> None:
    bench.fails("due", BlockedError("no"))
    bench.works.want("due")
    bench.works.step()
    hands.present = hands.present.replace(year=2016)
    hands.seconds += 1
    assert bench.works.step() == "due"


def test_of_a_bug_only_its_kind_and_place_are_logged(bench: Bench, logged: list[dict[str, Any]]) -> None:
    bench.fails("due", ZeroDivisionError("aksel@example.dk"))
    bench.works.want("due")
    bench.works.step()
    (line,) = [line for line in logged if line["event"] == "tick.failed"]
    assert (line["code"], line["log_level"]) == ("ZeroDivisionError", "error")
    assert "aksel" not in str(line)
    assert "works.py" in line["why"]
    assert bench.tick("due").last_error == "ZeroDivisionError"


def test_our_own_failures_are_logged_in_words(bench: Bench, logged: list[dict[str, Any]]) -> None:
    bench.fails("due", BlockedError("the clocks differ"))
    bench.works.want("due")
    bench.works.step()
    (line,) = [line for line in logged if line["event"] == "tick.failed"]
    assert (line["why"], line["log_level"], line["again_in"]) == ("the clocks differ", "warning", 1.0)


def test_what_a_tick_did_is_one_line_and_nothing_done_is_none(bench: Bench, logged: list[dict[str, Any]]) -> None:
    bench.deeds["due"] = lambda: {"erased": 2}
    bench.works.want("due", "hot")
    bench.all()
    told = [(line["log_level"], line.get("erased")) for line in logged if line["event"] == "tick.finished"]
    assert told == [("info", 2), ("debug", None)]


class BrokenStore:
    """A database that takes nothing more."""

    def __init__(self, store: SqlStore) -> None:
        self.store, self.is_broken = store, True

    def transaction(self) -> Any:
        """Fails while it is broken."""
        if self.is_broken:
            raise RetentionError("disk full")
        return self.store.transaction()


def test_without_a_database_nothing_is_begun_and_it_is_known(store: SqlStore, hands: Hands) -> None:
    bench, broken = Bench(store, hands), BrokenStore(store)
    works = Works([bench.job("due")], broken, hands.times)  # type: ignore[arg-type]
    works.want("due")
    works.step()
    assert bench.done == []
    assert works.store_failure == "RetentionError"
    broken.is_broken = False
    hands.pass_by(1)
    works.step()
    assert bench.done == ["due"]
    assert works.store_failure == ""


def test_what_looks_at_the_service_itself_is_done_even_then(store: SqlStore, hands: Hands) -> None:
    bench, broken = Bench(store, hands), BrokenStore(store)
    works = Works([bench.job("watch", always=True)], broken, hands.times)  # type: ignore[arg-type]
    works.want("watch")
    works.step()
    assert bench.done == ["watch"]
    assert works.store_failure == "RetentionError"


# In the middle of a long job.


@pytest.fixture
def sweeping(store: SqlStore, hands: Hands) -> Bench:
    """A full sweep that lets inbox and due ticks go in between."""
    bench = Bench(store, hands)
    between = {"inbox", "due"}
    names = ("inbox", "due", "hot", "full")
    bench.works = Works([bench.job(name, between=name in between) for name in names], store, hands.times)
    return bench


def test_what_is_pressing_goes_in_between_and_what_is_not_waits(sweeping: Bench) -> None:
    def sweep() -> None:
        sweeping.works.want("hot", "due", "inbox")
        sweeping.works.between()
        assert sweeping.done == ["full", "inbox", "due"]

    sweeping.deeds["full"] = sweep
    sweeping.works.want("full")
    assert sweeping.all() == ["full", "inbox", "due", "hot"]
    assert sweeping.tick("full").last_error == ""


def test_what_fails_in_between_does_not_end_the_sweep(sweeping: Bench) -> None:
    def sweep() -> None:
        sweeping.works.want("due")
        sweeping.works.between()

    sweeping.fails("due", ZeroDivisionError())
    sweeping.deeds["full"] = sweep
    sweeping.works.want("full")
    sweeping.works.step()
    assert sweeping.tick("full").last_error == ""
    assert sweeping.tick("due").last_error == "ZeroDivisionError"


def test_a_stop_ends_the_sweep_at_once_and_is_no_failure(sweeping: Bench, logged: list[dict[str, Any]]) -> None:
    def sweep() -> None:
        sweeping.works.want("due")
        sweeping.works.stop()
        sweeping.works.between()

    sweeping.deeds["full"] = sweep
    sweeping.works.want("full")
    sweeping.works.step()
    assert sweeping.done == ["full"]
    assert sweeping.tick("full").last_error == STOPPED
    assert [line for line in logged if line["event"] == "tick.failed"] == []


def test_a_wait_that_the_stop_cut_short_is_no_failure_either(sweeping: Bench) -> None:
    def wait() -> None:
        sweeping.works.stop()
        raise PortalPausedError("the process ends")

    sweeping.deeds["due"] = wait
    sweeping.works.want("due")
    sweeping.works.step()
    assert sweeping.tick("due").last_error == STOPPED


def test_without_a_stop_the_same_is_a_failure(sweeping: Bench) -> None:
    sweeping.fails("due", StoppingError())
    sweeping.works.want("due")
    sweeping.works.step()
    assert sweeping.tick("due").last_error == "StoppingError"


# The thread.


def test_the_thread_does_what_is_wanted_and_ends_when_it_is_told_to(bench: Bench) -> None:
    done = threading.Event()
    bench.deeds["due"] = lambda: done.set()
    thread = threading.Thread(target=bench.works.run)
    thread.start()
    bench.works.want("due")
    assert done.wait(10)
    bench.works.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert bench.works.is_stopping()


def test_after_a_stop_nothing_is_begun(bench: Bench) -> None:
    bench.works.want("due")
    bench.works.stop()
    bench.works.run()
    assert bench.done == []


def test_how_long_the_work_has_not_got_on_is_known(bench: Bench, hands: Hands) -> None:
    hands.pass_by(60)
    assert bench.works.seconds_since_beat() == 60
    bench.works.beat()
    assert bench.works.seconds_since_beat() == 0


def test_a_failure_is_told_by_its_class_and_hubspots_status() -> None:
    assert code_of(ValueError("anna@example.dk")) == "ValueError"
    failure = TemporaryFailureError("x", status=429, category="", wait_seconds=0.0, harmless=True)
    assert code_of(failure) == "TemporaryFailureError:http-429"


def test_a_flood_in_between_ends_and_the_sweep_goes_on(sweeping: Bench) -> None:
    sweeping.deeds["inbox"] = lambda: sweeping.works.want("inbox")
    sweeping.deeds["full"] = sweeping.works.between
    sweeping.works.want("inbox", "full")
    steps = [sweeping.works.step() for _ in range(20)]
    assert "full" in steps
    assert sweeping.tick("full").last_error == ""
