"""HubSpot's own association types: the number and the name that a link carries in each direction.

A company that is primary is linked twice, as primary and without a label, and so it is listed twice.
Source: HubSpot's guide to associating records (2026-04), type ids.
"""

from dataclasses import dataclass

from hubspot_retention.sandbox.object_types import OBJECT_TYPES


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociationType:
    """One kind of link in one direction; `label` is none for an unlabelled one."""

    type_id: int
    name: str
    label: str | None = None
    category: str = "HUBSPOT_DEFINED"


def _pair(first: str, second: str) -> str:
    return f"{OBJECT_TYPES[first].singular}_to_{OBJECT_TYPES[second].singular}"


_WITH_PRIMARY = (
    ("contacts", "companies", 279, 1),
    ("companies", "contacts", 280, 2),
    ("deals", "companies", 341, 5),
    ("companies", "deals", 342, 6),
    ("tickets", "companies", 339, 26),
    ("companies", "tickets", 340, 25),
)

_PLAIN = (
    ("contacts", "deals", 4),
    ("deals", "contacts", 3),
    ("contacts", "tickets", 15),
    ("tickets", "contacts", 16),
    ("deals", "tickets", 27),
    ("tickets", "deals", 28),
    ("contacts", "contacts", 449),
    ("companies", "companies", 450),
    ("deals", "deals", 451),
    ("tickets", "tickets", 452),
)

# From a record to the engagement; back again is the next number.
_ENGAGEMENTS = {
    "companies": {"calls": 181, "emails": 185, "meetings": 187, "notes": 189, "tasks": 191},
    "contacts": {"calls": 193, "emails": 197, "meetings": 199, "notes": 201, "tasks": 203},
    "deals": {"calls": 205, "emails": 209, "meetings": 211, "notes": 213, "tasks": 215},
    "tickets": {"calls": 219, "emails": 223, "meetings": 225, "notes": 227, "tasks": 229},
}


def _unlabelled() -> dict[tuple[str, str], AssociationType]:
    found = {
        (first, second): AssociationType(type_id=plain, name=f"{_pair(first, second)}_unlabeled")
        for first, second, plain, _ in _WITH_PRIMARY
    }
    for first, second, type_id in _PLAIN:
        found[first, second] = AssociationType(type_id=type_id, name=_pair(first, second))
    for record, engagements in _ENGAGEMENTS.items():
        for engagement, type_id in engagements.items():
            found[record, engagement] = AssociationType(type_id=type_id, name=_pair(record, engagement))
            found[engagement, record] = AssociationType(type_id=type_id + 1, name=_pair(engagement, record))
    return found


UNLABELLED: dict[tuple[str, str], AssociationType] = _unlabelled()

PRIMARY: dict[tuple[str, str], AssociationType] = {
    (first, second): AssociationType(type_id=primary, name=_pair(first, second), label="Primary")
    for first, second, _, primary in _WITH_PRIMARY
}
