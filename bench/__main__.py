"""`python -m bench`: measure against the budgets; `--quick` once, `--full` with a million contacts."""

import argparse
import json
import os
import platform
import sys
from pathlib import Path

from bench.figures import HEADER, Figure, line
from bench.measures import MEASURES, Extent

_USUAL = Extent(runs=3, contacts=100_000, slow_contacts=20_000, erased=1_000, archived=10_000, million=False)
_FULL = Extent(runs=3, contacts=100_000, slow_contacts=100_000, erased=1_000, archived=10_000, million=True)
_QUICK = Extent(runs=1, contacts=20_000, slow_contacts=10_000, erased=1_000, archived=10_000, million=False)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure against the budgets.")
    extent = parser.add_mutually_exclusive_group()
    extent.add_argument("--quick", action="store_true", help="one run of each, small portals: some eight minutes")
    extent.add_argument(
        "--full", action="store_true", help="real latency at 100,000 contacts, and a million: an hour, 12 GiB"
    )
    parser.add_argument("--only", action="append", choices=list(MEASURES), help="only this; may be repeated")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    return parser.parse_args()


def main() -> int:
    """Measure; 1 if a budget is missed."""
    given = _arguments()
    extent = _QUICK if given.quick else _FULL if given.full else _USUAL
    where = os.environ.get("HUBSPOT_BASE_URL", "a sandbox in a process of its own, on the same machine")
    print(f"{os.cpu_count()} processors, Python {platform.python_version()}, against {where}\n\n{HEADER}", flush=True)
    found: list[Figure] = []
    for name in given.only or MEASURES:
        for figure in MEASURES[name](extent):
            found.append(figure)
            print(line(figure.row()), flush=True)
    if given.json is not None:
        given.json.write_text(json.dumps([figure.plain() for figure in found], indent=1) + "\n", encoding="utf-8")
    missed = [figure.name for figure in found if figure.is_met is False]
    if missed:
        print(f"\nbudgets missed: {'; '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
