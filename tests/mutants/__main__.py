"""`python -m tests.mutants [PACKAGE…]`: every mutant of the packages, and which of them no test notices.

It fails if one of these is not justified, or if one that is justified is noticed or gone. It takes minutes.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.mutants.justifying import justifications
from tests.mutants.outcome import Outcome, try_package
from tests.mutants.packages import PACKAGES


def told(outcome: Outcome) -> str:
    """The outcome in lines: the figures, then what is left to do."""
    lines = [outcome.line()]
    lines += [f"  survived: {mutant.function}: {mutant.change}" for mutant in outcome.unjustified]
    lines += [f"  justified for nothing: {each.function}: {each.change}" for each in outcome.idle]
    return "\n".join(lines)


def main() -> int:
    """Try the packages; 1 if something is left to do."""
    names = [package.name for package in PACKAGES]
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="Change one thing at a time.")
    parser.add_argument("packages", nargs="*", metavar="PACKAGE", help=f"only these of: {', '.join(names)}")
    given = parser.parse_args()
    if unknown := set(given.packages) - set(names):
        parser.error(f"no such package: {', '.join(sorted(unknown))}")
    good = True
    with tempfile.TemporaryDirectory() as folder:
        for package in PACKAGES:
            if not given.packages or package.name in given.packages:
                outcome = try_package(package, Path(folder), justifications())
                print(told(outcome), flush=True)
                good = good and outcome.is_good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
