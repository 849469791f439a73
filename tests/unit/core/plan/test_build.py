"""From decisions to the two plans, their counts, and what later runs shall know (semantics 8)."""

from typing import Any

import pytest

from hubspot_retention.core.decision.history import NOTHING_REMEMBERED, Remembered
from hubspot_retention.core.decision.model import Outcome, Reason, ReasonCode
from hubspot_retention.core.facts.observation import OptOutSource
from hubspot_retention.core.plan.build import Tally, after_run, item_of, remember
from hubspot_retention.core.plan.model import Action, OutcomeCount, PlanKind, RuleCount
from hubspot_retention.core.policy.model import Disposition
from hubspot_retention.core.record import ObjectType
from tests.builders import at, on
from tests.documents import clienti
from tests.unit.core.plan.plans import a_decision, a_disposal, masked, observing, two_rules

ENDED = on("2024-10-31")
SEEN = Remembered(starts="customer_until=2024-10-31")
MOVED = Reason(ReasonCode.START_MOVED_BACK, matter="customer_until")


def placed(decision: Any, remembered: Remembered = NOTHING_REMEMBERED) -> tuple[PlanKind, Action] | None:
    found = item_of(decision, remembered, clienti())
    return None if found is None else (found[0], found[1].action)


def test_exercised_rights_and_time_rules_go_into_two_plans() -> None:
    assert placed(a_disposal()) == (PlanKind.TIME, Action.ERASE)
    assert placed(a_disposal(right=True)) == (PlanKind.RIGHTS, Action.ERASE)
    assert placed(a_disposal(disposition=Disposition.ARCHIVE)) == (PlanKind.TIME, Action.ARCHIVE)


@pytest.mark.parametrize("outcome", [Outcome.RETAIN, Outcome.HELD, Outcome.REFER, Outcome.UNDETERMINED])
def test_marketing_ends_once_for_whoever_stays(outcome: Outcome) -> None:
    decision = a_decision(outcome, marketing_ends=True)
    assert placed(decision) == (PlanKind.RIGHTS, Action.END_MARKETING)
    again = placed(decision, Remembered(marketing_ended=True))
    assert again == (None if outcome is Outcome.RETAIN else (PlanKind.RIGHTS, Action.NONE))


@pytest.mark.parametrize("outcome", [Outcome.HELD, Outcome.REFER, Outcome.UNDETERMINED])
def test_what_a_person_must_see_stands_in_a_plan_without_an_action(outcome: Outcome) -> None:
    assert placed(a_decision(outcome)) == (PlanKind.TIME, Action.NONE)
    assert placed(a_decision(outcome, answer_by=at("2026-12-20T09:00"))) == (PlanKind.RIGHTS, Action.NONE)


def test_what_is_simply_retained_stands_in_no_plan() -> None:
    assert placed(a_decision(Outcome.RETAIN)) is None


def is_new(decision: Any, remembered: Remembered) -> bool:
    found = item_of(decision, remembered, clienti())
    assert found is not None
    return found[1].start_is_new


def test_a_time_rule_whose_start_no_earlier_run_saw_is_new() -> None:
    due = a_disposal(starts=(("customer_until", ENDED), ("last_activity_at", at("2020-01-01T10:00"))))
    assert is_new(due, NOTHING_REMEMBERED)
    assert is_new(due, Remembered(starts="customer_until=2025-10-31"))
    assert is_new(due, Remembered(starts="last_activity_at=2020-01-01T10:00:00+00:00"))
    assert not is_new(due, SEEN)


def test_an_exercised_right_is_never_held_up_by_a_new_start() -> None:
    assert not is_new(
        a_disposal(rule="unsubscribed", right=True, starts=(("customer_until", ENDED),)), NOTHING_REMEMBERED
    )


def test_every_time_rule_that_is_due_must_have_been_seen_and_not_only_the_one_that_decides() -> None:
    def is_new_to(starts: str, **values: Any) -> bool:
        found = item_of(masked(**values), Remembered(starts=starts), two_rules())
        assert found is not None
        assert found[0] is PlanKind.RIGHTS
        return found[1].start_is_new

    assert is_new_to("")
    assert is_new_to("event_on=2025-03-02")
    assert not is_new_to("event_on=2025-03-01")
    assert is_new_to("event_on=2025-03-01", due=(*masked().due, ("nobody-knows", masked().due[0][1])))


