"""What was measured, beside what was wanted."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

_WIDTHS = (66, 14, 25, 14, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line: its values run by run, and the budget, `at_least` or `at_most`, if it has one."""

    name: str
    unit: str
    values: tuple[float, ...]
    at_least: float | None = None
    at_most: float | None = None

    @property
    def middle(self) -> float:
        """The median of the runs."""
        return median(self.values)

    @property
    def is_met(self) -> bool | None:
        """Whether the median keeps the budget; `None` without one."""
        if self.at_least is not None:
            return self.middle >= self.at_least
        return None if self.at_most is None else self.middle <= self.at_most

    @property
    def budget(self) -> str:
        """The budget in words."""
        if self.at_least is not None:
            return f">= {_number(self.at_least)}"
        return "" if self.at_most is None else f"<= {_number(self.at_most)}"

    def row(self) -> tuple[str, ...]:
        """The line of the table."""
        spread = f"{_number(min(self.values))} .. {_number(max(self.values))}" if len(self.values) > 1 else "one run"
        met = {True: "yes", False: "NO", None: ""}[self.is_met]
        return f"{self.name} [{self.unit}]", _number(self.middle), spread, self.budget, met

    def plain(self) -> dict[str, Any]:
        """The figure as JSON."""
        return asdict(self) | {"median": self.middle, "met": self.is_met}


def _number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def line(cells: Sequence[str]) -> str:
    """One line of the table."""
    name, *numbers = cells
    return name.ljust(_WIDTHS[0]) + "".join(cell.rjust(width) for cell, width in zip(numbers, _WIDTHS[1:], strict=True))


HEADER = line(("", "median", "min .. max", "budget", "met"))


def memory(pid: int, what: str) -> float:
    """MiB of a process: VmRSS now, VmHWM at most so far."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith(what)).split()[1]) / 1024
