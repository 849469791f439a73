"""The control plane: properties and groups, pipelines, owners, through HubSpot's own `hubspot-api-client`.

What is made here has a name of its own: HubSpot refuses the second of it, so every call may be repeated.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hubspot_retention.core.record import ObjectType
from hubspot_retention.hubspot.faults import RefusedError
from hubspot_retention.hubspot.official import official_client
from hubspot_retention.hubspot.transport import Transport

_OWNERS_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyDefinition:
    """A property as the portal defines it: `type` is how values are stored, `field_type` how they are shown."""

    name: str
    label: str
    type: str
    field_type: str
    group: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage of a pipeline; its id is opaque and the portal's own."""

    id: str
    label: str
    is_closed: bool | None
    probability: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """A deal pipeline."""

    id: str
    label: str
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A user who owns records. `id` is the owner's, which is not the user's."""

    id: str
    user_id: str | None
    archived: bool


class ControlPlane:
    """Reads and makes definitions."""

    def __init__(self, transport: Transport) -> None:
        self._client = official_client(transport.send, transport.send)
        self._properties: dict[ObjectType, Mapping[str, PropertyDefinition]] = {}

    def property_definitions(self, object_type: ObjectType) -> Mapping[str, PropertyDefinition]:
        """Every property of an object type by name; read once. Sensitive and archived ones are not among them."""
        if object_type not in self._properties:
            answer = self._client.crm.properties.core_api.get_all(object_type.value)
            self._properties[object_type] = {
                found.name: PropertyDefinition(
                    name=found.name,
                    label=found.label or "",
                    type=found.type or "",
                    field_type=found.field_type or "",
                    group=found.group_name or "",
                    description=found.description or "",
                )
                for found in answer.results
            }
        return self._properties[object_type]

    def property_groups(self, object_type: ObjectType) -> frozenset[str]:
        """The names of the property groups of an object type."""
        answer = self._client.crm.properties.groups_api.get_all(object_type.value)
        return frozenset(group.name for group in answer.results)

    def create_group(self, object_type: ObjectType, name: str, label: str) -> bool:
        """Make a property group; `False` if it is there already."""
        from hubspot.crm.properties import PropertyGroupCreate

        group = PropertyGroupCreate(name=name, label=label)
        return _made(lambda: self._client.crm.properties.groups_api.create(object_type.value, group))

    def create_property(self, object_type: ObjectType, definition: PropertyDefinition) -> bool:
        """Make a property that stands on no form; `False` if it is there already."""
        from hubspot.crm.properties import PropertyCreate

        options = _TRUE_AND_FALSE if definition.type == "bool" else None
        wanted = PropertyCreate(
            name=definition.name,
            label=definition.label,
            description=definition.description,
            type=definition.type,
            field_type=definition.field_type,
            group_name=definition.group,
            form_field=False,
            options=options,
        )
        self._properties.pop(object_type, None)
        return _made(lambda: self._client.crm.properties.core_api.create(object_type.value, wanted))

    def deal_pipelines(self) -> tuple[Pipeline, ...]:
        """The pipelines of deals with their stages."""
        answer = self._client.crm.pipelines.pipelines_api.get_all(ObjectType.DEAL.value)
        return tuple(
            Pipeline(id=found.id, label=found.label, stages=tuple(_stage(stage) for stage in found.stages))
            for found in answer.results
        )

    def owners(self) -> tuple[Owner, ...]:
        """Everybody who owns records, without those who left."""
        found: list[Owner] = []
        after: str | None = None
        while True:
            options = {} if after is None else {"after": after}
            page = self._client.crm.owners.owners_api.get_page(limit=_OWNERS_PAGE, **options)
            found.extend(
                Owner(
                    id=str(owner.id),
                    user_id=None if owner.user_id is None else str(owner.user_id),
                    archived=bool(owner.archived),
                )
                for owner in page.results
            )
            after = page.paging.next.after if page.paging and page.paging.next else None
            if after is None:
                return tuple(found)


_TRUE_AND_FALSE = [
    {"label": "Yes", "value": "true", "displayOrder": 0, "hidden": False},
    {"label": "No", "value": "false", "displayOrder": 1, "hidden": False},
]


def _stage(stage: Any) -> Stage:
    metadata = stage.metadata or {}
    closed = metadata.get("isClosed")
    return Stage(
        id=stage.id,
        label=stage.label,
        is_closed=None if closed is None else str(closed).lower() == "true",
        probability=str(metadata.get("probability", "")),
    )


def _made(create: Callable[[], object]) -> bool:
    try:
        create()
    except RefusedError as refused:
        if refused.status == 409:
            return False
        raise
    return True
