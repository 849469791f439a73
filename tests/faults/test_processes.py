"""What other processes decide is what this one would have decided; one that ends takes the run with it."""

import os
import platform
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from hubspot_retention.bootstrap import processes
from hubspot_retention.bootstrap.processes import ProcessBench, bench_for, processes_for
from hubspot_retention.core.facts.observation import ContactObservation
from hubspot_retention.core.plan.model import PlanStatus
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.core.view import ContactView, Judge
from hubspot_retention.errors import ProcessError
from hubspot_retention.other_process import processors
from hubspot_retention.workflow import clerk
from hubspot_retention.workflow.assess import Watcher
from hubspot_retention.workflow.deciding import Bench, ContactDocket, Court, Docket, Findings, Known, OwnBench
from tests.builders import a_contact as an_observation
from tests.documents import clienti
from tests.faults.conftest import MakeWorld
from tests.faults.people import (
    a_company,
    a_customer,
    a_deal,
    a_portal,
    asks_to_go,
    days_ago,
    former_customer,
    inactive,
    lost_deal,
    unsubscribed,
    won_deal,
)
from tests.faults.world import World

BenchFor = Callable[[int], AbstractContextManager[Bench]]
PEOPLE = a_portal(
    contacts=[
        *(asks_to_go(number) for number in range(101, 104)),
        *(inactive(number) for number in range(111, 119)),
        *(unsubscribed(number, days_ago(2)) for number in range(121, 125)),
        *(former_customer(number) for number in range(131, 136)),
        a_customer(141),
        a_customer(142, legal_hold="true"),
    ],
    deals=[lost_deal(21), won_deal(22), a_deal(23)],
    companies=[a_company(31)],
    links=(
        ("contacts/131", "deals/22"),
        ("contacts/141", "deals/23"),
        ("contacts/142", "companies/31"),
        ("deals/22", "companies/31"),
    ),
)


class ReadHere(ProcessBench):
    """Decides in another process what was read in this one, as where erased people are looked for."""

    is_apart = False


def of(bench: ProcessBench) -> BenchFor:
    """Always this one."""
    return lambda contacts: closing(bench)


def judged(world: World, bench: BenchFor) -> tuple[object, ...]:
    """All that a run found, as of an instant that stands still."""
    heard: list[str] = []
    watcher = Watcher(decision=lambda decision: heard.append(str(decision)))
    plans = world.assess(as_of=world.clock.present, watcher=watcher, bench_for=bench)
    items = [sorted(map(repr, world.items(plan))) for plan in plans]
    told = [(plan.digest, plan.population, plan.outcomes, plan.rules) for plan in plans]
    return told, items, sorted(heard)


def test_any_number_of_processes_finds_what_one_finds(world_of: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clerk, "_CHUNK", 3)
    world = world_of(PEOPLE)
    alone = judged(world, lambda contacts: nullcontext(OwnBench()))
    assert alone[1] != [[], []]
    for bench in (ProcessBench(2), ReadHere(1)):
        assert judged(world, of(bench)) == alone


class Dying(ProcessBench):
    """One of its processes is killed."""

    def findings(
        self, court: Court, dockets: Iterable[Docket], meanwhile: Iterable[None] = (), /
    ) -> Iterator[Findings]:
        """Kill it once it has begun."""
        for docket in dockets:
            yield from super().findings(court, [docket])
            os.kill(next(iter(self._pool._processes)), signal.SIGKILL)


def test_a_process_that_is_killed_voids_the_run(world_of: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clerk, "_CHUNK", 3)
    world = world_of(PEOPLE)
    with pytest.raises(ProcessError, match="ended before its time"):
        world.assess(bench_for=of(Dying(1)))
    with world.store.transaction() as tx:
        assert {plan.status for plan in tx.plans()} == {PlanStatus.BUILDING}
        assert tx.recall(ObjectType.CONTACT, [RecordId(111)]) == {}
    assert [entry.kind for entry in world.entries()] == ["run.started"]
    assert {plan.status for plan in world.assess()} == {PlanStatus.AWAITING_REVIEW}


class Failing:
    """Neighbours that cannot be put together."""

    def views(self, contacts: Sequence[ContactObservation]) -> list[ContactView]:
        """Fails, with a person in the message."""
        raise ValueError("anna@example.dk", contacts)


def test_an_error_in_another_process_shows_its_kind_and_place_and_nobody(world_of: MakeWorld) -> None:
    world = world_of(a_portal())
    court = Court(clienti(), Judge.of(clienti(), {}, world.clock.present))
    known = Known(before={}, obliged=frozenset())
    docket = ContactDocket(seen=[an_observation(101)], statuses={}, neighbours=Failing(), known=known)
    with closing(ProcessBench(1)) as bench, pytest.raises(ProcessError) as caught:
        list(bench.findings(court, [docket]))
    assert str(caught.value).startswith("deciding failed: ValueError in test_processes.py, line ")
    assert "anna" not in "".join(traceback.format_exception(caught.value))


