"""A plugin of pytest: instead of running the tests once, it wakes one mutant after the other and runs what reaches it.

The tests are read once. They run once undisturbed, which tells what lines each of them passes; then each mutant is
tried in a process of its own, forked from the one that has read everything: it costs what its tests cost and no more.
Only files of which a test passes the lines that it changes can notice it (the tests of a file may share what one of
them made): the quick tests first, and before them those that noticed its neighbours. It ends with the first that fails.
"""

import gc
import json
import os
import resource
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol
from coverage import Coverage
from mutmut.mutation.trampoline import set_mutant_under_test

Place = tuple[str, Sequence[int]]
"""A file, and the lines of it whose change a test can only notice if it passes one of them."""

NOBODY = ""
UNREACHED, SURVIVED, ENDLESS = "unreached", "survived", "endless"
"""What becomes of a mutant, if not the name of the test that noticed it."""

_CPU_FACTOR = 5
_WALL_SECONDS = 300
_MEMORY = 6 << 30


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the mutants stand that are to be tried, and where is told what became of them."""
    parser.addoption("--mutants", type=Path, required=True)
    parser.addoption("--fates", type=Path, required=True)
    parser.addoption("--patience", type=int, default=5, help="seconds of CPU that a test of a mutant gets at least")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Try every mutant; the session fails only if a test fails undisturbed."""
    wanted: dict[str, Place] = json.loads(session.config.getoption("mutants").read_text(encoding="utf-8"))
    trial = Trial(session.items, session.config.getoption("patience"))
    gc.collect()
    gc.freeze()  # what is there stays there: a forked process need not look at it
    set_mutant_under_test(NOBODY)
    trial.look(sorted({file for file, _ in wanted.values()}))
    fates = {name: trial.fate(name, place) for name, place in wanted.items()}
    session.config.getoption("fates").write_text(json.dumps(fates), encoding="utf-8")
    return True


class Trial:
    """Tests, what they pass and how long they take; and the fate of one mutant after the other."""

    def __init__(self, items: Sequence[pytest.Item], patience: int) -> None:
        self._items = {item.nodeid: item for item in items}
        self._patience = patience
        self._seconds: dict[str, float] = {}
        self._longest: defaultdict[str, float] = defaultdict(float)  # of a file: any test may make what all share
        self._passing: dict[tuple[str, int], list[str]] = {}
        self._noticed: defaultdict[str, list[str]] = defaultdict(list)

    def look(self, files: Sequence[str]) -> None:
        """Run each test undisturbed, in a process like those of the mutants."""
        told = json.loads(_in_a_process(lambda: json.dumps(self._look(files))) or "{}")
        if "seconds" not in told:
            pytest.exit(f"fails undisturbed: {told.get('failed', 'the process ended')}", returncode=1)
        self._seconds = told["seconds"]
        for test, seconds in self._seconds.items():
            self._longest[_file_of(test)] = max(self._longest[_file_of(test)], seconds)
        self._passing = {(file, line): tests for file, line, tests in told["passing"]}

    def _look(self, files: Sequence[str]) -> dict[str, object]:
        seconds: dict[str, float] = {}
        seen = Coverage(data_file=None, include=files, config_file=False)
        seen.start()
        items = list(self._items.values())
        for item, following in zip(items, [*items[1:], None], strict=True):
            seen.switch_context(item.nodeid)
            began = time.process_time()
            if not _passes(item, following):
                return {"failed": item.nodeid}
            seconds[item.nodeid] = time.process_time() - began
        seen.stop()
        data = seen.get_data()
        passing = [
            (file, line, [test for test in tests if test in seconds])
            for file in files
            for line, tests in data.contexts_by_lineno(file).items()
        ]
        return {"seconds": seconds, "passing": passing}

    def fate(self, name: str, place: Place) -> str:
        """What becomes of a mutant."""
        file, lines = place
        files = {_file_of(test) for line in lines for test in self._passing.get((file, line), ())}
        passing = {test for test in self._items if _file_of(test) in files}
        if not passing:
            return UNREACHED
        first = [test for test in reversed(self._noticed[file]) if test in passing]
        rest = sorted(passing.difference(first), key=self._seconds.__getitem__)
        fate = self._try(name, [*first, *rest])
        if fate in self._items:
            self._noticed[file] = [test for test in self._noticed[file] if test != fate] + [fate]
        return fate

    def _try(self, name: str, tests: Sequence[str]) -> str:
        def trial() -> str:
            set_mutant_under_test(name)
            return next(self._failing(tests), SURVIVED)

        return _in_a_process(trial) or ENDLESS

    def _failing(self, tests: Sequence[str]) -> Iterator[str]:
        for test, following in zip(tests, [*tests[1:], None], strict=True):
            _bound(self._patience + _CPU_FACTOR * self._longest[_file_of(test)])
            if not _passes(self._items[test], None if following is None else self._items[following]):
                yield test


def _in_a_process(work: Callable[[], str]) -> str:
    """What some work answers that is done in a forked process; nothing if that comes to a violent end."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        with os.fdopen(writing, "w", encoding="utf-8") as telling:
            telling.write(work())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as told:
        answer = told.read()
    os.waitpid(child, 0)
    return answer


def _file_of(test: str) -> str:
    return test.partition("::")[0]


def _bound(cpu_seconds: float) -> None:
    """End what goes on for ever, from now."""
    until = int(time.process_time() + cpu_seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(_WALL_SECONDS + int(cpu_seconds))


def _passes(item: pytest.Item, following: pytest.Item | None) -> bool:
    return not any(report.failed for report in runtestprotocol(item, log=False, nextitem=following))
