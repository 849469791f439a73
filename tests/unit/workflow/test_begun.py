"""A list that is begun before it is its turn."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from hubspot_retention.workflow.begun import begun


def test_the_first_page_is_asked_for_before_anybody_takes_it_and_no_other_is() -> None:
    asked, first = [], Event()

    def pages() -> Iterator[int]:
        for page in range(3):
            asked.append(page)
            first.set()
            yield page

    with ThreadPoolExecutor(1) as pool:
        begun(pages(), pool)
        assert first.wait(10)
    assert asked == [0]


@pytest.mark.parametrize("number", [0, 1, 2, 5])
def test_every_page_comes_once_in_its_order(number: int) -> None:
    with ThreadPoolExecutor(1) as pool:
        assert list(begun(iter(range(number)), pool)) == list(range(number))


def test_what_the_first_page_fails_of_is_raised_when_it_is_taken() -> None:
    def pages() -> Iterator[int]:
        raise LookupError("no such list")
        yield 0

    with ThreadPoolExecutor(1) as pool:
        taken = begun(pages(), pool)
        with pytest.raises(LookupError, match="no such list"):
            next(taken)