class Around:
    """Contacts with nothing around them."""

    def views(self, contacts: Sequence[ContactObservation]) -> list[ContactView]:
        """Just so."""
        return [ContactView(contact, (), ()) for contact in contacts]


def test_while_another_process_decides_this_one_goes_on_with_what_is_to_be_done_meanwhile(world_of: MakeWorld) -> None:
    world = world_of(a_portal())
    court = Court(clienti(), Judge.of(clienti(), {}, world.clock.present))
    known = Known(before={}, obliged=frozenset())
    dockets = [
        ContactDocket(seen=[an_observation(number)], statuses={}, neighbours=Around(), known=known)
        for number in range(101, 106)
    ]
    taken: list[int] = []

    def endless() -> Iterator[None]:
        for number in count():
            taken.append(number)
            yield

    steps = endless()
    with closing(ProcessBench(1)) as bench:
        found = bench.findings(court, dockets, steps)
        first = next(found)  # the process was only just started
        assert taken
        assert [first, *found] == [court.decide(docket) for docket in dockets]
    next(steps)
    assert taken == list(range(len(taken)))


class Looking(ProcessBench):
    """Looks, before and after, at what was read over there."""

    def __init__(self) -> None:
        super().__init__(1)
        self.before, self.after = self.modules(), set[str]()

    def modules(self) -> set[str]:
        """What of the product is there."""
        names = self._pool.submit(eval, "[*__import__('sys').modules]").result()
        return {name for name in names if name.startswith("hubspot_retention")}

    def close(self) -> None:
        """Look once more."""
        self.after = self.modules()
        super().close()


def test_another_process_has_read_what_it_needs_before_it_has_anything_to_decide(world_of: MakeWorld) -> None:
    bench = Looking()
    world_of(PEOPLE).assess(bench_for=of(bench))
    assert bench.before == bench.after


def test_another_process_has_nothing_to_talk_to_hubspot_with(world_of: MakeWorld) -> None:
    bench = Looking()
    world_of(PEOPLE).assess(bench_for=of(bench))
    assert "hubspot_retention.hubspot.unread" in bench.after
    assert "hubspot_retention.hubspot.transport" not in bench.after


_ORPHAN = """
import os, signal
from hubspot_retention.bootstrap.processes import ProcessBench
if __name__ == "__main__":
    bench = ProcessBench(1)
    print(bench._pool.submit(os.getpid).result(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def _is_there(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_the_processes_of_one_that_is_killed_do_not_stay_behind(tmp_path: Path) -> None:
    script = tmp_path / "orphan.py"
    script.write_text(_ORPHAN, encoding="utf-8")
    root = str(Path(__file__).parents[2])
    told = subprocess.run(
        [sys.executable, script], env={**os.environ, "PYTHONPATH": root}, stdout=subprocess.PIPE, text=True, check=False
    )
    pid = int(told.stdout)
    for _ in range(600):
        if not _is_there(pid):
            return
        time.sleep(0.05)
    pytest.fail(f"process {pid} is still there")


def test_a_small_portal_or_one_processor_is_decided_in_one_process() -> None:
    assert [processes_for(19_999, 8), processes_for(20_000, 1)] == [0, 0]
    assert [processes_for(20_000, 2), processes_for(1_000_000, 64)] == [1, 1]
    with bench_for(100) as bench:
        assert isinstance(bench, OwnBench)


def test_where_there_can_be_no_other_process_this_one_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> Any:
        raise OSError("no shared memory")

    monkeypatch.setattr(processes, "processors", lambda: 2)
    monkeypatch.setattr(processes, "pool_of", refused)
    with bench_for(1_000_000) as bench:
        assert isinstance(bench, OwnBench)


@pytest.mark.parametrize(("told", "expected"), [("max 100000", 4), ("250000 100000", 2), ("50000 100000", 1), ("", 4)])
def test_the_quota_of_a_container_bounds_the_processors(
    told: str, expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    quota = tmp_path / "cpu.max"
    quota.write_text(told, encoding="ascii")
    assert processors(quota) == expected
    assert processors(tmp_path / "nowhere") == 4


_TAKEN_AND_LET_GO = """
import ctypes
from hubspot_retention.bootstrap.processes import give_back_large_blocks

NAMES = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"

class Counts(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in NAMES.split()]

count = ctypes.CDLL(None).mallinfo2
count.restype = Counts
give_back_large_blocks()
before = count().hblks
blocks = [bytes(100_000) for _ in range(200)]
print(count().hblks - before)
del blocks
print(count().hblks - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="no other C library has the setting")
def test_blocks_as_large_as_an_answer_go_back_to_the_system_when_they_are_let_go() -> None:
    done = subprocess.run([sys.executable, "-c", _TAKEN_AND_LET_GO], capture_output=True, text=True, check=True)
    taken, kept = map(int, done.stdout.split())
    assert taken > 100  # some fit into what the process had already: compiling its modules leaves a few megabytes
    assert kept == 0
