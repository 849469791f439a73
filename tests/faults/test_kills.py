"""The real process, killed without warning while it disposes of people, and started again, many times over HTTP.

`RETENTION_TEST_KILLS` says how often (the scoreboard: 500; else a few).
"""

import json
import os
import random
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from hubspot_retention.core.audit.entry import StoredEntry
from hubspot_retention.store.database import open_store
from hubspot_retention.store.engine import Access
from tests.acceptance.processes import COMMAND, Command, sandbox_process
from tests.faults.people import a_customer, a_letter, a_portal, asks_to_go, inactive

KILLS = int(os.environ.get("RETENTION_TEST_KILLS", "12"))
ERASED, ARCHIVED, KEPT, A_ROUND = 150, 50, 800, 40
"""People of one portal who are erased, archived and kept, and how often the process is killed on it at most."""

ALLOWED = {"RETENTION_MODE": "review", "RETENTION_ALLOW_ERASE": "true"}


@dataclass(slots=True)
class Installation:
    """A portal, the command beside it, and what was seen of the audit log so far."""

    command: Command
    url: str
    seen: list[tuple[int, bytes]]

    def requests(self) -> int:
        """How many requests the portal has answered."""
        return int(httpx.get(f"{self.url}/__sandbox/stats").json()["requests"])

    def taken(self) -> list[dict[str, Any]]:
        """The calls that took something away, in order."""
        rows = httpx.get(f"{self.url}/__sandbox/journal", params={"destructive": "1"}).json()["entries"]
        return [row for row in rows if row["effect"]]

    def entries(self) -> list[StoredEntry]:
        """The audit log as it lies on the disk."""
        with open_store(self.command.environment["RETENTION_DATABASE_URL"], Access.READ) as store:
            assert store.verify_log().intact
            return list(store.entries())

    def nothing_was_lost(self) -> None:
        """What was read before the kill is there still, bit by bit."""
        entries = [(entry.seq, sha256(entry.body).digest()) for entry in self.entries()]
        assert entries[: len(self.seen)] == self.seen
        self.seen = entries

    def run(self, *words: str) -> str:
        """The command to its end."""
        ran = self.command(*words, **ALLOWED)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def approve_both(self) -> list[str]:
        """A plan of each kind, approved; their ids."""
        self.run("plan", "new")
        plans = json.loads(self.run("plan", "list", "--json"))[:2]
        for plan in plans:
            self.run("plan", "approve", plan["plan_id"], "--digest", plan["digest"])
        return [plan["plan_id"] for plan in plans]

    def apply_and_kill(self, plan_id: str, after: int, pause: float) -> bool:
        """Apply, and kill the process once so many requests were answered; whether it was killed."""
        process = subprocess.Popen(
            [*COMMAND, "plan", "apply", plan_id],
            env={**self.command.environment, **ALLOWED},
            cwd=self.command.cwd,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = self.requests() + after
        while process.poll() is None and self.requests() < until:
            pass
        try:
            process.wait(pause)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        return process.wait(30) == -signal.SIGKILL


def a_document() -> dict[str, Any]:
    """People who asked to go, some with a letter that goes with them, and people nobody was in touch with."""
    erased = range(1_000, 1_000 + ERASED)
    return a_portal(
        contacts=[
            *map(asks_to_go, erased),
            *map(inactive, range(5_000, 5_000 + ARCHIVED)),
            *map(a_customer, range(9_000, 9_000 + KEPT)),
        ],
        notes=[a_letter(record) for record in erased if record % 5 == 0],
        links=tuple((f"contacts/{record}", f"notes/{record}") for record in erased if record % 5 == 0),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the portals and databases of one test lie."""
    (tmp_path / "portal.json").write_text(json.dumps(a_document()))
    return tmp_path


def kill_on_one_portal(folder: Path, seed: int, wanted: int) -> int:
    """One portal, from the plan to its end, killed up to `wanted` times; answers how often."""
    chance = random.Random(seed)
    (folder / str(seed)).mkdir()
    with sandbox_process(
        folder / str(seed), ["--load", str(folder / "portal.json"), "--latency-ms", "2", "6"]
    ) as command:
        here = Installation(command, command.environment["HUBSPOT_BASE_URL"], [])
        kills = 0
        for plan_id in here.approve_both():
            while kills < min(wanted, A_ROUND):
                if not here.apply_and_kill(plan_id, chance.randrange(0, 24), chance.random() * 0.02):
                    break
                kills += 1
                here.nothing_was_lost()
            shown = json.loads(here.run("plan", "show", plan_id, "--json"))
            if shown["status"] != "applied":
                here.run("plan", "apply", plan_id)
        ended(here)
    return kills


def ended(here: Installation) -> None:
    """Everybody is gone exactly once, and the log told of it before it happened and after it."""
    here.nothing_was_lost()
    gone = [f"contacts/{record}" for row in here.taken() if "/contacts" in row["path"] for record in row["ids"]]
    assert len(gone) == len(set(gone)) == ERASED + ARCHIVED
    letters = [record for row in here.taken() if "/notes" in row["path"] for record in row["ids"]]
    assert len(letters) == len(set(letters)) == ERASED // 5
    told: dict[str, list[str]] = {}
    for entry in here.entries():
        said = json.loads(entry.body)
        if said["subject"] == "disposal":
            told.setdefault(said["record"], []).append(said["verb"])
    assert set(told) == set(gone)
    for record, verbs in told.items():
        assert "sent" in verbs, record
        assert verbs.index("sent") < verbs.index("done"), record
        assert verbs.count("done") == 1, record


def test_a_process_killed_at_any_point_loses_no_entry_and_does_nothing_twice(
    folder: Path, record_property: Callable[[str, object], None]
) -> None:
    kills, seed = 0, 1
    while kills < KILLS:
        kills += kill_on_one_portal(folder, seed, KILLS - kills)
        seed += 1
    record_property("kills", f"{kills}, seeds 1 to {seed - 1}")
    assert kills == KILLS
