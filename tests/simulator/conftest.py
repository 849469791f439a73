"""The workflow's threads are the stage's own in every test of the simulator."""

from collections.abc import Iterator

import pytest

from tests.simulator.schedule import inline


@pytest.fixture(autouse=True)
def _one_thread_at_a_time() -> Iterator[None]:
    with inline():
        yield
