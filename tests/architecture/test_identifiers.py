"""Portal, object type and record id are types of their own (S8): nothing else reaches what reads or disposes."""

from collections.abc import Iterator
from inspect import isfunction
from typing import Any, get_type_hints

from hubspot_retention.core.record import ObjectType, PortalId, RecordId, RecordRef
from hubspot_retention.workflow.ports import Disposer, RecordSource, Transaction

_PLAIN = (int, str, object, Any)
_NAMES = ("record", "portal", "object_type", "contact_id", "deal_id", "ids", "kind", "loser", "winner", "target")
IDENTIFIERS = (PortalId, RecordId, RecordRef, ObjectType)


def plain_identifiers(*ports: type) -> Iterator[str]:
    """Parameters of the ports that stand for a record, a type or a portal, and would take anything."""
    for port in ports:
        for name, method in vars(port).items():
            if isfunction(method):
                hints = get_type_hints(method)
                yield from (
                    f"{port.__name__}.{name}({parameter})"
                    for parameter, hint in hints.items()
                    if parameter in _NAMES and hint not in IDENTIFIERS and _takes_anything(hint)
                )


def _takes_anything(hint: Any) -> bool:
    parts = getattr(hint, "__args__", ()) or (hint,)
    return any(part in _PLAIN for part in parts)


def test_what_reads_or_disposes_takes_no_bare_numbers_and_texts_for_records() -> None:
    assert list(plain_identifiers(RecordSource, Disposer, Transaction)) == []


def test_a_bare_number_would_be_seen() -> None:
    class Careless:
        """Takes anything."""

        def erase_contact(self, contact_id: int) -> None:
            """By a number of whatever."""

    assert list(plain_identifiers(Careless)) == ["Careless.erase_contact(contact_id)"]
