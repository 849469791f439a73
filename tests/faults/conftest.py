"""Worlds on demand."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import structlog

from hubspot_retention.sandbox.running import RunningSandbox, running_sandbox
from tests.faults.people import a_portal
from tests.faults.rehearsal import Prepared, prepare
from tests.faults.world import World, a_world

MakeWorld = Callable[..., World]


@pytest.fixture(scope="package", autouse=True)
def _quiet() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="package")
def server() -> Iterator[RunningSandbox]:
    """One server for all portals: starting and stopping it takes longer than a test."""
    with running_sandbox(a_portal()) as sandbox:
        yield sandbox


@pytest.fixture(scope="package")
def prepared(server: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """The plans of a portal in which every kind of step is taken, approved."""
    return prepare(server, tmp_path_factory.mktemp("prepared"))


@pytest.fixture
def world_of(tmp_path: Path, server: RunningSandbox) -> Iterator[MakeWorld]:
    """Makes the world of a portal document; it ends with the test. There is one at a time."""
    with ExitStack() as stack:

        def make(document: Any, **more: Any) -> World:
            return stack.enter_context(a_world(server, document, tmp_path, **more))

        yield make
