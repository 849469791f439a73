"""What became of an item, for its obligation."""

from typing import Any

import pytest

from hubspot_retention.core.deadline.duty import ANSWER_OWED
from hubspot_retention.core.deadline.obligation import Obligation, ObligationState
from hubspot_retention.core.deadline.outcome import SETTLED_WITHIN, after_item
from hubspot_retention.core.plan.model import RESTORED, Action, Block, ItemState, PlanItem
from hubspot_retention.core.plan.recheck import Skip
from tests.unit.core.deadline.lines import DAY, NOW, an_obligation, an_unsubscribe, decided

PLAN = "2-rights"


def item(state: ItemState, code: str = "", **more: Any) -> PlanItem:
    """An item of the plan."""
    values: dict[str, Any] = {"decision": an_unsubscribe(), "action": Action.ERASE, "state": state, "state_code": code}
    return PlanItem(**values | more)


def after(found: PlanItem, *, over: bool = False, **known: Any) -> Obligation:
    """The obligation afterwards."""
    live = an_obligation(**{"plan_id": PLAN} | known)
    return after_item(live, found, PLAN, NOW, over=over)


def test_done_is_done_under_whatever_plan() -> None:
    for plan_id in (PLAN, "1-rights", ""):
        found = after(item(ItemState.DONE, "read-back-absent"), plan_id=plan_id)
        assert (found.state, found.reason, found.plan_id) == (ObligationState.DONE, "read-back-absent", PLAN)
        assert found.settled_at == NOW


def test_what_came_back_since_it_was_disposed_of_is_under_an_obligation_that_goes_on() -> None:
    assert after(item(ItemState.DONE, RESTORED)) == an_obligation(plan_id=PLAN)


def test_the_end_of_marketing_is_no_disposal() -> None:
    found = item(ItemState.DONE, "opted-out", action=Action.END_MARKETING)
    ended = after(found, disposition=None)
    assert (ended.state, ended.reason, ended.plan_id, ended.settled_at) == (
        ObligationState.DONE,
        "opted-out",
        PLAN,
        NOW,
    )
    assert after(found).state is ObligationState.OPEN


def test_who_is_held_is_held_once_their_marketing_has_ended() -> None:
    held = decided("held", "hold-flag", marketing_ends=True)
    found = after(item(ItemState.DONE, "opted-out", action=Action.END_MARKETING, decision=held), disposition=None)
    assert (found.state, found.reason, found.plan_id) == (ObligationState.HELD, "hold-flag", "")


@pytest.mark.parametrize("outcome", ["refer", "held", "retain", "undetermined"])
def test_who_asked_for_erasure_is_owed_an_answer_once_their_marketing_has_ended(outcome: str) -> None:
    asked = decided(outcome, marketing_ends=True, answer_by=NOW + 9 * DAY)
    found = after(item(ItemState.DONE, "opted-out", action=Action.END_MARKETING, decision=asked), disposition=None)
    assert (found.state, found.reason, found.plan_id) == (ObligationState.RAISED, ANSWER_OWED, "")
    assert (found.call_by, found.settled_at) == (NOW + 9 * DAY, None)


@pytest.mark.parametrize("state", [ItemState.FAILED, ItemState.SKIPPED, ItemState.PENDING, ItemState.UNKNOWN])
def test_what_another_plan_holds_now_is_not_touched(state: ItemState) -> None:
    live = an_obligation(plan_id="9-rights")
    assert after_item(live, item(state, "x"), PLAN, NOW, over=True) == live


def test_a_failed_call_is_tried_again_after_a_pause() -> None:
    found = after(item(ItemState.FAILED, "http-400"))
    assert (found.attempts, found.reason, found.plan_id) == (1, "http-400", PLAN)
    assert found.next_look_at > NOW


@pytest.mark.parametrize("state", [ItemState.SENT, ItemState.UNKNOWN])
def test_a_lost_answer_waits_to_be_settled(state: ItemState) -> None:
    found = after(item(state), over=True)
    assert (found.plan_id, found.next_look_at) == (PLAN, NOW + SETTLED_WITHIN)


@pytest.mark.parametrize("code", [Skip.UNVERIFIED, Skip.CORRESPONDENCE_UNKNOWN])
def test_what_hangs_on_hope_is_raised(code: Skip) -> None:
    found = after(item(ItemState.SKIPPED, code.value))
    assert (found.state, found.reason, found.next_look_at) == (ObligationState.RAISED, code.value, NOW + DAY)
    assert found.plan_id == PLAN


@pytest.mark.parametrize("code", [Skip.GONE, Skip.HELD, Skip.MERGED, Skip.CHANGED, Skip.NO_LONGER_DUE])
def test_whatever_else_was_skipped_is_read_again_at_once(code: Skip) -> None:
    found = after(item(ItemState.SKIPPED, code.value), state="review", next_look_at=NOW + DAY)
    assert (found.state, found.plan_id, found.next_look_at) == (ObligationState.OPEN, "", NOW)


def test_what_is_raised_stays_raised_until_it_is_read() -> None:
    assert after(item(ItemState.SKIPPED, Skip.HELD.value), state="raised").state is ObligationState.RAISED


@pytest.mark.parametrize("block", Block)
def test_a_blocked_item_is_raised(block: Block) -> None:
    found = after(item(ItemState.PENDING, block=block))
    assert (found.state, found.reason, found.plan_id) == (ObligationState.RAISED, block.value, PLAN)


def test_what_a_plan_that_is_over_left_open_is_read_again() -> None:
    assert after(item(ItemState.PENDING), over=True).plan_id == ""
    assert after(item(ItemState.PENDING)) == an_obligation(plan_id=PLAN)
