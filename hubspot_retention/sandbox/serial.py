"""Records as the API shows them.

A page of a hundred contacts must cost less than a millisecond. So a row is a struct and no dict: the
properties that were asked for are its fields, which msgspec writes without hashing a name, and nothing of it
bothers the collector.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from hubspot_retention.sandbox.state import Portal
from hubspot_retention.sandbox.tables import Values

_INLINE = 100
_SHAPES_KEPT = 200


class AssociatedId(msgspec.Struct, gc=False):
    """One association in a list or read: the other record and the name of the type."""

    id: str
    type: str


class AssociatedPage(msgspec.Struct, gc=False):
    """The associations of a record with one object type, or the first of them."""

    results: list[AssociatedId]
    paging: dict[str, dict[str, str]] | UnsetType = UNSET


class Row(msgspec.Struct, gc=False, rename="camel"):
    """One record on the wire; what is unset is left out."""

    id: str
    properties: Any
    created_at: str
    updated_at: str
    archived: bool
    archived_at: str | UnsetType = UNSET
    associations: dict[str, AssociatedPage] | UnsetType = UNSET
    properties_with_history: dict[str, Any] | UnsetType = UNSET
    object_write_trace_id: str | UnsetType = UNSET
    new: bool | UnsetType = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The properties that an answer carries; `make` takes their values in order, and the record id at the
    end.
    """

    names: tuple[str, ...]
    make: Callable[..., Any]


@lru_cache(_SHAPES_KEPT)
def _shape_of(names: tuple[str, ...]) -> Shape:
    fields = {f"f{position}": name for position, name in enumerate((*names, "hs_object_id"))}
    return Shape(names=names, make=msgspec.defstruct("Properties", list(fields), rename=fields, gc=False))


def shape_for(portal: Portal, object_type: str, asked: Sequence[str]) -> Shape:
    """What an answer carries: the properties asked for that are defined, or the defaults; always dates and
    id.
    """
    kind = portal.tables[object_type].kind
    served = portal.definitions.served(object_type, (*(asked or kind.defaults), *kind.always))
    return _shape_of(tuple(name for name in served if name != "hs_object_id"))


def shown(
    portal: Portal,
    object_type: str,
    record: tuple[str, Values],
    shape: Shape,
    archived_at: str | None = None,
) -> Row:
    """One record: the values as strings, null for a defined property that is empty."""
    record_id, values = record
    get = values.get
    kind = portal.tables[object_type].kind
    created_at = get(kind.created) or portal.created_at(object_type, record_id, values)
    row = Row(
        record_id,
        shape.make(*map(get, shape.names), record_id),
        created_at,
        get(kind.modified) or created_at,
        archived_at is not None,
    )
    if archived_at is not None:
        row.archived_at = archived_at
    return row


def whole(portal: Portal, object_type: str, record_id: str) -> Row:
    """A record in view with all of its values, as the answer to a write has it."""
    values = portal.tables[object_type].live[record_id]
    return shown(portal, object_type, (record_id, values), shape_for(portal, object_type, list(values)))


class Inline:
    """The associations that stand in a list or read, for the object types asked: a hundred of each, then
    paged.

    A primary company stands there twice, once as primary and once as any other.
    """

    def __init__(self, portal: Portal, object_type: str, targets: Sequence[str]) -> None:
        self._object_type = object_type
        self._targets = [
            (target, portal.links.pair(object_type, target).get, portal.links.names(object_type, target))
            for target in targets
        ]

    def add(self, row: Row) -> None:
        """Put the associations of a record into its row; without any, the row stays without the key."""
        found: dict[str, AssociatedPage] = {}
        for target, ends_of, names in self._targets:
            ends = ends_of(row.id)
            if ends:
                rows = [AssociatedId(to_id, name) for to_id, kinds in ends.items() for name in names[kinds]]
                found[target] = AssociatedPage(rows) if len(rows) <= _INLINE else self._paged(row, target, rows)
        if found:
            row.associations = found

    def _paged(self, row: Row, target: str, rows: list[AssociatedId]) -> AssociatedPage:
        after = rows[_INLINE].id
        link = f"/crm/v3/objects/{self._object_type}/{row.id}/associations/{target}?after={after}"
        return AssociatedPage(rows[:_INLINE], {"next": {"after": after, "link": link}})
