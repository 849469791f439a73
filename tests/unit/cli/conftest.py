"""The command in this process, pointed at a sandbox portal and a database of its own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import structlog

from hubspot_retention.sandbox.options import SandboxOptions
from hubspot_retention.sandbox.running import RunningSandbox, running_sandbox
from tests.faults.people import a_portal
from tests.faults.world import another_portal
from tests.stores import a_database
from tests.unit.cli.house import House

MakeHouse = Callable[..., House]


@pytest.fixture(scope="session")
def server() -> Iterator[RunningSandbox]:
    """One server for all portals: starting and stopping it takes longer than a test."""
    with running_sandbox(a_portal()) as sandbox:
        yield sandbox


@pytest.fixture
def house_of(
    tmp_path: Path,
    server: RunningSandbox,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[MakeHouse]:
    """Makes a house for a portal document: the command may erase what a person approved."""
    with ExitStack() as stack:
        stack.callback(structlog.reset_defaults)

        def make(document: dict[str, Any], **options: Any) -> House:
            sandbox = another_portal(server, document, SandboxOptions(**options))
            for name, value in (
                ("HUBSPOT_BASE_URL", sandbox.url),
                ("HUBSPOT_ACCESS_TOKEN", sandbox.token),
                ("RETENTION_DATABASE_URL", a_database(tmp_path / "retention.db")),
                ("RETENTION_MODE", "review"),
                ("RETENTION_ALLOW_ERASE", "true"),
                ("RETENTION_ACTOR", "anna"),
                ("COLUMNS", "80"),
            ):
                monkeypatch.setenv(name, value)
            return House(sandbox, tmp_path, capsys)

        yield make
