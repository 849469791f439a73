"""The power goes at any point of the store's life: every acknowledged entry is there afterwards, and the log verifies.

The store is the real one, with its SQL, its settings and its own SQLite; a shim notes what that asks of the disk, and
each state that the disk may be in after a cut is opened again by the store. In one of five the power goes once more
while the store recovers. `RETENTION_TEST_POWER_CUTS` says how many cuts (the scoreboard: 10,000), half of them with
each journal. That a weaker setting is found shows that the test can fail.
"""

import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hubspot_retention.clock import Clock
from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.store.database import SqlStore, open_store
from hubspot_retention.store.driver import DRIVER, is_wal_sound
from hubspot_retention.store.errors import StoreError
from hubspot_retention.workflow.review import Registrar
from tests.faults.power import Files, Medium, files_in, lay_out
from tests.faults.vfs import Asked, watched_disk
from tests.faults.world import ref

CUTS = int(os.environ.get("RETENTION_TEST_POWER_CUTS", "24"))
JOURNALS = ("wal", "delete") if is_wal_sound(DRIVER) else ("delete",)
SEED = 11
LIVES = 2
STEPS = 25
PAGES = 40
"""So often the write-ahead log is copied to the database in this test: the store does it each 1,000 pages."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A transaction came back: so many entries are promised from here on."""

    entries: int


Life = list[Asked | Acknowledged]


def with_journal(journal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the store use it."""
    if journal == "delete":
        monkeypatch.setattr("hubspot_retention.store.engine.is_wal_sound", lambda driver: False)


def opened(folder: Path) -> SqlStore:
    """The store, as the process that runs opens it."""
    return open_store(f"sqlite:///{folder / 'retention.db'}")


def act(store: SqlStore, number: int, chance: random.Random) -> None:
    """One transaction: a hold with its reason and its entry, and now and then many entries at once."""
    clock = Clock()
    if chance.random() < 0.15:
        with store.transaction() as tx:
            for each in range(chance.randrange(20, 120)):
                tx.audit(Entry(subject=Subject.ALARM, verb=Verb.SENT, at=clock.now(), facts=(("number", each),)))
        return
    record = ref(f"contacts/{1_000 + number}")
    Registrar(store, "anna").place_hold(record, f"J-{number}", "x" * chance.randrange(3_000), None, clock.now())


def live(folder: Path, setting: str = "synchronous") -> tuple[Files, Life, list[bytes]]:
    """A store's life from its second start on: what lay there, what it asked of the disk, what its log says at last."""
    opened(folder).close()
    before, life, chance = files_in(folder), Life(), random.Random(5)

    def note(asked: Asked) -> int:
        life.append(asked)
        return 0

    for _ in range(LIVES):
        with watched_disk(folder, note), opened(folder) as store:
            link: Any = store._session.connection.connection.driver_connection
            for pragma in (f"wal_autocheckpoint={PAGES}", setting):
                link.execute(f"PRAGMA {pragma}").fetchall()
            for number in range(STEPS):
                act(store, number, chance)
                life.append(Acknowledged(store.audit_head().count))
    with opened(folder) as store:
        return before, life, [entry.body for entry in store.entries()]


def recovered(files: Files, folder: Path, chance: random.Random) -> Files:
    """The power goes once more, while the store is being opened again."""
    lay_out(files, folder)
    medium, asked = Medium(files), list[Asked]()

    def note(change: Asked) -> int:
        asked.append(change)
        return 0

    with watched_disk(folder, note):
        opened(folder).close()
    at = chance.randrange(len(asked) + 1)
    for change in asked[:at]:
        medium.happen(change)
    return medium.after_a_cut(chance, asked[at] if at < len(asked) else None)


def lost(files: Files, folder: Path, bodies: list[bytes], promised: int) -> str:
    """What is wrong with a store after a cut: nothing, in words."""
    lay_out(files, folder)
    try:
        with opened(folder) as store:
            found = [entry.body for entry in store.entries()]
            with store.transaction() as tx:
                holds = len(tx.holds())
            intact = store.verify_log().intact
            act(store, 9_999, random.Random(0))
    except StoreError as error:
        return str(error)
    if not intact:
        return "the log does not verify"
    if len(found) < promised or found != bodies[: len(found)]:
        return f"{len(found)} entries, {promised} were acknowledged"
    placed = sum(b'"hold"' in body for body in found)
    return "" if placed == holds else f"{holds} holds, {placed} entries of holds"


def cut(folder: Path, told: tuple[Files, Life, list[bytes]], cuts: int) -> list[str]:
    """Cut the power so many times; answers what was wrong afterwards."""
    before, life, bodies = told
    chance, medium, promised, wrong, at = random.Random(SEED), Medium(before), 0, list[str](), 0
    for number, point in enumerate(sorted(chance.choices(range(len(life)), k=cuts))):
        for step in life[at:point]:
            if isinstance(step, Acknowledged):
                promised = step.entries
            else:
                medium.happen(step)
        at, under_way = point, life[point]
        files = medium.after_a_cut(chance, under_way if isinstance(under_way, Asked) else None)
        if number % 5 == 0:
            files = recovered(files, folder / f"{number}-again", chance)
        found = lost(files, folder / str(number), bodies, promised)
        if found:
            wrong.append(f"at {point} of {len(life)} ({under_way}): {found}"[:300])
    return wrong


@pytest.mark.parametrize("journal", JOURNALS)
def test_after_a_power_cut_every_acknowledged_entry_is_there(
    journal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    with_journal(journal, monkeypatch)
    told = live(made(tmp_path / "life"))
    wrong = cut(made(tmp_path / "cuts"), told, CUTS // len(JOURNALS))
    record_property(f"cuts, {journal}", f"{CUTS // len(JOURNALS):,}, seed {SEED}")
    assert wrong == []


@pytest.mark.parametrize(("journal", "setting"), [("wal", "synchronous=NORMAL"), ("delete", "synchronous=FULL")])
def test_a_weaker_setting_is_found(journal: str, setting: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if journal not in JOURNALS:
        pytest.skip("this SQLite is too old for write-ahead logging")
    with_journal(journal, monkeypatch)
    told = live(made(tmp_path / "life"), setting)
    assert cut(made(tmp_path / "cuts"), told, 12) != []


def made(folder: Path) -> Path:
    """A new folder."""
    folder.mkdir()
    return folder
