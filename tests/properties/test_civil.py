"""Calendar arithmetic of semantics 6, against a second and slower way of reading a clock."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hubspot_retention.core.civil import FAR_FUTURE, Civil, FinancialYearEnd, Period

ZONES = {
    "Europe/Copenhagen": "the policy's own",
    "America/Sao_Paulo": "skipped midnights until 2018",
    "Africa/Cairo": "skips midnights",
    "Asia/Beirut": "skips and repeats the hour before midnight",
    "America/Havana": "repeats midnight",
    "Australia/Lord_Howe": "changes by half an hour",
    "Pacific/Apia": "skipped the whole of 2011-12-30",
    "Asia/Kathmandu": "an odd offset, no changes",
    "UTC": "no changes at all",
}
CHANGES = {
    "Europe/Copenhagen": ("2026-03-29", "2026-10-25", "2024-02-29"),
    "America/Sao_Paulo": ("2018-11-04", "2018-02-18"),
    "Africa/Cairo": ("2023-04-28", "2023-10-27"),
    "Asia/Beirut": ("2022-03-27", "2022-10-30"),
    "America/Havana": ("2024-11-03", "2024-03-10"),
    "Australia/Lord_Howe": ("2024-04-07", "2024-10-06"),
    "Pacific/Apia": ("2011-12-30", "2011-12-29"),
    "Asia/Kathmandu": ("2024-02-29",),
    "UTC": ("2024-02-29",),
}
zones = st.sampled_from(sorted(ZONES)).map(lambda name: Civil(ZoneInfo(name)))
days = st.dates(date(2008, 1, 1), date(2032, 12, 31))
months = st.integers(0, 130).map(lambda count: Period(months=count))
lengths = st.one_of(months, st.integers(0, 4000).map(lambda count: Period(days=count)))


@st.composite
def moments(draw: st.DrawFn, civil: Civil) -> datetime:
    """An instant, now and then near one at which the clocks of the zone change."""
    name = civil.zone.key
    if draw(st.booleans()):
        near = datetime.fromisoformat(draw(st.sampled_from(CHANGES[name]))).replace(tzinfo=civil.zone)
        return near.astimezone(UTC) + timedelta(minutes=draw(st.integers(-3000, 3000)))
    return draw(st.datetimes(datetime(2008, 1, 1), datetime(2032, 12, 31))).replace(tzinfo=UTC)  # noqa: DTZ001


def on_the_clock(civil: Civil, face: datetime) -> datetime:
    """The last instant at which the clock shows `face`; if none does, `face` by the offset before the gap."""
    as_utc = face.replace(tzinfo=UTC)
    offsets = {_offset(civil, as_utc + timedelta(hours=hours)) for hours in range(-48, 49)}
    shown = [as_utc - offset for offset in offsets if _face(civil, as_utc - offset) == face]
    return max(shown) if shown else as_utc - _offset(civil, as_utc - timedelta(hours=36))


def _offset(civil: Civil, instant: datetime) -> timedelta:
    offset = instant.astimezone(civil.zone).utcoffset()
    assert offset is not None
    return offset


def _face(civil: Civil, instant: datetime) -> datetime:
    return instant.astimezone(civil.zone).replace(tzinfo=None)


def last_of_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def months_later(day: date, count: int) -> date:
    """So many months later, counted one by one, the day clipped once."""
    first = day.replace(day=1)
    for _ in range(count):
        first = last_of_month(first) + timedelta(days=1)
    return min(first + timedelta(days=day.day - 1), last_of_month(first))


@given(zones, days)
def test_a_day_ends_at_the_next_local_midnight(civil: Civil, day: date) -> None:
    following = day + timedelta(days=1)
    assert civil.end_of(day) == on_the_clock(civil, datetime(following.year, following.month, following.day))  # noqa: DTZ001


@given(zones, days)
def test_the_end_of_a_day_is_no_part_of_it(civil: Civil, day: date) -> None:
    assert civil.local_date(civil.end_of(day)) > day
    assert civil.local_date(civil.end_of(day - timedelta(days=1))) <= day or civil.zone.key == "Pacific/Apia"


@given(zones, days, months)
def test_months_from_a_date_clip_to_the_last_day_and_end_with_the_day(civil: Civil, day: date, period: Period) -> None:
    assert civil.add(day, period) == civil.end_of(months_later(day, period.months))


@given(zones, days, st.integers(0, 4000))
def test_days_from_a_date_are_calendar_days(civil: Civil, day: date, count: int) -> None:
    assert civil.add(day, Period(days=count)) == civil.end_of(day + timedelta(days=count))


@given(st.data(), zones, st.integers(1, 130))
def test_months_from_an_instant_keep_the_clock_time(data: st.DataObject, civil: Civil, count: int) -> None:
    start = data.draw(moments(civil))
    face = _face(civil, start)
    target = datetime.combine(months_later(face.date(), count), face.time())
    assert civil.add(start, Period(months=count)) == on_the_clock(civil, target)


@given(st.data(), zones, st.integers(1, 30))
def test_months_that_lead_to_a_change_of_the_clocks_keep_the_clock_time(
    data: st.DataObject, civil: Civil, count: int
) -> None:
    change = date.fromisoformat(data.draw(st.sampled_from(CHANGES[civil.zone.key])))
    index = change.year * 12 + change.month - 1 - count
    month = date(index // 12, index % 12 + 1, 1)
    day = min(month + timedelta(days=change.day - 1), last_of_month(month)) + timedelta(
        days=data.draw(st.integers(-1, 1))
    )
    face = datetime.combine(day, data.draw(st.times()))
    start = face.replace(tzinfo=civil.zone).astimezone(UTC)
    shown = _face(civil, start)
    target = datetime.combine(months_later(shown.date(), count), shown.time())
    assert civil.add(start, Period(months=count)) == on_the_clock(civil, target)


@given(st.data(), zones, st.integers(0, 4000))
def test_days_from_an_instant_are_twenty_four_hours(data: st.DataObject, civil: Civil, count: int) -> None:
    start = data.draw(moments(civil))
    assert civil.add(start, Period(days=count)) - start == timedelta(hours=24 * count)


@given(st.data(), zones, lengths)
def test_a_period_never_ends_before_it_begins(data: st.DataObject, civil: Civil, period: Period) -> None:
    start = data.draw(moments(civil))
    day = civil.local_date(start)
    assert civil.add(day, period) >= civil.end_of(day)
    if not period.is_zero:
        assert civil.add(start, period) > start


@given(zones, days, days, lengths)
def test_a_later_date_never_ends_earlier(civil: Civil, one: date, other: date, period: Period) -> None:
    first, second = sorted((one, other))
    assert civil.add(first, period) <= civil.add(second, period)


@given(st.data(), zones, lengths)
def test_a_later_instant_never_ends_on_an_earlier_day(data: st.DataObject, civil: Civil, period: Period) -> None:
    """By the day: the clip (30 and 31 January) and a repeated hour can only turn the order within one."""
    first, second = sorted((data.draw(moments(civil)), data.draw(moments(civil))))
    assume(second - first > timedelta(hours=2))
    assert civil.local_date(civil.add(first, period)) <= civil.local_date(civil.add(second, period))


@given(st.data(), zones, st.integers(0, 130), st.integers(0, 130))
def test_a_longer_period_never_ends_earlier(data: st.DataObject, civil: Civil, one: int, other: int) -> None:
    start = data.draw(moments(civil))
    shorter, longer = sorted((one, other))
    for begin in (start, civil.local_date(start)):
        assert civil.add(begin, Period(months=shorter)) <= civil.add(begin, Period(months=longer))
        assert civil.add(begin, Period(days=shorter)) <= civil.add(begin, Period(days=longer))


@given(st.data(), zones, st.lists(lengths, min_size=1, max_size=4))
def test_within_is_a_maximum_no_later_than_any_of_its_periods(
    data: st.DataObject, civil: Civil, periods: list[Period]
) -> None:
    start = data.draw(moments(civil))
    ends = [civil.add(start, period) for period in periods]
    assert civil.earliest(start, periods) in ends
    assert all(civil.earliest(start, periods) <= end for end in ends)


@given(st.data(), zones)
def test_the_clock_of_a_request_is_thirty_days_or_a_month_whichever_is_earlier(
    data: st.DataObject, civil: Civil
) -> None:
    start = data.draw(moments(civil))
    limit = civil.earliest(start, (Period(days=30), Period(months=1)))
    assert limit <= start + timedelta(days=30)
    assert limit == min(start + timedelta(days=30), civil.add(start, Period(months=1)))


@given(st.integers(1, 12), st.integers(1, 31), days)
def test_a_financial_year_end_is_the_next_one_that_day_included(month: int, day: int, when: date) -> None:
    assume(day <= (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1])
    year_end = FinancialYearEnd(month, day)
    end = year_end.of(when)
    assert when <= end <= when + timedelta(days=366)
    assert (end.month, end.day) == (month, min(day, last_of_month(end).day))
    assert year_end.of(end) == end
    assert year_end.of(end + timedelta(days=1)) > end


@given(lengths)
def test_a_period_reads_back_as_it_is_written(period: Period) -> None:
    assert Period.parse(str(period)) == period


@given(st.data(), zones)
def test_an_instant_is_shown_with_an_offset_that_reads_back(data: st.DataObject, civil: Civil) -> None:
    start = data.draw(moments(civil))
    assert datetime.fromisoformat(civil.show(start)) == start


@given(zones, st.dates(date(9900, 1, 1)), st.integers(0, 99_999))
def test_beyond_the_calendar_is_the_far_future_and_no_error(civil: Civil, day: date, count: int) -> None:
    for period in (Period(months=count), Period(days=count)):
        assert civil.add(day, period) <= FAR_FUTURE
        assert civil.add(civil.end_of(day), period) >= civil.end_of(day) or civil.end_of(day) > FAR_FUTURE


@pytest.mark.parametrize(("name", "changes"), CHANGES.items())
def test_days_follow_each_other_around_a_change_of_the_clocks(name: str, changes: tuple[str, ...]) -> None:
    civil = Civil(ZoneInfo(name))
    for change in changes:
        around = [date.fromisoformat(change) + timedelta(days=count) for count in range(-3, 4)]
        ends = [civil.end_of(day) for day in around]
        assert all(one <= other for one, other in pairwise(ends))
