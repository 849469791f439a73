"""`python -m tests.scoreboard`: every line with its result, what was tried, and the commit it was tried on.

A line without a test is told as not shown, never as passed; a red line makes the command fail.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from hubspot_retention.clock import Clock
from tests.scoreboard.report import Result, Verdict, read_report, result_of
from tests.scoreboard.rows import ROWS, Row

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "scoreboard.md"


def try_row(row: Row, *, full: bool) -> Result:
    """Run the tests of a line. `CI`: what Hypothesis draws follows from each test alone, and is the same again."""
    if not row.tests:
        return Result(row=row, verdict=Verdict.NOT_SHOWN)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        workers = ("-n", "auto", "--dist", "worksteal") if row.in_blocks else ()
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *workers, *row.tests, f"--junit-xml={report}"],
            cwd=ROOT,
            env={**os.environ, "CI": "1", **(row.full if full else row.short)},
            capture_output=True,
            text=True,
            check=False,
        )
        if not report.exists():
            return Result(row=row, verdict=Verdict.FAILED, figures=(("pytest", f"exit {ran.returncode}"),))
        result = result_of(row, read_report(report))
        if result.verdict is Verdict.FAILED:
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
    """The same as a page of the documentation: what became of each line, then all the figures."""
    lines = [
        "# Scoreboard",
        "",
        heading,
        "",
        "| # | what is tried | target | result |",
        "|---|---|---|---|",
    ]
    tried = list(results)
    lines += [f"| {one.row.number} | {one.row.what} | {one.row.target} | {one.verdict} |" for one in tried]
    for one in tried:
        if one.verdict is not Verdict.NOT_SHOWN:
            lines += ["", f"## {one.row.number}: {one.row.what}", ""]
            lines += [f"- {name}: {value}" for name, value in one.figures]
    return "\n".join(lines) + "\n"


def _results(rows: Iterable[Row], report: Path | None, *, full: bool) -> Iterator[Result]:
    if report is None:
        yield from (try_row(row, full=full) for row in rows)
        return
    ran = read_report(report)
    yield from (result_of(row, ran) for row in rows)


def main() -> int:
    """Try every line; 1 if one is red."""
    parser = argparse.ArgumentParser(prog="python -m tests.scoreboard", description="Try every line of the scoreboard.")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--full", action="store_true", help="as much as a release wants; without it, minutes")
    how.add_argument("--from", dest="report", type=Path, metavar="FILE", help="read pytest's JUnit report, run none")
    parser.add_argument("--only", type=int, action="append", metavar="N", help="only this line; may be repeated")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there, too")
    parser.add_argument("--page", action="store_true", help=f"write {PAGE.relative_to(ROOT)}, too")
    given = parser.parse_args()
    rows = [row for row in ROWS if given.only is None or row.number in given.only]
    results = []
    for result in _results(rows, given.report, full=given.full):
        print(line(result), flush=True)
        results.append(result)
    extent = "full" if given.full else "short"
    form = "The full form" if given.full else "The short form, which tries less than the targets ask for"
    heading = (
        f"{form}, of commit {_commit()}, on {Clock().now():%Y-%m-%d}. A line without a test is not shown."
        " What is drawn at random begins with the seeds that are named, what Hypothesis draws follows from each test:"
        " tried again, it is the same."
    )
    if given.json is not None:
        found = [
            {"row": one.row.number, "what": one.row.what, "target": one.row.target, "result": one.verdict}
            | {"figures": dict(one.figures), "seconds": round(one.seconds, 1)}
            for one in results
        ]
        given.json.write_text(json.dumps({"commit": _commit(), "extent": extent, "rows": found}, indent=1) + "\n")
    if given.page:
        PAGE.write_text(page(results, heading), encoding="utf-8")
    print(f"\n{heading}")
    return 1 if any(one.verdict is Verdict.FAILED for one in results) else 0


if __name__ == "__main__":
    sys.exit(main())
