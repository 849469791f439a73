"""Another process beside this one: whether there is a processor for it, and how it is started.

What can go wrong: this process ends, and the others stay behind. So each ends with the one that started it.
"""

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

from hubspot_retention.collector import collect_seldom

_QUOTA: Final = Path("/sys/fs/cgroup/cpu.max")


def processors(quota: Path = _QUOTA) -> int:
    """How many processors this process may use: those it is bound to, within the quota of its container."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        share, period = quota.read_text(encoding="ascii").split()
        return bound if share == "max" else max(1, min(bound, int(share) // int(period)))
    except (OSError, ValueError):
        return bound


def pool_of(number: int) -> ProcessPoolExecutor:
    """So many other processes. Raises OSError on a machine without the shared memory that they need."""
    return ProcessPoolExecutor(number, mp_context=multiprocessing.get_context("spawn"), initializer=_begin)


def _begin() -> None:
    """In the new process. Ctrl-C is this run's to handle, not the helper's; and nobody collects what is not there."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    collect_seldom()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
