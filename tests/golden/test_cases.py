"""Every case of the golden portal is decided as expected, for the recorded reasons."""

from typing import Any

import pytest

from tests.golden.golden import DECISIONS, as_text, decisions, read

EXPECTED: dict[str, dict[str, Any]] = read("expected.json")["expected"]


@pytest.fixture(scope="module")
def decided() -> dict[str, Any]:
    return decisions()


@pytest.mark.parametrize("record", [pytest.param(key, id=found["case"]) for key, found in EXPECTED.items()])
def test_the_case_is_decided_as_expected(record: str, decided: dict[str, Any]) -> None:
    wanted = {name: value for name, value in EXPECTED[record].items() if name != "case"}
    assert {name: decided[record][name] for name in wanted} == wanted


def test_every_record_is_decided_and_no_other(decided: dict[str, Any]) -> None:
    assert decided.keys() == EXPECTED.keys()
    assert len(EXPECTED) == 105


def test_decisions_and_their_reasons_are_the_recorded_ones(decided: dict[str, Any]) -> None:
    """If a change is meant: `python -m tests.golden.rewrite`, and read the diff."""
    assert as_text(decided) == DECISIONS.read_text(encoding="utf-8")


def test_every_decision_gives_a_reason(decided: dict[str, Any]) -> None:
    assert [key for key, decision in decided.items() if not decision["reasons"]] == []
