"""Python's collector of cycles, kept from looking where nothing is.

A run makes millions of values that go when nobody names them any more; among them the collector finds nothing, but
looks at every module of the process each time.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def collect_seldom() -> None:
    """From now on, and never among what is there already."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@contextmanager
def seldom_collected() -> Iterator[None]:
    """For the length of a block."""
    usual = gc.get_threshold()
    collect_seldom()
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
