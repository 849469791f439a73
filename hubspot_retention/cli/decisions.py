"""`--decisions FILE`: every record's decision as one JSON line, whole or not at all."""

import errno
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

from hubspot_retention.errors import RetentionError, UsageError

if TYPE_CHECKING:
    from hubspot_retention.core.civil import Civil
    from hubspot_retention.core.decision.model import Decision


class DecisionLines:
    """Collects decisions in a temporary file until the run is whole. `part`: the open file beside the target that they
    go to then; `None` where they go to stdout."""

    def __init__(self, spool: IO[str], civil: "Civil", part: IO[str] | None) -> None:
        self._spool = spool
        self._civil = civil
        self._part = part
        self._written = 0

    def write(self, decision: "Decision") -> None:
        """Add a decision."""
        from hubspot_retention.core.decision.wire import decision_json

        json.dump(decision_json(decision, self._civil), self._spool, ensure_ascii=False, separators=(",", ":"))
        self._spool.write("\n")
        self._written += 1

    def finish(self, target: Path, records: int, made: Sequence[str]) -> None:
        """Put the lines where they were wanted (`-`: stdout).

        A run that had to begin again decided some records twice: the last `records` lines are those of the run
        that counts. `made`: the plans that are stored by now. Raises RetentionError naming them if the file cannot be
        written.
        """
        self._spool.seek(0)
        lines = islice(self._spool, self._written - records, None)
        if self._part is None:
            sys.stdout.writelines(lines)
            return
        try:
            self._part.writelines(lines)
            self._part.flush()
            os.fsync(self._part.fileno())
            _beside(target).replace(target)
        except OSError as error:
            plans = f"the plans {' and '.join(made)} were made all the same: see `plan list`"
            raise RetentionError(f"{_unwritten(target, error)}; {plans}") from error


@contextmanager
def decision_lines(civil: "Civil", target: Path | None) -> Iterator[DecisionLines]:
    """Lines that vanish unless they are finished. Raises UsageError if the target cannot be written: before the portal
    is read, as a run puts its plans in the place of those that wait."""
    with ExitStack() as stack:
        part = None if target is None or str(target) == "-" else stack.enter_context(_part_of(target))
        spool = stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", prefix="hubspot-retention-"))
        yield DecisionLines(spool, civil, part)


@contextmanager
def _part_of(target: Path) -> Iterator[IO[str]]:
    try:
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        file = _beside(target).open("w", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{_unwritten(target, error)}; nothing was done") from error
    try:
        yield file
    finally:
        with suppress(OSError):  # what a full disk did not take is not written now
            file.close()
        _beside(target).unlink(missing_ok=True)


def _beside(target: Path) -> Path:
    return target.with_name(f".{target.name}.part")


def _unwritten(target: Path, error: OSError) -> str:
    return f"--decisions {target} cannot be written: {error.strerror}"
