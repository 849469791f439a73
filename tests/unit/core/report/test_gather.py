"""The figures of a period, from the entries of a log."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.civil import Civil
from hubspot_retention.core.report.figures import (
    MOST_LINES,
    Decisions,
    Figures,
    HoldLine,
    LateLine,
    MonthFigures,
    RequestLine,
)
from hubspot_retention.core.report.gather import NO_RULE, Gatherer

CIVIL = Civil(ZoneInfo("Europe/Copenhagen"))
BEGIN, END = datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)
BEFORE, DAY = BEGIN - timedelta(days=9), BEGIN + timedelta(days=1)
AFTER = END + timedelta(days=9)


def figures(*entries: Entry, made_at: datetime = AFTER) -> Figures:
    gatherer = Gatherer(BEGIN, END, CIVIL, made_at)
    for entry in entries:
        gatherer.feed(entry)
    return gatherer.close()


def opened(record: int, at: datetime, call_by: datetime | None = None, rule: str | None = "unsubscribed") -> Entry:
    facts = (("call_by", None if call_by is None else call_by.isoformat()),)
    return about(Subject.OBLIGATION, Verb.OPENED, at, record=f"contacts/{record}", rule=rule, facts=facts)


def to_opt_out(record: int, at: datetime, call_by: datetime | None = None) -> Entry:
    """Somebody unsubscribed, and stays for another ground."""
    return replace(opened(record, at, call_by), code="marketing-ends")


def opted_out(record: int, at: datetime, verb: Verb = Verb.ENDED) -> Entry:
    """Marketing ended for them."""
    return about(Subject.MARKETING, verb, at, record=f"contacts/{record}", code="opted-out")


def ended(record: int, verb: Verb, at: datetime, code: str | None = None) -> Entry:
    return about(Subject.OBLIGATION, verb, at, record=f"contacts/{record}", rule="unsubscribed", code=code)


def about(subject: Subject, verb: Verb, at: datetime, **more: object) -> Entry:
    return Entry(subject=subject, verb=verb, at=at, **more)  # type: ignore[arg-type]


def of_kind(subject: Subject, verbs: Iterable[Verb]) -> list[Entry]:
    return [about(subject, verb, at, code="c") for verb in verbs for at in (BEFORE, DAY)]


def test_the_entries_of_the_period_are_counted() -> None:
    assert figures(opened(1, BEFORE), opened(2, BEGIN), opened(3, DAY), opened(4, END)).entries == 2


def test_what_was_done_by_its_last_instant_was_done_in_time() -> None:
    found = figures(*(opened(n, DAY, DAY) for n in (1, 2, 3)), *(ended(n, Verb.DONE, DAY) for n in (1, 2)))
    rule = found.rules["unsubscribed"]
    assert (rule.opened, rule.done, rule.late, rule.open, found.done) == (3, 2, 0, 1, 2)
    assert found.months == {"2026-11": MonthFigures(opened=3, done=2, in_time=2, open=1)}


def test_what_was_done_later_is_late_by_begun_days() -> None:
    late, later = DAY + timedelta(hours=1), DAY + timedelta(hours=25)
    found = figures(
        opened(1, DAY, DAY), opened(2, DAY, DAY), ended(1, Verb.DONE, later), ended(2, Verb.DONE, late)
    )  # fmt: skip
    assert (found.rules["unsubscribed"].late, found.rules["unsubscribed"].longest_late) == (2, 2)
    assert found.late == [
        LateLine("contacts/1", "unsubscribed", DAY, later), LateLine("contacts/2", "unsubscribed", DAY, late)
    ]  # fmt: skip
    assert found.months["2026-11"].in_time == 0


def test_only_so_many_late_lines_are_kept_but_all_are_counted() -> None:
    entries = [entry for n in range(MOST_LINES + 1) for entry in (opened(n, BEFORE, BEFORE), ended(n, Verb.DONE, DAY))]
    found = figures(*entries)
    assert (len(found.late), found.late_total) == (MOST_LINES, MOST_LINES + 1)


def test_a_duty_without_a_deadline_is_done_in_time() -> None:
    assert figures(opened(1, DAY, None, None), ended(1, Verb.DONE, DAY)).rules[NO_RULE].done == 1


def test_a_disposal_meets_the_duty_and_the_ledgers_later_word_does_not_meet_it_again() -> None:
    gone = about(Subject.DISPOSAL, Verb.DONE, DAY, record="contacts/1", rule="unsubscribed")
    found = figures(opened(1, DAY), gone, ended(1, Verb.DONE, DAY + timedelta(days=40)))
    assert (found.done, found.open, found.rules["unsubscribed"].disposed) == (1, 0, 1)
    assert found.months["2026-11"].done == 1


def test_a_disposal_that_did_not_happen_meets_no_duty() -> None:
    sent = about(Subject.DISPOSAL, Verb.FAILED, DAY, record="contacts/1", rule="unsubscribed")
    found = figures(opened(1, DAY), sent)
    assert (found.done, found.open) == (0, 1)


def test_what_was_due_before_the_period_and_is_still_open_counts_as_open_and_overdue() -> None:
    found = figures(opened(1, BEFORE, BEFORE), opened(2, DAY, END), opened(3, DAY))
    assert (found.rules["unsubscribed"].opened, found.open, found.overdue) == (2, 3, 1)


def test_what_falls_due_after_the_report_is_made_is_not_overdue_though_the_period_goes_on() -> None:
    made_at = DAY + timedelta(days=20)
    due = [opened(n, DAY, made_at + timedelta(days=days)) for n, days in enumerate((-1, 0, 1))]
    found = figures(*due, made_at=made_at)
    assert (found.open, found.overdue) == (3, 1)
    assert figures(*due).overdue == 3


def test_what_fell_due_after_the_period_is_not_overdue_at_its_end_however_late_the_report_is_made() -> None:
    found = figures(opened(1, DAY, END - timedelta(days=1)), opened(2, DAY, END), opened(3, DAY, AFTER))
    assert (found.open, found.overdue) == (3, 1)


def test_what_ended_before_the_period_is_no_figure_of_it() -> None:
    found = figures(opened(1, BEFORE), ended(1, Verb.DONE, BEFORE), opened(2, BEFORE), ended(2, Verb.ENDED, BEFORE))
    rule = found.rules["unsubscribed"]
    assert (rule.opened, rule.done, rule.ended, rule.open, found.months) == (0, 0, 0, 0, {})


def test_what_is_no_longer_due_ends_once() -> None:
    found = figures(opened(1, DAY), *(ended(1, Verb.ENDED, DAY) for _ in range(3)))
    assert found.rules["unsubscribed"].ended == 1


def test_what_was_raised_is_open_and_told_by_its_code() -> None:
    found = figures(*(ended(n, Verb.RAISED, DAY, "unreadable") for n in (1, 3)), ended(2, Verb.RAISED, BEFORE, "old"))
    assert (found.raised_codes, found.open, found.rules["unsubscribed"].raised) == ({"unreadable": 2}, 3, 2)


def test_an_answer_that_is_owed_is_open_and_overdue_by_the_clock_of_the_request() -> None:
    later = DAY + timedelta(days=30)
    clock = (("call_by", later.isoformat()),)
    owed = about(Subject.OBLIGATION, Verb.RAISED, DAY, record="contacts/1", code="answer-owed", facts=clock)
    in_time, overdue = (
        figures(opened(1, DAY, DAY), owed, made_at=later + timedelta(hours=hours)).rules["unsubscribed"]
        for hours in (-1, 1)
    )
    assert (in_time.done, in_time.open, in_time.overdue) == (0, 1, 0)
    assert (overdue.done, overdue.open, overdue.overdue) == (0, 1, 1)


def test_who_is_only_opted_out_counts_apart_from_who_goes() -> None:
    found = figures(
        to_opt_out(1, DAY, DAY), opted_out(1, DAY), ended(1, Verb.DONE, DAY, "opted-out"),
        opened(2, DAY, DAY), ended(2, Verb.DONE, DAY),
        to_opt_out(3, DAY, DAY), ended(3, Verb.DONE, DAY, "marketing-ended"),
    )  # fmt: skip
    rule = found.rules["unsubscribed"]
    assert (rule.opened, rule.done, rule.opted_out, rule.late, rule.open) == (3, 1, 2, 0, 0)
    assert (found.rules[NO_RULE].marketing_ended, found.rules[NO_RULE].disposed) == (1, 0)
    assert (found.done, found.done_in_time, found.opted_out, found.opted_out_in_time) == (1, 1, 2, 2)
    month = MonthFigures(opened=3, done=1, in_time=1, opted_out=2, opted_out_in_time=2)
    assert found.months == {"2026-11": month}


def test_late_opt_outs_do_not_lower_the_share_of_disposals_in_time_nor_the_other_way_round() -> None:
    later = DAY + timedelta(hours=1)
    found = figures(
        to_opt_out(1, DAY, DAY), opted_out(1, later), to_opt_out(2, DAY, DAY), opted_out(2, DAY),
        opened(3, DAY, DAY), ended(3, Verb.DONE, DAY), opened(4, DAY, DAY), ended(4, Verb.DONE, later),
        opened(5, DAY, DAY), ended(5, Verb.DONE, later),
    )  # fmt: skip
    assert (found.done, found.done_in_time, found.opted_out, found.opted_out_in_time) == (3, 1, 2, 1)
    assert (found.late_total, found.late_opted_out, found.rules["unsubscribed"].late) == (3, 1, 3)
    assert [(line.record, line.opted_out) for line in found.late] == [
        ("contacts/4", False), ("contacts/5", False), ("contacts/1", True)
    ]  # fmt: skip
    month = found.months["2026-11"]
    assert (month.in_time, month.opted_out, month.opted_out_in_time) == (1, 2, 1)


def test_an_opt_out_meets_the_duty_when_it_was_carried_out_not_when_the_ledger_hears_of_it() -> None:
    heard = ended(1, Verb.DONE, DAY + timedelta(days=40), "opted-out")
    found = figures(to_opt_out(1, DAY, DAY), opted_out(1, DAY), heard)
    assert (found.opted_out, found.opted_out_in_time) == (1, 1)
    assert [(name, month.opted_out, month.open) for name, month in found.months.items()] == [
        ("2026-11", 1, 0), ("2026-12", 0, 0)
    ]  # fmt: skip


def test_an_opt_out_of_before_the_period_is_no_figure_of_it() -> None:
    heard = ended(1, Verb.DONE, DAY, "opted-out")
    found = figures(to_opt_out(1, BEFORE, BEFORE), opted_out(1, BEFORE), heard)
    assert (found.opted_out, found.open, found.late_total, found.rules["unsubscribed"].ended) == (0, 0, 0, 0)


def test_who_is_held_and_opted_out_is_neither_open_nor_overdue() -> None:
    found = figures(to_opt_out(1, DAY, DAY), opted_out(1, DAY))
    assert (found.opted_out, found.open, found.overdue) == (1, 0, 0)


@pytest.mark.parametrize("how", [Verb.ENDED, Verb.RAISED, Verb.OPENED])
def test_what_comes_after_an_opt_out_takes_nothing_from_it(how: Verb) -> None:
    found = figures(to_opt_out(1, DAY, DAY), opted_out(1, DAY), ended(1, how, DAY))
    rule = found.rules["unsubscribed"]
    assert (rule.opted_out, rule.ended, rule.open) == (1, 0, how is not Verb.ENDED)


def test_who_is_opted_out_twice_is_counted_twice_and_each_that_was_late() -> None:
    later = DAY + timedelta(days=3)
    first, second = (to_opt_out(1, DAY, DAY), opted_out(1, later)), (to_opt_out(1, later, later), opted_out(1, AFTER))
    found = figures(*first, *second[:1], replace(second[1], at=later + timedelta(days=1)))
    assert (found.opted_out, found.late_total, found.late_opted_out) == (2, 2, 2)
    assert found.rules[NO_RULE].marketing_ended == 2


def test_an_opt_out_of_the_very_first_instant_is_of_the_period() -> None:
    assert figures(to_opt_out(1, BEFORE, DAY), opted_out(1, BEGIN)).opted_out == 1


def test_what_is_owed_once_somebody_has_gone_takes_back_no_opt_out() -> None:
    gone = about(Subject.DISPOSAL, Verb.DONE, DAY, record="contacts/1", rule="unsubscribed")
    owed = replace(ended(1, Verb.RAISED, DAY, "answer-owed"), facts=(("call_by", AFTER.isoformat()),))
    assert figures(to_opt_out(1, DAY, DAY), opted_out(1, DAY), gone, owed).opted_out == 1


def test_an_answer_that_is_owed_after_an_opt_out_is_owed_by_its_rule() -> None:
    owed = replace(ended(1, Verb.RAISED, DAY, "answer-owed"), rule=None, facts=(("call_by", AFTER.isoformat()),))
    found = figures(to_opt_out(1, DAY, DAY), opted_out(1, DAY), owed)
    assert (found.rules["unsubscribed"].open, found.rules["unsubscribed"].raised) == (1, 1)


def test_who_goes_after_an_opt_out_was_opted_out_when_that_was_due() -> None:
    gone = about(Subject.DISPOSAL, Verb.DONE, AFTER - timedelta(days=20), record="contacts/1", rule="unsubscribed")
    found = figures(to_opt_out(1, DAY, DAY), opted_out(1, DAY), gone)
    assert (found.done, found.opted_out, found.late_total, found.rules["unsubscribed"].disposed) == (0, 1, 0, 1)


def test_to_be_opted_out_is_no_answer_to_who_asked_for_erasure() -> None:
    clock = (("call_by", (DAY + timedelta(days=30)).isoformat()),)
    owed = about(Subject.OBLIGATION, Verb.RAISED, DAY, record="contacts/1", code="answer-owed", facts=clock)
    entries = (to_opt_out(1, DAY, DAY), opted_out(1, DAY), owed)
    found = figures(*entries)
    assert (found.done, found.opted_out, found.open, found.overdue) == (0, 0, 1, 1)
    assert found.rules[NO_RULE].marketing_ended == 1
    closed = figures(*entries, ended(1, Verb.ENDED, DAY)).rules["unsubscribed"]
    assert (closed.opted_out, closed.ended, closed.open) == (0, 1, 0)


def test_an_opt_out_does_not_meet_the_duty_to_dispose_of_a_record() -> None:
    found = figures(opened(1, DAY, DAY), opted_out(1, DAY))
    assert (found.done, found.opted_out, found.open, found.rules[NO_RULE].marketing_ended) == (0, 0, 1, 1)


def test_an_opt_out_that_did_not_happen_meets_no_duty() -> None:
    found = figures(to_opt_out(1, DAY), opted_out(1, DAY, Verb.FAILED), opted_out(2, BEFORE))
    assert (found.opted_out, found.open) == (0, 1)
    assert NO_RULE not in found.rules


def test_what_names_no_rule_is_of_the_rule_that_the_duty_was_opened_by() -> None:
    found = figures(opened(1, DAY), about(Subject.OBLIGATION, Verb.RAISED, DAY, record="contacts/1", code="unreadable"))
    assert (found.rules["unsubscribed"].raised, found.open) == (1, 1)


def test_a_month_without_entries_stands_between_the_others_with_what_was_open() -> None:
    found = figures(opened(1, DAY), opened(2, DAY + timedelta(days=70)))
    assert [(name, month.open) for name, month in found.months.items()] == [
        ("2026-11", 1), ("2026-12", 1), ("2027-01", 2)
    ]  # fmt: skip


def test_entries_after_the_period_change_nothing() -> None:
    assert figures(opened(1, END)) == Figures()


def test_disposals_of_the_period_are_counted_by_what_became_of_them() -> None:
    found = figures(*of_kind(Subject.DISPOSAL, (Verb.DONE, Verb.SKIPPED, Verb.SKIPPED, Verb.FAILED, Verb.SENT)))
    rule = found.rules[NO_RULE]
    assert (rule.disposed, rule.skipped, rule.failed, found.skips) == (1, 2, 1, {"c": 2})


def held(number: int, verb: Verb, at: datetime, actor: str = "anna") -> Entry:
    facts = (("hold_id", number), ("matter", "2026-14"))
    return about(Subject.HOLD, verb, at, record="contacts/1", actor=actor, facts=facts)


def test_holds_in_force_in_the_period_are_told_with_their_release() -> None:
    found = figures(
        held(1, Verb.PLACED, BEFORE), held(1, Verb.RELEASED, BEFORE),
        held(2, Verb.PLACED, BEFORE), held(2, Verb.RELEASED, BEGIN, "bent"),
        held(3, Verb.PLACED, DAY), held(9, Verb.REFUSED, DAY),
    )  # fmt: skip
    assert list(found.holds.values()) == [
        HoldLine(2, "contacts/1", "2026-14", BEFORE, "anna", BEGIN, "bent"),
        HoldLine(3, "contacts/1", "2026-14", DAY, "anna"),
    ]


def asked(number: int, verb: Verb, at: datetime) -> Entry:
    facts = (("request_id", number),)
    return about(Subject.REQUEST, verb, at, record="contacts/1", code="erasure", facts=facts)


def test_requests_open_in_the_period_are_told_with_their_end() -> None:
    found = figures(
        asked(1, Verb.RECEIVED, BEFORE), asked(1, Verb.ANSWERED, BEFORE),
        asked(2, Verb.RECEIVED, BEFORE), asked(2, Verb.REFUSED, DAY),
        asked(9, Verb.ANSWERED, DAY), about(Subject.REQUEST, Verb.ANSWERED, DAY),
    )  # fmt: skip
    assert list(found.requests.values()) == [RequestLine(2, "contacts/1", "erasure", BEFORE, DAY, "refused")]


def test_what_an_entry_does_not_say_is_empty_in_its_line() -> None:
    hold, request = (("hold_id", 1), ("matter", "m")), (("request_id", 1),)
    found = figures(
        about(Subject.HOLD, Verb.PLACED, DAY, facts=hold),
        about(Subject.HOLD, Verb.RELEASED, DAY, facts=hold),
        about(Subject.REQUEST, Verb.RECEIVED, DAY, facts=request),
        about(Subject.OBLIGATION, Verb.OPENED, DAY, facts=(("call_by", BEFORE.isoformat()),)),
        about(Subject.OBLIGATION, Verb.DONE, DAY),
    )
    assert found.holds == {1: HoldLine(1, "", "m", DAY, "", DAY, "")}
    assert found.requests == {1: RequestLine(1, "", "", DAY)}
    assert found.late == [LateLine("", NO_RULE, BEFORE, DAY)]


def test_of_the_approvals_of_a_policy_before_the_period_the_last_is_told() -> None:
    approvals = [
        about(Subject.POLICY, Verb.APPROVED, at, policy_digest=str(n)) for n, at in enumerate((BEFORE, BEFORE, DAY))
    ]
    policies = figures(*approvals).policies
    assert ([entry.policy_digest for entry in policies.shown], policies.total) == (["1", "2"], 2)


def test_a_change_of_the_policy_before_the_period_is_no_approval_of_it() -> None:
    first, later = about(Subject.POLICY, Verb.APPROVED, BEFORE), about(Subject.POLICY, Verb.CHANGED, DAY)
    policies = figures(first, about(Subject.POLICY, Verb.CHANGED, BEFORE), later).policies
    assert [entry.verb for entry in policies.shown] == [Verb.APPROVED, Verb.CHANGED]


def test_what_persons_decided_of_plans_standing_approvals_and_the_stop_is_told() -> None:
    entries = of_kind(Subject.PLAN, (Verb.APPROVED, Verb.BUILT))
    entries += of_kind(Subject.STANDING_APPROVAL, (Verb.GRANTED, Verb.USED))
    entries += of_kind(Subject.KILL_SWITCH, (Verb.SET,))
    told = [entry.kind for entry in figures(*entries).approvals.shown]
    assert told == ["plan.approved", "standing-approval.granted", "kill-switch.set"]


def decided(subject: Subject, verb: Verb, actor: str | None, at: datetime = DAY) -> Entry:
    return about(subject, verb, at, actor=actor)


def test_only_approvals_by_named_persons_count_as_theirs() -> None:
    found = figures(
        decided(Subject.PLAN, Verb.APPROVED, "anna", BEFORE),
        *(decided(Subject.PLAN, Verb.APPROVED, who) for who in ("anna", "bent", "anna", "service", None)),
        *(decided(Subject.STANDING_APPROVAL, Verb.GRANTED, who) for who in ("bent", "anna")),
        *(decided(Subject.POLICY, Verb.APPROVED, who) for who in ("anna", "bent")),
        decided(Subject.POLICY, Verb.CHANGED, "anna"),
        decided(Subject.PLAN, Verb.CONFIRMED, "anna"),
    ).decisions
    assert found == Decisions(plans=3, standing=2, policies=2, by_service=2)


def test_what_kept_disposals_from_happening_is_counted_apart() -> None:
    found = figures(
        *(decided(Subject.PLAN, Verb.BLOCKED, None) for _ in range(2)),
        *(decided(Subject.PLAN, Verb.REJECTED, who) for who in ("anna", "bent")),
        decided(Subject.STANDING_APPROVAL, Verb.REVOKED, "anna"),
        decided(Subject.KILL_SWITCH, Verb.SET, "anna"),
        decided(Subject.KILL_SWITCH, Verb.CLEARED, "anna"),
    ).decisions
    assert found == Decisions(blocked=2, taken_back=3, stops=2)


def test_alarms_foreign_deletions_checks_and_runs_of_the_period_are_told() -> None:
    entries = of_kind(Subject.ALARM, (Verb.SENT, Verb.SENT, Verb.SETTLED))
    entries += of_kind(Subject.FOREIGN_DELETION, (Verb.SEEN,))
    entries += of_kind(Subject.VERIFICATION, (Verb.DONE,))
    found = figures(*entries, about(Subject.MERGE, Verb.SEEN, DAY))
    assert (found.alarms, found.foreign.total, found.verifications.total) == ({"c": 2}, 1, 1)


def reviewed(at: datetime, run_id: int, *read: tuple[str, int]) -> Entry:
    return about(Subject.RUN, Verb.FINISHED, at, run_id=run_id, facts=read)


def test_the_complete_reviews_of_the_period_are_counted_and_the_last_one_is_named() -> None:
    whole = (("contacts", 40), ("deals", 0))
    started = about(Subject.RUN, Verb.STARTED, DAY, run_id=3, code="full")
    found = figures(reviewed(BEFORE, 1, *whole), reviewed(BEGIN, 2, *whole), reviewed(DAY, 3, *whole), started)
    assert (found.runs, found.last_run_at, found.last_run_id) == (2, DAY, 3)


def test_a_run_over_what_has_fallen_due_is_no_complete_review() -> None:
    found = figures(reviewed(BEGIN, 2, ("contacts", 40)), reviewed(DAY, 3))
    assert (found.runs, found.last_run_id) == (1, 2)


def test_lines_beyond_the_most_are_only_counted() -> None:
    found = figures(*[about(Subject.FOREIGN_DELETION, Verb.SEEN, DAY)] * (MOST_LINES + 1))
    assert (len(found.foreign.shown), found.foreign.total) == (MOST_LINES, MOST_LINES + 1)
