"""The properties API: definitions and groups.

Creating a name that exists is a 409; one that was archived comes back. The definitions have no batch update.
"""

from dataclasses import replace
from typing import Any

from hubspot_retention.sandbox.calls import (
    NO_CONTENT,
    ApiError,
    Call,
    Reply,
    answer,
    batch_answer,
    batch_error,
    batch_inputs,
    input_id,
    invalid,
    not_found,
)
from hubspot_retention.sandbox.definitions import PropertyDefinition, PropertyGroup

_PAIRS = {
    "date": ("date",),
    "datetime": ("date",),
    "enumeration": ("select", "radio", "checkbox", "booleancheckbox"),
    "bool": ("booleancheckbox",),
    "string": ("text", "textarea", "phonenumber", "html", "file"),
    "number": ("number",),
}
_BATCH = 100


def _row(definition: PropertyDefinition) -> dict[str, Any]:
    archived = definition.archived_at is not None
    row: dict[str, Any] = {
        "name": definition.name,
        "label": definition.label,
        "type": definition.type,
        "fieldType": definition.field_type,
        "groupName": definition.group,
        "description": definition.description,
        "options": [
            {"label": label, "value": value, "displayOrder": order, "hidden": False}
            for order, (value, label) in enumerate(definition.options)
        ],
        "displayOrder": definition.display_order,
        "calculated": False,
        "externalOptions": False,
        "archived": archived,
        "hasUniqueValue": definition.unique,
        "hidden": definition.hidden,
        "hubspotDefined": definition.hubspot_defined,
        "formField": definition.form_field,
        "dataSensitivity": "non_sensitive",
        "createdAt": definition.changed_at,
        "updatedAt": definition.changed_at,
        "modificationMetadata": {
            "archivable": not definition.hubspot_defined,
            "readOnlyDefinition": definition.hubspot_defined,
            "readOnlyOptions": definition.hubspot_defined,
            "readOnlyValue": definition.read_only,
        },
    }
    return row | {"archivedAt": definition.archived_at} if archived else row


def list_properties(call: Call) -> Reply:
    """GET /crm/properties/{type}: those in use, or the archived ones."""
    archived = call.flag("archived")
    known = call.portal.definitions.known(call.kind().name).values()
    return answer({"results": [_row(each) for each in known if (each.archived_at is not None) is archived]})


def _existing(call: Call, name: str, *, archived: bool = False) -> PropertyDefinition:
    found = call.portal.definitions.known(call.kind().name).get(name)
    if found is None or (found.archived_at is not None) is not archived:
        raise not_found(f"Property {name[:60]} does not exist")
    return found


def read_property(call: Call) -> Reply:
    """GET /crm/properties/{type}/{name}."""
    return answer(_row(_existing(call, call.args[1], archived=call.flag("archived"))))


def _create(call: Call, body: dict[str, Any]) -> PropertyDefinition:
    kind = call.kind().name
    absent = [key for key in ("name", "label", "type", "fieldType", "groupName") if not body.get(key)]
    if absent:
        raise invalid(f"Some required fields were not set: [{', '.join(absent)}]", code="REQUIRED_FIELD")
    if body["fieldType"] not in _PAIRS.get(body["type"], ()):
        raise invalid(f"fieldType {body['fieldType']} does not go with type {body['type']}", code="INVALID_TYPE")
    if body["groupName"] not in call.portal.definitions.groups[kind]:
        raise invalid(f"Property group {body['groupName']} does not exist", code="GROUP_DOESNT_EXIST")
    known = call.portal.definitions.known(kind).get(body["name"])
    if known is not None and known.archived_at is None:
        raise ApiError(
            409,
            "OBJECT_ALREADY_EXISTS",
            f'A property named "{body["name"]}" already exists.',
            sub_category="Properties.PROPERTY_WITH_NAME_EXISTS",
        )
    created = PropertyDefinition(
        name=str(body["name"]),
        label=str(body["label"]),
        type=body["type"],
        field_type=body["fieldType"],
        group=body["groupName"],
        description=str(body.get("description") or ""),
        options=_options(body),
        hubspot_defined=False,
        unique=bool(body.get("hasUniqueValue", False)),
        form_field=bool(body.get("formField", False)),
        hidden=bool(body.get("hidden", False)),
        display_order=int(body.get("displayOrder", -1)),
        changed_at=call.portal.now_text(),
    )
    call.portal.definitions.put(kind, created)
    call.effects.append(f"defined {kind}.{created.name}")
    return created


