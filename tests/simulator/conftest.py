"""The workflow's threads are the stage's own where a test asks for that; beside it, what tests elsewhere ask for."""

from collections.abc import Iterator

import pytest

from tests.faults.conftest import _quiet, server, world_of
from tests.simulator.inline import inline
from tests.unit.evidence.test_sealing import store

__all__ = ["_quiet", "server", "store", "world_of"]


@pytest.fixture
def one_thread_at_a_time() -> Iterator[None]:
    """For the length of a test."""
    with inline():
        yield
