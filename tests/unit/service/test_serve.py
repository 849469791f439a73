"""`serve` as a process: it comes up, tells where it listens, and ends in good order."""

import json
import queue
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from hubspot_retention.bootstrap import Options, application
from hubspot_retention.clock import Clock
from hubspot_retention.core.audit.entry import read_entry
from hubspot_retention.errors import ExitCode, UsageError
from hubspot_retention.service.names import DUE, WATCH
from hubspot_retention.service.schedule import Schedule
from hubspot_retention.service.serve import Signals, serve
from hubspot_retention.service.works import Works
from hubspot_retention.store.database import open_store
from hubspot_retention.store.engine import Access
from tests.acceptance.processes import COMMAND, Command, sandbox_process

PATIENCE = 60.0


class Served:
    """The process, and the lines of its log as they come."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.lines: list[dict[str, Any]] = []
        self._coming: queue.Queue[dict[str, Any]] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._coming.put(json.loads(line))

    def until(self, event: str, **fields: str) -> dict[str, Any]:
        """The next line that tells of an event."""
        while True:
            line = self._coming.get(timeout=PATIENCE)
            self.lines.append(line)
            if line["event"] == event and fields.items() <= line.items():
                return line

    def ticked(self, *ticks: str) -> dict[str, dict[str, Any]]:
        """The lines that tell of the next end of each tick, in whatever order they end."""
        found: dict[str, dict[str, Any]] = {}
        while found.keys() < set(ticks):
            line = self.until("tick.finished")
            if line["tick"] in ticks:
                found.setdefault(line["tick"], line)
        return found

    def end(self, *numbers: signal.Signals) -> int:
        """Send signals; its exit code."""
        for number in numbers:
            self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        while not self._coming.empty():
            self.lines.append(self._coming.get())
        return code

    @property
    def events(self) -> list[str]:
        """What the log told of so far."""
        return [line["event"] for line in self.lines]


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    """A sandbox, and the command that is pointed at it."""
    with sandbox_process(tmp_path, ["--contacts", "60"]) as made:
        yield made


@contextmanager
def serving(command: Command, **more: str) -> Iterator[Served]:
    """`serve` as a process; killed if the test does not end it."""
    ports = {"RETENTION_OPERATIONS_PORT": "0", "RETENTION_WEBHOOK_PORT": "0"}
    environment: Mapping[str, str] = {**command.environment, **ports, **more}
    process = subprocess.Popen(
        [*COMMAND, "serve"], cwd=command.cwd, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    served = Served(process)
    try:
        yield served
    finally:
        process.kill()
        served.end()
        assert process.stdout is not None
        assert process.stdout.read() == ""
        process.stdout.close()
        assert process.stderr is not None
        process.stderr.close()


def said(command: Command) -> list[str]:
    """The audit log."""
    with open_store(f"sqlite:///{command.cwd / 'retention.db'}", Access.READ) as store:
        return [read_entry(stored.body).kind for stored in store.entries()]


def test_it_comes_up_sweeps_tells_its_figures_and_ends_in_good_order(command: Command) -> None:
    with serving(command) as served:
        left_out = served.until("webhooks.left_out")
        url = served.until("listener.opened", listener="operations")["url"]
        swept = served.ticked("full", "self-check")["full"]
        with httpx.Client(base_url=url) as client:
            assert client.get("/health/live").json() == {"live": True}
            ready = client.get("/health/ready")
            assert (ready.status_code, ready.json()["reasons"]) == (200, [])
            metrics = client.get("/metrics").text
        assert served.end(signal.SIGTERM) == 0
    assert "public_url" in left_out["why"]
    assert "retention_ready 1.0" in metrics
    assert f'retention_sweep_records{{class="contacts"}} {swept["contacts"]:.1f}' in metrics
    assert served.events[-2:] == ["service.stopping", "service.ended"]
    kinds = said(command)
    assert (kinds[0], kinds[-1]) == ("service.started", "service.stopped")
    assert "verification.done" in kinds


def test_with_a_url_and_a_secret_it_listens_for_webhooks_and_takes_none_that_is_not_signed(command: Command) -> None:
    webhooks = {"RETENTION_PUBLIC_URL": "http://127.0.0.1:1/webhooks/hubspot", "HUBSPOT_WEBHOOK_SECRETS": "en,to"}
    with serving(command, **webhooks) as served:
        operations = served.until("listener.opened", listener="operations")["url"]
        url = served.until("listener.opened", listener="webhook")["url"].replace("0.0.0.0", "127.0.0.1")
        served.until("tick.finished", tick="full")
        assert httpx.get(f"{operations}/health/ready").json()["reasons"] == []
        assert httpx.post(f"{url}/webhooks/hubspot", content=b"[]").status_code == 401
        assert httpx.get(f"{url}/metrics").status_code == 404
        assert 'retention_webhooks_total{answer="forged"} 1.0' in httpx.get(f"{operations}/metrics").text
        assert served.end(signal.SIGINT) == 0
    with open_store(f"sqlite:///{command.cwd / 'retention.db'}", Access.READ) as store, store.transaction() as tx:
        assert tx.counters()[("webhooks", "forged")] == 1


def test_a_secret_without_a_url_or_a_url_without_a_secret_is_told_plainly(command: Command) -> None:
    with serving(command, RETENTION_PUBLIC_URL="http://127.0.0.1:1/webhooks/hubspot") as served:
        assert "HUBSPOT_WEBHOOK_SECRETS" in served.until("webhooks.left_out")["why"]
        served.until("service.started")
        assert served.end(signal.SIGTERM) == 0


def test_while_hubspot_cannot_be_reached_it_waits_says_so_and_can_be_stopped(command: Command) -> None:
    webhooks = {"RETENTION_PUBLIC_URL": "http://127.0.0.1:1/webhooks/hubspot", "HUBSPOT_WEBHOOK_SECRETS": "en"}
    with serving(command, HUBSPOT_BASE_URL="http://127.0.0.1:1", **webhooks) as served:
        operations = served.until("listener.opened", listener="operations")["url"]
        url = served.until("listener.opened", listener="webhook")["url"].replace("0.0.0.0", "127.0.0.1")
        served.until("service.started")
        ready = httpx.get(f"{operations}/health/ready")
        assert (ready.status_code, ready.json()["reasons"]) == (503, ["portal-not-seen", "webhooks-not-served"])
        assert httpx.get(f"{operations}/health/live").status_code == 200
        answer = httpx.post(f"{url}/webhooks/hubspot", content=b"[]")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
        assert served.end(signal.SIGTERM) == 0
    assert "service.stop_forced" not in served.events


def test_a_second_signal_ends_it_at_once(command: Command) -> None:
    with serving(command, RETENTION_DUE_SECONDS="3600") as served:
        served.until("service.started")
        served.process.send_signal(signal.SIGSTOP)
        code = served.end(signal.SIGTERM, signal.SIGINT, signal.SIGCONT)
    assert code in (128 + signal.SIGINT, 128 + signal.SIGTERM)
    assert "service.ended" not in served.events


def alone(path: Path) -> dict[str, str]:
    """The environment of a service in this process, to which HubSpot does not answer."""
    return {
        "HUBSPOT_BASE_URL": "http://127.0.0.1:1",
        "HUBSPOT_ACCESS_TOKEN": "pat-eu1-x",
        "RETENTION_DATABASE_URL": f"sqlite:///{path / 'retention.db'}",
        "RETENTION_OPERATIONS_PORT": "0",
        "RETENTION_WEBHOOK_PORT": "0",
    }


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("RETENTION_GRACE_HOURS", "61", "grace_hours"),
        ("RETENTION_OPERATIONS_HOST", "192.0.2.1", "operations_host"),
        ("HUBSPOT_ACCESS_TOKEN", "", "HUBSPOT_ACCESS_TOKEN"),
        ("RETENTION_ALARM_URLS_FILE", "no-such-file", "RETENTION_ALARM_URLS_FILE"),
        ("HUBSPOT_WEBHOOK_SECRETS_FILE", "no-such-file", "HUBSPOT_WEBHOOK_SECRETS_FILE"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_begun(tmp_path: Path, name: str, value: str, words: str) -> None:
    environment = {**alone(tmp_path), "RETENTION_PUBLIC_URL": "http://127.0.0.1:1/w", name: value}
    with pytest.raises(UsageError, match=words):
        serve(application(Options(environment=environment)), signals=Signals())
    if (tmp_path / "retention.db").exists():
        with open_store(environment["RETENTION_DATABASE_URL"]) as store:
            assert list(store.entries()) == []


@pytest.mark.parametrize("tick", [DUE, WATCH])
def test_it_ends_with_a_failure_when_the_thread_that_works_or_the_one_that_watches_has_died(
    tick: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logged: list[Any]
) -> None:
    run = Works.run
    monkeypatch.setattr(Works, "run", lambda works: None if tick in works._jobs else run(works))
    signals = Signals()
    give_up = threading.Timer(30, signals._note, (signal.SIGTERM, None))
    give_up.start()
    assert serve(application(Options(environment=alone(tmp_path))), signals=signals) is ExitCode.FAILED
    give_up.cancel()
    names = [line["thread"] for line in logged if line["event"] == "thread.died"]
    assert names == ["works" if tick == DUE else "watching"]


class Wall(Clock):
    """A wall clock that can be set."""

    ahead = timedelta()

    def now(self) -> datetime:
        """The time that it shows."""
        return super().now() + self.ahead


@pytest.mark.parametrize(("hours", "started_ago"), [(-2, 0), (2, 2)])
def test_by_a_clock_that_was_set_it_begins_anew_and_has_not_begun_in_the_future(
    hours: int, started_ago: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall, signals, begun = Wall(), Signals(), list[timedelta]()
    anew = Schedule.begin_anew

    def begin(schedule: Schedule) -> None:
        anew(schedule)
        house: Any = schedule._want.__self__  # type: ignore[attr-defined]
        begun.append(wall.now() - house.signs.started_at)

    monkeypatch.setattr(Schedule, "begin_anew", begin)
    timers = [
        threading.Timer(1, lambda: setattr(wall, "ahead", timedelta(hours=hours))),
        threading.Timer(3, signals._note, (signal.SIGTERM, None)),
    ]
    for timer in timers:
        timer.start()
    assert serve(application(Options(environment=alone(tmp_path)), wall), signals=signals) is ExitCode.DONE
    assert [round(ago / timedelta(hours=1)) for ago in begun] == [started_ago]


def test_the_first_signal_is_noted() -> None:
    signals = Signals()
    before = signal.getsignal(signal.SIGTERM)
    try:
        signals.install()
        signal.raise_signal(signal.SIGTERM)
        assert signals.came == signal.SIGTERM
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, before if number is signal.SIGTERM else signal.default_int_handler)
