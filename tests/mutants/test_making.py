"""A function brings its mutants along, each told by what it changes."""

from pathlib import Path

import pytest

from tests.mutants.making import mutants_of
from tests.mutants.plain import undecorated

MODULE = Path("hubspot_retention/core/sample.py")
SOURCE = '''"""A sample."""

from functools import cache


class Case:
    """Something."""

    @property
    def is_open(self) -> bool:
        """Whether it is."""
        return not self.ends

    @classmethod
    def of(cls, number: int) -> "Case":
        return cls(number)


@cache
def later(day: int) -> int:
    return day + 1


def twice(one: int, other: int) -> bool:
    return one < 2 and other < 2
'''


def test_a_cache_is_taken_off_and_another_decorator_is_put_on_afterwards() -> None:
    assert undecorated(SOURCE) == SOURCE.replace("    @property\n    def is_open", "    def bare_is_open").replace(
        "return not self.ends\n", "return not self.ends\n    is_open = property(bare_is_open)\n"
    ).replace("@cache\n", "")


@pytest.mark.parametrize("base", ["NamedTuple", "Protocol"])
def test_what_takes_nothing_else_keeps_its_properties(base: str) -> None:
    source = f"class Case({base}):\n    @property\n    def is_open(self):\n        return not self.ends\n"
    assert undecorated(source) == source


def test_a_mutant_is_told_by_its_function_and_what_it_changes() -> None:
    code, mutants = mutants_of(MODULE, SOURCE)
    told = {(mutant.function, mutant.change) for mutant in mutants}
    assert ("core.sample.Case.is_open", "return not self.ends -> return self.ends") in told
    assert ("core.sample.later", "return day + 1 -> return day - 1") in told
    assert len(told) == len(mutants)
    for mutant in mutants:
        lines = code.splitlines()[mutant.lines.start - 1 : mutant.lines.end]
        assert f"def {mutant.name.removeprefix('hubspot_retention.core.sample.')}(" in "".join(lines)


def test_two_mutants_that_look_alike_are_numbered() -> None:
    source = "def both(one):\n    one.add(1)\n    one.add(1)\n"
    changes = [mutant.change for mutant in mutants_of(MODULE, source)[1]]
    assert "one.add(1) -> one.add(2)" in changes
    assert "one.add(1) -> one.add(2) (2)" in changes


def test_a_mutant_names_the_lines_of_the_statements_that_it_changes() -> None:
    given = ("def both(one, other=1):", "    if (", "        one", "        and other", "    ):", "        return 1")
    source = "\n".join((*given, "    return other + 1", ""))
    code, mutants = mutants_of(MODULE, source)
    lines = code.splitlines()
    passed = {mutant.change: [lines[line - 1].strip() for line in mutant.instead_of] for mutant in mutants}
    assert passed["one and other -> one or other"] == ["if (", "one", "and other", "):"]
    assert passed["return other + 1 -> return other - 1"] == ["return other + 1"]
    assert len(passed["def f(one, other=1): -> def f(one, other=2):"]) == 7
