"""The scoreboard believes nothing that was not run."""

from pathlib import Path

import pytest

from tests.scoreboard.__main__ import page
from tests.scoreboard.report import Verdict, read_report, result_of
from tests.scoreboard.rows import ROWS, Row

REPORT = """<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest">
<testcase classname="tests.faults.test_kills" name="test_killed[1]" time="2.0">
  <properties><property name="kills" value="12"/></properties></testcase>
<testcase classname="tests.faults.test_kills" name="test_refused" time="0.5"><failure message="no"/></testcase>
<testcase classname="tests.faults.test_kills_more" name="test_other" time="1.0"/>
<testcase classname="tests.faults.test_burst" name="test_burst" time="0.0"><skipped/></testcase>
<testcase classname="tests.faults.test_late" name="test_set_up" time="0.0"><error message="no"/></testcase>
</testsuite></testsuites>"""


def verdict(tmp_path: Path, *tests: str) -> tuple[Verdict, tuple[tuple[str, str], ...], float]:
    path = tmp_path / "report.xml"
    path.write_text(REPORT, encoding="utf-8")
    result = result_of(Row(number=4, what="kills", target="none lost", tests=tests), read_report(path))
    return result.verdict, result.figures, result.seconds


def test_a_line_whose_tests_ran_and_did_not_fail_is_passed_with_their_figures(tmp_path: Path) -> None:
    found = verdict(tmp_path, "tests/faults/test_kills.py::test_killed")
    assert found == (Verdict.PASSED, (("tests", "1"), ("kills", "12")), 2.0)


def test_one_failure_in_a_file_makes_the_line_red(tmp_path: Path) -> None:
    assert verdict(tmp_path, "tests/faults/test_kills.py")[0] is Verdict.FAILED
    assert verdict(tmp_path, "tests/faults/test_late.py")[0] is Verdict.FAILED
    assert verdict(tmp_path, "tests/faults")[0] is Verdict.FAILED


@pytest.mark.parametrize(
    "tests",
    [
        (),
        ("tests/faults/test_burst.py",),
        ("tests/faults/test_gone.py",),
        ("tests/faults/test_kills_more.py", "tests/faults/test_burst.py"),
        ("tests/faults/test_kills.py::test_kill",),
    ],
)
def test_what_was_skipped_or_is_not_there_shows_nothing(tmp_path: Path, tests: tuple[str, ...]) -> None:
    assert verdict(tmp_path, *tests)[0] is Verdict.NOT_SHOWN


def test_a_file_is_not_taken_for_one_whose_name_begins_alike(tmp_path: Path) -> None:
    assert verdict(tmp_path, "tests/faults/test_kills_more.py")[:2] == (Verdict.PASSED, (("tests", "1"),))


def test_the_page_has_what_became_of_every_line_and_then_all_figures(tmp_path: Path) -> None:
    shown = Row(number=4, what="kills", target="none lost", tests=("tests/faults/test_kills.py::test_killed",))
    (tmp_path / "report.xml").write_text(REPORT, encoding="utf-8")
    ran = read_report(tmp_path / "report.xml")
    told = page([result_of(row, ran) for row in (shown, Row(number=15, what="portals", target="none"))], "Of a commit.")
    assert "\n\nOf a commit.\n\n" in told
    assert "| 4 | kills | none lost | passed |\n| 15 | portals | none | not shown |\n" in told
    assert told.endswith("\n\n## 4: kills\n\n- tests: 1\n- kills: 12\n")


def test_every_line_names_tests_that_exist() -> None:
    root = Path(__file__).parents[2]
    assert [row.number for row in ROWS] == list(range(1, 22))
    for row in ROWS:
        for wanted in row.tests:
            path, _, test = wanted.partition("::")
            assert (root / path).exists(), wanted
            assert not test or f"def {test}(" in (root / path).read_text(encoding="utf-8"), wanted


def test_ci_tries_as_many_schedules_as_the_short_form_asks_for() -> None:
    wanted = ROWS[0].short["RETENTION_TEST_SCHEDULES"]
    ran = (Path(__file__).parents[2] / ".ci" / "run").read_text(encoding="utf-8")
    assert f"RETENTION_TEST_SCHEDULES={wanted} make test" in ran
