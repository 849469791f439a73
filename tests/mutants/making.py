"""A copy of the project in which every function brings its mutants along, asleep until one is woken.

`mutmut` makes the mutants and lets one be chosen by its name.
"""

import re
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mutmut.mutation.data import LineSpan
from mutmut.mutation.file_mutation import mutate_file_contents

from tests.mutants.comparing import change, passed
from tests.mutants.packages import ROOT
from tests.mutants.plain import BARE, undecorated

_COPIED: Final = ("hubspot_retention", "tests", "config", "docs", "pyproject.toml", "README.md")
_NUMBER: Final = re.compile(r"__mutmut_\d+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """`name`: as it is woken. `function`: with its module, below the product. `change`: `old -> new`, which together
    with the function stays the same as long as they do. `lines`: where it stands in its module of the copy.
    `instead_of`: the lines there of the statements that it changes; who does not pass them cannot notice."""

    name: str
    function: str
    change: str
    module: Path
    lines: LineSpan
    instead_of: tuple[int, ...]


def copy_project(folder: Path) -> None:
    """Everything that the tests in process read."""
    for name in _COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)


def put_in(folder: Path, modules: Iterable[Path]) -> tuple[Mutant, ...]:
    """Write modules of a copy anew, with their mutants."""
    return tuple(mutant for module in modules for mutant in _put_in(folder / module, module))


def mutants_of(module: Path, source: str) -> tuple[str, tuple[Mutant, ...]]:
    """A module with its mutants, and what they are."""
    made = mutate_file_contents(str(module), undecorated(source))
    lines, spans = made.code.splitlines(), made.line_span_by_function_name
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for name in made.mutant_names:
        original = _NUMBER.sub("__mutmut_orig", name)
        old, new = _text(lines, spans, original), _text(lines, spans, name)
        function, what = f"{dotted(module)}.{_shown(name)}", change(old, new)
        seen[function, what] += 1
        found.append(
            Mutant(
                name=f"{'.'.join(module.with_suffix('').parts)}.{name}",
                function=function,
                change=what if seen[function, what] == 1 else f"{what} ({seen[function, what]})",
                module=module,
                lines=spans[name],
                instead_of=tuple(spans[original].start + line for line in passed(old, new)),
            )
        )
    return made.code, tuple(found)


def dotted(module: Path) -> str:
    """A module below the product: `core.civil`."""
    return ".".join(module.with_suffix("").parts[1:])


def _put_in(path: Path, module: Path) -> tuple[Mutant, ...]:
    code, found = mutants_of(module, path.read_text(encoding="utf-8"))
    if found:
        path.write_text(code, encoding="utf-8")
    return found


def _shown(name: str) -> str:
    """`x_one__mutmut_3` is a mutant of `one`, `xǁCaseǁone__mutmut_3` of `Case.one`."""
    bare = _NUMBER.sub("", name)
    return ".".join(bare[2:].split("ǁ")).replace(BARE, "")


def _text(lines: Sequence[str], spans: Mapping[str, LineSpan], name: str) -> list[str]:
    span = spans[name]
    return [line.replace(name, "f") for line in lines[span.start - 1 : span.end]]
