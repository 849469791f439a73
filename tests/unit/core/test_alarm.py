"""When an alarm is told, told again, and settled."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hubspot_retention.core.alarm import (
    KEPT_OPEN,
    NO_NEWS,
    Alarm,
    AlarmKind,
    AlarmLevel,
    AlarmRecord,
    Verdict,
    judge,
    pause,
    untold,
)
from tests.builders import at

NOW = at("2026-11-24T12:00")
HOUR = timedelta(hours=1)


def an_alarm(kind: AlarmKind = AlarmKind.DEADLINE_NEAR, about: str = "unsubscribed", **more: Any) -> Alarm:
    """Something that is wrong."""
    values: dict[str, Any] = {"kind": kind, "about": about, "level": AlarmLevel.WARNING, "at": NO_NEWS}
    return Alarm(**values | more)


def a_record(kind: AlarmKind = AlarmKind.DEADLINE_NEAR, **more: Any) -> AlarmRecord:
    """What is known of it: told once, an hour and a half ago."""
    began = NOW - timedelta(hours=1.5)
    values: dict[str, Any] = {"kind": kind, "about": "unsubscribed", "level": AlarmLevel.WARNING, "first_at": began}
    return AlarmRecord(**values | {"last_seen_at": began, "last_sent_at": began, "times": 2} | more)


def kinds(verdict: Verdict) -> tuple[int, int, int]:
    """How many are seen, told, settled."""
    return len(verdict.seen), len(verdict.told), len(verdict.settled)


def test_a_new_alarm_is_told_at_once() -> None:
    verdict = judge([], [an_alarm(facts=(("records", "3"),))], NOW)
    assert kinds(verdict) == (0, 1, 0)
    told = verdict.told[0]
    assert (told.first_at, told.last_sent_at, told.times, told.facts) == (NOW, NOW, 1, (("records", "3"),))


@pytest.mark.parametrize(
    ("times", "hours"), [(0, 1), (1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 24), (7, 24), (1000, 24)]
)
def test_the_pauses_double_up_to_a_day(times: int, hours: int) -> None:
    assert pause(times) == timedelta(hours=hours)


def test_it_is_not_told_again_before_its_pause_is_over() -> None:
    known = a_record(last_sent_at=NOW - 2 * HOUR + timedelta(seconds=1))
    assert kinds(judge([known], [an_alarm()], NOW)) == (0, 0, 0)


def test_it_is_told_again_when_its_pause_is_over() -> None:
    told = judge([a_record(last_sent_at=NOW - 2 * HOUR)], [an_alarm()], NOW).told
    assert [(record.times, record.last_sent_at, record.last_seen_at) for record in told] == [(3, NOW, NOW)]


def test_one_that_could_not_be_told_is_told_as_soon_as_it_can() -> None:
    new = judge([], [an_alarm()], NOW).told[0]
    waiting = untold(new)
    assert (waiting.last_sent_at, waiting.times) == (None, 0)
    assert judge([waiting], [an_alarm()], NOW + timedelta(seconds=60)).told[0].times == 1


def test_one_that_grows_worse_is_told_at_once_and_as_often_as_a_new_one() -> None:
    known = a_record(last_sent_at=NOW - timedelta(minutes=1), times=6)
    told = judge([known], [an_alarm(level=AlarmLevel.URGENT)], NOW).told
    assert [(record.level, record.times) for record in told] == [(AlarmLevel.URGENT, 1)]
    assert [(record.last_sent_at, record.last_seen_at) for record in told] == [(NOW, NOW)]


def test_one_that_grows_milder_is_noted_and_not_told() -> None:
    known = a_record(level=AlarmLevel.URGENT, last_sent_at=NOW - timedelta(minutes=1))
    verdict = judge([known], [an_alarm()], NOW)
    assert kinds(verdict) == (1, 0, 0)
    assert verdict.seen[0].level is AlarmLevel.WARNING


def test_something_new_about_it_is_told_but_nothing_is_told_twice_within_an_hour() -> None:
    sent = NOW - timedelta(minutes=59)
    known = a_record(last_sent_at=sent, times=6)
    alarm = an_alarm(at=NOW - timedelta(minutes=30))
    assert kinds(judge([known], [alarm], NOW)) == (0, 0, 0)
    assert kinds(judge([known], [alarm], sent + HOUR)) == (0, 1, 0)


def test_what_was_told_already_is_nothing_new() -> None:
    known = a_record(last_sent_at=NOW - 2 * HOUR, times=6)
    assert kinds(judge([known], [an_alarm(at=NOW - 2 * HOUR)], NOW)) == (0, 0, 0)


def test_other_figures_are_noted_with_the_time() -> None:
    verdict = judge([a_record()], [an_alarm(facts=(("records", "4"),))], NOW)
    assert kinds(verdict) == (1, 0, 0)
    assert (verdict.seen[0].facts, verdict.seen[0].last_seen_at) == ((("records", "4"),), NOW)


def test_one_that_is_found_no_more_is_settled() -> None:
    verdict = judge([a_record()], [], NOW)
    assert kinds(verdict) == (0, 0, 1)
    assert verdict.settled[0].settled_at == NOW


def test_one_that_is_settled_is_not_settled_again_and_keeps_no_other_open() -> None:
    over, other = a_record(settled_at=NOW - HOUR), a_record(AlarmKind.OVERDUE)
    assert kinds(judge([over], [], NOW)) == (0, 0, 0)
    assert [record.kind for record in judge([over, other], [], NOW).settled] == [AlarmKind.OVERDUE]


def test_one_that_was_told_by_a_clock_ahead_is_told_again() -> None:
    known = a_record(last_sent_at=NOW + HOUR + timedelta(seconds=1), times=3)
    (told,) = judge([known], [an_alarm()], NOW).told
    assert (told.last_sent_at, told.times) == (NOW, 4)
    assert kinds(judge([replace(known, last_sent_at=NOW + HOUR)], [an_alarm()], NOW)) == (0, 0, 0)


def test_one_that_comes_back_soon_is_the_same_one_and_is_not_told_anew() -> None:
    known = a_record(last_sent_at=NOW - timedelta(minutes=20), settled_at=NOW - timedelta(minutes=10))
    verdict = judge([known], [an_alarm()], NOW)
    assert kinds(verdict) == (1, 0, 0)
    assert (verdict.seen[0].settled_at, verdict.seen[0].first_at) == (None, known.first_at)


def test_one_that_comes_back_later_is_a_new_one() -> None:
    verdict = judge([a_record(settled_at=NOW - 2 * HOUR, last_sent_at=NOW - 3 * HOUR)], [an_alarm()], NOW)
    assert [(record.first_at, record.times) for record in verdict.told] == [(NOW, 1)]


def test_an_event_stays_open_though_nobody_finds_it_and_is_told_again() -> None:
    known = a_record(AlarmKind.FOREIGN_DELETION, last_sent_at=NOW - 2 * HOUR)
    assert kinds(judge([known], [], NOW)) == (0, 1, 0)
    assert kinds(judge([replace(known, last_sent_at=NOW - HOUR)], [], NOW)) == (0, 0, 0)


def test_an_event_that_was_just_raised_is_told() -> None:
    known = a_record(AlarmKind.FOREIGN_DELETION, last_sent_at=None, times=0)
    assert judge([known], [], NOW).told[0].times == 1


def test_an_event_is_over_when_nothing_can_be_restored_any_more() -> None:
    known = a_record(AlarmKind.FOREIGN_DELETION, first_at=NOW - KEPT_OPEN)
    assert kinds(judge([known], [], NOW)) == (0, 0, 1)


def test_alarms_of_other_rules_do_not_touch_each_other() -> None:
    verdict = judge([a_record()], [an_alarm(about="inactive-contact")], NOW)
    assert [record.about for record in verdict.told] == ["inactive-contact"]
    assert [record.about for record in verdict.settled] == ["unsubscribed"]
