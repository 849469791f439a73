"""Lists, which HubSpot's screens call segments: static ones, with the records that somebody put on them."""

from typing import Any

from hubspot_retention.sandbox.calls import ApiError, Call, Reply, answer, invalid, kind_named, not_found
from hubspot_retention.sandbox.state import StaticList

_PROCESSING = ("MANUAL", "SNAPSHOT", "DYNAMIC")
_PAGE = 250


def _shown(call: Call, found: StaticList) -> dict[str, Any]:
    return {
        "listId": found.id,
        "listVersion": 1,
        "name": found.name,
        "objectTypeId": call.portal.tables[found.object_type].kind.type_id,
        "processingType": found.processing,
        "processingStatus": "COMPLETE",
        "createdAt": found.created_at,
        "updatedAt": found.created_at,
        "size": len(found.members),
        "additionalProperties": {"hs_list_size": str(len(found.members))},
    }


def create_list(call: Call) -> Reply:
    """POST /crm/lists."""
    body = call.object()
    name, processing = body.get("name"), body.get("processingType")
    if not name or not body.get("objectTypeId") or processing not in _PROCESSING:
        raise invalid("Some required fields were not set or wrong: [name, objectTypeId, processingType]")
    if any(each.name == name for each in call.portal.lists.values()):
        raise ApiError(400, "VALIDATION_ERROR", "A list with this name already exists.")
    list_id = str(max((int(known) for known in call.portal.lists), default=0) + 1)
    made = StaticList(
        id=list_id,
        name=str(name),
        object_type=kind_named(str(body["objectTypeId"])).name,
        processing=str(processing),
        created_at=call.portal.now_text(),
    )
    call.portal.lists[list_id] = made
    call.effects.append(f"created list {list_id}")
    return answer({"list": _shown(call, made)})


def _list(call: Call) -> StaticList:
    found = call.portal.lists.get(call.args[0])
    if found is None:
        raise not_found(f"List {call.args[0][:40]} does not exist")
    return found


def read_list(call: Call) -> Reply:
    """GET /crm/lists/{id}."""
    return answer({"list": _shown(call, _list(call))})


def read_named_list(call: Call) -> Reply:
    """GET /crm/lists/object-type-id/{type}/name/{name}: capital letters do not matter."""
    kind, name = call.kind().name, call.args[1]
    for each in call.portal.lists.values():
        if each.object_type == kind and each.name.casefold() == name.casefold():
            return answer({"list": _shown(call, each)})
    raise not_found(f"List {name[:40]} does not exist")


def list_members(call: Call) -> Reply:
    """GET /crm/lists/{id}/memberships: records in view only."""
    found = _list(call)
    limit, after = call.number("limit", 100, most=_PAGE), call.number("after", 0, least=0, most=2**62)
    live = call.portal.tables[found.object_type].live
    ids = sorted((each for each in found.members if each in live), key=int)
    rows = [{"recordId": each, "membershipTimestamp": found.members[each]} for each in ids[after : after + limit]]
    page: dict[str, Any] = {"results": rows, "total": len(ids)}
    if after + limit < len(ids):
        page["paging"] = {"next": {"after": str(after + limit)}}
    return answer(page)


def _ids(raw: object) -> list[str]:
    if not isinstance(raw, list):
        raise invalid("A list of record ids is required", code="INVALID_JSON")
    return [str(each) for each in raw]


def _change(call: Call, add: list[str], remove: list[str]) -> Reply:
    found = _list(call)
    if found.processing == "DYNAMIC":
        raise invalid("Memberships of a dynamic list cannot be changed")
    live = call.portal.tables[found.object_type].live
    added = [each for each in add if each in live and each not in found.members]
    removed = [each for each in remove if each in found.members]
    for each in added:
        found.members[each] = call.portal.now_text()
    for each in removed:
        del found.members[each]
    call.effects += [f"listed {found.object_type}/{each} on {found.id}" for each in added]
    call.effects += [f"took {found.object_type}/{each} off {found.id}" for each in removed]
    missing = [each for each in [*add, *remove] if each not in live]
    return answer({"recordsIdsAdded": added, "recordIdsRemoved": removed, "recordIdsMissing": missing})


def add_members(call: Call) -> Reply:
    """PUT /crm/lists/{id}/memberships/add."""
    return _change(call, _ids(call.json()), [])


def remove_members(call: Call) -> Reply:
    """PUT /crm/lists/{id}/memberships/remove."""
    return _change(call, [], _ids(call.json()))


def change_members(call: Call) -> Reply:
    """PUT /crm/lists/{id}/memberships/add-and-remove."""
    body = call.object()
    return _change(call, _ids(body.get("recordIdsToAdd", [])), _ids(body.get("recordIdsToRemove", [])))