def _options(body: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((str(option.get("value")), str(option.get("label"))) for option in body.get("options") or [])


def create_property(call: Call) -> Reply:
    """POST /crm/properties/{type}."""
    return answer(_row(_create(call, call.object())), 201)


def update_property(call: Call) -> Reply:
    """PATCH /crm/properties/{type}/{name}: never the name; a list of options replaces the old one."""
    found, body = _existing(call, call.args[1]), call.object()
    if found.hubspot_defined:
        raise invalid(f"Property {found.name} is defined by HubSpot and cannot be changed", code="READ_ONLY_DEFINITION")
    if "groupName" in body and body["groupName"] not in call.portal.definitions.groups[call.kind().name]:
        raise invalid(f"Property group {body['groupName']} does not exist", code="GROUP_DOESNT_EXIST")
    changed = replace(
        found,
        label=str(body.get("label", found.label)),
        description=str(body.get("description", found.description)),
        group=str(body.get("groupName", found.group)),
        type=str(body.get("type", found.type)),
        field_type=str(body.get("fieldType", found.field_type)),
        options=_options(body) if "options" in body else found.options,
        hidden=bool(body.get("hidden", found.hidden)),
        form_field=bool(body.get("formField", found.form_field)),
        changed_at=call.portal.now_text(),
    )
    call.portal.definitions.put(call.kind().name, changed)
    return answer(_row(changed))


def _archive(call: Call, name: str) -> None:
    kind = call.kind().name
    found = call.portal.definitions.live(kind, name)
    if found is None:
        call.effects.append(f"found no property {kind}.{name}")
        return
    if found.hubspot_defined:
        raise invalid(f"Property {name} is defined by HubSpot and cannot be archived", code="NOT_ARCHIVABLE")
    call.portal.definitions.archive(kind, name, call.portal.now_text())
    call.effects.append(f"archived property {kind}.{name}")


def archive_property(call: Call) -> Reply:
    """DELETE /crm/properties/{type}/{name}."""
    _existing(call, call.args[1])
    _archive(call, call.args[1])
    return NO_CONTENT


def batch_read(call: Call) -> Reply:
    """POST /crm/properties/{type}/batch/read."""
    started_at, body = call.portal.now_text(), call.object()
    archived = bool(body.get("archived", False))
    rows, missing = [], []
    for item in batch_inputs(call, most=_BATCH, body=body):
        name = input_id(item, "name")
        found = call.portal.definitions.known(call.kind().name).get(name)
        if found is None or (found.archived_at is not None) is not archived:
            missing.append(name)
        else:
            rows.append(_row(found))
    message = "Some properties do not exist"
    errors = [batch_error("OBJECT_NOT_FOUND", message, {"name": missing})] if missing else []
    return batch_answer(call, started_at, rows, errors)


def batch_create(call: Call) -> Reply:
    """POST /crm/properties/{type}/batch/create: those that exist are errors, the others are made."""
    started_at = call.portal.now_text()
    rows: list[dict[str, Any]] = []
    errors: list[dict[str, object]] = []
    for item in batch_inputs(call, most=_BATCH):
        try:
            rows.append(_row(_create(call, item if isinstance(item, dict) else {})))
        except ApiError as refusal:
            context = {"name": [str(item.get("name")) if isinstance(item, dict) else ""]}
            more = {} if refusal.sub_category is None else {"subCategory": refusal.sub_category}
            errors.append(batch_error(refusal.category, refusal.message, context, **more))
    return batch_answer(call, started_at, rows, errors, status=201)


def batch_archive(call: Call) -> Reply:
    """POST /crm/properties/{type}/batch/archive: 204 regardless of the initial state."""
    for item in batch_inputs(call, most=_BATCH):
        _archive(call, input_id(item, "name"))
    return NO_CONTENT


def _group_row(group: PropertyGroup) -> dict[str, Any]:
    return {
        "name": group.name,
        "label": group.label,
        "displayOrder": group.display_order,
        "archived": group.archived,
    }


def list_groups(call: Call) -> Reply:
    """GET /crm/properties/{type}/groups."""
    return answer({"results": [_group_row(each) for each in call.portal.definitions.groups[call.kind().name].values()]})


def _group(call: Call) -> PropertyGroup:
    found = call.portal.definitions.groups[call.kind().name].get(call.args[1])
    if found is None:
        raise not_found(f"Property group {call.args[1][:60]} does not exist")
    return found


def read_group(call: Call) -> Reply:
    """GET /crm/properties/{type}/groups/{name}."""
    return answer(_group_row(_group(call)))


def create_group(call: Call) -> Reply:
    """POST /crm/properties/{type}/groups."""
    body, groups = call.object(), call.portal.definitions.groups[call.kind().name]
    if not body.get("name") or not body.get("label"):
        raise invalid("Some required fields were not set: [name, label]", code="REQUIRED_FIELD")
    if body["name"] in groups:
        message = f'A property group named "{body["name"]}" already exists.'
        raise ApiError(409, "OBJECT_ALREADY_EXISTS", message, sub_category="Properties.GROUP_WITH_NAME_EXISTS")
    made = PropertyGroup(
        name=str(body["name"]), label=str(body["label"]), display_order=int(body.get("displayOrder", -1))
    )
    groups[made.name] = made
    call.effects.append(f"defined group {call.kind().name}.{made.name}")
    return answer(_group_row(made), 201)


def update_group(call: Call) -> Reply:
    """PATCH /crm/properties/{type}/groups/{name}: its label and place."""
    found, body = _group(call), call.object()
    changed = replace(
        found,
        label=str(body.get("label", found.label)),
        display_order=int(body.get("displayOrder", found.display_order)),
    )
    call.portal.definitions.groups[call.kind().name][found.name] = changed
    return answer(_group_row(changed))


def archive_group(call: Call) -> Reply:
    """DELETE /crm/properties/{type}/groups/{name}: only without properties."""
    found, kind = _group(call), call.kind().name
    if any(
        each.group == found.name and each.archived_at is None for each in call.portal.definitions.known(kind).values()
    ):
        raise invalid(f"Property group {found.name} has properties", code="GROUP_NOT_EMPTY")
    del call.portal.definitions.groups[kind][found.name]
    call.effects.append(f"removed group {kind}.{found.name}")
    return NO_CONTENT
