"""Audit entries as text for 80 columns."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from hubspot_retention.cli.render_plan import table
from hubspot_retention.core.audit.entry import Entry, StoredEntry, read_entry
from hubspot_retention.core.civil import Civil


def entries_table(entries: Sequence[StoredEntry], civil: Civil) -> Table:
    """Number, when, what, about what, by whom."""
    made = table("No", "When", "What", "About", "By")
    for stored in entries:
        entry = read_entry(stored.body)
        at = entry.at.astimezone(civil.zone).strftime("%Y-%m-%d %H:%M:%S")
        made.add_row(str(stored.seq), at, entry.kind, Text(about(entry)), entry.actor or "")
    made.columns[3].overflow = "fold"
    return made


def about(entry: Entry) -> str:
    """What an entry is about: record, plan, rule and code, as far as it has them."""
    parts = (entry.record, f"plan {entry.plan_id}" if entry.plan_id else None, entry.rule, entry.code)
    return ", ".join(part for part in parts if part)
