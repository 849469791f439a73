"""A click that was a mistake: until the grace is over it can be taken back, and both are in the log."""

from datetime import timedelta

import pytest

from hubspot_retention.core.plan.model import ItemState
from hubspot_retention.errors import BlockedError, PortalTemporaryError
from hubspot_retention.workflow.due import DueTick
from hubspot_retention.workflow.reconcile import Reconciler, Reconciliation
from tests.faults.conftest import MakeWorld
from tests.faults.people import a_portal, asks_to_go
from tests.unit.workflow.ticking import DAY, ENFORCE, REVIEW, Ticking, newcomers


@pytest.fixture
def ticking(world_of: MakeWorld) -> Ticking:
    """Newcomers, a standing approval, and a day's grace."""
    made = Ticking(world=world_of(a_portal(contacts=newcomers(*range(101, 106)))), grace=DAY)
    made.sweep()
    made.grant()
    return made


def reconcile(ticking: Ticking) -> Reconciliation:
    """One reconciliation with its due tick."""
    parts = ticking.parts()
    reconciler = Reconciler(parts.store, parts.applier, parts.policy, parts.permission, parts.clock, due=DueTick(parts))
    return reconciler.run(lambda: ticking.sweep("reconcile"), "cron", lambda phase, done, total: None)


def test_inside_the_grace_nothing_is_done(ticking: Ticking) -> None:
    ticking.unsubscribe(101, hours_ago=23)
    ticking.tick()
    ticking.hint("contacts/101")
    ticking.tick()
    assert ticking.state("contacts/101") == "open"
    assert (ticking.plans()[0].run_id, ticking.world.calls()) == (1, [])


def test_once_it_is_over_it_is_done(ticking: Ticking) -> None:
    ticking.unsubscribe(101, hours_ago=23)
    ticking.tick()
    ticking.later(hours=1, minutes=1)
    ticking.tick()
    assert ticking.gone_from_view(101)


def test_nobody_is_read_again_while_it_runs(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    assert ticking.tick().looked == 1
    ticking.later(hours=12)
    assert ticking.tick().looked == 0


def test_who_subscribes_again_stays_and_both_are_in_the_log(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    ticking.tick()
    ticking.later(hours=2)
    ticking.subscribe(101)
    ticking.tick()
    ticking.later(hours=30)
    ticking.tick()
    assert ticking.told("contacts/101") == [("opened", "period-ended"), ("ended", "subscribed-again")]
    assert ticking.world.is_in_view("contacts/101")


def test_who_unsubscribes_once_more_has_a_grace_of_their_own(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    ticking.tick()
    ticking.later(hours=20)
    ticking.subscribe(101)
    ticking.tick()
    assert ticking.remembered(101).opted_out_at is None
    ticking.later(hours=1)
    ticking.unsubscribe(101)
    ticking.tick()
    ticking.later(hours=10)
    ticking.tick()
    assert ticking.world.is_in_view("contacts/101")
    ticking.later(hours=15)
    ticking.tick()
    assert ticking.gone_from_view(101)
    assert [verb for verb, _ in ticking.told("contacts/101")] == ["opened", "ended", "opened", "done"]


def test_a_re_subscribe_that_nobody_told_of_is_seen_before_the_call(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    ticking.tick()
    ticking.world.act("resubscribe", record="contacts/101", subscriptionId=501)
    ticking.later(hours=25)
    ticking.tick()
    assert ticking.world.is_in_view("contacts/101")
    assert ticking.known("contacts/101").reason == "subscribed-again"


def test_a_grace_as_long_as_the_time_itself_leaves_half_of_it(ticking: Ticking) -> None:
    ticking.grace = timedelta(days=30)
    ticking.unsubscribe(101)
    ticking.tick()
    ticking.later(hours=59)
    ticking.sweep()
    ticking.tick()
    assert ticking.world.is_in_view("contacts/101")
    ticking.later(hours=2)
    ticking.tick()
    assert ticking.gone_from_view(101)


def test_an_erasure_request_does_not_wait(ticking: Ticking) -> None:
    ticking.grant("erasure-request")
    ticking.world.edit("contacts/101", erasure_requested_at="2026-11-01T09:00:00Z")
    ticking.hint("contacts/101")
    ticking.tick()
    assert ticking.gone_from_view(101)


def test_a_hold_set_inside_the_grace_takes_the_record_out(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    ticking.tick()
    ticking.world.edit("contacts/101", legal_hold="true")
    ticking.later(hours=25)
    ticking.tick()
    ticking.tick()
    assert ticking.state("contacts/101") == "held"
    assert ticking.world.is_in_view("contacts/101")
    ticking.world.edit("contacts/101", legal_hold="false")
    ticking.hint("contacts/101")
    ticking.tick()
    assert ticking.gone_from_view(101)


def test_the_grace_holds_in_a_reconciliation_in_mode_enforce_too(world_of: MakeWorld) -> None:
    ticking = Ticking(world=world_of(a_portal(contacts=[*newcomers(101), asks_to_go(102)])), grace=DAY)
    ticking.permission = ENFORCE
    ticking.approve_policy()
    ticking.unsubscribe(101)
    done = reconcile(ticking)
    assert ticking.erased() == ["contacts/102"]
    assert ticking.world.state(done.plans[0], "contacts/101")[0] is ItemState.PENDING
    ticking.later(hours=25)
    reconcile(ticking)
    assert ticking.gone_from_view(101)


def test_a_reconciliation_is_a_full_sweep_and_a_due_tick(ticking: Ticking) -> None:
    ticking.permission = REVIEW
    ticking.grace = timedelta(0)
    ticking.world.act("unsubscribe", record="contacts/101", subscriptionId=501, at="2026-11-01T00:00:00Z")
    done = reconcile(ticking)
    assert ticking.gone_from_view(101)
    assert len(done.plans) == 2
    assert done.applied == [f"{done.plans[0].run_id + 1}-rights"]
    assert (done.is_partial, done.stopped_by) == (False, "")
    assert dict(done.waits)[done.plans[0].plan_id] == "it is new: a person must approve it"


def test_in_mode_enforce_a_reconciliation_settles_what_its_plan_did(world_of: MakeWorld) -> None:
    ticking = Ticking(world=world_of(a_portal(contacts=[asks_to_go(101)])))
    ticking.permission = ENFORCE
    ticking.approve_policy()
    done = reconcile(ticking)
    assert done.applied == [done.plans[0].plan_id]
    assert ticking.told("contacts/101") == [("opened", "period-ended"), ("done", "read-back-absent")]


@pytest.mark.parametrize("error", [PortalTemporaryError("503"), BlockedError("another portal")])
def test_what_stops_the_due_tick_makes_the_reconciliation_partial(ticking: Ticking, error: Exception) -> None:
    class Down:
        def identity(self) -> object:
            raise error

        def __getattr__(self, name: str) -> object:
            return getattr(ticking.world.portal, name)

    ticking.grace = timedelta(0)
    ticking.world.act("unsubscribe", record="contacts/101", subscriptionId=501, at="2026-11-01T00:00:00Z")
    ticking.source = Down()
    done = reconcile(ticking)
    assert (done.stopped_by, done.is_partial) == (str(error), True)
    assert len(done.plans) == 2
