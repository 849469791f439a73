"""The workflow's threads are the stage's own where a test asks for that; beside it, what tests elsewhere ask for."""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults.conftest import _quiet, server, world_of
from tests.simulator.inline import inline
from tests.unit.evidence.test_sealing import store

__all__ = ["_quiet", "server", "store", "world_of"]


@pytest.fixture
def one_thread_at_a_time() -> Iterator[None]:
    """For the length of a test."""
    with inline(), _on_one_processor(), _few_collections():
        yield


@contextmanager
def _on_one_processor() -> Iterator[None]:
    """Actors hand on the turn some seventy times a schedule: each that wakes on another processor finds its caches cold
    and takes a tenth longer. Of several processes each keeps to its own."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    usual = os.sched_getaffinity(0)
    own = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    os.sched_setaffinity(0, {sorted(usual)[own % len(usual)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, usual)


@contextmanager
def _few_collections() -> Iterator[None]:
    """What is there before the first schedule stays there, and need not be looked at again. What a schedule leaves is
    collected as often as ever: to let more of it lie takes longer, as memory is used that is cold."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
