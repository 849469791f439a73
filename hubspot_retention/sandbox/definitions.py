"""The properties that a portal defines, and the groups they stand in.

HubSpot's own come from `catalogue.toml`, one opt-out property per subscription type from the portal, the
group *Retention* from its set-up; the rest is created through the API. An archived property keeps its name
for 90 days: creating it again brings it back.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Any

from hubspot_retention.sandbox.object_types import OBJECT_TYPES

RETENTION_GROUP = "retention"

_FIELD_TYPES = {
    "string": "text",
    "date": "date",
    "datetime": "date",
    "number": "number",
    "bool": "booleancheckbox",
    "enumeration": "select",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyDefinition:
    """One property of an object type, as the properties API describes it."""

    name: str
    label: str
    type: str
    field_type: str
    group: str
    description: str = ""
    options: tuple[tuple[str, str], ...] = ()
    """Value and label of each."""
    hubspot_defined: bool = True
    read_only: bool = False
    unique: bool = False
    form_field: bool = False
    hidden: bool = False
    display_order: int = -1
    archived_at: str | None = None
    changed_at: str = "2020-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyGroup:
    """A heading under which properties stand in the portal."""

    name: str
    label: str
    display_order: int = -1
    archived: bool = False


@dataclass(slots=True)
class Definitions:
    """All property definitions of a portal; `edition` moves with every change, so that look-ups can be
    cached.
    """

    properties: dict[str, dict[str, PropertyDefinition]] = field(default_factory=dict)
    groups: dict[str, dict[str, PropertyGroup]] = field(default_factory=dict)
    edition: int = 0

    def known(self, object_type: str) -> Mapping[str, PropertyDefinition]:
        """The definitions of one object type, archived ones included."""
        return self.properties[object_type]

    def live(self, object_type: str, name: str) -> PropertyDefinition | None:
        """The definition of that name, unless there is none or it is archived."""
        found = self.properties[object_type].get(name)
        return None if found is None or found.archived_at is not None else found

    def put(self, object_type: str, definition: PropertyDefinition) -> None:
        """Define a property, or replace its definition."""
        self.properties[object_type][definition.name] = definition
        self.edition += 1

    def archive(self, object_type: str, name: str, at: str) -> None:
        """Take a property out of use; its name stays taken."""
        self.put(object_type, replace(self.properties[object_type][name], archived_at=at))

    def served(self, object_type: str, names: Iterable[str]) -> tuple[str, ...]:
        """Those of the names that are defined, each once: undefined ones are silently left out."""
        return tuple(name for name in dict.fromkeys(names) if self.live(object_type, name) is not None)


@cache
def _catalogue() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("catalogue.toml").read_text(encoding="utf-8"))


def _is_read_only(object_type: str, name: str) -> bool:
    if name == "createdate":
        return object_type not in _catalogue()["created_editable"]["names"]
    listed = _catalogue()["read_only"]
    return name in listed["names"] or name.startswith(tuple(listed["prefixes"]))


def _hubspot_property(object_type: str, name: str, label: str, value_type: str) -> PropertyDefinition:
    options: list[str] = _catalogue()["options"].get(name, []) if value_type == "enumeration" else []
    if value_type == "bool":
        options = ["true", "false"]
    checkbox = name in _catalogue()["checkboxes"]["names"]
    singular = OBJECT_TYPES[object_type].singular
    return PropertyDefinition(
        name=name,
        label=label,
        type=value_type,
        field_type="checkbox" if checkbox else _FIELD_TYPES[value_type],
        group=f"{singular}information" if object_type == "contacts" else f"{singular}_information",
        options=tuple((value, value) for value in options),
        read_only=_is_read_only(object_type, name),
        unique=name in ("email", "hs_object_id"),
        form_field=object_type == "contacts" and value_type == "string",
    )


def retention_properties(object_type: str) -> list[PropertyDefinition]:
    """The custom properties of the group *Retention* for one object type."""
    return [
        PropertyDefinition(
            name=name,
            label=label,
            type=value_type,
            field_type=_FIELD_TYPES[value_type],
            group=RETENTION_GROUP,
            options=(("true", "Yes"), ("false", "No")) if value_type == "bool" else (),
            hubspot_defined=False,
        )
        for value_type, named in _catalogue()["retention"].get(object_type, {}).items()
        for name, label in named.items()
    ]


def opt_out_property(subscription_id: int, name: str) -> PropertyDefinition:
    """The property that HubSpot keeps for one subscription type."""
    return PropertyDefinition(
        name=f"hs_email_optout_{subscription_id}",
        label=f"Opted out of email: {name}",
        type="enumeration",
        field_type="booleancheckbox",
        group="email_information",
        options=(("true", "Yes"), ("false", "No")),
        read_only=True,
    )


def standard_definitions(subscription_types: Iterable[tuple[int, str]], *, with_setup: bool) -> Definitions:
    """The definitions of a new portal with these subscription types (id and name)."""
    definitions = Definitions()
    for name, kind in OBJECT_TYPES.items():
        listed = [_catalogue().get(name, {})] + ([_catalogue()["engagements"]] if kind.engagement else [])
        found = [
            _hubspot_property(name, prop, label, value_type)
            for section in listed
            for value_type, named in section.items()
            for prop, label in named.items()
        ]
        definitions.properties[name] = {definition.name: definition for definition in found}
        definitions.groups[name] = {
            definition.group: PropertyGroup(name=definition.group, label=f"{kind.singular.title()} information")
            for definition in found
        }
    for subscription_id, label in subscription_types:
        definitions.put("contacts", opt_out_property(subscription_id, label))
    definitions.groups["contacts"]["email_information"] = PropertyGroup(
        name="email_information", label="Email information"
    )
    if with_setup:
        add_retention_group(definitions)
    return definitions


def add_retention_group(definitions: Definitions) -> None:
    """Define the group *Retention* with its properties on contacts, companies and deals."""
    for object_type in ("contacts", "companies", "deals"):
        definitions.groups[object_type][RETENTION_GROUP] = PropertyGroup(name=RETENTION_GROUP, label="Retention")
        for definition in retention_properties(object_type):
            definitions.put(object_type, definition)
