"""Alarms, as text for 80 columns and as JSON."""

from collections.abc import Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from hubspot_retention.cli.moments import shown
from hubspot_retention.cli.render_plan import table
from hubspot_retention.core.alarm import AlarmLevel, AlarmRecord
from hubspot_retention.core.civil import Civil


def alarms_json(alarms: Sequence[AlarmRecord], civil: Civil) -> list[dict[str, Any]]:
    """Alarms as plain JSON; instants are ISO 8601 in civil time with offset."""
    return [
        {
            "kind": record.kind.value,
            "about": record.about,
            "level": record.level.value,
            "since": civil.show(record.first_at),
            "told": record.times,
            "settled": None if record.settled_at is None else civil.show(record.settled_at),
            "facts": dict(record.facts),
        }
        for record in alarms
    ]


def alarms_table(alarms: Sequence[AlarmRecord], civil: Civil) -> RenderableType:
    """Alarms, one a line, the most urgent first; those that are settled last."""
    if not alarms:
        return Text("None.", "dim")
    made = table("Since", "Level", "What", "About")
    for record in sorted(alarms, key=_in_order):
        made.add_row(shown(record.first_at, civil), _level(record), _what(record), record.about)
    return made


def _in_order(record: AlarmRecord) -> tuple[bool, bool, float]:
    return record.settled_at is not None, record.level is not AlarmLevel.URGENT, record.first_at.timestamp()


def _level(record: AlarmRecord) -> Text:
    if record.settled_at is not None:
        return Text("settled", "dim")
    return Text(record.level.value, "bold red" if record.level is AlarmLevel.URGENT else "yellow")


def _what(record: AlarmRecord) -> str:
    """The kind, and of a deletion until when it can be undone."""
    what = record.kind.value.replace("-", " ")
    until = dict(record.facts).get("restorable_until")
    if until is None:
        return what
    return f"{what}, cannot be restored" if until == "never" else f"{what}, restorable until {until}"
