"""`python -m tests.scoreboard`: every line with its result, what was tried, and the commit it was tried on.

A line without a test is told as not shown, never as passed; a red line makes the command fail.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from hubspot_retention.clock import Clock
from tests.scoreboard.rows import ROWS, Row

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "scoreboard.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a line: passed, failed or not shown; the tests' own figures; the seconds it took."""

    row: Row
    verdict: str
    figures: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0


def _read(report: Path, row: Row, code: int) -> Result:
    """What pytest's own report says. A line all of whose tests were skipped shows nothing."""
    suites = ElementTree.parse(report).getroot().iter("testsuite")
    suite = next(suites)
    ran = int(suite.get("tests", "0")) - int(suite.get("skipped", "0"))
    named = ((found.get("name", ""), found.get("value", "")) for found in suite.iter("property"))
    seconds = float(suite.get("time", "0"))
    verdict = "not shown" if ran == 0 and code in (0, 5) else "passed" if code == 0 else "FAILED"
    return Result(row=row, verdict=verdict, figures=(("tests", str(ran)), *named), seconds=seconds)


def try_row(row: Row, *, full: bool) -> Result:
    """Run the tests of a line."""
    if not row.tests:
        return Result(row=row, verdict="not shown")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *row.tests, f"--junit-xml={report}"],
            cwd=ROOT,
            env={**os.environ, **(row.full if full else row.short)},
            capture_output=True,
            text=True,
            check=False,
        )
        if not report.exists():
            return Result(row=row, verdict="FAILED", figures=(("pytest", f"exit {ran.returncode}"),))
        result = _read(report, row, ran.returncode)
        if result.verdict == "FAILED":
            sys.stderr.write(ran.stdout[-4_000:])
    return result


def _commit() -> str:
    ran = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return ran.stdout.strip() or "none"


def line(result: Result) -> str:
    """A line for a terminal."""
    figures = ", ".join(f"{name} {value}" for name, value in result.figures)
    return (
        f"{result.row.number:>2}  {result.verdict:<9} {result.row.what}\n              {figures or result.row.target}"
    )


def page(results: Iterable[Result], heading: str) -> str:
    """The same as a page of the documentation."""
    lines = [
        "# Scoreboard",
        "",
        heading,
        "",
        "| # | what is tried | target | result | figures |",
        "|---|---|---|---|---|",
    ]
    for result in results:
        figures = "; ".join(f"{name} {value}" for name, value in result.figures)
        row = result.row
        lines.append(f"| {row.number} | {row.what} | {row.target} | {result.verdict} | {figures} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Try every line; 1 if one is red."""
    parser = argparse.ArgumentParser(prog="python -m tests.scoreboard", description="Try every line of the scoreboard.")
    parser.add_argument("--full", action="store_true", help="as much as a release wants; without it, minutes")
    parser.add_argument("--only", type=int, action="append", metavar="N", help="only this line; may be repeated")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there, too")
    parser.add_argument("--page", action="store_true", help=f"write {PAGE.relative_to(ROOT)}, too")
    given = parser.parse_args()
    results = []
    for row in ROWS:
        if given.only is None or row.number in given.only:
            results.append(try_row(row, full=given.full))
            print(line(results[-1]), flush=True)
    extent = "full" if given.full else "short"
    heading = (
        f"The {extent} form, of commit {_commit()}, on {Clock().now():%Y-%m-%d}. A line without a test is not shown."
    )
    if given.json is not None:
        rows = [
            {"row": one.row.number, "what": one.row.what, "target": one.row.target, "result": one.verdict}
            | {"figures": dict(one.figures), "seconds": round(one.seconds, 1)}
            for one in results
        ]
        given.json.write_text(json.dumps({"commit": _commit(), "extent": extent, "rows": rows}, indent=1) + "\n")
    if given.page:
        PAGE.write_text(page(results, heading), encoding="utf-8")
    print(f"\n{heading}")
    return 1 if any(one.verdict == "FAILED" for one in results) else 0


if __name__ == "__main__":
    sys.exit(main())
