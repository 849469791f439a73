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
    with _watching_children() as children:
        found = task()
    measured = {
        "seconds": time.perf_counter() - wall,
        "cpu_seconds": cpu_seconds() - cpu,
        "peak_mib": peak_mib() + sum(children.values()),
    }
    print(json.dumps(measured | found))


@contextmanager
def _watching_children() -> Iterator[dict[int, float]]:
    """The most memory that each process had that this one started, in MiB, as far as it was seen; what they share with
    this one is counted again."""
    seen: dict[int, float] = {}
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.25):
            for child in multiprocessing.active_children():
                with suppress(OSError, StopIteration):
                    seen[child.pid or 0] = _most_memory(Path(f"/proc/{child.pid}/status"))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
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
        return _most_memory(status)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _most_memory(status: Path) -> float:
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
