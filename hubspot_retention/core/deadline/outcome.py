"""What became of a plan's item, for the obligation that it was to meet."""

from datetime import datetime, timedelta
from typing import Final

from hubspot_retention.core.deadline.ledger import done, failed, held, put_off, raised, to_answer
from hubspot_retention.core.deadline.obligation import Obligation, ObligationState
from hubspot_retention.core.decision.model import Outcome
from hubspot_retention.core.plan.model import RESTORED, Action, ItemState, PlanItem
from hubspot_retention.core.plan.recheck import Skip

SETTLED_WITHIN: Final = timedelta(minutes=5)
"""When a call whose answer was lost, or a plan that was stopped, is looked at again."""
_BLOCKS: Final = (Skip.UNVERIFIED.value, Skip.CORRESPONDENCE_UNKNOWN.value)


def look_afresh(live: Obligation, now: datetime) -> Obligation:
    """No plan holds it any more: it is read and decided again."""
    return live._replace(state=_unplanned(live), plan_id="", next_look_at=now)


def _unplanned(live: Obligation) -> ObligationState:
    return ObligationState.OPEN if live.state is ObligationState.REVIEW else live.state


def _after_done(live: Obligation, item: PlanItem, plan_id: str, now: datetime) -> Obligation:
    """Marketing that has ended is all there was to do, but for somebody who asked for erasure, who is owed an answer,
    and for somebody who is held: their disposal may come yet. What was seen in view since it was disposed of is under
    an obligation of its own."""
    if item.state_code == RESTORED:
        return live
    if item.action is not Action.END_MARKETING:
        return done(live, item.state_code, now, plan_id)
    if live.disposition is not None:
        return live
    if item.decision.answer_by is not None:
        return to_answer(live, item.decision.answer_by, now)
    if item.decision.outcome is Outcome.HELD:
        return held(live, item.decision.reasons[0].code.value, now)
    return done(live, item.state_code, now, plan_id)


def after_item(live: Obligation, item: PlanItem, plan_id: str, now: datetime, *, over: bool) -> Obligation:
    """The obligation once its item has come so far. `over`: the plan is at its end, what is still open in it is not
    carried out."""
    if item.state is ItemState.DONE:
        return _after_done(live, item, plan_id, now)
    if live.plan_id != plan_id:
        return live
    match item.state:
        case ItemState.FAILED:
            return failed(live, item.state_code, now, plan_id)
        case ItemState.SENT | ItemState.UNKNOWN:
            return put_off(live, now + SETTLED_WITHIN)
        case ItemState.SKIPPED if item.state_code in _BLOCKS:
            return raised(live, item.state_code, now, plan_id)
        case ItemState.SKIPPED:
            return look_afresh(live, now)
        case _ if item.block is not None:
            return raised(live, item.block.value, now, plan_id)
        case _:
            return look_afresh(live, now) if over else live
