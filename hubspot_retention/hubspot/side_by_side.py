"""A few requests at once, where each of them is a round trip and they do not depend on each other."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Asked = TypeVar("_Asked")
_Answered = TypeVar("_Answered")


def side_by_side(work: Callable[[_Asked], _Answered], asked: Iterable[_Asked], most: int = 8) -> list[_Answered]:
    """The answers in the order of what was asked. The first failure is raised, after the rest have ended."""
    items = list(asked)
    if len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(max_workers=min(most, len(items)), thread_name_prefix="hubspot") as pool:
        return list(pool.map(work, items))
