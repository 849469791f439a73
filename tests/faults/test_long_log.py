"""Verifying a long log: how fast, and in how much memory.

`RETENTION_TEST_ENTRIES` says how many entries (the scoreboard: 10,000,000, which must be verified within a minute;
else a few). The log is verified by a process of its own, whose peak of memory the kernel tells, and that of the process
beside it that reads the second half of a long log.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from hubspot_retention.store.database import open_store
from tests.unit.core.audit.entries import an_entry

ENTRIES = int(os.environ.get("RETENTION_TEST_ENTRIES", "5000"))
WHOLE = 10_000_000
BATCH = 1_000
VERIFY = """
import json, resource, sys, time
from bench.child import peak_mib
from hubspot_retention.store.database import open_store
from hubspot_retention.store.engine import Access
with open_store(sys.argv[1], Access.READ) as store:
    began = time.perf_counter()
    report = store.verify_log()
    seconds = time.perf_counter() - began
beside = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 2**10
print(json.dumps([report.entries, report.intact, seconds, peak_mib() * 2**20 + beside]))
"""


def test_a_long_log_is_verified_in_flat_memory(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    url = f"sqlite:///{tmp_path / 'long.db'}"
    with open_store(url) as store:
        for first in range(0, ENTRIES, BATCH):
            with store.transaction() as tx:
                for _ in range(first, min(first + BATCH, ENTRIES)):
                    tx.audit(an_entry())
    ran = subprocess.run([sys.executable, "-c", VERIFY, url], capture_output=True, text=True, check=True)
    entries, intact, seconds, peak = json.loads(ran.stdout)
    record_property("entries", f"{entries:,}")
    record_property("verified per second", f"{entries / seconds:,.0f}")
    record_property("peak memory", f"{peak / 1e6:.0f} MB")
    assert (entries, intact) == (ENTRIES, True)
    assert peak <= 200e6
    if entries >= WHOLE:
        assert seconds <= 60
