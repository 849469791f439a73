"""The disk is full, can only be read or fails, from any change on that the store asks of it: what was not announced
durably is not done, the message says what is wrong, and with the disk mended the same process finishes the work.

With `RETENTION_TEST_EVERY_CHANGE` set it happens at every change (the scoreboard's full form), else at two for each
trouble and journal.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from hubspot_retention.core.plan.model import PlanStatus
from hubspot_retention.sandbox.running import RunningSandbox
from hubspot_retention.store.driver import DRIVER, is_wal_sound
from hubspot_retention.store.errors import StoreError
from tests.faults.rehearsal import Prepared, again, assert_accounted_for
from tests.faults.vfs import Asked, Kind, watched_disk
from tests.faults.world import World

_FULL, _CANTOPEN = 13, 14
_WRITE, _FSYNC, _TRUNCATE, _DELETE = (10 | detail << 8 for detail in (3, 4, 6, 10))

TROUBLES: Mapping[str, Mapping[Kind, int]] = MappingProxyType(
    {
        "full": {Kind.WRITE: _FULL},
        "read-only": {
            Kind.CREATE: _CANTOPEN,
            Kind.WRITE: _WRITE,
            Kind.TRUNCATE: _TRUNCATE,
            Kind.DELETE: _DELETE,
        },
        "failing": {Kind.WRITE: _WRITE, Kind.SYNC: _FSYNC, Kind.TRUNCATE: _TRUNCATE},
    }
)
"""What SQLite's VFS for Unix makes of ENOSPC, EROFS and EIO."""

WORDS = "the disk is full|could not be read or written|cannot be opened"
JOURNALS = ("wal", "delete") if is_wal_sound(DRIVER) else ("delete",)


@dataclass(slots=True)
class Disk:
    """A disk that refuses changes of some kinds from one of them on, until it is mended."""

    refuses: Mapping[Kind, int]
    at: int
    asked: int = 0
    refused: int = 0

    def __call__(self, asked: Asked) -> int:
        """Whether a change may happen."""
        code = self.refuses.get(asked.kind, 0)
        self.asked += bool(code)
        if not code or not 0 < self.at <= self.asked:
            return 0
        self.refused += 1
        return code

    def mend(self) -> None:
        """There is space again."""
        self.at = 0


@dataclass(slots=True)
class NotingStore:
    """A store that notes what had been called when a transaction first failed."""

    inner: Any
    calls: Callable[[], int]
    swallows: bool = False
    calls_then: int | None = None
    __weakref__: Any = field(init=False, repr=False, compare=False)
    __hash__ = object.__hash__

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """A transaction."""
        try:
            with self.inner.transaction() as tx:
                yield tx
        except StoreError:
            if self.calls_then is None:
                self.calls_then = self.calls()
            if not self.swallows:
                raise


@pytest.fixture(params=JOURNALS)
def journal(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each journal that the store may have to use."""
    if request.param == "delete":
        monkeypatch.setattr("hubspot_retention.store.engine.is_wal_sound", lambda driver: False)
    return str(request.param)


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, Counter[Kind]]:
    """What an undisturbed application asks for, with each journal."""
    return {}


def changes(server: RunningSandbox, prepared: Prepared, folder: Path) -> Counter[Kind]:
    """Apply both plans undisturbed and count."""
    folder.mkdir()
    asked: list[Kind] = []

    def note(change: Asked) -> int:
        asked.append(change.kind)
        return 0

    with watched_disk(folder, note), again(server, prepared, folder) as world:
        asked.clear()
        for plan in prepared.plans:
            world.apply(plan)
        return Counter(asked)


def some_of(most: int, trouble: str) -> Iterable[int]:
    """At which changes it happens: all, or two that differ from one trouble to the next."""
    if "RETENTION_TEST_EVERY_CHANGE" in os.environ:
        return range(1, most + 1)
    first = most * (1 + list(TROUBLES).index(trouble)) // 8
    return (first, first + most // 2)


def apply_on(disk: Disk, world: World, prepared: Prepared) -> NotingStore:
    """Apply both plans on a disk that will refuse."""
    store = NotingStore(world.store, lambda: len(world.calls()))

    def apply() -> None:
        for plan in prepared.plans:
            world.apply(plan, store=store)

    with pytest.raises(StoreError, match=WORDS):
        apply()
    return store


@pytest.mark.parametrize("trouble", TROUBLES)
def test_nothing_goes_that_was_not_announced_durably_and_the_same_process_recovers(
    server: RunningSandbox,
    prepared: Prepared,
    tmp_path: Path,
    journal: str,
    trouble: str,
    undisturbed: dict[str, Counter[Kind]],
    record_property: Callable[[str, object], None],
) -> None:
    if journal not in undisturbed:
        undisturbed[journal] = changes(server, prepared, tmp_path / "undisturbed")
    most = sum(undisturbed[journal][kind] for kind in TROUBLES[trouble])
    points = some_of(most, trouble)
    for at in points:
        folder = tmp_path / str(at)
        folder.mkdir()
        disk = Disk(TROUBLES[trouble], at=0)
        with watched_disk(folder, disk), again(server, prepared, folder) as world:
            disk.at = disk.asked + at
            store = apply_on(disk, world, prepared)
            assert len(world.calls()) == store.calls_then, f"change {at}: a call after a transaction had failed"
            disk.mend()
            told = [entry for entry in world.entries() if entry.kind.endswith(".sent")]
            announced = {entry.record for entry in told} | {str(dict(entry.facts).get("about")) for entry in told}
            assert {effect.split()[1] for effect in world.effects()} <= announced, f"change {at}"
            for plan in prepared.plans:
                if world.plan(plan).status is not PlanStatus.APPLIED:
                    world.apply(plan)
            assert sorted(world.effects()) == prepared.effects, f"change {at}"
            assert_accounted_for(world, prepared)
    record_property(f"{trouble}, {journal}", f"from {len(list(points))} of {most} changes on")


def test_a_store_that_hides_its_failures_is_found(server: RunningSandbox, prepared: Prepared, tmp_path: Path) -> None:
    disk = Disk(TROUBLES["full"], at=0)
    with watched_disk(tmp_path, disk), again(server, prepared, tmp_path) as world:
        store = NotingStore(world.store, lambda: len(world.calls()), swallows=True)
        disk.at = disk.asked + 60
        with suppress(Exception):
            world.apply(prepared.plans[0], store=store)
        assert store.calls_then is not None
        assert len(world.calls()) > store.calls_then
