"""What is remembered of two records that became one: in doubt what makes a person look."""

from datetime import UTC, datetime, timedelta

import pytest

from hubspot_retention.core.decision.history import NOTHING_REMEMBERED, Remembered
from hubspot_retention.core.facts.observation import OptOutSource
from hubspot_retention.store.merges import together

NOW = datetime(2026, 3, 15, 9, 30, tzinfo=UTC)
EARLIER = NOW - timedelta(days=9)
ONE, OTHER = list(OptOutSource)[:2]


@pytest.mark.parametrize(
    ("loser", "winner", "starts"),
    [
        ("", "", ""),
        ("a=2024-01-01", "", "a=2024-01-01"),
        ("", "a=2024-01-01", "a=2024-01-01"),
        ("a=2024-01-01", "b=2025-01-01", "a=2024-01-01;b=2025-01-01"),
        ("a=2024-01-01", "a=2023-12-31", "a=2024-01-01"),
        ("a=2023-12-31", "a=2024-01-01", "a=2024-01-01"),
        ("a=ongoing", "a=2024-01-01", "a=ongoing"),
        ("a=2024-01-01", "a=ongoing", "a=ongoing"),
        ("a=2024-01-01T10:00:00+00:00", "a=2024-01-01", "a=2024-01-01T10:00:00+00:00"),
    ],
)
def test_of_each_start_the_later_one_counts(loser: str, winner: str, starts: str) -> None:
    assert together(Remembered(starts=loser), Remembered(starts=winner)).starts == starts


def test_the_earliest_opt_out_counts_because_its_time_runs() -> None:
    first, second = Remembered(opted_out_at=EARLIER, opt_out_source=ONE), Remembered(opted_out_at=NOW)
    assert together(first, second).opted_out_at == EARLIER
    assert together(second, first).opted_out_at == EARLIER
    assert together(first, NOTHING_REMEMBERED) == first
    assert together(NOTHING_REMEMBERED, first) == first


def test_opt_outs_from_different_hands_are_from_nobody_knows_whom() -> None:
    one, other = Remembered("", EARLIER, ONE), Remembered("", NOW, OTHER)
    assert together(one, other).opt_out_source is OptOutSource.UNKNOWN
    assert together(one, one._replace(opted_out_at=NOW)).opt_out_source is ONE
    assert together(one, Remembered(opt_out_source=OTHER)).opt_out_source is ONE


@pytest.mark.parametrize("loser", [True, False])
@pytest.mark.parametrize("winner", [True, False])
def test_marketing_has_ended_if_for_both_and_we_archived_it_if_either(loser: bool, winner: bool) -> None:
    found = together(
        Remembered(marketing_ended=loser, archived_by_us=loser),
        Remembered(marketing_ended=winner, archived_by_us=winner),
    )
    assert found.marketing_ended == (loser and winner)
    assert found.archived_by_us == (loser or winner)


def test_nothing_and_nothing_is_nothing() -> None:
    assert together(NOTHING_REMEMBERED, NOTHING_REMEMBERED) == NOTHING_REMEMBERED
