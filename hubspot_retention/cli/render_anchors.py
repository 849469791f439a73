"""The anchors of the audit log, as text and as JSON: what each saw, when, and whether it counts."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from rich.text import Text

from hubspot_retention.cli.moments import shown
from hubspot_retention.core.audit.anchor import AnchorKind
from hubspot_retention.core.civil import Civil
from hubspot_retention.core.counted import counted
from hubspot_retention.service.figures import Figures


def anchors_text(figures: Figures, limits: Mapping[str, timedelta], civil: Civil) -> Iterator[Text]:
    """A line each, late ones red; and that no database would be found old, if no anchor counts."""
    if not any(AnchorKind(each.name).counts for each in figures.anchors):
        yield Text("None is set that could be asked: a restored backup would not be noticed.", "yellow")
    for each in figures.anchors:
        told = "" if AnchorKind(each.name).counts else " (told only)"
        error = f"; last tried: {each.error}" if each.error else ""
        what = f"{counted(each.size, 'entry', 'entries')}, {shown(each.at, civil)}" if each.at else "nothing yet"
        yield Text(f"{each.name}{told}: {what}{error}", "bold red" if _is_late(each.name, figures, limits) else "")


def anchors_json(figures: Figures, limits: Mapping[str, timedelta], civil: Civil) -> list[dict[str, Any]]:
    """The same as plain JSON."""
    ages = figures.anchor_ages
    return [
        {
            "name": each.name,
            "counts": AnchorKind(each.name).counts,
            "entries": each.size,
            "at": civil.show(each.at) if each.at else None,
            "age_seconds": ages[each.name],
            "late": _is_late(each.name, figures, limits),
            "last_error": each.error or None,
        }
        for each in figures.anchors
    ]


def _is_late(name: str, figures: Figures, limits: Mapping[str, timedelta]) -> bool:
    age = figures.anchor_ages[name]
    return age is None or age > limits[name].total_seconds()
