"""Metrics: each name that the documentation promises, with the figures of the store."""

from datetime import datetime, timedelta
from math import isnan
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from hubspot_retention import __version__
from hubspot_retention.core.alarm import AlarmKind, AlarmLevel, AlarmRecord
from hubspot_retention.core.audit.anchor import Anchored
from hubspot_retention.core.deadline.obligation import Obligation, ObligationState
from hubspot_retention.core.policy.model import Disposition
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.core.webhook.event import Event
from hubspot_retention.errors import RetentionError
from hubspot_retention.service.counting import WEBHOOKS, Requests, Tally
from hubspot_retention.service.figures import Figures, read_figures
from hubspot_retention.service.metrics import Metrics, Sources
from hubspot_retention.store.database import SqlStore
from tests.contract.store.values import PORTAL, a_hold, a_plan, a_run
from tests.unit.service.conftest import Hands

NAMES = {
    "retention_debt_records": {"reason"},
    "retention_oldest_overdue_seconds": set(),
    "retention_on_time_ratio": set(),
    "retention_next_deadline_seconds": set(),
    "retention_obligations": {"state", "rule"},
    "retention_disposals_total": {"rule", "result"},
    "retention_holds": set(),
    "retention_webhooks_total": {"answer"},
    "retention_inbox_waiting": set(),
    "retention_requests_total": {"endpoint", "status"},
    "retention_quota_used_ratio": set(),
    "retention_tick_last_success_seconds": {"tick"},
    "retention_tick_seconds": {"tick"},
    "retention_sweep_records": {"class"},
    "retention_alarms_open": {"kind"},
    "retention_anchor_age_seconds": {"anchor"},
    "retention_ready": set(),
    "retention_build_info": {"version"},
}
"""Alert rules and dashboards are written against these."""

HOUR = timedelta(hours=1)
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class Board:
    """What a monitoring system sees."""

    def __init__(self, store: SqlStore, hands: Hands) -> None:
        self.store, self.hands = store, hands
        self.tally, self.requests = Tally(), Requests()
        self.quota: float | None = None
        self.ready, self.broken = True, False

    def figures(self) -> Figures:
        """The figures of the store."""
        if self.broken:
            raise RetentionError("gone")
        with self.store.transaction() as tx:
            return read_figures(tx, PORTAL, self.hands.now(), ("file", "witness", "message"))

    def scrape(self) -> Samples:
        """One scrape."""
        sources = Sources(
            figures=self.figures,
            webhooks=self.tally.counts,
            requests=self.requests.tally.counts,
            quota_used=lambda: self.quota,
            is_ready=lambda: self.ready,
        )
        text, kind = Metrics(sources).scrape()
        assert kind.startswith("text/plain")
        families = text_string_to_metric_families(text.decode())
        return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}

    def obligation(self, number: int, state: ObligationState = ObligationState.OPEN, **more: Any) -> None:
        """One more line in the ledger; due for ten hours, to be done within five days."""
        now = self.hands.now()
        values: dict[str, Any] = {
            "record": RecordRef(ObjectType.CONTACT, RecordId(number)),
            "state": state,
            "first_seen_at": now,
            "heard_at": now,
            "next_look_at": now,
            "rule": "unsubscribed",
            "disposition": Disposition.ERASE,
            "due_at": now - 10 * HOUR,
            "erase_by": now + 110 * HOUR,
            "call_by": now + 110 * HOUR,
        }
        with self.store.transaction() as tx:
            tx.save_obligations([Obligation(**values | more)])


@pytest.fixture
def board(store: SqlStore, hands: Hands) -> Board:
    """An empty store."""
    return Board(store, hands)


def an_event(number: int, now: datetime) -> Event:
    """Something that a webhook told of."""
    return Event(
        portal_id=1,
        subscription_id=2,
        event_id=number,
        event_type="contact.propertyChange",
        object_type=ObjectType.CONTACT,
        object_id=101,
        occurred_at=now,
    )


def an_alarm(now: datetime, **more: Any) -> AlarmRecord:
    """Something that somebody was told of."""
    values: dict[str, Any] = {"kind": AlarmKind.OVERDUE, "about": "unsubscribed", "level": AlarmLevel.URGENT}
    return AlarmRecord(**values | {"first_at": now, "last_seen_at": now} | more)


def one(samples: Samples, name: str, **labels: str) -> float:
    """A sample."""
    return samples[(name, tuple(sorted(labels.items())))]