def test_a_time_rule_beside_a_right_that_comes_to_the_same_holds_nobody_up_by_a_new_start() -> None:
    found = item_of(masked(), NOTHING_REMEMBERED, two_rules(disposition=Disposition.ARCHIVE))
    assert found is not None
    assert not found[1].start_is_new


def test_a_disposal_that_says_no_start_or_an_unknown_rule_is_new() -> None:
    assert is_new(a_disposal(), SEEN)
    assert is_new(a_disposal(rule="nobody-knows", starts=(("customer_until", ENDED),)), SEEN)
    assert is_new(a_disposal(rule="partner", starts=(("customer_until", ENDED),)), SEEN)
    assert is_new(a_disposal(rule=None, starts=(("customer_until", ENDED),)), SEEN)


def test_later_runs_know_the_starts_and_the_opt_out_of_this_one() -> None:
    decision = a_decision(Outcome.RETAIN, starts=(("customer_until", ENDED),))
    opted_out = Remembered(opted_out_at=at("2026-11-20T13:30"), opt_out_source=OptOutSource.STAFF)
    found = remember(decision, Remembered(archived_by_us=True), opted_out)
    assert found == Remembered(
        starts="customer_until=2024-10-31",
        opted_out_at=at("2026-11-20T13:30"),
        opt_out_source=OptOutSource.STAFF,
        archived_by_us=True,
    )


def test_a_start_that_moved_back_is_not_noted_until_a_person_confirmed_it() -> None:
    before = Remembered(starts="customer_until=ongoing")
    moved = a_decision(Outcome.UNDETERMINED, MOVED, starts=(("customer_until", ENDED),))
    assert remember(moved, before, NOTHING_REMEMBERED).starts == "customer_until=ongoing"


def test_a_held_record_keeps_what_was_known_of_it() -> None:
    assert remember(a_decision(Outcome.HELD), SEEN, NOTHING_REMEMBERED).starts == SEEN.starts


def test_what_is_not_seen_this_time_is_not_forgotten() -> None:
    before = Remembered(starts="customer_until=2024-10-31;event_on=2026-12-01")
    decision = a_decision(Outcome.RETAIN, starts=(("event_on", on("2027-01-01")),))
    found = remember(decision, before, NOTHING_REMEMBERED)
    assert found.starts == "customer_until=2024-10-31;event_on=2027-01-01"


def test_what_was_carried_out_or_confirmed_while_a_run_went_on_stands() -> None:
    before = Remembered(starts="customer_until=ongoing")
    noted = before._replace(opted_out_at=at("2026-11-20T13:30"))
    now = before._replace(marketing_ended=True, starts="customer_until=2024-10-31")
    assert after_run(before, noted, now) == now._replace(opted_out_at=at("2026-11-20T13:30"))
    assert after_run(before, noted, before) == noted


def test_that_marketing_was_ended_is_forgotten_when_it_no_longer_ends() -> None:
    ended = Remembered(marketing_ended=True)
    assert remember(a_decision(Outcome.HELD, marketing_ends=True), ended, NOTHING_REMEMBERED).marketing_ended
    assert not remember(a_decision(Outcome.HELD), ended, NOTHING_REMEMBERED).marketing_ended


CONTACT = ObjectType.CONTACT
NEW_ENQUIRY = Reason(ReasonCode.KEEP_RUNS, "new-enquiry")


def test_a_tally_counts_outcomes_by_rule_or_first_reason() -> None:
    tally = Tally()
    for record in ("contacts/101", "contacts/102"):
        tally.add(a_disposal(record), Action.ERASE)
    tally.add(a_decision(Outcome.RETAIN, NEW_ENQUIRY), Action.NONE)
    tally.add(a_decision(Outcome.RETAIN, Reason(ReasonCode.NOT_YET_DUE)), Action.NONE)
    tally.add(a_decision(Outcome.RETAIN), Action.NONE)
    tally.add(a_decision(Outcome.REFER, MOVED), Action.NONE)
    assert tally.outcome_counts() == (
        OutcomeCount(CONTACT, "dispose", "former-customer", 2),
        OutcomeCount(CONTACT, "refer", "start-moved-back", 1),
        OutcomeCount(CONTACT, "retain", "", 1),
        OutcomeCount(CONTACT, "retain", "new-enquiry", 1),
        OutcomeCount(CONTACT, "retain", "not-yet-due", 1),
    )
    assert tally.disposals == {(CONTACT, "former-customer"): 2}


