"""What pytest's own report (JUnit XML) says of a line of the scoreboard.

A line is passed only if each thing it names was run and nothing of it failed: a file that is gone, or whose tests were
all skipped, shows nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from xml.etree import ElementTree

from tests.scoreboard.rows import Row


class Verdict(StrEnum):
    """What became of a line."""

    PASSED = "passed"
    FAILED = "FAILED"
    NOT_SHOWN = "not shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A test of the report: its module with dots, its name, how it ended (skipped: nothing was tried), its figures."""

    module: str
    name: str
    failed: bool
    skipped: bool
    figures: tuple[tuple[str, str], ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a line, with the tests' own figures and the seconds they took."""

    row: Row
    verdict: Verdict
    figures: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0


def read_report(path: Path) -> tuple[Ran, ...]:
    """The tests of a report."""
    cases = ElementTree.parse(path).getroot().iter("testcase")
    return tuple(
        Ran(
            module=case.get("classname", ""),
            name=case.get("name", ""),
            failed=case.find("failure") is not None or case.find("error") is not None,
            skipped=case.find("skipped") is not None,
            figures=tuple((one.get("name", ""), one.get("value", "")) for one in case.iter("property")),
            seconds=float(case.get("time", "0")),
        )
        for case in cases
    )


def _is_named(ran: Ran, wanted: str) -> bool:
    """Whether pytest would have selected the test by that name: a folder, a file, or a test of a file."""
    path, _, test = wanted.partition("::")
    module = path.removesuffix(".py").strip("/").replace("/", ".")
    inside = ran.module == module or ran.module.startswith(f"{module}.")
    return inside and (not test or ran.name.partition("[")[0] == test)


def result_of(row: Row, ran: Sequence[Ran]) -> Result:
    """What a report says of a line."""
    by_name = [[one for one in ran if _is_named(one, wanted)] for wanted in row.tests]
    tried = {id(one): one for tests in by_name for one in tests if not one.skipped}.values()
    figures = (("tests", str(len(tried))), *(figure for one in tried for figure in one.figures))
    verdict = Verdict.NOT_SHOWN
    if any(one.failed for one in tried):
        verdict = Verdict.FAILED
    elif row.tests and all(any(not one.skipped for one in tests) for tests in by_name):
        verdict = Verdict.PASSED
    return Result(row=row, verdict=verdict, figures=figures, seconds=sum(one.seconds for one in tried))
