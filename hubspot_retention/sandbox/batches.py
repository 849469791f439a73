"""The objects API in batches: up to a hundred records a call, and a 207 when some of them failed."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import UNSET

from hubspot_retention.sandbox import disposal, writing
from hubspot_retention.sandbox.calls import (
    NO_CONTENT,
    ApiError,
    Call,
    Reply,
    batch_answer,
    batch_error,
    batch_inputs,
    divided,
    failed_inputs,
    input_id,
    invalid,
)
from hubspot_retention.sandbox.creation import associations_wanted, create
from hubspot_retention.sandbox.objects import properties_of
from hubspot_retention.sandbox.serial import Row, Shape, shape_for, shown, whole

_BATCH = 100
_BATCH_WITH_HISTORY = 50


def _missing(ids: list[str]) -> list[dict[str, object]]:
    if not ids:
        return []
    return [batch_error("OBJECT_NOT_FOUND", "Could not get some objects, they may be deleted.", {"ids": ids})]


def _names(body: Mapping[str, Any], key: str) -> list[str]:
    found = body.get(key) or []
    if not isinstance(found, list):
        raise invalid(f"{key} must be a list", code="INVALID_JSON")
    return [str(name) for name in found]


def batch_read(call: Call) -> Reply:
    """POST .../batch/read: the id of a merged-away record answers with the survivor; missing ids make it a
    207.
    """
    started_at, kind, portal, body = call.portal.now_text(), call.kind(), call.portal, call.object()
    history = _names(body, "propertiesWithHistory")
    inputs = batch_inputs(call, most=_BATCH, body=body)
    if history and len(inputs) > _BATCH_WITH_HISTORY:
        raise invalid(
            "The maximum number of inputs supported in a batch request for property histories is "
            f"{_BATCH_WITH_HISTORY}."
        )
    asked = [input_id(item) for item in inputs]
    done, failed = divided(call, asked)
    shape = shape_for(portal, kind.name, [*_names(body, "properties"), *history])
    rows: dict[str, Row] = {}
    missing: list[str] = []
    for record_id in done:
        row = _row(call, record_id, shape, str(body.get("idProperty") or ""))
        if row is None:
            missing.append(record_id)
        else:
            rows[row.id] = row
    if history and not call.flag("archived"):
        tracked = portal.definitions.served(kind.name, history)
        for record_id, row in rows.items():
            values = portal.tables[kind.name].live[record_id]
            row.properties_with_history = portal.history.of((kind.name, record_id), values, tracked, row.created_at)
    return batch_answer(call, started_at, list(rows.values()), [*_missing(missing), *failed_inputs(failed)])


def _row(call: Call, asked: str, shape: Shape, id_property: str) -> Row | None:
    table, portal = call.table(), call.portal
    if call.flag("archived"):
        disposal.empty_bin(portal, table.kind.name)
        binned = table.bin.get(asked)
        if binned is None:
            return None
        return shown(portal, table.kind.name, (asked, binned.values), shape, binned.archived_at)
    found = _found(call, asked, id_property)
    return None if found is None else shown(portal, table.kind.name, (found, table.live[found]), shape)


def _found(call: Call, asked: str, id_property: str) -> str | None:
    table = call.table()
    if id_property == "email" and table.kind.name == "contacts":
        return table.by_email.get(asked.strip().lower())
    if id_property not in ("", "hs_object_id"):
        definition = call.portal.definitions.live(table.kind.name, id_property)
        if definition is None or not definition.unique:
            raise invalid(f'Property "{id_property}" is not a unique identifier', code="INVALID_ID_PROPERTY")
        return next((key for key, values in table.live.items() if values.get(id_property) == asked), None)
    winner = table.winner(asked)
    return winner if winner in table.live else None


def _each(call: Call, inputs: list[Any], carry_out: Callable[[Any], Row], started_at: str, status: int) -> Reply:
    """Carry out every input; those that are refused stand in the answer, the others are done."""
    done, failed = divided(call, inputs)
    rows, errors = [], failed_inputs([str(_name_of(item)) for item in failed])
    for item in done:
        try:
            rows.append(carry_out(item))
        except ApiError as refusal:
            if len(inputs) == 1:
                raise
            context = {"ids": [str(_name_of(item))]}
            errors.append(batch_error(refusal.category, refusal.message, context))
    return batch_answer(call, started_at, rows, errors, status=status)


def _name_of(item: object) -> object:
    return item.get("id", item.get("objectWriteTraceId", "")) if isinstance(item, Mapping) else ""


def batch_update(call: Call) -> Reply:
    """POST .../batch/update. A merged-away id is refused here, although a single update takes it
    (HubSpot).
    """
    started_at, body = call.portal.now_text(), call.object()

    def carry_out(item: Any) -> Row:
        record_id = input_id(item)
        if item.get("idProperty"):
            record_id = _found(call, record_id, str(item["idProperty"])) or ""
        if record_id not in call.table().live:
            raise ApiError(404, "OBJECT_NOT_FOUND", f"Object not found: {input_id(item)}")
        writing.update(call.portal, call.kind().name, record_id, properties_of(item))
        call.effects.append(f"updated {call.kind().name}/{record_id}")
        return whole(call.portal, call.kind().name, record_id)

    return _each(call, batch_inputs(call, most=_BATCH, body=body), carry_out, started_at, 200)


def batch_create(call: Call) -> Reply:
    """POST .../batch/create: a partial success needs a trace id on every input, else one bad input fails
    them all.
    """
    started_at, kind, inputs = call.portal.now_text(), call.kind(), batch_inputs(call, most=_BATCH)
    traced = all(isinstance(item, Mapping) and item.get("objectWriteTraceId") for item in inputs)
    if not traced:
        for item in inputs:
            writing.checked(call.portal, kind.name, properties_of(item))

    def carry_out(item: Any) -> Row:
        wanted = associations_wanted(call.portal, kind.name, item)
        record_id = create(call.portal, kind.name, properties_of(item), wanted)
        call.effects.append(f"created {kind.name}/{record_id}")
        trace = item.get("objectWriteTraceId")
        row = whole(call.portal, kind.name, record_id)
        row.object_write_trace_id = str(trace) if trace else UNSET
        return row

    return _each(call, inputs, carry_out, started_at, 201)


def batch_upsert(call: Call) -> Reply:
    """POST .../batch/upsert: found by a unique property, else made."""
    started_at, kind = call.portal.now_text(), call.kind()

    def carry_out(item: Any) -> Row:
        key, value = str(item.get("idProperty") or ""), input_id(item)
        found = _found(call, value, key)
        values = properties_of(item)
        new = found is None
        if found is None:
            if not key:
                raise ApiError(404, "OBJECT_NOT_FOUND", f"Object not found: {value}")
            found = create(call.portal, kind.name, {key: value, **values})
        else:
            writing.update(call.portal, kind.name, found, values)
        call.effects.append(f"{'created' if new else 'updated'} {kind.name}/{found}")
        row = whole(call.portal, kind.name, found)
        row.new = new
        return row

    return _each(call, batch_inputs(call, most=_BATCH), carry_out, started_at, 200)


def batch_archive(call: Call) -> Reply:
    """POST .../batch/archive: always a 204 without a body, whatever became of each id.

    Not documented, so the worse case: a merged-away id takes the survivor to the bin.
    """
    asked = [input_id(item) for item in batch_inputs(call, most=_BATCH)]
    started_at, table = call.portal.now_text(), call.table()
    done, failed = divided(call, asked)
    for record_id in done:
        found = table.winner(record_id)
        if found in table.live:
            call.effects.append(disposal.archive(call.portal, table.kind.name, found))
        else:
            call.effects.append(f"found no {table.kind.name}/{record_id}")
    if failed and call.partial != "silent_partial":
        return batch_answer(call, started_at, [], failed_inputs(failed))
    return NO_CONTENT