def test_every_name_that_is_promised_is_there_with_its_labels_and_no_other(board: Board) -> None:
    now = board.hands.now()
    board.obligation(1)
    board.requests({"event": "request.answered", "method": "GET", "endpoint": "/x/{id}", "status": 200})
    board.tally.add(WEBHOOKS, "accepted")
    with board.store.transaction() as tx:
        tx.count("disposals", "unsubscribed/done")
        tx.tick_started("due", now)
        tx.tick_done("due", now, 1.0)
    with board.store.transaction() as tx:
        run = tx.start_run(a_run())
        tx.finish_run(run, now, "done")
        tx.add_plan(a_plan(run, population=((ObjectType.CONTACT, 7),)))
    found: dict[str, set[str]] = {}
    for name, labels in board.scrape():
        found.setdefault(name, set()).update(key for key, _ in labels)
    assert found == NAMES


def test_the_debt_is_what_is_past_its_date_by_why_it_is_still_there(board: Board) -> None:
    board.obligation(1)
    board.obligation(2, ObligationState.HELD)
    board.obligation(3, ObligationState.REVIEW)
    board.obligation(4, ObligationState.DONE, settled_at=board.hands.now())
    board.obligation(5, due_at=board.hands.now() + HOUR)
    samples = board.scrape()
    debt = {state.value: one(samples, "retention_debt_records", reason=state.value) for state in LIVE_STATES}
    assert debt == {"look": 0, "open": 1, "review": 1, "held": 1, "raised": 0}


LIVE_STATES = (
    ObligationState.LOOK,
    ObligationState.OPEN,
    ObligationState.REVIEW,
    ObligationState.HELD,
    ObligationState.RAISED,
)


def test_the_ledger_is_told_by_state_and_rule_without_what_has_ended(board: Board) -> None:
    board.obligation(1)
    board.obligation(2)
    board.obligation(3, rule="inactive-contact", disposition=Disposition.ARCHIVE)
    board.obligation(4, ObligationState.ENDED, settled_at=board.hands.now())
    samples = board.scrape()
    assert one(samples, "retention_obligations", state="open", rule="unsubscribed") == 2
    assert one(samples, "retention_obligations", state="open", rule="inactive-contact") == 1
    assert sum(value for (name, _), value in samples.items() if name == "retention_obligations") == 3


def test_the_next_deadline_and_the_oldest_debt_leave_out_what_a_hold_keeps(board: Board) -> None:
    now = board.hands.now()
    board.obligation(1)
    board.obligation(2, ObligationState.HELD, due_at=now - 999 * HOUR, call_by=now - 900 * HOUR)
    samples = board.scrape()
    assert one(samples, "retention_oldest_overdue_seconds") == 10 * 3600
    assert one(samples, "retention_next_deadline_seconds") == 110 * 3600


def test_a_deadline_that_has_passed_is_negative(board: Board) -> None:
    board.obligation(1, call_by=board.hands.now() - HOUR)
    assert one(board.scrape(), "retention_next_deadline_seconds") == -3600


def test_where_there_is_nothing_the_figures_say_so(board: Board) -> None:
    samples = board.scrape()
    assert one(samples, "retention_oldest_overdue_seconds") == 0
    for name in ("on_time_ratio", "next_deadline_seconds", "quota_used_ratio"):
        value = one(samples, f"retention_{name}")
        assert value != value  # not a number


def test_the_share_of_what_was_done_in_time(board: Board) -> None:
    now = board.hands.now()
    for number in range(1, 5):
        board.obligation(number, ObligationState.DONE, settled_at=now)
    board.obligation(5, ObligationState.DONE, settled_at=now, erase_by=now - HOUR, call_by=now - HOUR)
    board.obligation(6, erase_by=now - HOUR)
    assert one(board.scrape(), "retention_on_time_ratio") == pytest.approx(0.8)


def test_disposals_are_told_by_rule_and_result(board: Board) -> None:
    with board.store.transaction() as tx:
        tx.count("disposals", "unsubscribed/done", 3)
        tx.count("disposals", "unsubscribed/skipped")
        tx.count("nonsense", "x")
    samples = board.scrape()
    assert one(samples, "retention_disposals_total", rule="unsubscribed", result="done") == 3
    assert one(samples, "retention_disposals_total", rule="unsubscribed", result="skipped") == 1


