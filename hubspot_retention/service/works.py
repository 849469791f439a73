"""The one thread that works: ticks that are wanted, the most pressing first, one after another.

What can go wrong: two jobs race for one record; one that fails takes the thread with it, and nobody looks at the
ledger any more; one that fails at once is tried again without end; a flood of what is pressing keeps a sweep from ever
beginning. So whoever wants something done only says so, and the thread does it; a failure is caught here once, written
down, and the tick is wanted again after a pause that grows; what has been passed over so often is done next. A long
sweep lets what is pressing go in between (`between`): no transaction is open then, and both run in this thread.
"""

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Condition, Event
from typing import Final

import structlog

from hubspot_retention.errors import PortalPausedError, PortalTemporaryError, RetentionError
from hubspot_retention.workflow.ports import Store, Transaction
from hubspot_retention.workflow.times import Times

_log = structlog.get_logger("hubspot_retention.service")

_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 300.0
_LONGEST_ASKED: Final = 86_400.0
"""How long HubSpot may ask for at most: a move of the data centre takes a day."""
_LONGEST_SLEEP: Final = 60.0
_PATIENCE: Final = 8
"""How often a tick whose time has come lets more pressing ones go first."""

STOPPED: Final = "stopped"
"""The code of a tick that the end of the process interrupted."""

Facts = Mapping[str, object]


class StoppingError(Exception):
    """The process is to end: what is under way is given up where nothing is lost by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A tick: its name, what it does, and what is wanted after its success. `do` answers what is worth a line in the
    log, or nothing. `between`: it may run in the middle of a job that asks for it. `always`: also when that it begins
    cannot be written down."""

    name: str
    do: Callable[[], Facts | None]
    then: tuple[str, ...] = ()
    between: bool = False
    always: bool = False
    longest_pause: float = _LONGEST_PAUSE


