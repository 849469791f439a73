"""What becomes of an obligation, and what of it is told in the audit log."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hubspot_retention.core.deadline.duty import ANSWER_OWED, MARKETING_ENDS, OPT_OUT
from hubspot_retention.core.deadline.ledger import (
    CORRESPONDENCE_UNREADABLE,
    LOOK_AGAIN,
    MARKETING_ENDED,
    MOST_ATTEMPTS,
    SUBSCRIBED_AGAIN,
    Told,
    by_deadline,
    done,
    ended,
    failed,
    heard,
    is_hinted,
    looked_for,
    planned,
    put_off,
    raised,
    to_answer,
    told,
    waits,
)
from hubspot_retention.core.deadline.obligation import LIVE, Obligation, ObligationState
from hubspot_retention.core.deadline.timing import LONGEST_PAUSE
from hubspot_retention.core.decision.history import NOTHING_REMEMBERED, Remembered, write_starts
from hubspot_retention.core.decision.model import Decision
from hubspot_retention.core.policy.model import Disposition
from hubspot_retention.core.record import RecordRef
from tests.builders import at
from tests.unit.core.deadline.lines import (
    BY_THE_PERSON,
    CLICK,
    DAY,
    HOUR,
    NOW,
    RECORD,
    TERMS,
    a_hint,
    an_inactive,
    an_obligation,
    an_unsubscribe,
    decided,
    seen,
)


def hear(known: Obligation | None, decision: Decision, **more: Any) -> Obligation | None:
    """The ledger after a decision."""
    return heard(known, seen(decision, **more), TERMS)


def after(known: Obligation | None, decision: Decision, **more: Any) -> Obligation:
    """The obligation after a decision."""
    found = hear(known, decision, **more)
    assert found is not None
    return found


# A disposal.


def test_a_disposal_opens_an_obligation() -> None:
    found = after(None, an_unsubscribe())
    assert (found.state, found.rule, found.first_seen_at) == (ObligationState.OPEN, "unsubscribed", NOW)
    assert told(None, found) == (Told.OPENED,)


def test_it_is_looked_at_when_its_grace_is_over() -> None:
    assert after(None, an_unsubscribe(NOW)).next_look_at == NOW + DAY
    assert after(None, an_unsubscribe(CLICK)).next_look_at == NOW


def test_a_hint_that_led_to_a_disposal_is_the_same_obligation() -> None:
    found = after(a_hint(attempts=2), an_unsubscribe())
    assert (found.state, found.first_seen_at, found.attempts) == (ObligationState.OPEN, CLICK + HOUR, 0)
    assert told(a_hint(), found) == (Told.OPENED,)


def test_heard_again_it_is_the_same_one() -> None:
    known = an_obligation()
    found = after(known, an_unsubscribe())
    assert found == known._replace(heard_at=NOW, next_look_at=NOW)
    assert told(known, found) == ()


@pytest.mark.parametrize("state", ["done", "ended"])
def test_what_had_ended_and_is_due_again_is_another_obligation(state: str) -> None:
    known = an_obligation(state, settled_at=NOW - HOUR, attempts=3, plan_id="1-rights")
    found = after(known, an_unsubscribe())
    assert (found.first_seen_at, found.attempts, found.plan_id, found.settled_at) == (NOW, 0, "", None)
    assert told(known, found) == (Told.OPENED,)


def test_a_hold_that_was_lifted_opens_it_again_with_its_deadline() -> None:
    known = an_obligation("held", erase_by=CLICK + 9 * DAY, call_by=CLICK + 9 * DAY)
    found = after(known, an_unsubscribe())
    assert (found.state, found.erase_by, found.first_seen_at) == (
        ObligationState.OPEN,
        CLICK + 9 * DAY,
        known.first_seen_at,
    )
    assert told(known, found) == ()


def test_the_longer_deadline_of_a_keep_that_lapsed_stays_while_the_disposal_is_the_same() -> None:
    carried = after(None, an_unsubscribe(CLICK - 300 * DAY), carried=frozenset({"unsubscribed"}))
    again = after(carried, an_unsubscribe(CLICK - 300 * DAY))
    assert (again.erase_by, again.call_by) == (NOW + 5 * DAY, NOW + 5 * DAY)


WITHDREW = at("2026-03-01T10:00")
WITHDRAWAL: dict[str, Any] = {
    "rule": "consent-withdrawn",
    "due_at": WITHDREW,
    "erase_by": WITHDREW + 30 * DAY,
    "starts": (("consent_withdrawn_at", WITHDREW),),
}
NOTED = Remembered(starts=write_starts(WITHDRAWAL["starts"]))


def lapsed() -> Obligation:
    """Somebody who withdrew consent in March and works for what was a customer until today."""
    found = after(None, an_unsubscribe(**WITHDRAWAL), before=NOTED, carried=frozenset({"consent-withdrawn"}))
    assert found.erase_by == NOW + 30 * DAY
    return found


def with_another(rule: str, at_: datetime, *starts: tuple[str, datetime]) -> Decision:
    """The same withdrawal, and another rule that is due."""
    due = (("consent-withdrawn", WITHDREW), (rule, at_))
    return an_unsubscribe(**WITHDRAWAL | {"due": due, "starts": (*WITHDRAWAL["starts"], *starts)})


def test_a_right_exercised_since_has_its_own_limit_and_not_the_longer_one_of_a_keep_that_lapsed() -> None:
    clicked = NOW + 3 * DAY
    decision = with_another("unsubscribed", clicked, (OPT_OUT, clicked))
    found = after(lapsed(), decision, at=clicked + HOUR, before=NOTED)
    assert (found.erase_by, found.call_by) == (clicked + 5 * DAY, clicked + 5 * DAY)
    noted = Remembered(starts=write_starts(decision.starts))
    assert after(found, decision, at=clicked + DAY, before=noted).erase_by == clicked + 5 * DAY


def test_a_right_that_no_run_had_seen_has_its_own_limit_also_if_it_was_exercised_before() -> None:
    clicked = NOW - DAY
    decision = with_another("unsubscribed", clicked, (OPT_OUT, clicked))
    assert after(lapsed(), decision, before=NOTED).erase_by == clicked + 5 * DAY


def test_a_rule_that_another_keep_put_off_until_later_has_its_own_limit_also_if_a_run_had_seen_its_start() -> None:
    ended = NOW + HOUR
    decision = with_another("unsubscribed", ended, (OPT_OUT, CLICK))
    noted = Remembered(starts=write_starts(decision.starts))
    assert after(lapsed(), decision, at=NOW + DAY, before=noted).erase_by == ended + 5 * DAY


def test_what_was_due_when_a_keep_lapsed_keeps_the_deadline_that_it_was_given_then() -> None:
    decision = with_another("unsubscribed", CLICK - 300 * DAY, (OPT_OUT, CLICK - 300 * DAY))
    noted = Remembered(starts=write_starts(decision.starts))
    assert after(lapsed(), decision, before=noted).erase_by == NOW + 30 * DAY
    that_moment = with_another("unsubscribed", NOW, (OPT_OUT, CLICK))
    noted = Remembered(starts=write_starts(that_moment.starts))
    assert after(lapsed(), that_moment, before=noted).erase_by == NOW + 30 * DAY


def test_the_call_for_an_archive_whose_longer_deadline_stands_is_due_ninety_days_before_it() -> None:
    known = after(None, an_inactive())._replace(erase_by=NOW + 200 * DAY, call_by=NOW + 110 * DAY)
    found = after(known, an_inactive())
    assert (found.erase_by, found.call_by) == (NOW + 200 * DAY, NOW + 110 * DAY)


def test_a_rule_that_the_policy_no_longer_knows_has_no_limit() -> None:
    assert after(lapsed(), with_another("nobody", NOW + DAY), before=NOTED).erase_by == NOW + 30 * DAY


def test_another_disposal_has_a_deadline_of_its_own_and_no_plan() -> None:
    known = an_obligation("review", erase_by=NOW + 99 * DAY, plan_id="1-rights", attempts=2)
    found = after(known, an_inactive())
    assert (found.state, found.rule, found.plan_id, found.attempts) == (
        ObligationState.OPEN,
        "inactive-contact",
        "",
        0,
    )
    assert found.erase_by == an_inactive().erase_by


def test_what_waits_for_a_person_goes_on_waiting_when_it_is_looked_at() -> None:
    found = after(an_obligation("review", plan_id="1-rights"), an_unsubscribe())
    assert (found.state, found.plan_id) == (ObligationState.REVIEW, "1-rights")


def test_a_full_run_puts_it_into_the_plan_of_that_run() -> None:
    found = after(an_obligation("review", plan_id="1-rights"), an_unsubscribe(), plan_id="9-rights", is_fresh=False)
    assert (found.state, found.plan_id) == (ObligationState.OPEN, "9-rights")


def test_what_failed_in_a_plan_stays_raised_until_it_is_done_or_over() -> None:
    known = an_obligation("raised", reason="http-400", plan_id="2-rights", attempts=7, next_look_at=NOW + 3 * HOUR)
    for plan_id in ("", "9-rights"):
        found = after(known, an_unsubscribe(), plan_id=plan_id)
        assert (found.state, found.reason, found.plan_id) == (ObligationState.RAISED, "http-400", "2-rights")
        assert (found.attempts, found.next_look_at) == (7, NOW + 3 * HOUR)
        assert told(known, found) == ()


def test_what_could_not_be_read_is_open_once_it_can_be() -> None:
    known = an_obligation("raised", reason="unreadable", attempts=7)
    found = after(known, an_unsubscribe())
    assert (found.state, found.reason, found.attempts) == (ObligationState.OPEN, "period-ended", 0)


def test_failures_in_a_plan_are_not_forgotten_by_a_look() -> None:
    assert after(an_obligation(attempts=3, plan_id="2-rights"), an_unsubscribe()).attempts == 3


def test_correspondence_that_cannot_be_read_is_not_mended_by_a_look_at_the_record() -> None:
    known = an_obligation()
    for attempt in range(1, MOST_ATTEMPTS + 1):
        known = failed(after(known, an_unsubscribe()), CORRESPONDENCE_UNREADABLE, NOW)
        assert known.attempts == attempt
    assert known.state is ObligationState.RAISED
    again = after(known, an_unsubscribe())
    assert (again.state, again.reason, again.attempts) == (known.state, CORRESPONDENCE_UNREADABLE, MOST_ATTEMPTS)
    once = after(failed(an_obligation(), CORRESPONDENCE_UNREADABLE, NOW), an_unsubscribe())
    assert (once.state, once.reason, once.attempts) == (ObligationState.OPEN, CORRESPONDENCE_UNREADABLE, 1)


# Nothing to do.


@pytest.mark.parametrize("outcome", ["retain", "held", "refer", "undetermined"])
def test_of_a_record_that_it_does_not_know_the_ledger_says_nothing(outcome: str) -> None:
    assert hear(None, decided(outcome)) is None
    assert hear(an_obligation("done", settled_at=NOW - DAY), decided(outcome)) is None


def test_what_is_retained_after_all_ends_with_the_reason() -> None:
    known = an_obligation()
    found = after(known, decided("retain", "keep-runs"))
    assert (found.state, found.reason, found.settled_at) == (ObligationState.ENDED, "keep-runs", NOW)
    assert found.heard_at == NOW
    assert told(known, found) == (Told.ENDED,)


def test_who_subscribed_again_ends_it_as_that() -> None:
    found = after(an_obligation(), decided("retain"), before=BY_THE_PERSON, opt_out=NOTHING_REMEMBERED)
    assert found.reason == SUBSCRIBED_AGAIN


def test_a_hint_that_led_to_nothing_ends_without_a_word() -> None:
    for outcome in ("retain", "held", "refer"):
        found = after(a_hint(), decided(outcome))
        assert found.state is ObligationState.ENDED
        assert told(a_hint(), found) == ()


def test_a_decision_without_reasons_ends_it_with_its_outcome() -> None:
    assert after(an_obligation(), Decision(RECORD, decided("retain").outcome, ())).reason == "retain"


def test_a_hold_stops_it_and_a_person_need_not_hear_of_it() -> None:
    known = an_obligation("review", plan_id="1-rights", attempts=2)
    found = after(known, decided("held", "hold-flag"))
    assert (found.state, found.reason, found.plan_id) == (ObligationState.HELD, "hold-flag", "")
    assert found.attempts == 0
    assert found.next_look_at == NOW + LOOK_AGAIN
    assert told(known, found) == ()


def test_what_must_be_looked_at_by_a_person_is_raised_once() -> None:
    known = an_obligation()
    found = after(known, decided("refer", "wrote-after-request"))
    assert (found.state, found.reason) == (ObligationState.RAISED, "wrote-after-request")
    assert found.next_look_at == NOW + LONGEST_PAUSE
    assert told(known, found) == (Told.RAISED,)
    assert told(found, after(found, decided("refer", "wrote-after-request"))) == ()


def test_what_was_raised_and_is_over_ends() -> None:
    never_opened = a_hint()._replace(state=ObligationState.RAISED)
    found = after(never_opened, decided("retain"))
    assert told(never_opened, found) == (Told.ENDED,)


def test_doubt_does_not_end_an_obligation_and_is_raised_when_it_lasts() -> None:
    found = an_obligation()
    for attempt in range(1, MOST_ATTEMPTS):
        found = after(found, decided("undetermined", "start-unknown"))
        assert (found.state, found.attempts) == (ObligationState.OPEN, attempt)
        assert found.next_look_at > NOW
    assert after(found, decided("undetermined", "start-unknown")).state is ObligationState.RAISED


def test_a_hint_to_a_record_of_which_nobody_can_tell_ends_after_some_time() -> None:
    unclear = decided("undetermined", "last-activity-unknown")
    assert after(a_hint(), unclear).state is ObligationState.LOOK
    found = after(a_hint(attempts=MOST_ATTEMPTS - 1), unclear)
    assert found.state is ObligationState.ENDED
    assert told(a_hint(), found) == ()


def test_a_right_that_may_have_been_exercised_is_raised() -> None:
    unclear = decided("undetermined", "start-unknown", of="unsubscribed")
    assert after(a_hint(attempts=MOST_ATTEMPTS - 1), unclear).state is ObligationState.RAISED


def test_a_doubt_about_a_time_rule_is_not_raised_for_a_hint() -> None:
    unclear = decided("undetermined", "start-unknown", of="inactive-contact")
    assert after(a_hint(attempts=MOST_ATTEMPTS - 1), unclear).state is ObligationState.ENDED


# Marketing.


def test_who_stays_and_whose_marketing_ends_has_an_obligation_whatever_the_outcome() -> None:
    for outcome in ("retain", "held", "refer", "undetermined"):
        found = after(None, decided(outcome, marketing_ends=True))
        assert (found.state, found.disposition, found.rule) == (ObligationState.OPEN, None, "unsubscribed")


def test_where_no_date_is_known_it_counts_from_when_it_was_first_heard_of() -> None:
    restricted = decided("held", "processing-restricted", marketing_ends=True)
    first = after(None, restricted, opt_out=NOTHING_REMEMBERED, at=NOW - DAY)
    assert first.due_at == NOW - DAY
    again = after(
        first._replace(state=ObligationState.REVIEW, plan_id="1-rights"), restricted, opt_out=NOTHING_REMEMBERED
    )
    assert (again.due_at, again.state, again.plan_id) == (NOW - DAY, ObligationState.REVIEW, "1-rights")


def test_it_is_done_when_marketing_has_ended() -> None:
    known = an_obligation(disposition=None, plan_id="3-rights")
    over = decided("retain", marketing_ends=True)
    found = after(known, over, before=Remembered(marketing_ended=True))
    assert (found.state, found.reason, found.plan_id) == (ObligationState.DONE, MARKETING_ENDED, "3-rights")
    assert told(known, found) == (Told.DONE,)


def test_who_is_held_and_off_the_list_is_held_until_the_hold_is_lifted() -> None:
    off_the_list = decided("held", "hold-flag", marketing_ends=True)
    found = after(an_obligation(disposition=None), off_the_list, before=Remembered(marketing_ended=True))
    assert found.state is ObligationState.HELD


def test_it_ends_when_marketing_may_go_on() -> None:
    known = an_obligation(disposition=None)
    assert after(known, decided("retain"), before=Remembered(marketing_ended=True)).state is ObligationState.ENDED


# An answer that is owed.

ASKED = NOW - 20 * DAY
ANSWER_BY = ASKED + 30 * DAY
OFF_THE_LIST = Remembered(marketing_ended=True)


def asked(outcome: str = "refer", code: str = "request-outweighed", **more: Any) -> Decision:
    """Somebody who asked for erasure and stays."""
    values: dict[str, Any] = {"marketing_ends": True, "answer_by": ANSWER_BY}
    return decided(outcome, code, **values | {"starts": (("erasure_requested_at", ASKED),)} | more)


def owed(**more: Any) -> Obligation:
    """Their marketing has ended, and nobody has answered them yet."""
    found = after(None, asked(), before=OFF_THE_LIST, at=NOW - HOUR)
    return found._replace(**more)


@pytest.mark.parametrize("outcome", ["refer", "held", "retain", "undetermined"])
@pytest.mark.parametrize("state", [None, "look", "open", "review", "held", "raised", "done", "ended"])
def test_who_asked_for_erasure_and_stays_is_owed_an_answer_once_marketing_has_ended(
    outcome: str, state: str | None
) -> None:
    known = None if state is None else an_obligation(state, disposition=None, plan_id="3-rights", attempts=2)
    found = after(known, asked(outcome), before=OFF_THE_LIST, plan_id="4-rights")
    assert (found.state, found.reason, found.rule) == (ObligationState.RAISED, ANSWER_OWED, "erasure-request")
    assert (found.due_at, found.erase_by, found.call_by) == (ASKED, ANSWER_BY, ANSWER_BY)
    assert (found.plan_id, found.attempts, found.right) == ("", 0, True)
    assert (found.next_look_at, found.heard_at) == (NOW + LONGEST_PAUSE, NOW)


def test_an_answer_that_is_owed_is_told_once() -> None:
    first = owed()
    assert told(None, first) == (Told.OPENED, Told.RAISED)
    again = after(first, asked(), before=OFF_THE_LIST)
    assert told(first, again) == ()
    assert again.first_seen_at == first.first_seen_at
    stuck = an_obligation("raised", disposition=None, reason="http-400")
    assert told(stuck, after(stuck, asked(), before=OFF_THE_LIST)) == (Told.RAISED,)


def test_the_clock_of_the_request_stands_however_long_the_rule_would_give() -> None:
    longer = owed(erase_by=ANSWER_BY + 9 * DAY, call_by=ANSWER_BY + 9 * DAY)
    assert after(longer, asked(), before=OFF_THE_LIST).call_by == ANSWER_BY


def test_an_answer_is_no_longer_owed_once_the_request_is_closed() -> None:
    closed = [
        decided("retain"),
        decided("retain", marketing_ends=True),
        decided("refer", "no-rule-matches"),
        decided("held", "hold-flag"),
        decided("undetermined", "start-unknown", of="unsubscribed"),
    ]
    for decision in closed:
        found = after(owed(), decision, before=OFF_THE_LIST)
        assert (found.state, found.reason) == (ObligationState.ENDED, decision.reasons[0].code.value)


def test_an_answer_is_owed_as_long_as_the_request_cannot_be_read() -> None:
    found = after(owed(), decided("held", "request-unreadable"), before=OFF_THE_LIST)
    assert (found.state, found.reason, found.call_by) == (ObligationState.RAISED, ANSWER_OWED, ANSWER_BY)


def test_an_answer_is_owed_also_while_the_record_cannot_be_read() -> None:
    found = failed(owed(), "unreadable", NOW)
    assert (found.state, found.reason, found.call_by) == (ObligationState.RAISED, ANSWER_OWED, ANSWER_BY)


def test_who_is_to_be_erased_after_all_is_owed_that() -> None:
    found = after(owed(), an_unsubscribe())
    assert (found.state, found.rule, found.disposition) == (ObligationState.OPEN, "unsubscribed", Disposition.ERASE)


def test_marketing_that_is_to_be_ended_again_comes_first() -> None:
    found = after(owed(), asked(), opt_out=NOTHING_REMEMBERED)
    assert (found.state, found.reason) == (ObligationState.OPEN, MARKETING_ENDS)


def test_who_is_owed_an_answer_and_will_be_due_in_a_moment_is_looked_at_then() -> None:
    soon = NOW + timedelta(seconds=2)
    found = after(None, asked("retain", "not-yet-due", until=soon), before=OFF_THE_LIST)
    assert (found.state, found.next_look_at) == (ObligationState.LOOK, soon)


def test_once_marketing_has_ended_the_answer_is_owed_and_the_record_is_read_at_once() -> None:
    before = an_obligation("review", disposition=None, plan_id="3-rights", attempts=2)
    found = to_answer(before._replace(next_look_at=NOW + timedelta(days=1)), ANSWER_BY, NOW)
    assert (found.state, found.reason, found.plan_id) == (ObligationState.RAISED, ANSWER_OWED, "")
    assert (found.erase_by, found.call_by, found.not_before) == (ANSWER_BY, ANSWER_BY, None)
    assert (found.next_look_at, found.attempts) == (NOW, 0)
    assert to_answer(owed(), NOW, NOW) == owed()


# Clocks that differ a little.


def test_who_will_be_due_in_a_moment_is_not_taken_for_one_who_stays() -> None:
    in_a_moment = NOW + timedelta(seconds=2)
    nearly = decided("retain", "not-yet-due", marketing_ends=True, until=in_a_moment)
    for known in (None, a_hint(), an_obligation()):
        found = after(known, nearly)
        assert (found.is_live, found.next_look_at, found.heard_at) == (True, in_a_moment, NOW)
    known = an_obligation(plan_id="1-rights")
    assert after(known, nearly) == known._replace(heard_at=NOW, next_look_at=in_a_moment)
    hint = after(None, nearly)
    assert (hint.state, hint.record, hint.reason, hint.first_seen_at) == (ObligationState.LOOK, RECORD, "retain", NOW)


def test_a_retained_record_that_is_due_in_a_moment_is_no_concern_of_the_ledger() -> None:
    assert hear(None, decided("retain", until=NOW + timedelta(seconds=2))) is None


def test_who_will_be_due_later_stays() -> None:
    for until in (NOW, NOW + HOUR + timedelta(microseconds=1), NOW + 2 * HOUR):
        later = decided("retain", "not-yet-due", until=until)
        assert after(an_obligation(), later).state is ObligationState.ENDED
    within_the_hour = decided("retain", "not-yet-due", until=NOW + HOUR)
    assert after(an_obligation(), within_the_hour).state is ObligationState.OPEN


# A page that a run read before something newer was heard.


def test_an_old_page_neither_ends_what_has_begun_nor_begins_what_has_ended() -> None:
    begun = an_obligation(heard_at=NOW + HOUR, next_look_at=NOW + 9 * HOUR)
    assert hear(begun, decided("retain"), is_fresh=False) == begun._replace(next_look_at=NOW)
    over = an_obligation("done", settled_at=NOW + HOUR)
    assert hear(over, an_unsubscribe(), is_fresh=False) is None


def test_a_page_is_old_if_something_was_heard_after_its_run_began_and_at_most_two_days_after() -> None:
    for heard_at, is_old in ((NOW, False), (NOW + 2 * DAY, True), (NOW + 2 * DAY + HOUR, False)):
        found = after(an_obligation(heard_at=heard_at), decided("retain"), is_fresh=False)
        assert (found.state is ObligationState.OPEN) == is_old


def test_a_fresh_read_is_never_old() -> None:
    begun = an_obligation(heard_at=NOW + HOUR)
    assert after(begun, decided("retain")).state is ObligationState.ENDED


def test_what_a_clock_wrote_down_that_was_years_ahead_stands_in_nobody_s_way() -> None:
    begun = an_obligation(heard_at=NOW + 3_650 * DAY)
    assert after(begun, decided("retain"), is_fresh=False).state is ObligationState.ENDED
    over = an_obligation("ended", settled_at=NOW + 3_650 * DAY)
    assert after(over, an_unsubscribe(), is_fresh=False).state is ObligationState.OPEN


# Hints.


def test_a_hint_makes_an_unknown_record_be_looked_at_now() -> None:
    for known in (None, an_obligation("done", settled_at=NOW - DAY), an_obligation("ended", settled_at=NOW - DAY)):
        found = looked_for(known, RECORD, "webhook", NOW)
        assert (found.state, found.reason, found.next_look_at) == (ObligationState.LOOK, "webhook", NOW)
        assert (found.record, found.first_seen_at, found.heard_at) == (RECORD, NOW, NOW)
        assert (found.due_at, found.settled_at) == (None, None)


@pytest.mark.parametrize("state", LIVE)
def test_a_hint_leaves_what_is_known_and_has_it_read_at_once(state: ObligationState) -> None:
    known = an_obligation(state.value, next_look_at=NOW + DAY, plan_id="1-rights")
    found = looked_for(known, RECORD, "webhook", NOW)
    assert found._replace(heard_at=known.heard_at, next_look_at=known.next_look_at) == known
    assert found.next_look_at < NOW
    assert is_hinted(found)


def test_what_is_merely_due_for_a_look_is_no_hint() -> None:
    assert not is_hinted(after(None, an_unsubscribe()))
    assert not is_hinted(put_off(an_obligation(), NOW))


def test_a_hint_does_not_put_off_a_look() -> None:
    assert looked_for(an_obligation(next_look_at=NOW - DAY), RECORD, "webhook", NOW).next_look_at == NOW - DAY


# Plans.


def test_a_plan_that_goes_by_itself_says_on_what_ground() -> None:
    found = planned(an_obligation("review"), "2-rights", "standing-approval", NOW + HOUR)
    assert (found.state, found.plan_id, found.reason) == (ObligationState.OPEN, "2-rights", "standing-approval")
    assert found.next_look_at == NOW + HOUR
    assert planned(an_obligation(), "2-rights", "", NOW).reason == "period-ended"
    assert planned(an_obligation("raised"), "2-rights", "x", NOW).state is ObligationState.RAISED


def test_a_plan_that_waits_keeps_the_reason_unless_there_is_a_better_one() -> None:
    assert waits(an_obligation(), "2-rights", "", NOW).reason == "period-ended"
    found = waits(an_obligation(), "2-rights", "beyond-cap", NOW + HOUR)
    assert (found.state, found.plan_id, found.reason, found.next_look_at) == (
        ObligationState.REVIEW,
        "2-rights",
        "beyond-cap",
        NOW + HOUR,
    )


# Failures.


def test_failures_are_raised_after_several_and_still_tried() -> None:
    found = an_obligation("review", plan_id="1-rights")
    for _ in range(MOST_ATTEMPTS - 1):
        found = failed(found, "http-400", NOW, "2-rights")
        assert (found.state, found.reason, found.plan_id) == (ObligationState.OPEN, "http-400", "2-rights")
    last = failed(found, "http-400", NOW, "2-rights")
    assert told(found, last) == (Told.RAISED,)
    assert NOW < last.next_look_at <= NOW + DAY
    assert told(last, failed(last, "http-400", NOW)) == ()
    assert failed(last, "http-400", NOW).plan_id == ""


def test_a_hint_that_cannot_be_read_stays_a_hint_until_it_is_raised() -> None:
    assert failed(a_hint(), "unreadable", NOW).state is ObligationState.LOOK


def test_only_a_person_can_see_to_what_is_blocked() -> None:
    found = raised(an_obligation(), "unverified", NOW, "2-rights")
    assert (found.state, found.plan_id, found.next_look_at) == (ObligationState.RAISED, "2-rights", NOW + DAY)
    assert raised(found, "unverified", NOW).plan_id == ""


# The end.


def test_it_ends_once_in_the_log() -> None:
    known = an_obligation()
    over = done(known, "read-back-absent", NOW, "2-rights")
    assert (over.state, over.plan_id, over.settled_at) == (ObligationState.DONE, "2-rights", NOW)
    assert (over.heard_at, over.next_look_at) == (NOW, NOW)
    earlier = an_obligation(next_look_at=NOW - DAY)
    assert ended(earlier, "gone", NOW).next_look_at == done(earlier, "x", NOW, "2-rights").next_look_at == NOW
    assert told(known, over) == (Told.DONE,)
    assert told(over, ended(over, "gone", NOW)) == ()


def test_what_nobody_heard_of_ends_without_a_word() -> None:
    assert told(None, ended(a_hint(), "gone", NOW)) == ()


def test_the_order_is_the_earliest_deadline_and_unknown_ones_first() -> None:
    lines = [
        an_obligation(record=RecordRef.parse("contacts/4"), call_by=NOW + DAY),
        an_obligation(record=RecordRef.parse("contacts/3"), call_by=NOW),
        an_obligation(record=RecordRef.parse("contacts/2"), call_by=NOW),
        a_hint(record=RecordRef.parse("contacts/9")),
    ]
    assert [line.record.record_id for line in sorted(lines, key=by_deadline)] == [9, 2, 3, 4]
    assert by_deadline(lines[-1])[0] == datetime.min.replace(tzinfo=UTC)
