"""The objects API, one record at a time: list, read, create, update, archive, merge, privacy delete."""

from hubspot_retention.sandbox import disposal, writing
from hubspot_retention.sandbox.calls import (
    NO_CONTENT,
    ApiError,
    Call,
    Reply,
    answer,
    input_id,
    invalid,
    kind_named,
    not_found,
)
from hubspot_retention.sandbox.creation import associations_wanted, create
from hubspot_retention.sandbox.serial import Inline, Row, Shape, shape_for, shown, whole
from hubspot_retention.sandbox.tables import Values

_PAGE = 100
_PAGE_WITH_HISTORY = 50


def list_records(call: Call) -> Reply:
    """GET /crm/objects/{type}: ascending ids from `after` on, which need not be an id of a record."""
    kind, portal = call.kind(), call.portal
    history = call.listed("propertiesWithHistory")
    limit = call.number("limit", 10, most=_PAGE_WITH_HISTORY if history else _PAGE)
    after = call.number("after", 0, least=0, most=2**62)
    shape = shape_for(portal, kind.name, [*call.listed("properties"), *history])
    targets = _targets(call)
    if call.flag("archived"):
        return _archived_page(call, after, limit, shape)
    ids, following = portal.tables[kind.name].page(after, limit)
    live, inline = portal.tables[kind.name].live, Inline(portal, kind.name, targets)
    rows = []
    for record_id in ids:
        row = shown(portal, kind.name, (record_id, live[record_id]), shape)
        if targets:
            inline.add(row)
        if history:
            _add_history(call, row, live[record_id], history)
        rows.append(row)
    return _page(call, rows, following)


def _targets(call: Call) -> list[str]:
    return [kind_named(spelling).name for spelling in call.listed("associations")]


def _archived_page(call: Call, after: int, limit: int, shape: Shape) -> Reply:
    kind, portal = call.kind(), call.portal
    disposal.empty_bin(portal, kind.name)
    binned = portal.tables[kind.name].bin
    ids = sorted((record_id for record_id in binned if int(record_id) >= after), key=int)
    rows = [
        shown(portal, kind.name, (record_id, binned[record_id].values), shape, binned[record_id].archived_at)
        for record_id in ids[:limit]
    ]
    return _page(call, rows, ids[limit] if len(ids) > limit else None)


def _page(call: Call, rows: list[Row], following: str | None) -> Reply:
    if following is None:
        return answer({"results": rows})
    link = f"{call.base_url}{call.path}?after={following}"
    return answer({"results": rows, "paging": {"next": {"after": following, "link": link}}})


def _add_history(call: Call, row: Row, values: Values, asked: list[str]) -> None:
    kind, portal = call.kind(), call.portal
    names = portal.definitions.served(kind.name, asked)
    record = (kind.name, row.id)
    row.properties_with_history = portal.history.of(record, values, names, row.created_at)


def record_asked(call: Call, record_id: str, *, id_property: str | None = None) -> str:
    """The record in view that an id means, the survivor of a merge included; a 404 if there is none."""
    table = call.table()
    if id_property in (None, "", "hs_object_id"):
        found = table.winner(record_id)
    elif id_property == "email" and table.kind.name == "contacts":
        found = table.by_email.get(record_id.strip().lower(), "")
    else:
        found = _by_unique_value(call, str(id_property), record_id)
    if found not in table.live:
        raise not_found()
    return found


def _by_unique_value(call: Call, name: str, value: str) -> str:
    definition = call.portal.definitions.live(call.kind().name, name)
    if definition is None or not definition.unique:
        raise invalid(f'Property "{name}" is not a unique identifier property', code="INVALID_ID_PROPERTY")
    return next((key for key, values in call.table().live.items() if values.get(name) == value), "")


def read_record(call: Call) -> Reply:
    """GET /crm/objects/{type}/{id}: the id of a merged-away record answers with the survivor."""
    kind, portal = call.kind(), call.portal
    history = call.listed("propertiesWithHistory")
    shape = shape_for(portal, kind.name, [*call.listed("properties"), *history])
    if call.flag("archived"):
        disposal.empty_bin(portal, kind.name)
        binned = portal.tables[kind.name].bin.get(call.args[1])
        if binned is None:
            raise not_found()
        return answer(shown(portal, kind.name, (call.args[1], binned.values), shape, binned.archived_at))
    record_id = record_asked(call, call.args[1], id_property=call.param("idProperty"))
    values = portal.tables[kind.name].live[record_id]
    row = shown(portal, kind.name, (record_id, values), shape)
    Inline(portal, kind.name, _targets(call)).add(row)
    if history:
        _add_history(call, row, values, history)
    return answer(row)


def properties_of(body: object) -> dict[str, object]:
    """The values in a body that writes a record; a 400 if there are none."""
    found = body.get("properties") if isinstance(body, dict) else None
    if not isinstance(found, dict):
        raise invalid("Some required fields were not set: [properties]", code="REQUIRED_FIELD")
    return found


def create_record(call: Call) -> Reply:
    """POST /crm/objects/{type}: also the address of somebody erased, which the blocklist does not stop
    here.
    """
    kind, body = call.kind(), call.object()
    wanted = associations_wanted(call.portal, kind.name, body)
    record_id = create(call.portal, kind.name, properties_of(body), wanted)
    call.effects.append(f"created {kind.name}/{record_id}")
    return answer(whole(call.portal, kind.name, record_id), 201)


def update_record(call: Call) -> Reply:
    """PATCH /crm/objects/{type}/{id}: the id of a merged-away record writes to the survivor."""
    kind = call.kind()
    record_id = record_asked(call, call.args[1], id_property=call.param("idProperty"))
    writing.update(call.portal, kind.name, record_id, properties_of(call.object()))
    call.effects.append(f"updated {kind.name}/{record_id}")
    return answer(whole(call.portal, kind.name, record_id))


def archive_record(call: Call) -> Reply:
    """DELETE /crm/objects/{type}/{id}: the bin (e-mails: gone). A merged-away id takes the survivor (worse
    case).
    """
    kind = call.kind()
    record_id = record_asked(call, call.args[1])
    call.effects.append(disposal.archive(call.portal, kind.name, record_id))
    return NO_CONTENT


def merge_records(call: Call) -> Reply:
    """POST /crm/objects/{type}/merge: the second goes into the first, for good."""
    kind, body = call.kind(), call.object()
    if not kind.mergeable:
        raise invalid(f"Merging is not supported for {kind.name}")
    primary = record_asked(call, input_id(body, "primaryObjectId"))
    loser = record_asked(call, input_id(body, "objectIdToMerge"))
    if primary == loser:
        raise invalid("Cannot merge an object with itself")
    call.effects.append(disposal.merge(call.portal, kind.name, primary, loser))
    return answer(whole(call.portal, kind.name, primary))


def erase_record(call: Call) -> Reply:
    """POST /crm/objects/contacts/gdpr-delete: by id, or by address, and an unknown address is blocklisted.

    Not documented, so the worse case: an unknown or binned id is a 404, a merged-away id takes the survivor.
    """
    body = call.object()
    if call.kind().name != "contacts":
        raise ApiError(404, "OBJECT_NOT_FOUND", "No privacy delete for this object type")
    asked = input_id(body, "objectId")
    if body.get("idProperty") == "email":
        record_id = call.table().by_email.get(asked.strip().lower())
        if record_id is None:
            call.portal.blocklist.add(asked.strip().lower())
            call.effects.append("blocklisted an address that no contact has")
            return NO_CONTENT
    else:
        record_id = record_asked(call, asked)
    call.effects.append(disposal.erase(call.portal, record_id))
    return NO_CONTENT