def test_webhooks_count_before_and_after_they_are_stored_and_survive_a_restart(board: Board) -> None:
    for _ in range(3):
        board.tally.add(WEBHOOKS, "accepted")
    assert one(board.scrape(), "retention_webhooks_total", answer="accepted") == 3
    board.tally.store(board.store)
    assert board.tally.counts() == {}
    board.tally.add(WEBHOOKS, "accepted")
    board.tally.add(WEBHOOKS, "forged")
    samples = board.scrape()
    assert one(samples, "retention_webhooks_total", answer="accepted") == 4
    assert one(samples, "retention_webhooks_total", answer="forged") == 1
    assert one(Board(board.store, board.hands).scrape(), "retention_webhooks_total", answer="accepted") == 3


def test_what_is_counted_while_it_is_stored_is_not_lost(board: Board) -> None:
    class Slow:
        def transaction(self) -> Any:
            board.tally.add(WEBHOOKS, "accepted")
            return board.store.transaction()

    board.tally.add(WEBHOOKS, "accepted")
    board.tally.store(Slow())  # type: ignore[arg-type]
    assert board.tally.counts() == {(WEBHOOKS, "accepted"): 1}


def test_hubspots_answers_are_counted_from_the_log(board: Board) -> None:
    for status in (200, 200, 429, None):
        board.requests({"event": "request.answered", "method": "POST", "endpoint": "/crm/x/{id}", "status": status})
    board.requests({"event": "tick.finished", "status": 200})
    samples = board.scrape()
    counts = {
        status: one(samples, "retention_requests_total", endpoint="POST /crm/x/{id}", status=status)
        for status in ("200", "429", "none")
    }
    assert counts == {"200": 2, "429": 1, "none": 1}
    assert len([name for name, _ in samples if name == "retention_requests_total"]) == 3


def test_ticks_holds_events_and_alarms_are_told(board: Board) -> None:
    now = board.hands.now()
    with board.store.transaction() as tx:
        tx.tick_started("due", now - HOUR)
        tx.tick_done("due", now - HOUR, 2.5)
        tx.tick_started("hot", now)
        tx.place_hold(a_hold(record=RecordRef.parse("contacts/101")), "words")
        tx.place_hold(a_hold(record=RecordRef.parse("contacts/102")), "words")
        tx.add_events([an_event(1, now), an_event(2, now)], now)
        tx.save_alarm(an_alarm(now))
        tx.save_alarm(an_alarm(now, about="other", settled_at=now))
    samples = board.scrape()
    assert one(samples, "retention_tick_last_success_seconds", tick="due") == (now - HOUR).timestamp()
    assert one(samples, "retention_tick_seconds", tick="due") == 2.5
    assert ("retention_tick_last_success_seconds", (("tick", "hot"),)) not in samples
    assert one(samples, "retention_holds") == 2
    assert one(samples, "retention_inbox_waiting") == 2
    assert one(samples, "retention_alarms_open", kind="overdue") == 1
    assert one(samples, "retention_alarms_open", kind="tick-late") == 0


def test_readiness_quota_and_version_are_told(board: Board) -> None:
    board.quota, board.ready = 0.75, False
    samples = board.scrape()
    assert one(samples, "retention_quota_used_ratio") == 0.75
    assert one(samples, "retention_ready") == 0
    assert one(samples, "retention_build_info", version=__version__) == 1


def test_without_a_database_what_the_process_knows_itself_is_still_told(board: Board) -> None:
    board.broken, board.ready = True, False
    board.requests({"event": "request.answered", "method": "GET", "endpoint": "/x", "status": 200})
    samples = board.scrape()
    assert one(samples, "retention_ready") == 0
    assert one(samples, "retention_requests_total", endpoint="GET /x", status="200") == 1
    assert "retention_holds" not in {name for name, _ in samples}


def test_the_age_of_each_anchor_that_is_set(board: Board) -> None:
    now = board.hands.now()
    with board.store.transaction() as tx:
        tx.save_anchored([Anchored(name="file", at=now - HOUR), Anchored(name="witness", at=now - 2 * HOUR)])
        tx.save_anchored([Anchored(name="timestamp", at=now)])
    samples = board.scrape()
    ages = {
        dict(labels)["anchor"]: age for (name, labels), age in samples.items() if name.endswith("anchor_age_seconds")
    }
    assert (ages["file"], ages["witness"], len(ages)) == (3600, 7200, 3)
    assert isnan(ages["message"])
