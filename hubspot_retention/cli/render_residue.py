"""What a residue sweep found, as text for 80 columns and as JSON."""

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from hubspot_retention.cli.render_plan import indented, table
from hubspot_retention.core.civil import Civil
from hubspot_retention.core.counted import counted
from hubspot_retention.core.record import PortalId
from hubspot_retention.core.residue import Residue

_WHAT_TO_DO = (
    "It hangs on no contact, company, deal or ticket (leads and objects of your own are not looked at): what is left"
    " when a record was archived, or deleted by hand. If a record comes back from HubSpot's bin within its 90 days, so"
    " may what hung on it. Look at it in HubSpot, and delete it there if nobody needs it. `--json` names each piece."
)


def residue_text(portal: PortalId, found: Sequence[Residue], civil: Civil) -> Group:
    """A line for each kind, and what to do about it."""
    made = table("Kind", "Read", "On nothing", "Cannot be told", "Oldest on nothing")
    for column in (1, 2, 3):
        made.columns[column].justify = "right"
    for each in found:
        oldest = "" if each.oldest_at is None else civil.local_date(each.oldest_at).isoformat()
        made.add_row(each.kind.value, f"{each.read:,}", f"{len(each.loose):,}", f"{each.unknown:,}", oldest)
    loose = sum(len(each.loose) for each in found)
    verb = "hangs" if loose == 1 else "hang"
    said = f"{counted(loose, 'piece')} of correspondence in portal {portal} {verb} on nothing."
    parts: list[RenderableType] = [Text(said, "bold"), indented(made)]
    if loose:
        parts.append(Text(_WHAT_TO_DO))
    return Group(*parts)


def residue_json(portal: PortalId, found: Sequence[Residue], civil: Civil) -> dict[str, Any]:
    """The same as plain JSON, with every piece by its name."""
    return {
        "portal": portal,
        "kinds": [
            {
                "kind": each.kind.value,
                "read": each.read,
                "unknown": each.unknown,
                "oldest_at": None if each.oldest_at is None else civil.show(each.oldest_at),
                "on_nothing": [f"{each.kind.value}/{record_id}" for record_id in each.loose],
            }
            for each in found
        ],
    }
