"""What is wrong with a policy document: where, what was found, what was expected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

Place = tuple[str | int, ...]
"""Keys and positions from the top of the document, for instance `("rules", 2, "keep", "period")`."""

_LONGEST: Final = 60


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, at `path`, for instance `rules[former-customer].keep.period`."""

    path: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.path}: found {self.found}, expected {self.expected}"


class PolicyError(Exception):
    """The document is no policy. `problems` has all that is wrong with it, in the order of the document."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True, slots=True)
class Misfit:
    """A problem whose place is not yet written out."""

    place: Place
    found: str
    expected: str


def shown(value: object) -> str:
    """A value of the document as its author would recognise it, cut to a line."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            text = f'"{value}"' if value.isprintable() else ascii(value)
        case Mapping():
            text = "a table with " + (", ".join(str(key) for key in value) or "nothing in it")
        case list():
            text = "[" + ", ".join(shown(item) for item in value) + "]"
        case _:
            text = str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def written(place: Place, raw: Mapping[str, object]) -> str:
    """A place as a path; a rule is named by its id, one without an id by its number (from 1)."""
    path = ""
    for index, step in enumerate(place):
        if isinstance(step, str):
            path += f".{step}" if path else step
        elif index == 1 and place[0] == "rules":
            path += f"[{_rule_name(raw, step)}]"
        else:
            path += f"[{step + 1}]"
    return path


def _rule_name(raw: Mapping[str, object], position: int) -> str:
    rules = raw.get("rules")
    assert isinstance(rules, list)  # only a list has positions
    names = [rule.get("id") if isinstance(rule, Mapping) else None for rule in rules]
    name, number = names[position], f"#{position + 1}"
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        return number
    return name if names.count(name) == 1 else f"{number} {name}"


def in_order(misfits: Sequence[Misfit], raw: Mapping[str, object]) -> tuple[Problem, ...]:
    """All of them once, as the document goes: what it leaves out, then by top-level key, then by rule."""
    missing = [misfit.place[0] for misfit in misfits if misfit.place[0] not in raw]
    keys = [*missing, *raw]

    def position(misfit: Misfit) -> tuple[int, list[int]]:
        return keys.index(misfit.place[0]), [step for step in misfit.place[:2] if isinstance(step, int)]

    problems = [Problem(written(m.place, raw), m.found, m.expected) for m in sorted(misfits, key=position)]
    return tuple(dict.fromkeys(problems))


class Severity(StrEnum):
    """How much a finding weighs: an error makes the policy unfit, a warning wants a decision."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about the whole of a policy that its single values do not show."""

    severity: Severity
    path: str
    text: str


def error(path: str, text: str) -> Finding:
    """The policy cannot do what it says."""
    return Finding(Severity.ERROR, path, text)


def warning(path: str, text: str) -> Finding:
    """Somebody should decide whether that is meant."""
    return Finding(Severity.WARNING, path, text)


def note(path: str, text: str) -> Finding:
    """Good to know."""
    return Finding(Severity.NOTE, path, text)
