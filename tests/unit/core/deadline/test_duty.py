"""What a decision obliges to, by when, and whose act it was."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from hubspot_retention.core.civil import Period
from hubspot_retention.core.deadline.duty import ANSWER_OWED, MARKETING_ENDS, OPT_OUT, Duty, answer_of, duty_of
from hubspot_retention.core.decision.history import NOTHING_REMEMBERED, Remembered
from hubspot_retention.core.decision.model import Decision, StartValue
from hubspot_retention.core.facts.observation import OptOutSource
from hubspot_retention.core.facts.values import ONGOING
from hubspot_retention.core.policy.model import Disposition, RetentionPolicy
from tests.builders import at, on
from tests.documents import clienti
from tests.unit.core.deadline.lines import (
    BY_THE_PERSON,
    CLICK,
    DAY,
    NOW,
    TERMS,
    an_inactive,
    an_unsubscribe,
    decided,
    seen,
)

ASKED = at("2026-11-10T09:00")


def duty(decision: Decision, **more: Any) -> Duty:
    """What a decision obliges to."""
    found = duty_of(seen(decision, **more), TERMS)
    assert found is not None
    return found


def stays(*starts: tuple[str, StartValue], **more: Any) -> Decision:
    """Somebody who stays, and whose marketing ends."""
    return decided("retain", "keep-without-end", marketing_ends=True, starts=starts, **more)


def test_a_disposal_obliges_by_the_dates_of_the_decision() -> None:
    found = duty(an_unsubscribe())
    assert (found.rule, found.disposition, found.reason) == ("unsubscribed", Disposition.ERASE, "period-ended")
    assert (found.due_at, found.erase_by, found.call_by) == (CLICK, CLICK + 5 * DAY, CLICK + 5 * DAY)
    assert found.right


def test_an_archive_must_be_called_ninety_days_ahead() -> None:
    found = duty(an_inactive())
    assert found.erase_by is not None
    assert found.call_by == found.erase_by - 90 * DAY
    assert not found.right


@pytest.mark.parametrize("outcome", ["retain", "held", "refer", "undetermined"])
def test_nothing_else_obliges_to_anything(outcome: str) -> None:
    assert duty_of(seen(decided(outcome)), TERMS) is None


def test_a_decision_without_reasons_is_still_a_duty() -> None:
    assert duty(an_unsubscribe(reasons=())).reason == ""


# Grace.


def test_an_unsubscribe_waits_for_its_grace() -> None:
    assert duty(an_unsubscribe()).not_before == CLICK + DAY


def test_without_grace_it_does_not() -> None:
    assert duty_of(seen(an_unsubscribe()), replace(TERMS, grace=timedelta(0))).not_before is None  # type: ignore[union-attr]


def test_no_other_right_waits() -> None:
    asked = an_unsubscribe(ASKED, rule="erasure-request", starts=(("erasure_requested_at", ASKED),))
    assert duty(asked).not_before is None


def test_a_time_rule_does_not_wait() -> None:
    assert duty(an_inactive()).not_before is None


def test_the_grace_counts_from_what_is_remembered_where_the_decision_shows_no_start() -> None:
    assert duty(an_unsubscribe(starts=())).not_before == CLICK + DAY
    assert duty(an_unsubscribe(starts=()), opt_out=NOTHING_REMEMBERED).not_before is None


# Whose act it was.


@pytest.mark.parametrize("source", [*OptOutSource, None])
def test_only_an_opt_out_that_the_person_set_is_the_person_s_own_act(source: OptOutSource | None) -> None:
    found = duty(an_unsubscribe(), opt_out=Remembered(opted_out_at=CLICK, opt_out_source=source))
    assert found.by_person is (source is OptOutSource.PERSON)


@pytest.mark.parametrize("rule", ["erasure-request", "consent-withdrawn"])
def test_a_request_and_a_withdrawal_are_the_person_s_word_by_their_nature(rule: str) -> None:
    assert duty(an_unsubscribe(rule=rule), opt_out=NOTHING_REMEMBERED).by_person


def test_a_time_rule_is_nobody_s_act() -> None:
    assert not duty(an_inactive()).by_person


@pytest.mark.parametrize("source", [*OptOutSource, None])
def test_an_opt_out_that_another_right_stands_before_still_has_to_be_the_person_s_own_act(
    source: OptOutSource | None,
) -> None:
    withdrew = at("2026-11-01T10:00")
    found = duty(both(CLICK, withdrew), opt_out=Remembered(opted_out_at=CLICK, opt_out_source=source))
    assert (found.rule, found.by_person) == ("consent-withdrawn", source is OptOutSource.PERSON)


def test_a_click_that_another_right_stands_before_has_its_grace() -> None:
    withdrew = at("2026-11-01T10:00")
    assert duty(both(CLICK, withdrew)).not_before == CLICK + DAY


def test_a_time_rule_beside_a_right_makes_it_no_less_the_person_s_act() -> None:
    inactive = ("inactive-contact", at("2026-10-01T09:00"))
    assert duty(an_unsubscribe(due=(("unsubscribed", CLICK), inactive))).by_person


# A keep that lapsed.


def test_a_record_that_a_keep_carried_has_the_rule_s_time_from_now() -> None:
    found = duty(an_unsubscribe(at("2024-03-01T10:00")), carried=frozenset({"unsubscribed"}))
    assert (found.due_at, found.erase_by) == (at("2024-03-01T10:00"), NOW + 5 * DAY)


def test_a_deadline_that_is_later_anyway_stays() -> None:
    later = an_unsubscribe(erase_by=NOW + 300 * DAY)
    assert duty(later, carried=frozenset({"unsubscribed"})).erase_by == NOW + 300 * DAY


IN_MARCH = at("2026-03-01T10:00")


def both(clicked: datetime, withdrew: datetime = IN_MARCH) -> Decision:
    """Somebody withdrew consent, and unsubscribed."""
    due = (("consent-withdrawn", withdrew), ("unsubscribed", clicked))
    return an_unsubscribe(rule="consent-withdrawn", due_at=withdrew, erase_by=withdrew + 30 * DAY, due=due)


def test_a_record_that_a_keep_carried_has_the_shortest_time_of_all_rules_that_are_due() -> None:
    carried = frozenset({"consent-withdrawn", "unsubscribed"})
    assert duty(both(at("2026-10-01T10:00")), carried=carried).erase_by == NOW + 5 * DAY
    assert duty(both(at("2026-10-01T10:00")), carried=carried).rule == "consent-withdrawn"


def test_a_right_that_was_exercised_since_the_last_run_has_its_own_limit_beside_one_that_a_keep_carried() -> None:
    assert duty(both(CLICK), carried=frozenset({"consent-withdrawn"})).erase_by == CLICK + 5 * DAY


def test_where_nobody_can_tell_what_is_due_the_deadline_of_the_decision_stands() -> None:
    unknown = an_unsubscribe(due=(("nobody", CLICK),))
    assert duty(unknown, carried=frozenset({"nobody"})).erase_by == CLICK + 5 * DAY


# The end of marketing, for who stays.


def test_who_stays_is_owed_the_end_of_marketing_within_the_time_of_the_right() -> None:
    found = duty(stays((OPT_OUT, CLICK)))
    assert (found.rule, found.disposition, found.reason) == ("unsubscribed", None, MARKETING_ENDS)
    assert (found.due_at, found.call_by, found.not_before) == (CLICK, CLICK + 5 * DAY, CLICK + DAY)
    assert found.erase_by == CLICK + 5 * DAY
    assert found.right
    assert found.by_person


def test_once_it_has_ended_nothing_is_owed() -> None:
    assert duty_of(seen(stays((OPT_OUT, CLICK)), before=Remembered(marketing_ended=True)), TERMS) is None


def test_the_right_that_must_be_met_first_decides() -> None:
    both = stays((OPT_OUT, CLICK), ("erasure_requested_at", ASKED), ("customer_until", ONGOING))
    assert duty(both).rule == "unsubscribed"
    assert duty(stays((OPT_OUT, NOW + 60 * DAY), ("erasure_requested_at", ASKED))).rule == "erasure-request"


def test_where_a_hold_hides_the_starts_the_remembered_opt_out_tells() -> None:
    held = decided("held", "hold-flag", marketing_ends=True)
    assert duty(held, opt_out=BY_THE_PERSON).rule == "unsubscribed"


def test_where_no_right_is_known_the_clock_of_the_request_counts_and_nobody_but_a_person_approves() -> None:
    held = decided("held", "hold-flag", marketing_ends=True, answer_by=ASKED + 30 * DAY)
    found = duty(held, opt_out=NOTHING_REMEMBERED)
    assert (found.rule, found.due_at, found.call_by) == ("", None, ASKED + 30 * DAY)
    assert found.erase_by == ASKED + 30 * DAY
    assert found.right
    assert not found.by_person


def test_a_right_that_takes_effect_later_is_owed_from_then_on() -> None:
    policy = clienti()
    rule = policy.rule("erasure-request")
    assert rule is not None
    assert rule.dispose is not None
    later = replace(rule, dispose=replace(rule.dispose, after=Period(days=2), within=(Period(days=10),)))
    terms = replace(TERMS, policy=replace(policy, rules=(later,)))
    found = duty_of(seen(stays(("erasure_requested_at", ASKED)), opt_out=NOTHING_REMEMBERED), terms)
    assert found is not None
    assert (found.due_at, found.erase_by) == (ASKED + 2 * DAY, ASKED + 12 * DAY)


def test_a_restriction_alone_has_no_date() -> None:
    held = decided("held", "processing-restricted", marketing_ends=True)
    assert duty(held, opt_out=NOTHING_REMEMBERED).call_by is None


def test_a_start_that_is_a_date_counts_from_its_end() -> None:
    found = duty(stays(("erasure_requested_at", on("2026-11-10"))), opt_out=NOTHING_REMEMBERED)
    assert found.due_at == clienti().civil.end_of(on("2026-11-10"))


def test_an_opt_out_is_taken_back_when_it_was_known_and_is_no_more() -> None:
    assert seen(stays(), before=BY_THE_PERSON, opt_out=NOTHING_REMEMBERED).subscribed_again
    assert not seen(stays(), before=BY_THE_PERSON).subscribed_again
    assert not seen(stays(), opt_out=NOTHING_REMEMBERED).subscribed_again


# The answer to whoever asked for erasure and stays.


def answer(decision: Decision, policy: RetentionPolicy | None = None) -> Duty:
    """What a person owes."""
    found = answer_of(seen(decision), replace(TERMS, policy=policy or TERMS.policy))
    assert found is not None
    return found


def test_who_asked_and_stays_is_owed_an_answer_by_the_clock_of_the_request() -> None:
    asked = stays((OPT_OUT, CLICK), ("erasure_requested_at", ASKED), answer_by=ASKED + 30 * DAY)
    found = answer(asked)
    assert (found.reason, found.rule, found.disposition) == (ANSWER_OWED, "erasure-request", None)
    assert (found.due_at, found.erase_by, found.call_by) == (ASKED, ASKED + 30 * DAY, ASKED + 30 * DAY)
    assert (found.not_before, found.by_person, found.right) == (None, True, True)


def test_the_answer_is_owed_under_its_rule_also_where_a_hold_hides_the_start() -> None:
    found = answer(decided("held", "hold-flag", answer_by=NOW))
    assert (found.rule, found.due_at, found.call_by) == ("erasure-request", None, NOW)


def test_the_answer_is_owed_also_where_the_policy_has_no_rule_for_it() -> None:
    found = answer(stays(answer_by=NOW), replace(clienti(), rules=()))
    assert (found.rule, found.due_at, found.call_by) == ("", None, NOW)


def test_who_asked_for_nothing_is_owed_no_answer() -> None:
    assert answer_of(seen(stays((OPT_OUT, CLICK))), TERMS) is None
