"""Thirty simulated days of the real service: no deadline is missed, memory stays flat, the audit log verifies.

`RETENTION_TEST_SOAK_DAYS` says how many days (the scoreboard: 30; else a few, and then memory, which is slow to watch,
is not looked at). A seeded bug shows that a miss is seen.
"""

import gc
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from hubspot_retention.service.ticks import Ticks
from tests.faults.soaking import soaking

DAYS = int(os.environ.get("RETENTION_TEST_SOAK_DAYS", "4"))
WARM = 5
"""After so many days everything has been in use once; what grows from then on grows for ever."""

MOST_GROWTH = 2 * 2**20
"""Bytes. A month of the ledger is in the database; in memory nothing of it stays."""

SEED = 21
_OTHERS = ("*/hubspot_retention/sandbox/*", "*/tests/*", tracemalloc.__file__)


def memory() -> int:
    """Bytes that are held, the sandbox and the tests aside."""
    gc.collect()
    snapshot = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(False, path) for path in _OTHERS])
    return sum(each.size for each in snapshot.statistics("filename"))


def test_for_days_on_end_no_deadline_is_missed_and_memory_stays_flat(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with soaking(tmp_path, seed=SEED) as soak:
        before = 0
        try:
            for day in range(1, DAYS + 1):
                soak.day(day)
                if day == WARM - 1:
                    tracemalloc.start()
                if day == WARM:
                    before = memory()
            growth = memory() - before if DAYS > WARM else None
        finally:
            tracemalloc.stop()
        for name, figure in {
            **soak.counts,
            "days": f"{DAYS}, seed {SEED}",
            "bytes grown": "not looked at" if growth is None else growth,
        }.items():
            record_property(name, figure)
        assert soak.missed == []
        assert soak.overdue() == []
        assert soak.counts["gone in time"] > 3 * DAYS
        assert soak.house.store.verify_log().intact
        assert growth is None or growth < MOST_GROWTH


def test_a_due_tick_that_passes_everybody_over_is_seen_as_deadlines_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Ticks, "due", lambda self: None)
    with soaking(tmp_path, seed=22) as soak:
        for day in range(1, 8):
            if not soak.missed:
                soak.day(day)
        assert soak.missed != []
