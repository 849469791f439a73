"""The mutants that no test can notice, each with the reason why nobody could."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

JUSTIFIED: Final = Path(__file__).with_name("justified.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Justification:
    """What is changed in which function (as in `Mutant`), and why that changes nothing."""

    function: str
    change: str
    why: str


def justifications(path: Path = JUSTIFIED) -> tuple[Justification, ...]:
    """All of them."""
    return tuple(Justification(**each) for each in tomllib.loads(path.read_text(encoding="utf-8"))["unnoticed"])
