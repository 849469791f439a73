"""The small figures: the audit log, the start of the command, the JSON decoders."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from bench.child import main
from hubspot_retention.clock import Clock
from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.hubspot.wire import Decoders
from hubspot_retention.store.database import SqlStore, open_store
from hubspot_retention.store.driver import DRIVER, is_wal_sound
from hubspot_retention.store.verifying import LONG

_SINGLE, _BATCHED, _BATCH = 2_000, LONG + 100_000, 100
"""As many as are verified by two processes, as ten million would be."""


def _entry(number: int) -> Entry:
    return Entry(
        subject=Subject.DISPOSAL,
        verb=Verb.SENT,
        at=Clock().now(),
        portal_id=25412345,
        record=f"contacts/{number}",
        run_id=1,
        plan_id="1-rights",
        plan_digest="d" * 64,
        policy_digest="p" * 64,
        rule="erasure-request",
        actor="bench",
        code="erase",
    )


def _append(store: SqlStore, entries: int, at_once: int) -> float:
    """Durable entries a second, so many in a transaction."""
    started = time.perf_counter()
    for first in range(0, entries, at_once):
        with store.transaction() as tx:
            for number in range(first, first + at_once):
                tx.audit(_entry(number))
    return entries / (time.perf_counter() - started)


def audit() -> dict[str, Any]:
    """Append one by one, append by the hundred, verify everything."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, open_store(f"sqlite:///{folder}/bench.db") as store:
        single = _append(store, _SINGLE, 1)
        batched = _append(store, _BATCHED, _BATCH)
        started = time.perf_counter()
        report = store.verify_log()
        seconds = time.perf_counter() - started
    assert report.intact
    return {"single": single, "batched": batched, "verified": report.entries / seconds}


def floor() -> dict[str, Any]:
    """What is under the audit log: one page synced to the disk, and SQLite's own transactions, of two rows, under the
    store's settings."""
    mode = "WAL" if is_wal_sound(DRIVER) else "DELETE"
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        with Path(folder, "page").open("wb", buffering=0) as page:

            def sync(_: int) -> None:
                page.seek(0)
                page.write(bytes(4096))
                getattr(os, "fdatasync", os.fsync)(page.fileno())

            syncs = _a_second(sync)
        db = DRIVER.connect(f"{folder}/bare.db", isolation_level=None)
        for setting in (f"journal_mode={mode}", "synchronous=EXTRA"):
            db.execute(f"pragma {setting}")
        db.executescript("create table entry (seq integer primary key, body blob); create table head (seq integer);")
        db.execute("insert into head values (0)")

        def commit(number: int) -> None:
            db.execute("begin immediate")
            db.execute("insert into entry values (?, ?)", (number, bytes(400)))
            db.execute("update head set seq = ?", (number,))
            db.execute("commit")

        transactions = _a_second(commit)
        db.close()
    return {"syncs": syncs, "transactions": transactions}


def _a_second(work: Callable[[int], None]) -> float:
    started = time.perf_counter()
    for number in range(_SINGLE):
        work(number)
    return _SINGLE / (time.perf_counter() - started)


def start() -> dict[str, Any]:
    """`hubspot-retention --help`, from the first to the last instant of the process."""
    command = [sys.executable, "-c", "from hubspot_retention.cli.main import main; main()", "--help"]
    times = []
    for _ in range(5):
        started = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - started)
    return {"ms": 1000 * min(times)}


def decoders() -> dict[str, Any]:
    """One page of a hundred contacts with 24 properties, decoded in four ways; microseconds."""
    names = [f"property_number_{place}" for place in range(24)]
    values = ["2026-03-01T10:00:00.000Z", None, "false", "2024-02-29", "someone@example.dk", None]
    properties = {name: values[place % len(values)] for place, name in enumerate(names)}
    rows = [
        {
            "id": str(100_000 + number),
            "properties": properties,
            "createdAt": "2026-03-01T10:00:00.000Z",
            "updatedAt": "2026-03-01T10:00:00.000Z",
            "archived": False,
            "associations": {"deals": {"results": [{"id": "9001", "type": "contact_to_deal"}]}},
        }
        for number in range(100)
    ]
    body = msgspec.json.encode({"results": rows, "paging": {"next": {"after": "100100", "link": "x"}}})
    ways: dict[str, Callable[[bytes], object]] = {
        "json": json.loads,
        "msgspec untyped": msgspec.json.decode,
        "msgspec typed": Decoders(names).page.decode,
    }
    return {name: _microseconds(decode, body) for name, decode in ways.items()} | {"bytes": len(body)}


def _microseconds(decode: Callable[[bytes], object], body: bytes) -> float:
    best = float("inf")
    for _ in range(200):
        started = time.perf_counter()
        decode(body)
        best = min(best, time.perf_counter() - started)
    return 1e6 * best


if __name__ == "__main__":
    main({"audit": audit, "floor": floor, "start": start, "decoders": decoders})
