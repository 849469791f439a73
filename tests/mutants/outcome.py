"""Try the mutants of packages, and what came of it beside the list of those that are justified."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.mutants.justifying import Justification
from tests.mutants.making import Mutant, copy_project, dotted, put_in
from tests.mutants.packages import Package
from tests.mutants.refusing import refused
from tests.mutants.trying import ENDLESS, SURVIVED, UNREACHED

_PYTEST: Final = ("-m", "pytest", "-q", "--tb=native", "-p", "tests.mutants.trying", "-p", "no:cacheprovider")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of the mutants of a package. `endless` ones are noticed, too: a test never came back.
    `unjustified`: survived, and nobody says why. `idle`: justified, although a test notices it or there is no such
    mutant any more."""

    package: str
    mutants: int
    refused: int
    killed: int
    endless: int
    justified: int
    unjustified: tuple[Mutant, ...]
    idle: tuple[Justification, ...]

    @property
    def is_good(self) -> bool:
        """Whether nothing is left to do."""
        return not (self.unjustified or self.idle)

    def line(self) -> str:
        """In one line."""
        return (
            f"{self.package}: {self.mutants} mutants, {self.refused} refused by mypy, {self.killed} killed"
            f" ({self.endless} by never ending), {self.justified} justified, {len(self.unjustified)} survived"
        )


def try_package(package: Package, folder: Path, justified: Collection[Justification]) -> Outcome:
    """Make a copy of the project in a folder, try there whatever the types do not refuse, and take it away again."""
    copy = folder / "copy"
    copy_project(copy)
    mutants = put_in(copy, package.modules())
    impossible = refused(copy, mutants)
    fates = try_mutants(copy, [mutant for mutant in mutants if mutant.name not in impossible], package.tests)
    shutil.rmtree(copy)
    return outcome_of(package.name, mutants, fates, justified)


def try_mutants(folder: Path, mutants: Iterable[Mutant], tests: Sequence[str], *how: str) -> Mapping[str, str]:
    """What became of each, by its name: see `trying`, also for how it may be tried."""
    wanted, told = folder / "wanted.json", folder / "fates.json"
    where = {mutant.name: (str(folder / mutant.module), mutant.instead_of) for mutant in mutants}
    wanted.write_text(json.dumps(where), encoding="utf-8")
    here = [f"--mutants={wanted}", f"--fates={told}", f"--basetemp={folder / 'tests-write-here'}"]
    ran = subprocess.run(
        [sys.executable, *_PYTEST, *here, *how, *tests],
        cwd=folder,
        env={**os.environ, "CI": "1", "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-4000:]
    fates: dict[str, str] = json.loads(told.read_text(encoding="utf-8"))
    return fates


def outcome_of(
    package: str, mutants: Sequence[Mutant], fates: Mapping[str, str], justified: Collection[Justification]
) -> Outcome:
    """What the fates mean. A mutant without one was refused."""
    unnoticed = [mutant for mutant in mutants if fates.get(mutant.name) in (SURVIVED, UNREACHED)]
    survived = {(mutant.function, mutant.change) for mutant in unnoticed}
    said = {(each.function, each.change) for each in justified}
    modules = tuple({f"{dotted(mutant.module)}." for mutant in mutants})
    ours = [each for each in justified if each.function.startswith(modules)]
    unjustified = [mutant for mutant in unnoticed if (mutant.function, mutant.change) not in said]
    return Outcome(
        package=package,
        mutants=len(mutants),
        refused=len(mutants) - len(fates),
        killed=len(fates) - len(unnoticed),
        endless=sum(fate == ENDLESS for fate in fates.values()),
        justified=len(unnoticed) - len(unjustified),
        unjustified=tuple(unjustified),
        idle=tuple(each for each in ours if (each.function, each.change) not in survived),
    )
