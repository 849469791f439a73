"""Ticks, watermarks, alarms, counters."""

from dataclasses import replace

from hubspot_retention.core.alarm import AlarmKind, AlarmLevel, Tick
from hubspot_retention.core.record import PortalId
from hubspot_retention.store.database import SqlStore
from tests.contract.store.service_values import HOUR, an_alarm
from tests.contract.store.values import NOW, PORTAL


def test_a_tick_that_began_has_no_success_yet(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.tick_started("due", NOW)
        assert tx.ticks() == {"due": Tick(name="due", last_started_at=NOW)}


def test_a_success_clears_the_error_before_it(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.tick_started("due", NOW)
        tx.tick_done("due", NOW + HOUR, 2.5, "PortalTemporaryError:http-503")
        tx.tick_done("due", NOW + 2 * HOUR, 0.25)
        assert tx.ticks()["due"] == Tick(
            name="due", last_started_at=NOW, last_done_at=NOW + 2 * HOUR, last_error="", seconds=0.25
        )


def test_a_failure_leaves_the_last_success_as_it_was(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.tick_started("due", NOW)
        tx.tick_done("due", NOW + HOUR, 0.25)
        tx.tick_started("due", NOW + 2 * HOUR)
        tx.tick_done("due", NOW + 3 * HOUR, 9.5, "StoreError")
        assert tx.ticks()["due"] == Tick(
            name="due",
            last_started_at=NOW + 2 * HOUR,
            last_done_at=NOW + HOUR,
            last_error="StoreError",
            seconds=9.5,
        )


def test_a_new_start_keeps_what_is_known_of_the_last_end(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.tick_done("full", NOW, 7.0, "BlockedError")
        tx.tick_started("full", NOW + HOUR)
        tx.tick_started("hot", NOW)
        assert tx.ticks()["full"] == Tick(
            name="full", last_started_at=NOW + HOUR, last_error="BlockedError", seconds=7.0
        )
        assert list(tx.ticks()) == ["full", "hot"]


def test_a_watermark_belongs_to_its_portal_and_its_name(store: SqlStore) -> None:
    with store.transaction() as tx:
        assert tx.watermark(PORTAL, "contacts") is None
        tx.save_watermark(PORTAL, "contacts", NOW)
        tx.save_watermark(PORTAL, "deals", NOW - HOUR)
        tx.save_watermark(PortalId(1), "contacts", NOW + HOUR)
        tx.save_watermark(PORTAL, "contacts", NOW + 2 * HOUR)
        assert tx.watermark(PORTAL, "contacts") == NOW + 2 * HOUR
        assert tx.watermark(PORTAL, "deals") == NOW - HOUR
        assert tx.watermark(PortalId(1), "contacts") == NOW + HOUR


def test_an_alarm_stands_once_by_its_kind_and_what_it_is_about(store: SqlStore) -> None:
    changed = an_alarm(level=AlarmLevel.URGENT, last_sent_at=NOW, times=2, facts=())
    overdue = an_alarm(kind=AlarmKind.OVERDUE)
    with store.transaction() as tx:
        for record in (an_alarm(), overdue, an_alarm("objected"), changed):
            tx.save_alarm(record)
        assert list(tx.alarms()) == [an_alarm("objected"), changed, overdue]
        assert tx.alarm(changed.kind, changed.about) == changed
        assert tx.alarm(AlarmKind.OVERDUE, "objected") is None


def test_a_settled_alarm_is_no_open_one_and_can_come_back(store: SqlStore) -> None:
    settled = an_alarm(settled_at=NOW + HOUR)
    with store.transaction() as tx:
        tx.save_alarm(settled)
        assert list(tx.alarms(open_only=True)) == []
        assert list(tx.alarms(open_only=False)) == [settled]
        tx.save_alarm(replace(settled, settled_at=None))
        assert list(tx.alarms(open_only=True)) == [an_alarm()]


def test_counters_only_grow_and_survive_the_process(store: SqlStore) -> None:
    with store.transaction() as tx:
        assert tx.counters() == {}
        tx.count("webhooks", "204")
        tx.count("webhooks", "204", 63)
        tx.count("webhooks", "401", 2)
        tx.count("disposals", "204", 5)
    with store.transaction() as tx:
        assert tx.counters() == {("disposals", "204"): 5, ("webhooks", "204"): 64, ("webhooks", "401"): 2}
