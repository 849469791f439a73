"""The ledger over any history: what is told of an obligation ends exactly once, and nothing live is forgotten."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hubspot_retention.core.deadline.duty import Terms
from hubspot_retention.core.deadline.forecast import Pace, Turn, finished_at, late
from hubspot_retention.core.deadline.ledger import (
    LOOK_AGAIN,
    Told,
    done,
    ended,
    failed,
    heard,
    looked_for,
    planned,
    put_off,
    raised,
    told,
    waits,
)
from hubspot_retention.core.deadline.obligation import Obligation, ObligationState
from hubspot_retention.core.deadline.outcome import after_item
from hubspot_retention.core.deadline.timing import not_before, pause
from hubspot_retention.core.decision.history import NOTHING_REMEMBERED, Remembered
from hubspot_retention.core.decision.model import Decision
from hubspot_retention.core.plan.model import Action, ItemState, PlanItem
from hubspot_retention.core.record import RecordRef
from tests.documents import clienti
from tests.unit.core.deadline.lines import (
    BY_THE_PERSON,
    CLICK,
    DAY,
    HOUR,
    NOW,
    RECORD,
    an_inactive,
    an_unsubscribe,
    decided,
    seen,
)

TERMS = Terms(policy=clienti(), grace=DAY)
FARTHEST = timedelta(days=40)

outcomes = st.sampled_from(["retain", "held", "refer", "undetermined"])
decisions = st.one_of(
    st.integers(0, 400).map(lambda hours: an_unsubscribe(CLICK - hours * HOUR)),
    st.just(an_inactive()),
    st.builds(lambda outcome, ends: decided(outcome, marketing_ends=ends), outcomes, st.booleans()),
    st.just(decided("undetermined", "start-unknown", of="unsubscribed")),
    st.integers(1, 90).map(lambda minutes: decided("retain", until=NOW + timedelta(minutes=minutes))),
)
memories = st.sampled_from([NOTHING_REMEMBERED, BY_THE_PERSON, Remembered(marketing_ended=True)])
plan_ids = st.sampled_from(["", "1-rights", "2-rights"])
items = st.builds(
    lambda state, action, code: PlanItem(decision=an_unsubscribe(), action=action, state=state, state_code=code),
    st.sampled_from(ItemState),
    st.sampled_from([Action.ERASE, Action.END_MARKETING]),
    st.sampled_from(["held-now", "http-400", "correspondence-unverified", "gone-already"]),
)


@st.composite
def steps(draw: st.DrawFn) -> list[tuple[str, tuple[object, ...]]]:
    """What happens to one record, in order."""
    kinds = {
        "hear": st.tuples(decisions, memories, memories, plan_ids, st.booleans(), st.booleans()),
        "hint": st.tuples(),
        "fail": st.tuples(plan_ids),
        "raise": st.tuples(),
        "plan": st.tuples(plan_ids),
        "wait": st.tuples(plan_ids),
        "put off": st.tuples(),
        "item": st.tuples(items, plan_ids, st.booleans()),
        "gone": st.tuples(),
        "done": st.tuples(),
    }
    names = draw(st.lists(st.sampled_from(sorted(kinds)), min_size=1, max_size=12))
    return [(name, draw(kinds[name])) for name in names]


def step(known: Obligation | None, name: str, given_: tuple[object, ...], now: datetime) -> Obligation | None:
    """The ledger after one step; `None` if it says nothing."""
    if name == "hear":
        decision, before, opt_out, plan_id, is_fresh, carried = given_
        assert isinstance(decision, Decision)
        more = {"before": before, "opt_out": opt_out, "plan_id": plan_id, "is_fresh": is_fresh}
        rules = frozenset(rule for rule, _ in decision.due) if carried else frozenset()
        return heard(known, seen(decision, at=now, carried=rules, **more), TERMS)
    if name == "hint":
        return looked_for(known, RECORD, "webhook", now)
    if known is None or not known.is_live or (name in ("plan", "wait") and known.due_at is None):
        return None  # a plan holds only what a decision said is due
    match name, given_:
        case "item", (PlanItem() as item, str(plan_id), bool(over)):
            return after_item(known, item, plan_id, now, over=over)
        case "fail", (str(plan_id),):
            return failed(known, "http-400", now, plan_id)
        case "plan", (str(plan_id),):
            return planned(known, plan_id, "standing-approval", now + HOUR)
        case "wait", (str(plan_id),):
            return waits(known, plan_id, "", now + LOOK_AGAIN)
        case "raise", _:
            return raised(known, "unverified", now)
        case "put off", _:
            return put_off(known, now + HOUR)
        case "gone", _:
            return ended(known, "gone", now)
        case _:
            return done(known, "read-back-absent", now, "1-rights")


@given(steps())
def test_what_the_log_is_told_of_ends_there_exactly_once(history: list[tuple[str, tuple[object, ...]]]) -> None:
    known: Obligation | None = None
    is_told_of, is_raised = False, False
    for number, (name, given_) in enumerate(history):
        after = step(known, name, given_, NOW + number * HOUR)
        if after is None:
            continue
        for word in told(known, after):
            match word:
                case Told.OPENED:
                    assert after.due_at is not None
                    is_told_of = True
                case Told.RAISED:
                    assert not is_raised
                    is_told_of = is_raised = True
                case _:
                    assert is_told_of
                    assert (word is Told.DONE) == (after.state is ObligationState.DONE)
                    is_told_of = is_raised = False
        is_raised = after.state is ObligationState.RAISED
        assert after.is_live or not is_told_of
        known = after


@given(steps())
def test_whatever_is_live_is_looked_at_again_before_long(history: list[tuple[str, tuple[object, ...]]]) -> None:
    known: Obligation | None = None
    for number, (name, given_) in enumerate(history):
        now = NOW + number * HOUR
        known = step(known, name, given_, now) or known
        if known is not None and known.is_live:
            assert known.next_look_at <= now + FARTHEST
            assert known.settled_at is None


@given(steps())
def test_only_what_a_plan_did_is_done(history: list[tuple[str, tuple[object, ...]]]) -> None:
    known: Obligation | None = None
    for number, (name, given_) in enumerate(history):
        before = known
        known = step(known, name, given_, NOW + number * HOUR) or known
        if known is not before and known is not None and known.state is ObligationState.DONE:
            by_marketing = name == "hear" and before is not None and before.disposition is None
            assert by_marketing or name in ("done", "item")


@given(st.integers(1, 2**40), st.integers(0, 100))
def test_a_pause_is_never_longer_than_a_day(record_id: int, attempts: int) -> None:
    found = pause(attempts, RecordRef.parse(f"contacts/{record_id}"))
    assert timedelta(minutes=1) <= found <= DAY


spans = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=400))


@given(spans, spans)
def test_a_grace_always_leaves_half_of_the_time(left: timedelta, grace: timedelta) -> None:
    found = not_before(CLICK, CLICK + left, grace)
    assert found is None or CLICK <= found <= CLICK + left / 2 + timedelta(microseconds=1)


@given(
    st.lists(st.integers(-20, 100), max_size=20),
    st.floats(0, 10),
    st.floats(0, 50),
    st.floats(0, 50),
)
def test_more_work_never_makes_anything_earlier(hours: list[int], rate: float, today: float, per_day: float) -> None:
    rate_of = Pace(per_second=rate / 3_600, left_today=today, per_day=per_day, day_ends_at=NOW + 10 * HOUR)
    finished = [finished_at(number, rate_of, NOW) for number in range(1, len(hours) + 2)]
    known = [found for found in finished if found is not None]
    assert known == sorted(known)
    assert finished[len(known) :] == [None] * (len(finished) - len(known))
    backlog = [Turn(NOW + hour * HOUR, None, 1) for hour in sorted(hours)]
    without, more = late(backlog, rate_of, NOW), late([Turn(None, None, 1), *backlog], rate_of, NOW)
    if without is not None:
        assert more is not None
        assert more.number >= without.number
        assert more.earliest <= without.earliest
