from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubspot_retention.errors import PortalContractError, RangesDisagreeError
from hubspot_retention.hubspot.ranges import Ranges, Span

IDS = st.lists(st.integers(1, 5_000), unique=True, max_size=300).map(sorted)


class Listed:
    """A list of ids with a cursor that is the next record's id or the last one's."""

    def __init__(self, ids: Sequence[int], *, inclusive: bool, page: int = 7) -> None:
        self.ids, self.inclusive, self.page = ids, inclusive, page

    def read(self, cursor: str | None) -> tuple[list[int], str | None]:
        least = 0 if cursor is None else int(cursor) + (0 if self.inclusive else 1)
        left = [each for each in self.ids if each >= least]
        page, more = left[: self.page], left[self.page :]
        if not more:
            return page, None
        return page, str(more[0] if self.inclusive else page[-1])


def read_all(ranges: Ranges, listed: Listed, order: Sequence[int] = (0,)) -> list[int]:
    """Several readers by turns, in an order that is given."""
    readers: list[Span] = []
    found: list[int] = []
    turn = 0
    while True:
        claimed = ranges.claim() if len(readers) < 4 else None
        if claimed is not None:
            readers.append(claimed)
        if not readers:
            return found
        span = readers[order[turn % len(order)] % len(readers)]
        turn += 1
        ids, after = listed.read(span.cursor)
        found.extend(ids[ranges.take(span, ids, after)])
        if span.done:
            readers.remove(span)


@settings(max_examples=60, deadline=None)
@given(
    ids=IDS,
    boundaries=st.lists(st.integers(0, 6_000), max_size=6),
    inclusive=st.booleans(),
    splitting=st.booleans(),
    order=st.lists(st.integers(0, 3), min_size=1, max_size=9),
)
def test_every_record_is_read_once_wherever_the_boundaries_lie(
    ids: list[int], boundaries: list[int], inclusive: bool, splitting: bool, order: list[int]
) -> None:
    ranges = Ranges("contacts", boundaries, max(ids, default=0) if splitting else None)
    found = read_all(ranges, Listed(ids, inclusive=inclusive), order)
    assert sorted(found) == ids
    assert ranges.prove() == len(ids)


def test_a_long_range_is_shared_by_idle_readers() -> None:
    ids = list(range(1, 20_001))
    ranges = Ranges("contacts", (), 20_000)
    first = ranges.claim()
    assert first is not None
    assert ranges.claim() is None
    ranges.take(first, ids[:100], "101")
    second = ranges.claim()
    assert second is not None
    assert (first.high, second.high) == (second.low, None)
    assert abs(second.low - 10_050) < 3


def test_a_page_that_was_on_its_way_when_the_range_was_split_is_cut_at_the_seam() -> None:
    ids = list(range(1, 20_001))
    ranges = Ranges("contacts", (), 20_000)
    first = ranges.claim()
    assert first is not None
    ranges.take(first, ids[:100], "101")
    second = ranges.claim()
    assert second is not None
    first.position = second.low - 50
    kept = ranges.take(first, list(range(second.low - 40, second.low + 60)), "x")
    assert (kept, first.done, first.beyond) == (slice(0, 40), True, second.low)


def test_two_clusters_of_ids_are_found_without_reading_the_gap() -> None:
    ids = [*range(1, 3_000), *range(10**12, 10**12 + 3_000)]
    listed = Listed(ids, inclusive=True, page=100)
    ranges = Ranges("contacts", (), ids[-1])
    assert sorted(read_all(ranges, listed)) == ids
    assert ranges.prove() == len(ids)


def test_a_gap_at_a_seam_is_found() -> None:
    ranges = Ranges("contacts", [100])
    low, high = ranges.claim(), ranges.claim()
    assert low is not None
    assert high is not None
    ranges.take(low, [10, 50, 120], "130")
    ranges.take(high, [130, 140], None)
    with pytest.raises(RangesDisagreeError, match="do not join up"):
        ranges.prove()


def test_a_range_that_ended_where_others_found_more_is_found() -> None:
    ranges = Ranges("contacts", [100])
    low, high = ranges.claim(), ranges.claim()
    assert low is not None
    assert high is not None
    ranges.take(low, [10, 50], None)
    ranges.take(high, [130, 140], None)
    with pytest.raises(RangesDisagreeError, match="do not join up"):
        ranges.prove()


def test_a_range_that_was_not_read_to_its_end_proves_nothing() -> None:
    ranges = Ranges("contacts", [100])
    low = ranges.claim()
    assert low is not None
    ranges.take(low, [10, 50, 120], "130")
    with pytest.raises(RangesDisagreeError):
        ranges.prove()


@pytest.mark.parametrize("ids", [[10, 10], [20, 10], [5, 9]])
def test_a_list_that_does_not_ascend_is_refused(ids: list[int]) -> None:
    ranges = Ranges("contacts", [100])
    low = ranges.claim()
    assert low is not None
    ranges.take(low, [7, 8], "9")
    with pytest.raises(RangesDisagreeError, match="ascending"):
        ranges.take(low, ids, "99")


@pytest.mark.parametrize("after", [None, "200"])
def test_an_empty_page_where_more_was_promised_is_an_error_and_not_the_end(after: str | None) -> None:
    ranges = Ranges("contacts", [100])
    low = ranges.claim()
    assert low is not None
    ranges.take(low, [7, 8], "9")
    with pytest.raises(RangesDisagreeError, match="empty page"):
        ranges.take(low, [], after)


def test_an_empty_first_page_that_promises_more_is_an_error() -> None:
    ranges = Ranges("contacts")
    only = ranges.claim()
    assert only is not None
    with pytest.raises(PortalContractError, match="empty page"):
        ranges.take(only, [], "9")


def test_a_cursor_that_stands_still_is_an_error() -> None:
    ranges = Ranges("contacts")
    only = ranges.claim()
    assert only is not None
    ranges.take(only, [7], "9")
    with pytest.raises(PortalContractError, match="does not move on"):
        ranges.take(only, [8], "9")


def test_boundaries_divide_what_was_read_into_like_parts() -> None:
    ids = list(range(1, 8_001))
    ranges = Ranges("contacts", (), 8_000)
    read_all(ranges, Listed(ids, inclusive=True, page=100))
    assert ranges.boundaries() == pytest.approx([1000 * part for part in range(1, 8)], abs=250)


def test_a_short_list_leaves_no_boundaries() -> None:
    ranges = Ranges("contacts")
    read_all(ranges, Listed([1, 2, 3], inclusive=True))
    assert ranges.boundaries() == ()