class Works:
    """Jobs in the order of how pressing they are. `want`, `stop` and the figures are for any thread; `step`, `run` and
    `between` for the one that works."""

    def __init__(self, jobs: Sequence[Job], store: Store, times: Times) -> None:
        self._jobs = {job.name: job for job in jobs}
        self._store = store
        self._times = times
        self._condition = Condition()
        self._stop = Event()
        self._wanted: set[str] = set()
        self._not_before: dict[str, float] = {}
        self._passed_over: dict[str, int] = {}
        self._failures: dict[str, int] = {}
        self._beat_at = times.monotonic()
        self._store_failure = ""

    def want(self, *names: str) -> None:
        """Have ticks done as soon as it is their turn. One that is wanted twice is done once."""
        with self._condition:
            self._wanted.update(name for name in names if name in self._jobs)
            self._condition.notify_all()

    def stop(self) -> None:
        """No new work; what is under way ends as soon as it can."""
        self._stop.set()
        with self._condition:
            self._condition.notify_all()

    def is_stopping(self) -> bool:
        """Whether `stop` was said."""
        return self._stop.is_set()

    def wait_for_stop(self, seconds: float) -> bool:
        """Wait so long, or until `stop` is said; answers whether it was."""
        return self._stop.wait(seconds)

    def seconds_since_beat(self) -> float:
        """How long ago the thread was last seen to get on."""
        return self._times.monotonic() - self._beat_at

    def beat(self) -> None:
        """The work gets on."""
        self._beat_at = self._times.monotonic()

    @property
    def store_failure(self) -> str:
        """The code of the failure, if what was last to be written down could not be."""
        return self._store_failure

    def run(self) -> None:
        """Work until `stop`."""
        while not self._stop.is_set():
            self.beat()
            if self.step() is None:
                with self._condition:
                    seconds = self._seconds_to_wait()
                    if seconds > 0 and not self._stop.is_set():
                        self._condition.wait(seconds)

    def step(self) -> str | None:
        """Do the most pressing tick that is wanted; its name, or `None` if there is none whose time has come."""
        job = self._take(list(self._jobs.values()))
        if job is not None:
            self._do(job)
        return None if job is None else job.name

    def between(self) -> None:
        """In the middle of a long job: do what may go in between, but not for ever. Raises StoppingError."""
        pressing = [job for job in self._jobs.values() if job.between]
        for _ in range(_PATIENCE):
            self.beat()
            job = None if self._stop.is_set() else self._take(pressing)
            if job is None:
                break
            self._do(job)
        if self._stop.is_set():
            raise StoppingError

    def _take(self, jobs: Sequence[Job]) -> Job | None:
        with self._condition:
            present = self._times.monotonic()
            ready = [
                job for job in jobs if job.name in self._wanted and self._not_before.get(job.name, present) <= present
            ]
            if not ready:
                return None
            taken = next((job for job in ready if self._passed_over.get(job.name, 0) >= _PATIENCE), ready[0])
            for job in ready:
                self._passed_over[job.name] = self._passed_over.get(job.name, 0) + 1
            self._passed_over[taken.name] = 0
            self._wanted.discard(taken.name)
            return taken

    def _seconds_to_wait(self) -> float:
        present = self._times.monotonic()
        waits = (self._not_before.get(name, present) - present for name in self._wanted)
        return min((*waits, _LONGEST_SLEEP))

    def _do(self, job: Job) -> None:
        """One tick, with what becomes of it written down."""
        began = self._times.monotonic()
        with structlog.contextvars.bound_contextvars(tick=job.name):
            try:
                self._begin(job)
                facts = job.do()
                seconds = self._times.monotonic() - began
                self._write(lambda tx: tx.tick_done(job.name, self._times.now(), seconds))
            except Exception as error:
                self._give_up(job, error, self._times.monotonic() - began)
                return
            self._failures.pop(job.name, None)
            self._not_before.pop(job.name, None)
            self.want(*job.then)
            tell = _log.info if facts else _log.debug
            tell("tick.finished", seconds=round(seconds, 3), **(facts or {}))

    def _begin(self, job: Job) -> None:
        try:
            self._write(lambda tx: tx.tick_started(job.name, self._times.now()))
        except RetentionError:
            if not job.always:
                raise

    def _write(self, note: Callable[[Transaction], None]) -> None:
        try:
            with self._store.transaction() as tx:
                note(tx)
        except Exception as error:
            self._store_failure = code_of(error)
            raise
        self._store_failure = ""

    def _give_up(self, job: Job, error: Exception, seconds: float) -> None:
        """What stands in the way is written down; what the tick last achieved stays what it was."""
        code = STOPPED
        if not (self._stop.is_set() and isinstance(error, StoppingError | PortalPausedError)):
            code = self._fail(job, error, seconds)
        try:
            self._write(lambda tx: tx.tick_done(job.name, self._times.now(), seconds, code))
        except Exception as failure:
            _log.error("tick.unrecorded", code=code_of(failure))

    def _fail(self, job: Job, error: Exception, seconds: float) -> str:
        """The tick is wanted again after a pause; answers the code of the failure."""
        failures = self._failures[job.name] = self._failures.get(job.name, 0) + 1
        pause = _pause(error, failures, job.longest_pause)
        with self._condition:
            self._not_before[job.name] = self._times.monotonic() + pause
            self._wanted.add(job.name)
        code, known = code_of(error), isinstance(error, RetentionError)
        # The text of an unexpected exception may hold anything: only where it happened is told.
        why = str(error) if known else _place_of(error)
        tell = _log.warning if known else _log.error
        tell("tick.failed", code=code, why=why, times=failures, again_in=round(pause, 1), seconds=round(seconds, 3))
        return code


def code_of(error: BaseException) -> str:
    """What kind of failure it was: its class, and HubSpot's status where there is one."""
    status = getattr(error, "status", None)
    return type(error).__name__ + (f":http-{status}" if isinstance(status, int) else "")


def _pause(error: Exception, failures: int, longest: float) -> float:
    asked = error.retry_after_seconds if isinstance(error, PortalTemporaryError) else None
    grown = min(_FIRST_PAUSE * (1 << min(failures - 1, 20)), longest)
    return max(grown, min(asked or 0.0, _LONGEST_ASKED))


def _place_of(error: Exception) -> str:
    """The innermost place in our own code."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "hubspot_retention" in frame.filename] or frames
    return f"{ours[-1].filename.rpartition('/')[2]}:{ours[-1].lineno} {ours[-1].name}" if ours else "unknown"
