"""Which scopes a call needs. Notes, calls, meetings, tasks and e-mails go by the scopes of contacts
(HubSpot, 2026).
"""

from hubspot_retention.sandbox.calls import Call
from hubspot_retention.sandbox.object_types import OBJECT_TYPES

_OBJECTS = frozenset(kind.scope for kind in OBJECT_TYPES.values())

ALL_SCOPES = frozenset(
    {f"crm.objects.{name}.{verb}" for name in _OBJECTS for verb in ("read", "write")}
    | {f"crm.schemas.{name}.{verb}" for name in _OBJECTS for verb in ("read", "write")}
    | {
        "communication_preferences.read",
        "communication_preferences.write",
        "communication_preferences.read_write",
    }
    | {"communication_preferences.statuses.batch.read", "communication_preferences.statuses.batch.write"}
    | {"crm.objects.owners.read", "crm.lists.read", "crm.lists.write", "oauth", "sales-email-read"}
    | {"files", "files.ui_hidden.read", "files.ui_hidden.write"}
)

_ANY_OF = {
    "communication_preferences.read": (
        "communication_preferences.read",
        "communication_preferences.read_write",
    ),
    "communication_preferences.write": (
        "communication_preferences.write",
        "communication_preferences.read_write",
    ),
}


def scopes_missing(call: Call, needed: tuple[str, ...]) -> tuple[str, ...]:
    """The scopes that the token lacks for a call; `objects:0:read` stands for the type in the path."""
    granted = call.options.scopes
    if granted is None:
        return ()
    names = [_named(call, scope) for scope in needed]
    return tuple(name for name in names if granted.isdisjoint(_ANY_OF.get(name, (name,))))


def _named(call: Call, scope: str) -> str:
    family, _, rest = scope.partition(":")
    if family not in ("objects", "schemas"):
        return scope
    position, _, verb = rest.partition(":")
    return f"crm.{family}.{call.kind(int(position)).scope}.{verb}"
