"""Work that is measured in a process of its own: `main` in it, `run` in who asks."""

import json
import multiprocessing
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from hubspot_retention.log import configure

Task = Callable[[], dict[str, Any]]


def run(module: str, task: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """Run a task of `bench.<module>` in a fresh process; answers what it measured."""
    command = [sys.executable, "-m", f"bench.{module}", task]
    done = subprocess.run(command, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"bench: {module} {task} ended with {done.returncode}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(tasks: Mapping[str, Task]) -> None:
    """In the child: do the task, and say what it took, in seconds and MiB."""
    configure("warning")
    task = tasks[sys.argv[1]]
    wall, cpu = time.perf_counter(), cpu_seconds()
    with _watching_memory() as looks:
        found = task()
    measured = {
        "seconds": time.perf_counter() - wall,
        "cpu_seconds": cpu_seconds() - cpu,
        "peak_mib": max(peak_mib(), *looks),
    }
    print(json.dumps(measured | found))


@contextmanager
def _watching_memory() -> Iterator[list[float]]:
    """The memory that this process and those that it started had together at each look, in MiB; what they share is
    counted for each of them."""
    looks = [0.0]
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.25):
            with suppress(OSError):  # one of them has just ended
                processes = ["self", *(child.pid for child in multiprocessing.active_children())]
                looks.append(sum(_memory(Path(f"/proc/{process}/status"), "VmRSS") for process in processes))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield looks
    finally:
        ended.set()
        thread.join()


def cpu_seconds() -> float:
    """The processor time of this process and of those that it started and that have ended."""
    own, ended = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime


def peak_mib() -> float:
    """The most memory that this process had. From /proc where there is one: getrusage counts the parent's, too,
    of which the process was forked."""
    status = Path("/proc/self/status")
    if status.exists():
        return _memory(status, "VmHWM")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _memory(status: Path, what: str) -> float:
    """Raises OSError for a process that has ended, also if nobody has taken note of that yet."""
    for line in status.read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(status)
