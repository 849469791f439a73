import pytest

from hubspot_retention.core.counted import counted


@pytest.mark.parametrize(
    ("number", "words", "expected"),
    [
        (0, ("record",), "0 records"),
        (1, ("record",), "1 record"),
        (1_200, ("record",), "1,200 records"),
        (1, ("entry", "entries"), "1 entry"),
        (2, ("entry", "entries"), "2 entries"),
    ],
)
def test_a_count_has_its_word(number: int, words: tuple[str, ...], expected: str) -> None:
    assert counted(number, *words) == expected
