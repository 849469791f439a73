"""What goes wrong for one record delays no other, and what goes wrong for all is no record's fault."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from hubspot_retention.core.deadline.ledger import MOST_ATTEMPTS, ended
from hubspot_retention.core.deadline.obligation import ObligationState
from hubspot_retention.core.deadline.timing import LONGEST_PAUSE
from hubspot_retention.core.plan.model import ItemState, PlanStatus
from hubspot_retention.errors import (
    PortalContractError,
    PortalDeniedError,
    PortalError,
    PortalPausedError,
    PortalTemporaryError,
)
from hubspot_retention.workflow.due import DueParts, DueTick
from tests.faults.conftest import MakeWorld
from tests.faults.people import a_letter, a_portal, former_customer, lost_deal
from tests.faults.world import IMPATIENT, Watched, ref
from tests.unit.workflow.ticking import Ticking, newcomers


class Poisoned:
    """A portal in which some contacts cannot be read, or their correspondence cannot."""

    def __init__(self, portal: Any, *poison: int, error: Exception | None = None, letters: bool = False) -> None:
        self._portal = portal
        self._poison = set(poison)
        self._error = error or PortalContractError("an answer that nobody understands")
        self._letters = letters
        self.asked: list[list[int]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._portal, name)

    def read_contacts(self, ids: Sequence[int]) -> Any:
        self.asked.append(list(ids))
        if not self._letters and self._poison & set(ids):
            raise self._error
        return self._portal.read_contacts(ids)

    def correspondence(self, kind: Any, ids: Sequence[int]) -> Any:
        if self._letters and self._poison & set(ids):
            raise self._error
        return self._portal.correspondence(kind, ids)


@pytest.fixture
def ticking(world_of: MakeWorld) -> Ticking:
    """Ten newcomers and a standing approval."""
    return with_approval(world_of)


def with_approval(world_of: MakeWorld, **more: Any) -> Ticking:
    """The same, at a portal that a test chooses something of."""
    made = Ticking(world=world_of(a_portal(contacts=newcomers(*range(101, 111))), **more))
    made.sweep()
    made.grant()
    return made


def poison(ticking: Ticking, *records: int, **more: Any) -> Poisoned:
    """From now on these cannot be read."""
    ticking.source = Poisoned(ticking.world.portal, *records, **more)
    return ticking.source  # type: ignore[no-any-return]


# One record.


def test_one_record_that_cannot_be_read_delays_no_other(ticking: Ticking) -> None:
    poison(ticking, 103)
    ticking.unsubscribe(*range(101, 109))
    report = ticking.tick()
    assert sorted(ticking.erased()) == [f"contacts/{each}" for each in range(101, 109) if each != 103]
    assert (report.looked, report.unreadable) == (7, 1)
    assert (ticking.known("contacts/103").attempts, ticking.known("contacts/103").reason) == (1, "unreadable")


@pytest.mark.parametrize("error", [PortalTemporaryError("503"), ValueError("a date"), KeyError("id"), TypeError("x")])
def test_it_does_not_matter_how_it_fails(ticking: Ticking, error: Exception) -> None:
    poison(ticking, 103, error=error)
    ticking.unsubscribe(101, 103)
    ticking.tick()
    assert ticking.gone_from_view(101)
    assert ticking.known("contacts/103").attempts == 1


def test_it_is_tried_again_after_a_pause_and_then_raised_to_a_person(ticking: Ticking) -> None:
    poison(ticking, 103)
    ticking.unsubscribe(103)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        ticking.tick()
        assert ticking.known("contacts/103").attempts == attempt
        assert ticking.tick().looked == 0
        ticking.world.clock.present = ticking.known("contacts/103").next_look_at
    assert ticking.told("contacts/103") == [("raised", "unreadable")]


def test_what_was_raised_is_still_tried_each_day_and_ends_properly(ticking: Ticking) -> None:
    poison(ticking, 103)
    ticking.unsubscribe(103)
    for _ in range(MOST_ATTEMPTS + 6):
        ticking.tick()
        found = ticking.known("contacts/103")
        assert found.next_look_at - ticking.now <= LONGEST_PAUSE
        ticking.world.clock.present = found.next_look_at
    ticking.source = None
    ticking.sweep()
    ticking.tick()
    assert ticking.gone_from_view(103)
    assert [verb for verb, _ in ticking.told("contacts/103")] == ["raised", "opened", "done"]


def test_what_was_raised_and_led_to_nothing_ends_in_the_log(ticking: Ticking) -> None:
    poison(ticking, 103)
    ticking.hint("contacts/103")
    for _ in range(MOST_ATTEMPTS):
        ticking.tick()
        ticking.world.clock.present = ticking.known("contacts/103").next_look_at
    ticking.source = None
    ticking.tick()
    assert [verb for verb, _ in ticking.told("contacts/103")] == ["raised", "ended"]


def test_correspondence_that_cannot_be_read_keeps_nobody_else_out(ticking: Ticking) -> None:
    poison(ticking, 103, letters=True)
    ticking.unsubscribe(101, 102, 103)
    ticking.tick()
    assert ticking.gone_from_view(101, 102)
    assert ticking.known("contacts/103").reason == "correspondence-unreadable"


def test_it_is_raised_to_a_person_when_that_lasts(ticking: Ticking) -> None:
    poison(ticking, 103, letters=True)
    ticking.unsubscribe(103)
    for _ in range(MOST_ATTEMPTS):
        ticking.tick()
        ticking.world.clock.present = ticking.known("contacts/103").next_look_at
    assert ticking.told("contacts/103")[-1] == ("raised", "correspondence-unreadable")


def test_correspondence_that_cannot_be_read_keeps_nobody_out_of_the_grouped_plan(ticking: Ticking) -> None:
    ticking.revoke(1)
    poison(ticking, 103, letters=True)
    ticking.unsubscribe(101, 103)
    (plan,) = ticking.tick().plans
    assert [str(item.record) for item in ticking.world.items(plan)] == ["contacts/101"]


def test_where_no_correspondence_can_be_read_nothing_is_planned(ticking: Ticking) -> None:
    poison(ticking, 101, letters=True)
    ticking.unsubscribe(101)
    assert ticking.tick().plans == []
    ticking.revoke(1)
    ticking.later(minutes=5)
    assert ticking.tick().plans == []


def test_a_call_that_hubspot_refuses_is_tried_again_later_and_then_raised(ticking: Ticking) -> None:
    ticking.unsubscribe(101, 102)
    ticking.world.fault("error_before", status=400, path="gdpr-delete", count=1)
    report = ticking.tick()
    assert report.is_partial
    assert len(ticking.erased()) == 1
    left = next(f"contacts/{each}" for each in (101, 102) if ticking.world.is_in_view(f"contacts/{each}"))
    ticking.world.fault("error_before", status=400, path="gdpr-delete", count=99)
    for _ in range(1, MOST_ATTEMPTS):
        ticking.world.clock.present = ticking.known(left).next_look_at
        ticking.tick()
    assert ticking.told(left) == [("opened", "period-ended"), ("raised", "http-400")]
    ticking.world.sandbox.gateway.faults.clear()
    ticking.world.clock.present = ticking.known(left).next_look_at
    ticking.tick()
    assert ticking.told(left)[-1] == ("done", "read-back-absent")


def test_what_hangs_on_hope_is_raised_and_goes_once_the_portal_has_proved_it(world_of: MakeWorld) -> None:
    links = (("contacts/101", "notes/31"), ("contacts/102", "notes/31"))
    document = a_portal(contacts=newcomers(101, 102, 103), notes=[a_letter(31)], links=links)
    ticking = Ticking(world=world_of(document))
    ticking.sweep()
    ticking.grant()
    ticking.unsubscribe(101)
    (alone,) = ticking.tick().plans
    assert ticking.world.plan(alone).status is PlanStatus.SUPERSEDED
    ticking.unsubscribe(103)
    ticking.hint("contacts/101")
    ticking.tick()
    assert ticking.gone_from_view(103)
    assert ticking.told("contacts/101")[-1] == ("raised", "unverified")
    ticking.world.verified()
    ticking.later(hours=24)
    ticking.tick()
    assert ticking.gone_from_view(101)
    assert [verb for verb, _ in ticking.told("contacts/101")] == ["opened", "raised", "done"]


# HubSpot itself.


def test_where_nothing_can_be_read_nobody_is_blamed(ticking: Ticking) -> None:
    ticking.unsubscribe(*range(101, 111))
    poison(ticking, *range(101, 111), error=PortalTemporaryError("503"))
    for _ in range(MOST_ATTEMPTS + 2):
        with pytest.raises(PortalTemporaryError):
            ticking.tick()
    assert {ticking.known(f"contacts/{each}").attempts for each in range(101, 111)} == {0}
    assert not [entry for entry in ticking.world.entries() if entry.kind == "obligation.raised"]


def test_a_token_that_reads_nothing_at_all_stops_the_tick(ticking: Ticking) -> None:
    class Down(Poisoned):
        def identity(self) -> Any:
            if self.asked:
                raise PortalTemporaryError("HubSpot is down")
            return self._portal.identity()

    ticking.source = Down(ticking.world.portal, 101)
    ticking.unsubscribe(101)
    with pytest.raises(PortalTemporaryError):
        ticking.tick()
    assert ticking.known("contacts/101").attempts == 0


@pytest.mark.parametrize("error", [PortalPausedError("the daily quota is used up"), PortalDeniedError("no scope")])
def test_a_pause_or_a_refusal_of_the_whole_account_stops_the_tick_at_once(ticking: Ticking, error: PortalError) -> None:
    found = poison(ticking, 101, error=error)
    ticking.unsubscribe(101, 102)
    with pytest.raises(type(error)):
        ticking.tick()
    assert found.asked == [[101, 102]]
    found = poison(ticking, 101, error=error, letters=True)
    with pytest.raises(type(error)):
        ticking.tick()


def test_what_hubspot_stops_goes_on_with_the_same_plan(ticking: Ticking) -> None:
    ticking.unsubscribe(101, 102)
    ticking.world.fault("477", path="gdpr-delete", count=1, retry_after=0)
    report = ticking.tick()
    assert report.error is not None
    assert report.is_partial
    ticking.world.sandbox.gateway.faults.clear()
    again = ticking.tick()
    assert again.applied == report.applied
    assert ticking.gone_from_view(101, 102)
    assert [verb for verb, _ in ticking.told("contacts/101")] == ["opened", "done"]


def test_a_plan_of_one_record_that_cannot_be_read_holds_up_no_other_plan(world_of: MakeWorld) -> None:
    people = [*newcomers(101), former_customer(110), former_customer(111)]
    ticking = Ticking(world=world_of(a_portal(contacts=people)))
    ticking.sweep()
    ticking.sweep()
    ticking.unsubscribe(101, source="Import")
    time_rules = next(plan for plan in ticking.plans() if plan.status is PlanStatus.AWAITING_REVIEW)
    (rights,) = ticking.tick().plans
    for plan in (time_rules, rights):
        ticking.world.approve(plan)
    poison(ticking, 110, 111, error=PortalTemporaryError("no answer"))
    report = ticking.tick()
    assert ticking.gone_from_view(101)
    assert (report.error, report.is_partial) == (None, True)
    assert report.waits == [(time_rules.plan_id, "no answer")]
    ticking.source = None
    ticking.later(minutes=6)
    ticking.tick()
    assert ticking.gone_from_view(110, 111)


def test_a_plan_of_which_nothing_can_be_read_rests_for_minutes(ticking: Ticking) -> None:
    ticking.unsubscribe(101, source="Import")
    ticking.world.approve(ticking.tick().plans[0])
    found = poison(ticking, 101, error=PortalTemporaryError("no answer"))
    service = DueTick(ticking.parts())
    service.run(ticking.now)
    asked = len(found.asked)
    service.run(ticking.now)
    assert len(found.asked) == asked > 0
    ticking.later(minutes=6)
    service.run(ticking.now)
    assert len(found.asked) > asked


# Stops and lost answers.


def test_a_lost_answer_is_settled_and_done_once(world_of: MakeWorld) -> None:
    ticking = with_approval(world_of, timeout_seconds=IMPATIENT)
    ticking.unsubscribe(101)
    ticking.world.fault("timeout_after_effect", path="gdpr-delete", count=1, ms=2_000)
    ticking.tick()
    ticking.later(minutes=6)
    ticking.tick()
    assert ticking.told("contacts/101") == [("opened", "period-ended"), ("done", "read-back-absent")]
    assert ticking.gone == []


def _stopped(*_: object) -> None:
    raise SystemExit


def test_a_stop_after_the_calls_and_before_their_settlement_costs_only_a_look(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    tick = DueTick(ticking.parts())
    tick.approved.settle = _stopped
    with pytest.raises(SystemExit):
        tick.run(ticking.now)
    assert ticking.state("contacts/101") == "open"
    ticking.later(minutes=6)
    assert ticking.tick().looked == 0
    assert ticking.told("contacts/101") == [("opened", "period-ended"), ("done", "read-back-absent")]
    assert ticking.gone == []


def test_a_stop_before_the_ledger_knew_of_a_plan_makes_no_second_call(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    ticking.tick()
    with ticking.world.store.transaction() as tx:
        known = tx.obligation(ref("contacts/101"))
        assert known is not None
        tx.save_obligations([known._replace(state=ObligationState.OPEN, settled_at=None, plan_id="")])
    ticking.later(minutes=6)
    DueTick(ticking.parts()).run(ticking.now)
    assert ticking.erased() == ["contacts/101"]
    assert (ticking.state("contacts/101"), ticking.gone) == ("done", [])


def test_a_sealed_plan_that_was_never_approved_is_replaced_by_the_next(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    tick = DueTick(ticking.parts())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tick._maker, "approve", _stopped)
        with pytest.raises(SystemExit):
            tick.run(ticking.now)
    (sealed,) = [plan for plan in ticking.plans() if plan.run_id > 1]
    assert sealed.status is PlanStatus.AWAITING_REVIEW
    ticking.tick()
    assert ticking.gone_from_view(101)
    assert ticking.world.plan(sealed).status is PlanStatus.SUPERSEDED


def test_a_call_of_a_plan_that_has_expired_is_settled_before_anybody_else_is_suspected(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    (plan,) = ticking.tick().plans
    with ticking.world.store.transaction() as tx:
        tx.set_item_state(plan.plan_id, ref("contacts/101"), ItemState.UNKNOWN)
        found = tx.plan(plan.plan_id)
        assert found is not None
        tx.save_plan(replace(found, status=PlanStatus.PARTLY_APPLIED))
        known = tx.obligation(ref("contacts/101"))
        assert known is not None
        tx.save_obligations([known._replace(state=ObligationState.OPEN, settled_at=None)])
    ticking.later(hours=30)
    DueTick(ticking.parts()).run(ticking.now)
    assert ticking.gone == []
    assert ticking.state("contacts/101") == "done"
    assert ticking.world.state(plan, "contacts/101")[0] is ItemState.DONE


# Records that others took away.


def test_what_somebody_else_took_away_ends_and_is_told_of(ticking: Ticking) -> None:
    ticking.revoke(1)
    ticking.unsubscribe(101)
    ticking.tick()
    ticking.world.act("archive", record="contacts/101")
    ticking.hint("contacts/101", "contacts/102")
    ticking.tick()
    assert ticking.gone == ["contacts/101"]
    assert ticking.told("contacts/101")[-1] == ("ended", "gone")


def test_our_own_disposal_that_echoes_is_nobody_else_s(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    ticking.tick()
    ticking.hint("contacts/101")
    ticking.tick()
    assert ticking.told("contacts/101")[-1] == ("done", "read-back-absent")
    assert len(ticking.told("contacts/101")) == 2


def test_nobody_need_be_told(ticking: Ticking) -> None:
    ticking.hint("contacts/999")
    parts = ticking.parts()
    silent = {name: getattr(parts, name) for name in DueParts.__slots__ if name not in ("on_gone", "should_stop")}
    DueTick(DueParts(**silent)).run(ticking.now)
    assert ticking.state("contacts/999") == "ended"
    assert ticking.told("contacts/999") == []


def test_who_is_told_may_end_it_itself(ticking: Ticking) -> None:
    ticking.revoke(1)
    ticking.unsubscribe(101)
    ticking.tick()
    ticking.world.act("archive", record="contacts/101")
    ticking.hint("contacts/101")
    parts = ticking.parts()

    def end(obligation: Any) -> None:
        with ticking.world.store.transaction() as tx:
            ticking.ledger.write(tx, [(obligation, ended(obligation, "deletion", ticking.now))], ticking.now)

    DueTick(replace(parts, on_gone=end)).run(ticking.now)
    assert [code for verb, code in ticking.told("contacts/101") if verb == "ended"] == ["deletion"]


def test_the_ledger_goes_on_with_the_winner_of_a_merge(ticking: Ticking) -> None:
    ticking.revoke(1)
    ticking.unsubscribe(101)
    ticking.tick()
    ticking.world.act("merge", record="contacts/101", into="contacts/102")
    ticking.hint("contacts/101")
    ticking.tick()
    assert ticking.told("contacts/101")[-1] == ("ended", "merged")
    assert ticking.known("contacts/102").reason == "merged"
    ticking.tick()
    assert ticking.told("contacts/102") == [("opened", "merged")]


# Deals.


def test_deals_are_looked_at_and_planned_as_contacts_are(world_of: MakeWorld) -> None:
    document = a_portal(contacts=[former_customer(101)], deals=[lost_deal(21), lost_deal(22)])
    ticking = Ticking(world=world_of(document))
    ticking.grant("lost-deal")
    ticking.grant("former-customer")
    ticking.sweep()
    ticking.later(hours=24)
    ticking.sweep()
    ticking.source = Watched(ticking.world.portal)
    ticking.tick()
    assert not ticking.world.is_in_view("deals/21")
    assert not ticking.world.is_in_view("deals/22")
    assert ticking.gone_from_view(101)
    assert ticking.told("deals/21")[-1] == ("done", "read-back-absent")


def test_a_stop_in_the_middle_of_reading_leaves_the_rest_for_later(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    found = poison(ticking)
    ticking.should_stop = lambda: bool(found.asked)
    ticking.tick()
    assert ticking.state("contacts/101") == "open"
    assert ticking.world.calls() == []
    ticking.should_stop = lambda: False
    ticking.tick()
    assert ticking.gone_from_view(101)


def test_a_merge_that_was_told_of_ends_nothing_twice(ticking: Ticking) -> None:
    ticking.world.act("merge", record="contacts/101", into="contacts/102")
    ticking.hint("contacts/101")
    known = ticking.known("contacts/101")

    class MergedMeanwhile(Poisoned):
        def read_contacts(self, ids: Sequence[int]) -> Any:
            with ticking.world.store.transaction() as tx:
                tx.save_obligations([known._replace(state=ObligationState.ENDED, settled_at=ticking.now)])
            return self._portal.read_contacts(ids)

    ticking.source = MergedMeanwhile(ticking.world.portal)
    ticking.tick()
    assert ticking.told("contacts/101") == []


def test_a_plan_that_hubspot_stopped_keeps_the_tick_from_beginning_more(ticking: Ticking) -> None:
    ticking.unsubscribe(101)
    ticking.world.fault("477", path="gdpr-delete", count=9, retry_after=0)
    ticking.tick()
    ticking.unsubscribe(102)
    report = ticking.tick()
    assert report.looked == 0
    assert len(report.applied) == 1
