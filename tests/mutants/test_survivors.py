"""Whatever is changed in what decides and disposes is noticed by a test or by the types, or somebody says why not.

The whole of it takes minutes: `RETENTION_TEST_MUTANTS=1`, or the long scoreboard. Else what is
justified is only held against the code.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.mutants.justifying import justifications
from tests.mutants.making import dotted
from tests.mutants.outcome import try_package
from tests.mutants.packages import PACKAGES, ROOT, Package
from tests.mutants.plain import functions


@pytest.mark.skipif(not os.environ.get("RETENTION_TEST_MUTANTS"), reason="takes minutes: RETENTION_TEST_MUTANTS=1")
@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_every_mutant_is_noticed_or_justified(
    package: Package, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    outcome = try_package(package, tmp_path, justifications())
    record_property(package.name, outcome.line().partition(": ")[2])
    assert outcome.unjustified == ()
    assert outcome.idle == ()


def test_each_justification_is_of_lines_that_there_are_and_gives_a_reason() -> None:
    justified = justifications()
    modules = {module for package in PACKAGES for module in package.modules()}
    known = {
        f"{dotted(module)}.{name}": text
        for module in modules
        for name, text in functions((ROOT / module).read_text(encoding="utf-8")).items()
    }
    said = [(each.function, each.change) for each in justified]
    assert [(name, what) for name, what in said if what.split(" -> ")[0] not in known.get(name, "")] == []
    assert len(set(said)) == len(said)
    assert [each.change for each in justified if len(each.why.split()) < 6 or not each.why.endswith(".")] == []
