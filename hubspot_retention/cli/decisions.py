"""`--decisions FILE`: every record's decision as one JSON line, whole or not at all."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

from hubspot_retention.errors import UsageError

if TYPE_CHECKING:
    from hubspot_retention.core.civil import Civil
    from hubspot_retention.core.decision.model import Decision


class DecisionLines:
    """Collects decisions in a temporary file until the run is whole."""

    def __init__(self, spool: IO[str], civil: "Civil") -> None:
        self._spool = spool
        self._civil = civil
        self._written = 0

    def write(self, decision: "Decision") -> None:
        """Add a decision."""
        from hubspot_retention.core.decision.wire import decision_json

        json.dump(decision_json(decision, self._civil), self._spool, ensure_ascii=False, separators=(",", ":"))
        self._spool.write("\n")
        self._written += 1

    def finish(self, target: Path, records: int) -> None:
        """Put the lines where they were wanted (`-`: stdout).

        A run that had to begin again decided some records twice: the last `records` lines are those of the run
        that counts. Raises UsageError if the file cannot be written.
        """
        self._spool.seek(0)
        lines = islice(self._spool, self._written - records, None)
        if str(target) == "-":
            sys.stdout.writelines(lines)
            return
        part = target.with_name(f".{target.name}.part")
        try:
            with part.open("w", encoding="utf-8") as file:
                file.writelines(lines)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        except OSError as error:
            raise UsageError(f"--decisions {target} cannot be written: {error.strerror}") from error


@contextmanager
def decision_lines(civil: "Civil") -> Iterator[DecisionLines]:
    """Lines that vanish unless they are finished."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", prefix="hubspot-retention-") as spool:
        yield DecisionLines(spool, civil)
