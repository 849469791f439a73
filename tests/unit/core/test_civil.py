"""Section 6 by example: dates, instants, clock changes, periods, financial years, the request clock."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from hubspot_retention.core.civil import FAR_FUTURE, Civil, FinancialYearEnd, Period
from tests.builders import at, on

CIVIL = Civil(ZoneInfo("Europe/Copenhagen"))


def after_day(day: str, period: str) -> str:
    return CIVIL.show(CIVIL.add(on(day), Period.parse(period)))


def after_instant(start: str, period: str) -> str:
    return CIVIL.show(CIVIL.add(datetime.fromisoformat(start), Period.parse(period)))


@pytest.mark.parametrize(
    ("day", "period", "end"),
    [
        ("2024-10-31", "P24M", "2026-11-01T00:00:00+01:00"),
        ("2024-02-29", "P24M", "2026-03-01T00:00:00+01:00"),
        ("2024-01-31", "P1M", "2024-03-01T00:00:00+01:00"),
        ("2026-11-01", "P30D", "2026-12-02T00:00:00+01:00"),
        ("2026-11-01", "P0D", "2026-11-02T00:00:00+01:00"),
        ("2020-12-31", "P5Y", "2026-01-01T00:00:00+01:00"),
    ],
)
def test_a_period_from_a_date_ends_with_its_last_local_day(day: str, period: str, end: str) -> None:
    assert after_day(day, period) == end


@pytest.mark.parametrize(
    ("start", "period", "end"),
    [
        ("2026-10-23T12:00+02:00", "P5D", "2026-10-28T11:00:00+01:00"),
        ("2024-03-30T02:30+01:00", "P12M", "2025-03-30T03:30:00+02:00"),
        ("2026-06-25T02:30+02:00", "P4M", "2026-10-25T02:30:00+01:00"),
        ("2026-10-25T02:30+02:00", "P1M", "2026-11-25T02:30:00+01:00"),
        ("2027-01-31T10:00+01:00", "P1M", "2027-02-28T10:00:00+01:00"),
        ("2024-02-29T12:00+01:00", "P12M", "2025-02-28T12:00:00+01:00"),
        ("2026-07-15T12:00+02:00", "P5M", "2026-12-15T12:00:00+01:00"),
        ("2024-03-31T12:00+02:00", "P1M", "2024-04-30T12:00:00+02:00"),
        ("2026-10-25T02:30+02:00", "P132M", "2037-10-25T02:30:00+01:00"),
        ("2026-10-25T02:30+01:00", "P29M", "2029-03-25T03:30:00+02:00"),
    ],
)
def test_a_period_from_an_instant_keeps_the_clock_time_and_days_are_hours(start: str, period: str, end: str) -> None:
    assert after_instant(start, period) == end


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        ("Asia/Beirut", "2022-09-29T23:30+03:00", "2022-10-29T23:30:00+02:00"),
        ("America/Havana", "2024-11-03T00:30-04:00", "2024-12-03T00:30:00-05:00"),
    ],
)
def test_clocks_that_change_at_midnight_or_just_before_it_are_seen(zone: str, start: str, end: str) -> None:
    civil = Civil(ZoneInfo(zone))
    assert civil.show(civil.add(datetime.fromisoformat(start), Period(months=1))) == end


def test_days_are_twenty_four_hours_also_from_an_instant_that_knows_its_zone() -> None:
    start = datetime(2026, 10, 23, 12, tzinfo=CIVIL.zone)
    assert CIVIL.add(start, Period(days=5)) == at("2026-10-28T10:00")


@pytest.mark.parametrize("day", ["2026-10-24", "2026-10-25"])
def test_every_instant_that_is_given_is_in_utc(day: str) -> None:
    assert CIVIL.end_of(on(day)).tzinfo is UTC
    assert CIVIL.add(datetime.fromisoformat(f"{day}T12:00+02:00"), Period(days=1)).tzinfo is UTC
    assert CIVIL.add(datetime.fromisoformat("2026-09-25T02:30+02:00"), Period(months=1)).tzinfo is UTC


def test_periods_are_never_chained() -> None:
    """Twice twenty-four months from a leap day clip on the way; forty-eight at once do not."""
    assert after_instant("2020-02-29T12:00+01:00", "P48M") == "2024-02-29T12:00:00+01:00"
    assert after_instant(after_instant("2020-02-29T12:00+01:00", "P24M"), "P24M") == "2024-02-28T12:00:00+01:00"


@pytest.mark.parametrize(
    ("zone", "day", "end"),
    [
        ("America/Sao_Paulo", "2018-11-03", "2018-11-04T01:00:00-02:00"),
        ("Africa/Cairo", "2023-04-27", "2023-04-28T01:00:00+03:00"),
        ("Asia/Beirut", "2022-03-26", "2022-03-27T01:00:00+03:00"),
        ("America/Havana", "2024-11-02", "2024-11-03T00:00:00-05:00"),
        ("Pacific/Apia", "2011-12-29", "2011-12-31T00:00:00+14:00"),
    ],
)
def test_a_midnight_that_is_skipped_moves_forward_and_one_that_is_repeated_is_the_later(
    zone: str, day: str, end: str
) -> None:
    civil = Civil(ZoneInfo(zone))
    assert civil.show(civil.end_of(on(day))) == end
    assert civil.end_of(on(day)) == civil.end_of(on(day))


def test_a_date_among_instants_counts_as_the_next_local_midnight() -> None:
    assert CIVIL.instant_of(on("2026-03-02")) == at("2026-03-02T23:00")
    assert CIVIL.instant_of(at("2026-03-02T10:00")) == at("2026-03-02T10:00")


def test_the_day_of_an_instant_is_the_local_one() -> None:
    assert CIVIL.day_of(at("2024-05-05T22:30")) == on("2024-05-06")
    assert CIVIL.day_of(on("2024-05-05")) == on("2024-05-05")


@pytest.mark.parametrize(
    ("text", "period"),
    [("P24M", Period(months=24)), ("P5Y", Period(months=60)), ("P30D", Period(days=30)), ("P2W", Period(days=14))],
)
def test_a_period_is_read_from_iso_8601(text: str, period: Period) -> None:
    assert Period.parse(text) == period


@pytest.mark.parametrize("text", ["", "P", "24M", "P1Y6M", "P-1M", "PT5H", "P1.5M", "p24m", "P24M ", "P123456D"])
def test_what_is_no_period_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="is no period: expected"):
        Period.parse(text)


@pytest.mark.parametrize(("months", "text"), [(12, "P12M"), (24, "P24M"), (36, "P3Y"), (25, "P25M"), (60, "P5Y")])
def test_a_period_is_written_as_a_person_would(months: int, text: str) -> None:
    assert str(Period(months=months)) == text


def test_days_are_written_as_days_and_nothing_is_zero() -> None:
    assert str(Period(days=30)) == "P30D"
    assert Period().is_zero
    assert not Period(days=1).is_zero


@pytest.mark.parametrize(
    ("month", "day", "when", "end"),
    [
        (12, 31, "2021-01-01", "2021-12-31"),
        (12, 31, "2021-12-31", "2021-12-31"),
        (6, 30, "2021-06-30", "2021-06-30"),
        (6, 30, "2021-07-01", "2022-06-30"),
        (2, 29, "2023-02-01", "2023-02-28"),
        (2, 28, "2024-02-29", "2025-02-28"),
    ],
)
def test_the_end_of_a_financial_year_is_the_next_one_that_day_included(
    month: int, day: int, when: str, end: str
) -> None:
    assert FinancialYearEnd(month, day).of(on(when)) == on(end)


def test_what_lies_beyond_the_calendar_is_never_reached() -> None:
    assert CIVIL.end_of(on("9999-12-31")) == FAR_FUTURE
    assert CIVIL.end_of(on("9999-12-30")) == FAR_FUTURE
    assert CIVIL.add(on("9999-01-01"), Period(months=24)) == FAR_FUTURE
    assert CIVIL.add(at("9999-12-01T10:00"), Period(days=400)) == FAR_FUTURE
