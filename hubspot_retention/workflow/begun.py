"""A list that is begun before it is its turn.

At 100 ms a request, lists that are read one after the other each begin and end at a fraction of the allowed rate. What
reads a list asks ahead by itself, so many pages and no more: all it takes is to have its first page asked for early.
"""

from collections.abc import Iterator
from concurrent.futures import Executor, Future
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def begun(pages: Iterator[T], pool: Executor) -> Iterator[T]:
    """The same pages, the first of them asked for now, by a thread of the pool. What it fails of is raised when it is
    taken."""
    return _from(pool.submit(list, islice(pages, 1)), pages)


def _from(first: "Future[list[T]]", others: Iterator[T]) -> Iterator[T]:
    yield from first.result()
    yield from others
