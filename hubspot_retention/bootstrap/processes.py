"""Dockets decided by other processes, while this one reads and stores.

One process reads, decides and stores some five thousand contacts a second on one core, whatever the machine has; a
second one that only decides takes the larger half of that work off it. It is given what lay in the spool and gives
back findings: it opens no database, no file and no connection.

What can go wrong: a process ends under its work, for want of memory perhaps, or by somebody's hand. Then the run fails
as a whole, and its plans stay unfinished, which can never be applied. And an error over there must not show what it had
before it: only its kind and place come back.
"""

import ctypes
import pickle
import traceback
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Final

import structlog

from hubspot_retention.bootstrap.parcels import pack, unpack
from hubspot_retention.core.view import Judge
from hubspot_retention.errors import ProcessError, RetentionError
from hubspot_retention.other_process import pool_of, processors
from hubspot_retention.workflow.deciding import Bench, Court, Docket, Findings, OwnBench

_WORTH_IT: Final = 20_000
"""Contacts from which on other processes are started: below that a run takes a few seconds, and a process half of one
to start, and some 60 MiB."""
_MOST: Final = 1
"""A second one would have little to do: reading and storing, which only this process does, take as long as deciding."""
_AHEAD: Final = 2
"""Dockets under way for each process: one that it decides, one that waits for it. It bounds the memory."""
_LARGE_BLOCKS: Final = -3
"""What glibc's `mallopt` calls M_MMAP_THRESHOLD."""
_LARGE: Final = 64 * 1024
"""Bytes: less than an answer of HubSpot with a hundred records."""
_NO_MORE: Final = object()

_log = structlog.get_logger("hubspot_retention.assess")


@contextmanager
def bench_for(contacts: int) -> Iterator[Bench]:
    """Where a portal with so many contacts is decided."""
    give_back_large_blocks()
    number = processes_for(contacts, processors())
    try:
        bench = ProcessBench(number) if number else None
    except OSError as error:  # a machine without the shared memory that such processes need
        _log.warning("assess.one_process_only", error=type(error).__name__)
        bench = None
    if bench is None:
        yield OwnBench()
        return
    try:
        yield bench
    finally:
        bench.close()


def give_back_large_blocks() -> None:
    """From now on a block of memory as large as an answer goes back to the system when it is let go. In the heap,
    where glibc would rather keep it, such blocks leave gaps that nothing else fits, more of them the longer a list is
    read: 22 MiB at 100,000 contacts. Other C libraries have no such setting."""
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(_LARGE_BLOCKS, _LARGE)


def processes_for(contacts: int, available: int) -> int:
    """How many other processes decide; none where this one does better alone."""
    return 0 if contacts < _WORTH_IT else min(available - 1, _MOST)


class ProcessBench:
    """Decides in other processes, which start at once. Raises OSError where there can be none; close it."""

    is_apart = True

    def __init__(self, processes: int) -> None:
        self._most = processes * _AHEAD
        self._pool = pool_of(processes)
        for _ in range(processes):
            self._pool.submit(_ready)

    def close(self) -> None:
        """End the processes, once they have decided what they have before them."""
        self._pool.shutdown(cancel_futures=True)

    def findings(
        self, court: Court, dockets: Iterable[Docket], meanwhile: Iterable[None] = (), /
    ) -> Iterator[Findings]:
        """What each docket led to, in the order of the dockets. As long as one is waited for, steps of `meanwhile` are
        taken. Raises ProcessError."""
        packed = pickle.dumps((court.policy, court.judge.register, court.judge.as_of, court.requests, court.hears))
        waiting: deque[Future[bytes]] = deque()
        steps = iter(meanwhile)

        def first() -> Findings:
            while not waiting[0].done() and next(steps, _NO_MORE) is None:
                pass
            return _result(waiting.popleft())

        for docket in dockets:
            waiting.append(self._submit(packed, docket))
            if len(waiting) > self._most:
                yield first()
        while waiting:
            yield first()

    def _submit(self, packed: bytes, docket: Docket) -> Future[bytes]:
        try:
            return self._pool.submit(_decide, packed, pack(docket))
        except BrokenProcessPool:
            raise _lost() from None


def _result(future: Future[bytes]) -> Findings:
    try:
        found: Findings = unpack(future.result())
    except BrokenProcessPool:
        raise _lost() from None
    return found


def _lost() -> ProcessError:
    return ProcessError(
        "a process that decided records for this run has ended before its time (out of memory, or killed): the run is"
        " void, nothing of it can be applied. Start it again."
    )


@lru_cache(1)
def _court(packed: bytes) -> Court:
    policy, register, as_of, requests, hears = pickle.loads(packed)
    return Court(policy, Judge.of(policy, register, as_of), requests, hears)


def _ready() -> None:
    """Read, while nothing is to be decided yet, the modules of what will come: that takes a third of a second."""
    import_module("hubspot_retention.hubspot.unread")
    import_module("hubspot_retention.store.spool_views")


def _decide(packed: bytes, docket: bytes) -> bytes:
    try:
        return pack(_court(packed).decide(unpack(docket)))
    except RetentionError:
        raise
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        kind = type(error).__name__
        raise ProcessError(f"deciding failed: {kind} in {Path(place.filename).name}, line {place.lineno}") from None
