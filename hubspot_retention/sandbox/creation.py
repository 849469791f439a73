"""New records, with the associations that are made together with them."""

from collections.abc import Mapping, Sequence

from hubspot_retention.sandbox.calls import input_id, invalid
from hubspot_retention.sandbox.linking import join
from hubspot_retention.sandbox.links import PLAIN
from hubspot_retention.sandbox.object_types import OBJECT_TYPES
from hubspot_retention.sandbox.state import Portal
from hubspot_retention.sandbox.writing import checked, consequences, refuse_taken_address

Wanted = tuple[str, str, str]
"""The type and id of the other record, and the kind of link."""


def associations_wanted(portal: Portal, object_type: str, body: Mapping[str, object]) -> list[Wanted]:
    """The associations that a body asks for. Raises ApiError (400) for a type or record that there is not."""
    found: list[Wanted] = []
    rows = body.get("associations") or []
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise invalid("associations must be a list", code="INVALID_JSON")
    for row in rows:
        to_id = input_id(row.get("to") if isinstance(row, Mapping) else None)
        specs = row.get("types") or []
        if not specs:
            raise invalid("Some required fields were not set: [types]", code="REQUIRED_FIELD")
        found += [(*_resolved(portal, object_type, spec, to_id),) for spec in specs]
    return found


def _resolved(portal: Portal, object_type: str, spec: Mapping[str, object], to_id: str) -> Wanted:
    category, type_id = str(spec.get("associationCategory")), spec.get("associationTypeId")
    for other in OBJECT_TYPES:
        kind = portal.links.kind_of(object_type, other, category, type_id if isinstance(type_id, int) else -1)
        if kind is not None:
            record = portal.tables[other].winner(to_id)
            if record not in portal.tables[other].live:
                raise invalid(f"{other} {to_id} to associate with does not exist", code="OBJECT_NOT_FOUND")
            return other, record, kind
    raise invalid(f"{category} association type {type_id} from {object_type} does not exist", code="INVALID_TYPE")


def create(
    portal: Portal, object_type: str, properties: Mapping[str, object], associations: Sequence[Wanted] = ()
) -> str:
    """Make a record and return its id. Raises ApiError (400, 409)."""
    table = portal.tables[object_type]
    values = {name: value for name, value in checked(portal, object_type, properties).items() if value != ""}
    if table.kind.engagement and "hs_timestamp" not in values:
        raise invalid(
            "Some required properties were not set.",
            code="MISSING_REQUIRED_PROPERTY",
            context={"properties": ["hs_timestamp"]},
        )
    refuse_taken_address(portal, object_type, values)
    at = portal.now_text()
    values |= consequences(portal, object_type, {}, values)
    values = {table.kind.created: at, **values, table.kind.modified: at}
    if object_type == "contacts" and "lifecyclestage" not in values:
        values |= {"lifecyclestage": "lead"} | consequences(portal, object_type, {}, {"lifecyclestage": "lead"})
    record_id = table.new_id()
    portal.index.note(object_type, record_id, None)
    table.add(record_id, values)
    portal.events.created(table.kind, record_id, values)
    for other, other_id, kind in associations:
        join(portal, (object_type, record_id), (other, other_id), kind or PLAIN)
    return record_id
