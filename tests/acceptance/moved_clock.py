"""`python -m tests.acceptance.moved_clock`: the command as it is, but for its wall clock, which is as many seconds
ahead as a file says. So hours and days pass for a running process when a test says so."""

import os
from datetime import datetime, timedelta
from pathlib import Path

from hubspot_retention.cli.main import main
from hubspot_retention.clock import Clock

AHEAD = "TEST_SECONDS_AHEAD"
"""Names the file."""


def ahead(file: Path) -> timedelta:
    """How far."""
    return timedelta(seconds=float(file.read_text()))


def _moved() -> None:
    file, real = Path(os.environ[AHEAD]), Clock.now

    def now(self: Clock) -> datetime:
        return real(self) + ahead(file)

    Clock.now = now  # type: ignore[method-assign]


if __name__ == "__main__":
    _moved()
    main()
