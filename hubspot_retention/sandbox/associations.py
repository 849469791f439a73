"""The associations API (v4 and dated): who is linked with whom, in batches of a thousand, and labels.

An input without any association turns the answer into a 207 with NO_ASSOCIATIONS_FOUND: that means none.
"""

from collections.abc import Mapping
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
    divided,
    failed_inputs,
    input_id,
    invalid,
    not_found,
)
from hubspot_retention.sandbox.linking import join, part, part_kind
from hubspot_retention.sandbox.links import PLAIN, Kinds

_BATCH_READ = 1_000
_BATCH_WRITE = 2_000
_TO_PAGE = 500


def _from(raw: Any) -> str:
    return input_id(raw.get("from") if isinstance(raw, Mapping) else None)


def _to(raw: Any) -> str:
    return input_id(raw.get("to") if isinstance(raw, Mapping) else None)


def _ends(call: Call, first: str, second: str, ends: Mapping[str, Kinds]) -> list[dict[str, Any]]:
    kinds = {kind: call.portal.links.type_of(first, second, kind) for each in set(ends.values()) for kind in each}
    return [
        {
            "toObjectId": int(to_id) if call.version == "v4" else to_id,
            "associationTypes": [
                {"category": kinds[kind].category, "typeId": kinds[kind].type_id, "label": kinds[kind].label}
                for kind in each
            ],
        }
        for to_id, each in ends.items()
    ]


def _paged(ends: Mapping[str, Kinds], after: str, limit: int) -> tuple[dict[str, Kinds], str | None]:
    """One page of links in order of ids, and the id of the last of it if there are more."""
    if after and not after.isdigit():
        raise invalid("Invalid value for after", code="INVALID_INTEGER")
    if len(ends) <= limit and not after:
        return dict(ends), None
    ids = sorted((each for each in ends if not after or int(each) > int(after)), key=int)
    return {each: ends[each] for each in ids[:limit]}, ids[limit - 1] if len(ids) > limit else None


def batch_read(call: Call) -> Reply:
    """POST /crm/associations/{from}/{to}/batch/read."""
    started_at, first, second = call.portal.now_text(), call.kind(0).name, call.kind(1).name
    inputs = batch_inputs(call, most=_BATCH_READ)
    done, failed = divided(call, inputs)
    rows: list[dict[str, Any]] = []
    errors = failed_inputs([input_id(item) for item in failed])
    for item in done:
        asked = input_id(item)
        ends = call.portal.links.of(first, asked, second)
        if not ends:
            errors.append(_none(first, asked, second))
            continue
        page, following = _paged(ends, str(item.get("after") or ""), _TO_PAGE)
        row: dict[str, Any] = {"from": {"id": asked}, "to": _ends(call, first, second, page)}
        if following is not None:
            row["paging"] = {"next": {"after": following, "link": f"{call.base_url}{call.path}?after={following}"}}
        rows.append(row)
    return batch_answer(call, started_at, rows, errors)


def _none(first: str, record_id: str, second: str) -> dict[str, object]:
    context = {"fromObjectId": [record_id], "fromObjectType": [first], "toObjectType": [second]}
    message = f"No {second} is associated with {first} {record_id}."
    return batch_error("OBJECT_NOT_FOUND", message, context, subCategory="crm.associations.NO_ASSOCIATIONS_FOUND")


def list_one(call: Call) -> Reply:
    """GET /crm/objects/{type}/{id}/associations/{to}; v3 answers with ids and type names."""
    first, second = call.kind(0).name, call.kind(2).name
    record_id = call.portal.tables[first].winner(call.args[1])
    if record_id not in call.portal.tables[first].live:
        raise not_found()
    ends = call.portal.links.of(first, record_id, second)
    page, following = _paged(ends, call.param("after"), call.number("limit", _TO_PAGE, most=_TO_PAGE))
    if call.version == "v3":
        type_of = call.portal.links.type_of
        rows = [{"id": to, "type": type_of(first, second, kind).name} for to, kinds in page.items() for kind in kinds]
    else:
        rows = _ends(call, first, second, page)
    found: dict[str, Any] = {"results": rows}
    if following is not None:
        link = f"{call.base_url}{call.path}?after={following}"
        found["paging"] = {"next": {"after": following, "link": link}}
    return answer(found)


def _existing(call: Call, object_type: str, record_id: str) -> tuple[str, str]:
    table = call.portal.tables[object_type]
    found = table.winner(record_id)
    if found not in table.live:
        raise ApiError(404, "OBJECT_NOT_FOUND", f"Object {object_type} {record_id[:40]} does not exist")
    return object_type, found


def _kind(call: Call, first: str, second: str, spec: Any) -> str:
    category = str(spec.get("associationCategory") or spec.get("category"))
    type_id = spec.get("associationTypeId", spec.get("typeId"))
    kind = call.portal.links.kind_of(first, second, category, type_id if isinstance(type_id, int) else -1)
    if kind is None:
        raise invalid(f"{category} association type {type_id} from {first} to {second} does not exist")
    return kind


def _join(call: Call, first: tuple[str, str], second: tuple[str, str], kinds: list[str]) -> None:
    if not call.portal.links.possible(first[0], second[0]):
        raise invalid(f"{first[0]} and {second[0]} cannot be associated")
    for kind in kinds:
        join(call.portal, first, second, kind)
    call.effects.append(f"associated {'/'.join(first)} with {'/'.join(second)}")