def test_a_tally_counts_a_disposal_by_all_rules_that_are_due() -> None:
    tally = Tally()
    tally.add(masked(), Action.ERASE)
    tally.add(a_disposal(), Action.ERASE)
    assert tally.disposals == {(CONTACT, "unsubscribed", "event-participant"): 1, (CONTACT, "former-customer"): 1}


def test_a_tally_shows_the_oldest_due_and_the_earliest_deadline_of_each_rule_that_first() -> None:
    tally = Tally()
    tally.add(a_decision(Outcome.RETAIN, NEW_ENQUIRY, marketing_ends=True), Action.END_MARKETING)
    tally.add(a_disposal("contacts/101", due_at=at("2026-11-01T10:00"), erase_by=at("2026-12-01T10:00")), Action.ERASE)
    tally.add(a_disposal("contacts/102", due_at=at("2026-10-01T10:00"), erase_by=at("2026-12-02T10:00")), Action.ERASE)
    tally.add(a_disposal("contacts/104", due_at=at("2026-10-15T10:00"), erase_by=at("2026-12-03T10:00")), Action.ERASE)
    tally.add(a_disposal("contacts/103", rule="unsubscribed", erase_by=at("2026-11-25T10:00")), Action.ERASE)
    counts = tally.rule_counts()
    assert [count.rule for count in counts] == ["unsubscribed", "former-customer", "retain"]
    dates = at("2026-10-01T10:00"), at("2026-12-01T10:00")
    assert counts[1] == RuleCount("former-customer", Action.ERASE, 3, *dates)
    assert counts[2] == RuleCount("retain", Action.END_MARKETING, 1, None, None)


def test_tallies_of_parts_add_up_to_the_tally_of_the_whole() -> None:
    early, late = at("2026-10-01T10:00"), at("2026-12-01T10:00")
    counted = [
        (a_disposal("contacts/101", due_at=late, erase_by=late), Action.ERASE),
        (a_decision(Outcome.RETAIN, NEW_ENQUIRY), Action.NONE),
        (a_disposal("contacts/102", due_at=early, erase_by=early), Action.ERASE),
        (a_disposal("contacts/103", rule="unsubscribed"), Action.ERASE),
        (a_disposal("contacts/104", due_at=late, erase_by=late), Action.ERASE),
    ]
    whole, total = Tally(), Tally()
    for decision, action in counted:
        part = Tally()
        for tally in (whole, part):
            tally.add(decision, action)
        total.include(part)
    assert total == whole
    assert total.rule_counts()[0] == RuleCount("former-customer", Action.ERASE, 3, early, early)


def test_what_is_due_by_a_rule_in_observe_stands_in_its_plan_and_nothing_is_done_about_it() -> None:
    found = item_of(a_disposal(), NOTHING_REMEMBERED, observing("former-customer"))
    assert found is not None
    assert (found[0], found[1].action) == (PlanKind.TIME, Action.OBSERVE)


def test_marketing_that_is_only_observed_is_not_ended() -> None:
    stays = a_decision(Outcome.RETAIN, marketing_ends=True, marketing_observed=True)
    assert placed(stays) == (PlanKind.RIGHTS, Action.OBSERVE)
    assert placed(stays, Remembered(marketing_ended=True)) is None


def test_what_is_only_observed_is_told_with_its_dates_and_is_no_disposal() -> None:
    tally = Tally()
    tally.add(a_disposal(), Action.OBSERVE)
    tally.add(a_decision(Outcome.HELD, marketing_ends=True), Action.OBSERVE)
    assert tally.disposals == {}
    assert tally.rule_counts() == (
        RuleCount("former-customer", Action.OBSERVE, 1, at("2026-10-31T23:00"), at("2026-11-30T23:00")),
        RuleCount("held", Action.OBSERVE, 1, None, None),
    )
