from datetime import UTC, date, datetime

import pytest

from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.hubspot import values

UNREADABLE = [5, True, object(), [], {}]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2026-11-22T10:00:00Z", datetime(2026, 11, 22, 10, tzinfo=UTC)),
        ("2026-11-22T10:00:00.123Z", datetime(2026, 11, 22, 10, 0, 0, 123000, tzinfo=UTC)),
        ("2026-11-22T10:00Z", datetime(2026, 11, 22, 10, tzinfo=UTC)),
        ("2026-11-22T10:00:00+01:00", datetime(2026, 11, 22, 9, tzinfo=UTC)),
        ("1795341600000", datetime(2026, 11, 22, 10, tzinfo=UTC)),
        ("-86400000", datetime(1969, 12, 31, tzinfo=UTC)),
        ("2099-01-01T00:00:00Z", datetime(2099, 1, 1, tzinfo=UTC)),
        (None, None),
        ("", None),
    ],
)
def test_an_instant_is_read_in_every_spelling_of_hubspot(raw: str | None, expected: datetime | None) -> None:
    found = values.instant(raw)
    assert found == expected
    assert not isinstance(found, datetime) or found.tzinfo is UTC


@pytest.mark.parametrize(
    "raw",
    [
        "2026-11-22",
        "2026-11-22T10:00:00",
        "2026-11-22 10:00:00Z",
        "2026-13-22T10:00:00Z",
        "2026-02-30",
        "2026-W47-7T10:00:00Z",
        "soon",
        "99999999999999999999",
        "999999999999999999",
        "٢٠٢٦-11-22T10:00:00Z",
        "0000-01-01T00:00:00Z",
        *UNREADABLE,
    ],
)
def test_an_instant_that_makes_no_sense_is_unknown(raw: object) -> None:
    assert values.instant(raw) is UNKNOWN


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2024-10-31", date(2024, 10, 31)),
        ("1730332800000", date(2024, 10, 31)),
        ("2024-10-31T00:00:00Z", date(2024, 10, 31)),
        ("2024-10-31T00:00:00.000Z", date(2024, 10, 31)),
        (None, None),
        ("", None),
    ],
)
def test_a_date_is_that_date_however_it_is_written(raw: str | None, expected: date | None) -> None:
    assert values.day(raw) == expected


@pytest.mark.parametrize("raw", ["2024-10-31T10:00:00Z", "1730332800001", "2024-02-30", "31.10.2024", *UNREADABLE])
def test_a_date_that_is_none_is_unknown(raw: object) -> None:
    assert values.day(raw) is UNKNOWN


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("true", True),
        ("false", False),
        (None, False),
        ("", False),
        ("TRUE", UNKNOWN),
        ("yes", UNKNOWN),
        (True, UNKNOWN),
    ],
)
def test_a_flag_is_true_false_or_unknown_and_nobody_having_set_it_is_false(raw: object, expected: object) -> None:
    assert values.truth(raw) is expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("0.01", True),
        ("1e3", True),
        ("0", False),
        ("-5", False),
        (None, False),
        ("", False),
        ("NaN", UNKNOWN),
        ("Infinity", UNKNOWN),
        ("12,50", UNKNOWN),
        (12, UNKNOWN),
    ],
)
def test_a_debt_is_a_number_above_zero(raw: object, expected: object) -> None:
    assert values.positive(raw) is expected


@pytest.mark.parametrize(("raw", "expected"), [("x", True), ("", False), (None, False), (7, UNKNOWN)])
def test_whether_something_stands_there(raw: object, expected: object) -> None:
    assert values.has_value(raw) is expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [("", ()), (None, ()), ("12", (12,)), ("12; 13;", (12, 13)), ("12,13", UNKNOWN), ("x", UNKNOWN), (12, UNKNOWN)],
)
def test_merged_ids_stand_between_semicolons(raw: object, expected: object) -> None:
    assert values.record_ids(raw) == expected
