"""Worlds on demand, as the fault tests have them: a sandbox portal, a database, the use cases between them. And a desk,
where there is only the database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hubspot_retention.store.database import open_store
from tests.faults.conftest import _quiet, server, world_of
from tests.stores import a_database
from tests.unit.workflow.desk import Desk

__all__ = ["_quiet", "server", "world_of"]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A store in which nothing lies yet."""
    with open_store(a_database(tmp_path / "retention.db")) as store:
        yield Desk(store)
