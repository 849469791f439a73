"""Counts with their word, as a person reads them."""


def counted(number: int, one: str, many: str = "") -> str:
    """`1 record`, `2 records`, `1,200 entries`. `many` where an s is not enough."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
