"""Which deadlines are told of, when, and what else is an alarm."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from hubspot_retention.core.alarm import NO_NEWS, Alarm, AlarmKind, AlarmLevel, Tick
from hubspot_retention.core.audit.anchor import Anchored
from hubspot_retention.core.civil import Period
from hubspot_retention.core.deadline.alarm import (
    PORTAL,
    SERVICE,
    UNDECIDED,
    WEBHOOKS,
    anchor_alarms,
    clock_of,
    deadline_alarms,
    forecast_alarm,
    raised_alarms,
    readiness_alarm,
    rejected_alarm,
    shortest_right,
    tick_alarms,
)
from hubspot_retention.core.deadline.forecast import Late
from hubspot_retention.core.deadline.obligation import Obligation, ObligationState
from hubspot_retention.core.policy.model import Disposition
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from tests.builders import at
from tests.documents import clienti

CLICK = at("2026-11-20T10:00")
FRACTIONS = (0.4, 0.6, 0.8)
HOUR = timedelta(hours=1)


def an_obligation(record: int = 101, /, *, start: datetime = CLICK, **more: Any) -> Obligation:
    """Somebody unsubscribed."""
    values: dict[str, Any] = {
        "record": RecordRef(ObjectType.CONTACT, RecordId(record)),
        "state": ObligationState.OPEN,
        "first_seen_at": start,
        "heard_at": start,
        "next_look_at": start,
        "rule": "unsubscribed",
        "disposition": Disposition.ERASE,
        "due_at": start,
        "erase_by": start + 120 * HOUR,
        "call_by": start + 120 * HOUR,
        "right": True,
    }
    return Obligation(**values | more)


def alarms(*obligations: Obligation, hours: float, fractions: tuple[float, ...] = FRACTIONS) -> tuple[Alarm, ...]:
    """What is told so many hours after the click."""
    return deadline_alarms(obligations, clienti(), fractions, CLICK + hours * HOUR)


def facts(alarm: Alarm) -> dict[str, str]:
    """What is told of it."""
    return dict(alarm.facts)


@pytest.mark.parametrize(
    ("hours", "kind", "level"),
    [
        (48, AlarmKind.DEADLINE_NEAR, AlarmLevel.WARNING),
        (71.9, AlarmKind.DEADLINE_NEAR, AlarmLevel.WARNING),
        (72, AlarmKind.DEADLINE_NEAR, AlarmLevel.URGENT),
        (96, AlarmKind.DEADLINE_NEAR, AlarmLevel.URGENT),
        (119.9, AlarmKind.DEADLINE_NEAR, AlarmLevel.URGENT),
        (120, AlarmKind.OVERDUE, AlarmLevel.URGENT),
        (500, AlarmKind.OVERDUE, AlarmLevel.URGENT),
    ],
)
def test_an_unsubscribe_is_told_of_after_48_72_and_96_hours(hours: float, kind: AlarmKind, level: AlarmLevel) -> None:
    found = alarms(an_obligation(), hours=hours)
    assert [(alarm.kind, alarm.about, alarm.level) for alarm in found] == [(kind, "unsubscribed", level)]


def test_before_the_first_mark_nothing_is_told() -> None:
    assert alarms(an_obligation(), hours=47.9) == ()


@pytest.mark.parametrize("hours", [48, 72, 96, 120])
def test_passing_each_mark_is_something_new(hours: float) -> None:
    assert alarms(an_obligation(), hours=hours + 1)[0].at == CLICK + hours * HOUR


def test_the_fractions_are_those_of_the_settings() -> None:
    assert alarms(an_obligation(), hours=11.9, fractions=(0.1,)) == ()
    (found,) = alarms(an_obligation(), hours=12, fractions=(0.1,))
    assert (found.level, facts(found)["passed"]) == (AlarmLevel.WARNING, "10% of the time")


def test_records_of_one_rule_are_one_alarm_that_names_the_earliest() -> None:
    people = [an_obligation(number, start=CLICK + number * HOUR / 10) for number in (9, 3, 7, 8, 2, 6)]
    (found,) = alarms(*people, hours=80)
    assert facts(found)["records"] == "6"
    assert facts(found)["first"] == "contacts/2 contacts/3 contacts/6 contacts/7 contacts/8"
    assert facts(found)["earliest_call_by"] == clienti().civil.show(CLICK + 120.2 * HOUR)
    assert facts(found)["passed"] == "60% of the time"
    assert found.at == CLICK + 72.9 * HOUR


def test_one_rule_does_not_hide_behind_another() -> None:
    other = an_obligation(2, rule="consent-withdrawn", erase_by=CLICK + 720 * HOUR, call_by=CLICK + 720 * HOUR)
    found = alarms(an_obligation(), other, hours=300)
    assert {(alarm.kind, alarm.about) for alarm in found} == {
        (AlarmKind.OVERDUE, "unsubscribed"),
        (AlarmKind.DEADLINE_NEAR, "consent-withdrawn"),
    }


def test_what_is_near_and_what_is_late_of_one_rule_are_told_apart() -> None:
    found = alarms(an_obligation(1), an_obligation(2, start=CLICK + 40 * HOUR), hours=121)
    assert {(alarm.kind, facts(alarm)["first"]) for alarm in found} == {
        (AlarmKind.OVERDUE, "contacts/1"),
        (AlarmKind.DEADLINE_NEAR, "contacts/2"),
    }


def test_what_waits_for_a_person_is_told_with_its_plans() -> None:
    waiting = [
        an_obligation(1, state=ObligationState.REVIEW, plan_id="12-review"),
        an_obligation(2, state=ObligationState.REVIEW, plan_id=""),
    ]
    (found,) = alarms(*waiting, an_obligation(3), hours=50)
    assert (facts(found)["wait_for_review"], facts(found)["plans"]) == ("2", "12-review")
    (found,) = alarms(*waiting, an_obligation(4, state=ObligationState.REVIEW, plan_id="11-review"), hours=50)
    assert facts(found)["plans"] == "11-review 12-review"


def test_what_has_no_deadline_or_is_early_hides_nothing_after_it() -> None:
    held, early = an_obligation(1, state=ObligationState.HELD), an_obligation(2, start=CLICK + 40 * HOUR)
    (found,) = alarms(held, early, an_obligation(3), hours=50)
    assert facts(found)["first"] == "contacts/3"


@pytest.mark.parametrize("state", [ObligationState.HELD, ObligationState.DONE, ObligationState.ENDED])
def test_what_is_held_or_over_has_no_deadline(state: ObligationState) -> None:
    assert alarms(an_obligation(state=state), hours=500) == ()


@pytest.mark.parametrize("state", [ObligationState.OPEN, ObligationState.RAISED, ObligationState.REVIEW])
def test_what_still_waits_has_one(state: ObligationState) -> None:
    assert alarms(an_obligation(state=state), hours=500) != ()


def test_what_nobody_could_decide_has_the_shortest_deadline_of_any_right() -> None:
    unknown = an_obligation(state=ObligationState.LOOK, rule="", due_at=None, erase_by=None, call_by=None)
    assert clock_of(unknown, clienti()) == (CLICK, CLICK + 120 * HOUR)
    (found,) = alarms(unknown, hours=48)
    assert (found.kind, found.about) == (AlarmKind.DEADLINE_NEAR, UNDECIDED)


def test_the_time_of_an_archive_ends_ninety_days_before_the_record_must_be_gone() -> None:
    due = at("2026-11-01T12:00")
    erase_by = at("2027-03-01T12:00")
    archive = an_obligation(
        start=due,
        rule="inactive-contact",
        disposition=Disposition.ARCHIVE,
        erase_by=erase_by,
        call_by=erase_by - timedelta(days=90),
    )
    begins, ends = clock_of(archive, clienti())
    assert (begins, ends) == (due, at("2026-12-01T12:00"))


def test_the_time_counts_back_from_its_end_whenever_it_was_seen() -> None:
    late = an_obligation(first_seen_at=CLICK + 4 * HOUR)
    assert clock_of(late, clienti()) == (CLICK, CLICK + 120 * HOUR)


def test_where_a_keep_lapsed_late_the_time_counts_from_when_that_was_seen() -> None:
    """Nominally due years ago, but the run that saw it lapse gave it thirty days."""
    seen = at("2026-11-20T10:00")
    lapsed = an_obligation(
        start=seen,
        rule="former-customer",
        due_at=at("2024-01-01T00:00"),
        erase_by=seen + timedelta(days=30),
        call_by=seen + timedelta(days=30),
    )
    assert clock_of(lapsed, clienti())[0] == seen
    assert alarms(lapsed, hours=24) == ()


def test_of_a_rule_that_the_policy_no_longer_has_the_time_counts_from_when_it_was_seen() -> None:
    gone = an_obligation(rule="no-such-rule")
    assert clock_of(gone, clienti()) == (CLICK, CLICK + 120 * HOUR)


def test_a_deadline_before_the_record_was_even_seen_is_late_at_once() -> None:
    late = an_obligation(rule="no-such-rule", call_by=CLICK - HOUR)
    assert alarms(late, hours=0)[0].kind is AlarmKind.OVERDUE


def test_the_shortest_right_of_the_policy_is_five_days() -> None:
    assert shortest_right(clienti()) == timedelta(days=5)
    assert shortest_right(replace(clienti(), rules=())) == timedelta(days=5)
    by_the_month = [rule for rule in clienti().rules if rule.rule_id == "erasure-request"]
    assert by_the_month[0].dispose is not None
    slow = replace(by_the_month[0], dispose=replace(by_the_month[0].dispose, within=(Period.parse("P2M"),)))
    assert shortest_right(replace(clienti(), rules=(slow,))) == timedelta(days=56)


def test_each_record_that_a_person_must_see_to_is_an_alarm() -> None:
    found = raised_alarms(
        [
            an_obligation(1, state=ObligationState.RAISED, reason="unreadable"),
            an_obligation(2, state=ObligationState.RAISED, right=False, rule="", call_by=None, erase_by=None),
            an_obligation(3),
        ],
        clienti(),
    )
    assert [(alarm.about, alarm.level) for alarm in found] == [
        ("contacts/1", AlarmLevel.URGENT),
        ("contacts/2", AlarmLevel.WARNING),
    ]
    assert {alarm.kind for alarm in found} == {AlarmKind.RAISED}
    assert {alarm.at for alarm in found} == {CLICK}
    assert facts(found[0])["reason"] == "unreadable"
    assert facts(found[0])["call_by"] == clienti().civil.show(CLICK + 120 * HOUR)
    assert facts(found[1])["rule"] == UNDECIDED


NOW = at("2026-11-24T12:00")
LIMITS = {"due": timedelta(minutes=15), "full": timedelta(hours=36)}
LONG_SINCE = NOW - timedelta(days=30)


def ticks(**ago: timedelta) -> dict[str, Tick]:
    """Ticks whose last success was so long ago."""
    return {name: Tick(name=name, last_done_at=NOW - span) for name, span in ago.items()}


def test_a_tick_whose_last_success_is_too_old_is_an_alarm() -> None:
    known = ticks(due=timedelta(minutes=16), full=timedelta(hours=36))
    (found,) = tick_alarms(known, LIMITS, LONG_SINCE, NOW)
    assert (found.kind, found.about, found.level) == (AlarmKind.TICK_LATE, "due", AlarmLevel.WARNING)
    assert found.at == NOW - timedelta(minutes=1)
    last = (NOW - timedelta(minutes=16)).isoformat(timespec="seconds")
    assert found.facts == (("last_success", last), ("last_error", "none"))


@pytest.mark.parametrize(("seconds", "level"), [(0, AlarmLevel.WARNING), (1, AlarmLevel.URGENT)])
def test_only_more_than_twice_the_limit_is_urgent(seconds: int, level: AlarmLevel) -> None:
    known = ticks(due=2 * LIMITS["due"] + timedelta(seconds=seconds))
    assert [alarm.level for alarm in tick_alarms(known, {"due": LIMITS["due"]}, LONG_SINCE, NOW)] == [level]


def test_a_tick_that_is_twice_too_old_is_urgent_and_says_what_failed() -> None:
    known = {"due": Tick(name="due", last_done_at=NOW - timedelta(hours=1), last_error="PortalDeniedError")}
    (found,) = tick_alarms(known, {"due": LIMITS["due"]}, LONG_SINCE, NOW)
    assert (found.level, facts(found)["last_error"]) == (AlarmLevel.URGENT, "PortalDeniedError")


def test_a_tick_that_never_succeeded_counts_from_the_start_of_the_service() -> None:
    assert tick_alarms({}, LIMITS, NOW - timedelta(minutes=14), NOW) == ()
    assert [alarm.about for alarm in tick_alarms({}, LIMITS, NOW - timedelta(hours=1), NOW)] == ["due"]


def test_a_service_that_has_just_begun_may_first_make_up_for_its_absence() -> None:
    known = ticks(due=timedelta(days=3), full=timedelta(days=3))
    assert tick_alarms(known, LIMITS, NOW - timedelta(minutes=9), NOW) == ()
    assert len(tick_alarms(known, LIMITS, NOW - timedelta(minutes=10), NOW)) == 2


def test_a_tick_that_succeeded_by_a_clock_ahead_counts_from_the_start_of_the_service() -> None:
    ahead = NOW + timedelta(minutes=5, seconds=1)
    known = {"due": Tick(name="due", last_done_at=ahead)}
    limits = {"due": LIMITS["due"]}
    assert tick_alarms(known, limits, NOW - timedelta(minutes=15), NOW) == ()
    (found,) = tick_alarms(known, limits, NOW - timedelta(minutes=16), NOW)
    assert (found.at, facts(found)["last_success"]) == (NOW - timedelta(minutes=1), ahead.isoformat(timespec="seconds"))
    assert tick_alarms(ticks(due=-timedelta(minutes=5)), limits, LONG_SINCE, NOW) == ()


ANCHOR_LIMITS = {"file": 24 * HOUR, "message": 48 * HOUR}


def test_an_anchor_is_late_beyond_its_own_limit_and_says_when_and_why() -> None:
    known = [
        Anchored(name="file", at=NOW - 25 * HOUR, error="anchor-unreadable"),
        Anchored(name="message", at=NOW - 48 * HOUR),
    ]
    (found,) = anchor_alarms(known, ANCHOR_LIMITS, LONG_SINCE, NOW)
    assert (found.kind, found.level) == (AlarmKind.ANCHOR_LATE, AlarmLevel.WARNING)
    assert (found.about, found.at) == ("file", NOW - HOUR)
    assert facts(found) == {
        "last_success": (NOW - 25 * HOUR).isoformat(timespec="seconds"),
        "last_error": "anchor-unreadable",
    }


def test_an_anchor_that_never_was_shown_anything_counts_from_the_start_of_the_service() -> None:
    assert anchor_alarms([Anchored(name="file")], ANCHOR_LIMITS, NOW - 24 * HOUR, NOW) == ()
    (found,) = anchor_alarms([], ANCHOR_LIMITS, NOW - 25 * HOUR, NOW)
    assert facts(found) == {"last_success": "never", "last_error": "none"}


def test_an_anchor_that_was_shown_something_by_a_clock_ahead_counts_from_the_start_of_the_service() -> None:
    ahead = NOW + timedelta(days=3_650)
    known = [Anchored(name="file", at=ahead)]
    assert anchor_alarms(known, ANCHOR_LIMITS, NOW - 24 * HOUR, NOW) == ()
    (found,) = anchor_alarms(known, ANCHOR_LIMITS, NOW - 25 * HOUR, NOW)
    assert facts(found) == {"last_success": ahead.isoformat(timespec="seconds"), "last_error": "none"}


def test_an_anchor_that_was_shown_something_this_very_instant_is_not_late() -> None:
    assert anchor_alarms([Anchored(name="file", at=NOW)], {"file": HOUR}, LONG_SINCE, NOW) == ()


def test_an_anchor_that_was_shown_something_before_the_clock_was_set_back_a_little_is_not_late() -> None:
    known = [Anchored(name="file", at=NOW + timedelta(minutes=5))]
    assert anchor_alarms(known, {"file": HOUR}, LONG_SINCE, NOW) == ()


def test_an_anchor_is_made_up_for_first_by_a_service_that_has_just_begun() -> None:
    known = [Anchored(name="file", at=NOW - 72 * HOUR)]
    assert anchor_alarms(known, ANCHOR_LIMITS, NOW - timedelta(minutes=9), NOW) == ()
    assert len(anchor_alarms(known, ANCHOR_LIMITS, NOW - timedelta(minutes=10), NOW)) == 1


def test_lost_readiness_is_told_after_five_minutes_or_at_once_if_no_waiting_mends_it() -> None:
    since = NOW - timedelta(minutes=4)
    assert readiness_alarm(["portal-not-seen"], since, NOW, for_good=False) == ()
    assert readiness_alarm(["audit-damaged", "disk-full"], since, NOW, for_good=True) == (
        Alarm(
            kind=AlarmKind.READINESS_LOST,
            about=SERVICE,
            level=AlarmLevel.URGENT,
            at=since,
            facts=(("reasons", "audit-damaged disk-full"), ("since", since.isoformat(timespec="seconds"))),
        ),
    )
    assert readiness_alarm(["portal-not-seen"], NOW - timedelta(minutes=5), NOW, for_good=False) != ()
    assert readiness_alarm([], LONG_SINCE, NOW, for_good=True) == ()


@pytest.mark.parametrize(
    ("accepted", "rejected", "is_alarm"),
    [(80, 20, True), (81, 19, False), (0, 20, True), (0, 19, False), (15, 4, False), (0, 0, False)],
)
def test_a_jump_in_the_share_of_refused_webhooks_is_an_alarm(accepted: int, rejected: int, is_alarm: bool) -> None:
    found = rejected_alarm(accepted, rejected, 0, 0.2)
    told = Alarm(
        kind=AlarmKind.WEBHOOKS_REJECTED,
        about=WEBHOOKS,
        level=AlarmLevel.WARNING,
        at=NO_NEWS,
        facts=(("rejected", str(rejected)), ("of", str(accepted + rejected)), ("within", "1 h")),
    )
    assert found == (told,) * is_alarm


def test_one_webhook_of_hubspots_that_could_not_be_read_is_an_alarm() -> None:
    (found,) = rejected_alarm(99, 1, 1, 0.2)
    assert found.kind is AlarmKind.WEBHOOKS_REJECTED
    assert facts(found) == {"rejected": "1", "of": "100", "within": "1 h", "unreadable": "1"}


def test_a_forecast_past_a_deadline_is_an_alarm_with_the_earliest() -> None:
    assert forecast_alarm(None, clienti()) == ()
    (found,) = forecast_alarm(Late(2, CLICK + 120 * HOUR), clienti())
    assert (found.kind, found.about, found.level) == (AlarmKind.FORECAST_LATE, PORTAL, AlarmLevel.URGENT)
    assert found.at == NO_NEWS
    assert facts(found) == {"records": "2", "earliest_call_by": clienti().civil.show(CLICK + 120 * HOUR)}
