"""What nobody noticed is told, and a mutant is tried as the tests would have it."""

from dataclasses import replace
from pathlib import Path

from tests.mutants.__main__ import told
from tests.mutants.justifying import Justification
from tests.mutants.making import Mutant, mutants_of, put_in
from tests.mutants.outcome import Outcome, outcome_of, try_mutants
from tests.mutants.packages import ROOT
from tests.mutants.trying import ENDLESS, SURVIVED, UNREACHED

MODULE = Path("sample/weeks.py")
SOURCE = """
def days(weeks):
    return weeks * 7


def waits(late):
    while not late:
        pass


def is_soon(weeks):
    return weeks < 9


def alone(weeks):
    return -weeks
"""
TESTS = """
from sample.weeks import days, is_soon, waits


def test_a_week_has_days():
    assert days(2) > days(1) > 0


def test_a_week_has_seven_days():
    assert days(1) == 7


def test_it_waits_until_it_is_late():
    waits(late=True)


def test_the_next_week_is_soon():
    assert is_soon(1)
"""
BY_EIGHT, BY_PARTS = "return weeks * 7 -> return weeks * 8", "return weeks * 7 -> return weeks / 7"


def test_a_mutant_falls_to_the_first_test_that_notices_it_or_to_none(tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    (folder / "sample").mkdir(parents=True)
    (folder / MODULE).write_text(SOURCE, encoding="utf-8")
    (folder / "tests").symlink_to(ROOT / "tests")
    (folder / "pyproject.toml").write_text('[tool.mutmut]\nsource_paths = ["sample"]\n', encoding="utf-8")
    (folder / "test_sample.py").write_text(TESTS, encoding="utf-8")
    mutants = put_in(folder, [MODULE])
    fates = try_mutants(folder, mutants, ["test_sample.py"], "--patience=1")
    assert {mutant.change: fates[mutant.name].rpartition("::")[2] for mutant in mutants} == {
        BY_EIGHT: "test_a_week_has_seven_days",
        BY_PARTS: "test_a_week_has_seven_days",
        "while not late: -> while late:": ENDLESS,
        "return weeks < 9 -> return weeks <= 9": SURVIVED,
        "return weeks < 9 -> return weeks < 10": SURVIVED,
        "return -weeks -> return +weeks": UNREACHED,
    }


def _outcome(fates: dict[str, str], *justified: Justification) -> tuple[list[Mutant], Outcome]:
    mutants = [each for each in mutants_of(MODULE, SOURCE)[1] if each.function == "weeks.days"]
    by_name = {mutant.name: fates[mutant.change] for mutant in mutants if mutant.change in fates}
    return mutants, outcome_of("sample", mutants, by_name, justified)


EIGHT = Justification(function="weeks.days", change=BY_EIGHT, why="A sample.")


def test_what_survived_is_left_to_do_unless_it_is_justified() -> None:
    mutants, outcome = _outcome({BY_EIGHT: SURVIVED, BY_PARTS: "a test"})
    assert [each.change for each in outcome.unjustified] == [BY_EIGHT]
    assert (outcome.mutants, outcome.refused, outcome.killed, outcome.justified) == (len(mutants), 0, 1, 0)
    assert not outcome.is_good
    assert f"  survived: weeks.days: {BY_EIGHT}" in told(outcome)
    justified = _outcome({BY_EIGHT: SURVIVED, BY_PARTS: "a test"}, EIGHT)[1]
    assert justified.is_good
    assert (justified.justified, justified.unjustified) == (1, ())


def test_what_no_test_reaches_survived_and_what_never_ends_was_noticed() -> None:
    outcome = _outcome({BY_EIGHT: UNREACHED, BY_PARTS: ENDLESS})[1]
    assert [each.change for each in outcome.unjustified] == [BY_EIGHT]
    assert (outcome.killed, outcome.endless) == (1, 1)


def test_what_was_never_tried_was_refused() -> None:
    assert _outcome({BY_EIGHT: "a test"})[1].refused == 1


def test_a_justification_of_what_is_noticed_or_gone_is_left_to_do() -> None:
    gone, elsewhere = replace(EIGHT, change="return 7 -> return 8"), replace(EIGHT, function="elsewhere.days")
    outcome = _outcome({BY_EIGHT: "a test", BY_PARTS: "a test"}, EIGHT, gone, elsewhere)[1]
    assert outcome.idle == (EIGHT, gone)
    assert not outcome.is_good
    assert f"  justified for nothing: weeks.days: {BY_EIGHT}" in told(outcome)
