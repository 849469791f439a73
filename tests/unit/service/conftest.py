"""A store, two clocks that stand still until they are moved, and a log that can be read."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from hubspot_retention.store.database import SqlStore, open_store
from hubspot_retention.workflow.times import Times
from tests.builders import at
from tests.stores import a_database


@dataclass(slots=True)
class Hands:
    """The hands of both clocks, for a test to move."""

    present: datetime = field(default_factory=lambda: at("2026-11-24T12:00"))
    seconds: float = 100.0

    def now(self) -> datetime:
        """The wall clock."""
        return self.present

    def monotonic(self) -> float:
        """The other one."""
        return self.seconds

    def pass_by(self, seconds: float) -> None:
        """Time passes."""
        self.present += timedelta(seconds=seconds)
        self.seconds += seconds

    @property
    def times(self) -> Times:
        """Both clocks."""
        return Times(self.now, self.monotonic)


@pytest.fixture
def hands() -> Hands:
    """The hands of both clocks."""
    return Hands()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    """A store of its own."""
    with open_store(a_database(tmp_path / "retention.db")) as opened:
        yield opened


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    """What is logged, from debug on."""
    with structlog.testing.capture_logs() as lines:
        yield lines