def _part(call: Call, first: tuple[str, str], second: tuple[str, str]) -> None:
    parted = part(call.portal, first, second)
    verb = "detached" if parted else "found no association of"
    call.effects.append(f"{verb} {'/'.join(first)} and {'/'.join(second)}")


def batch_create(call: Call) -> Reply:
    """POST /crm/associations/{from}/{to}/batch/create, with types, or batch/associate/default without."""
    started_at, first, second = call.portal.now_text(), call.kind(0).name, call.kind(1).name
    default = call.path.endswith("/associate/default")
    done, failed = divided(call, batch_inputs(call, most=_BATCH_WRITE))
    rows: list[dict[str, Any]] = []
    errors = failed_inputs([_from(item) for item in failed])
    for item in done:
        try:
            near, far = _existing(call, first, _from(item)), _existing(call, second, _to(item))
        except ApiError as refusal:
            errors.append(batch_error(refusal.category, refusal.message, {"ids": [_from(item), _to(item)]}))
            continue
        kinds = [PLAIN] if default else [_kind(call, first, second, spec) for spec in item.get("types") or []]
        _join(call, near, far, kinds)
        rows += _default_pair(call, near, far) if default else [_labelled(call, near, far)]
    return batch_answer(call, started_at, rows, errors, status=200 if default else 201)


def _labelled(call: Call, near: tuple[str, str], far: tuple[str, str]) -> dict[str, Any]:
    kinds = call.portal.links.of(*near, far[0])[far[1]]
    labels = [call.portal.links.type_of(near[0], far[0], kind).label for kind in kinds]
    return {
        "fromObjectTypeId": call.portal.tables[near[0]].kind.type_id,
        "fromObjectId": near[1],
        "toObjectTypeId": call.portal.tables[far[0]].kind.type_id,
        "toObjectId": far[1],
        "labels": [label for label in labels if label is not None],
    }


def _default_pair(call: Call, near: tuple[str, str], far: tuple[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "from": {"id": one[1]},
            "to": {"id": other[1]},
            "associationSpec": {
                "associationCategory": "HUBSPOT_DEFINED",
                "associationTypeId": call.portal.links.type_of(one[0], other[0], PLAIN).type_id,
            },
        }
        for one, other in ((near, far), (far, near))
    ]


def batch_archive(call: Call) -> Reply:
    """POST /crm/associations/{from}/{to}/batch/archive: 204, whether there was anything or not."""
    first, second = call.kind(0).name, call.kind(1).name
    done, failed = divided(call, batch_inputs(call, most=_BATCH_WRITE))
    started_at = call.portal.now_text()
    for item in done:
        targets = item.get("to") if isinstance(item, Mapping) else None
        for target in targets if isinstance(targets, list) else [targets]:
            _part(call, (first, _from(item)), (second, input_id(target)))
    if failed and call.partial != "silent_partial":
        return batch_answer(call, started_at, [], failed_inputs([_from(item) for item in failed]))
    return NO_CONTENT


def batch_archive_labels(call: Call) -> Reply:
    """POST /crm/associations/{from}/{to}/batch/labels/archive: only these kinds of link."""
    first, second = call.kind(0).name, call.kind(1).name
    for item in batch_inputs(call, most=_BATCH_WRITE):
        for spec in item.get("types") or []:
            kind = _kind(call, first, second, spec)
            part_kind(call.portal, (first, _from(item)), (second, _to(item)), kind)
            call.effects.append(f"took a label off {first}/{_from(item)} and {second}/{_to(item)}")
    return NO_CONTENT


def put_default(call: Call) -> Reply:
    """PUT /crm/objects/{type}/{id}/associations/default/{to}/{to id}: the unlabelled link."""
    near = _existing(call, call.kind(0).name, call.args[1])
    far = _existing(call, call.kind(2).name, call.args[3])
    _join(call, near, far, [PLAIN])
    now = call.portal.now_text()
    return batch_answer(call, now, _default_pair(call, near, far))


def put_labelled(call: Call) -> Reply:
    """PUT /crm/objects/{type}/{id}/associations/{to}/{to id} with the types in the body."""
    near = _existing(call, call.kind(0).name, call.args[1])
    far = _existing(call, call.kind(2).name, call.args[3])
    specs = call.json()
    if not isinstance(specs, list) or not specs:
        raise invalid("The body must be a list of association types", code="INVALID_JSON")
    _join(call, near, far, [_kind(call, near[0], far[0], spec) for spec in specs])
    return answer(_labelled(call, near, far), 201)


def archive_one(call: Call) -> Reply:
    """DELETE /crm/objects/{type}/{id}/associations/{to}/{to id}: every kind of link between the two."""
    _part(call, (call.kind(0).name, call.args[1]), (call.kind(2).name, call.args[3]))
    return NO_CONTENT


def list_labels(call: Call) -> Reply:
    """GET /crm/associations/{from}/{to}/labels."""
    kinds = call.portal.links.types_between(call.kind(0).name, call.kind(1).name)
    return answer(
        {"results": [{"category": kind.category, "typeId": kind.type_id, "label": kind.label} for kind in kinds]}
    )
