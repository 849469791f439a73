"""Whether the service lives and is ready, and what its operations listener answers."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from hubspot_retention.core.record import PortalId
from hubspot_retention.errors import RetentionError, UsageError
from hubspot_retention.service.health import MOST_SECONDS_WITHOUT_BEAT, Health, Vitals
from hubspot_retention.service.listener import Listener
from hubspot_retention.service.operations import operations_app
from hubspot_retention.store.database import SqlStore
from hubspot_retention.workflow.watch import AUDIT_DAMAGED, Signs
from tests.stores import a_database
from tests.unit.service.conftest import Hands

LIMITS = {"due": timedelta(minutes=15), "full": timedelta(hours=36)}


@dataclass
class Body:
    """A service in good health, until a test says otherwise."""

    store: SqlStore
    hands: Hands
    is_alive: bool = True
    idle: float = 0.0
    failure: str = ""
    webhooks: bool = True
    anchor_is_late: bool = False
    signs: Signs = field(init=False)

    def __post_init__(self) -> None:
        self.signs = Signs(self.hands.now())
        self.signs.portal_id, self.signs.portal_seen_at = PortalId(1), self.hands.now()

    def health(self, store: Any = None) -> Health:
        """What answers."""
        vitals = Vitals(
            threads_are_alive=lambda: self.is_alive,
            seconds_since_beat=lambda: self.idle,
            store_failure=lambda: self.failure,
            webhooks_are_served=lambda: self.webhooks,
            anchor_is_late=lambda: self.anchor_is_late,
        )
        return Health(store or self.store, self.signs, vitals, LIMITS, self.hands.now)

    def succeed(self, *names: str) -> None:
        """Ticks succeed now."""
        with self.store.transaction() as tx:
            for name in names:
                tx.tick_started(name, self.hands.now())
                tx.tick_done(name, self.hands.now(), 1.0)

    def reasons(self) -> tuple[str, ...]:
        """Why it is not ready."""
        return self.health().look().reasons


@pytest.fixture
def body(store: SqlStore, hands: Hands) -> Body:
    """A service in good health."""
    return Body(store, hands)


def test_a_service_that_has_seen_its_portal_is_ready_before_its_first_sweep_is_done(body: Body) -> None:
    assert body.reasons() == ()
    body.signs.portal_seen_at = None
    assert body.reasons() == ("portal-not-seen",)


def test_a_tick_whose_last_success_is_too_old_makes_it_unready(body: Body, hands: Hands) -> None:
    body.succeed("due", "full")
    hands.pass_by(900)
    assert body.reasons() == ()
    hands.pass_by(1)
    assert body.reasons() == ("tick-due",)
    body.succeed("due")
    hands.pass_by(0)
    assert body.reasons() == ()


def test_a_tick_that_only_fails_is_too_old_in_the_end(body: Body, hands: Hands) -> None:
    body.succeed("due")
    for _ in range(4):
        hands.pass_by(300)
        with body.store.transaction() as tx:
            tx.tick_started("due", hands.now())
            tx.tick_done("due", hands.now(), 1.0, "PortalDeniedError")
    found = body.health().look()
    assert found.reasons == ("tick-due",)
    assert found.shown["ticks"]["due"]["last_error"] == "PortalDeniedError"
    assert found.shown["ticks"]["due"]["age_seconds"] == 1200


def test_a_service_that_was_down_for_days_has_time_to_make_up_for_it(body: Body, hands: Hands) -> None:
    body.succeed("due", "full")
    hands.pass_by(86_400 * 3)
    again = Body(body.store, hands)
    assert again.reasons() == ()
    hands.pass_by(901)
    assert again.reasons() == ("tick-due",)


def test_a_tick_whose_last_success_was_noted_by_a_clock_ahead_is_too_old(body: Body, hands: Hands) -> None:
    body.succeed("due", "full")
    hands.present -= timedelta(minutes=5)
    body.signs.started_at = hands.now()
    assert body.reasons() == ()
    hands.present -= timedelta(seconds=1)
    found = body.health().look()
    assert found.reasons == ("tick-due", "tick-full")
    assert (found.shown["ticks"]["due"]["age_seconds"], found.shown["ticks"]["due"]["late"]) == (None, True)
    body.succeed("due", "full")
    assert body.reasons() == ()


@pytest.mark.parametrize(
    ("name", "value", "reason"), [("failure", "StoreError", "database"), ("webhooks", False, "webhooks-not-served")]
)
def test_what_does_not_work_makes_it_unready(body: Body, name: str, value: object, reason: str) -> None:
    setattr(body, name, value)
    assert body.reasons() == (reason,)


def test_a_service_whose_database_was_replaced_under_it_is_unready(body: Body, tmp_path: Path) -> None:
    (tmp_path / "retention.db").rename(tmp_path / "kept.db")
    a_database(tmp_path / "retention.db")
    found = body.health().look()
    assert found.reasons == ("database",)
    assert found.shown["database"] == {"writable": False, "failure": "StoreRefusedError"}


def test_a_closed_gate_makes_it_unready(body: Body) -> None:
    body.signs.gate.set(AUDIT_DAMAGED, closed=True)
    found = body.health().look()
    assert found.reasons == (AUDIT_DAMAGED,)
    assert found.shown["disposals_stopped"] == {"by_a_person": False, "by_the_service": [AUDIT_DAMAGED]}


def test_a_persons_stop_is_shown_and_is_no_fault(body: Body) -> None:
    with body.store.transaction() as tx:
        tx.set_kill_switch("anna: the lawyer called about Aksel")
    found = body.health().look()
    assert found.is_ready
    assert found.shown["disposals_stopped"]["by_a_person"] is True
    assert "Aksel" not in str(found.shown)


def test_a_database_that_cannot_be_read_makes_it_unready(body: Body) -> None:
    class Broken:
        def transaction(self) -> Any:
            raise RetentionError("gone")

    found = body.health(Broken()).look()
    assert found.reasons == ("database",)
    assert found.shown["database"] == {"writable": False, "failure": "RetentionError"}


def test_it_lives_as_long_as_its_thread_gets_on(body: Body) -> None:
    assert body.health().is_live()
    body.idle = MOST_SECONDS_WITHOUT_BEAT
    assert not body.health().is_live()
    body.idle, body.is_alive = 0.0, False
    assert not body.health().is_live()


# The listener.


def test_the_operations_listener_answers_probes_and_scrapes(body: Body) -> None:
    app = operations_app(body.health(), lambda: (b"retention_ready 1.0\n", "text/plain; version=1.0.0; charset=utf-8"))
    listener = Listener("operations", app, "127.0.0.1", 0)
    listener.start()
    try:
        with httpx.Client(base_url=listener.url) as client:
            assert client.get("/health/live").json() == {"live": True}
            ready = client.get("/health/ready")
            assert (ready.status_code, ready.json()["ready"]) == (200, True)
            assert ready.headers["cache-control"] == "no-store"
            scraped = client.get("/metrics")
            assert (scraped.text, scraped.headers["content-type"]) == (
                "retention_ready 1.0\n",
                "text/plain; version=1.0.0; charset=utf-8",
            )
            assert "server" not in scraped.headers
            body.is_alive, body.failure = False, "StoreError"
            assert client.get("/health/live").status_code == 503
            answer = client.get("/health/ready")
            assert (answer.status_code, answer.json()["reasons"]) == (503, ["database"])
            assert client.get("/").status_code == 404
            assert client.post("/metrics").status_code == 405
    finally:
        listener.stop(10)
    assert not listener.is_alive()


def test_a_port_that_is_taken_is_told_with_what_to_change(body: Body) -> None:
    app = operations_app(body.health(), lambda: (b"", ""))
    taken = Listener("operations", app, "127.0.0.1", 0)
    port = int(taken.url.rpartition(":")[2])
    try:
        with pytest.raises(UsageError, match=r"127\.0\.0\.1:\d+: Address already in use.*operations_port"):
            Listener("operations", app, "127.0.0.1", port)
    finally:
        taken.stop(1)


def test_an_anchor_that_is_late_makes_it_unready_before_disposals_stop(body: Body) -> None:
    body.anchor_is_late = True
    assert body.reasons() == ("anchor-late",)
    assert body.health().look().shown["disposals_stopped"]["by_the_service"] == []


def test_what_is_doubtful_about_the_log_closes_the_gate_as_long_as_it_is(body: Body) -> None:
    doubts = ["log-behind-its-anchor"]
    body.signs.gate.ask(lambda: doubts)
    body.signs.gate.set("clocks-differ", closed=True)
    assert body.reasons() == ("clocks-differ", "log-behind-its-anchor")
    doubts.clear()
    assert body.reasons() == ("clocks-differ",)
