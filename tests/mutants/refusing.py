"""Which mutants the types refuse: what mypy does not let through never gets as far as a test."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.mutants.making import Mutant

# A decorator put on in a line of its own is not understood as well as above the function: it may give anything.
# What `__init__` declares, each of its mutants declares again.
_LENIENT: Final = (
    *("--no-warn-return-any", "--no-warn-unused-ignores", "--no-warn-unreachable", "--allow-untyped-calls"),
    "--disable-error-code=no-redef",
)
_MYPY: Final = ("-m", "mypy", "--output", "json", "--no-error-summary", *_LENIENT)


def refused(folder: Path, mutants: Sequence[Mutant]) -> frozenset[str]:
    """Their names. An error anywhere else means that the copy is wrong."""
    modules = sorted({str(mutant.module) for mutant in mutants})
    remembered = folder.parent / "types"
    ran = subprocess.run(
        [sys.executable, *_MYPY, f"--cache-dir={remembered}", *modules],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode in (0, 1), ran.stderr[-2000:]
    errors = [json.loads(line) for line in ran.stdout.splitlines()]
    where = {
        (str(mutant.module), line): mutant.name
        for mutant in mutants
        for line in range(mutant.lines.start, mutant.lines.end + 1)
    }
    elsewhere = [error for error in errors if (error["file"], error["line"]) not in where]
    assert [error for error in elsewhere if error["severity"] == "error"] == []
    return frozenset(where[error["file"], error["line"]] for error in errors if error["severity"] == "error")
