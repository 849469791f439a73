"""What happens in the portal, told to whoever listens: the material of webhooks.

Every change is one happening or several; whether a subscription wants it is decided elsewhere. That a creation also
tells of every property it set, and that a deletion says nothing of the associations that go with it, is not
documented: the first is the worse case for a receiver, the second what the documents leave out.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hubspot_retention.sandbox.object_types import ObjectType, object_type
from hubspot_retention.sandbox.origins import API, Origin
from hubspot_retention.sandbox.tables import Values

NEVER_TOLD = frozenset({"hs_lastmodifieddate", "num_unique_conversion_events"})
"""No subscription can have these (HubSpot, "Webhooks")."""

CLASSIC = ("contacts", "companies", "deals", "tickets")
"""The object types with events of their own name; the others have only `object.*`."""

Record = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that happened to one record. `what` is HubSpot's word, `number` that of the whole change."""

    what: str
    kind: ObjectType
    record_id: str
    at: datetime
    number: int
    by: Origin
    property_name: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def classic(self) -> str:
        """The event type under the object's own name, such as `contact.deletion`; empty if there is none."""
        return f"{self.kind.singular}.{self.what}" if self.kind.name in CLASSIC else ""

    @property
    def generic(self) -> str:
        """The event type that any object has; a privacy deletion has none."""
        return "" if self.what == "privacyDeletion" else f"object.{self.what}"


class Events:
    """Tells happenings to the one who listens; costs nothing while nobody does."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.listener: Callable[[list[Happening]], None] | None = None
        self._now = now
        self._number = 0

    def created(self, kind: ObjectType, record_id: str, values: Values, by: Origin = API) -> None:
        """A record was made, with these values."""
        if self.listener is not None:
            own = [("creation", "", {"changeFlag": "CREATED"})]
            self._tell(kind, record_id, [*own, *_property_changes({}, values)], by)

    def changed(self, kind: ObjectType, record_id: str, before: Values, after: Values, by: Origin = API) -> None:
        """A record got other values."""
        if self.listener is not None:
            self._tell(kind, record_id, _property_changes(before, after), by)

    def deleted(self, kind: ObjectType, record_id: str, by: Origin = API) -> None:
        """A record went to the bin, or for good."""
        self._tell(kind, record_id, [("deletion", "", {"changeFlag": "DELETED"})], by)

    def erased(self, kind: ObjectType, record_id: str, by: Origin = API) -> None:
        """A record was privacy-deleted, which is also a deletion."""
        self._tell(kind, record_id, [("privacyDeletion", "", {}), ("deletion", "", {"changeFlag": "DELETED"})], by)

    def restored(self, kind: ObjectType, record_id: str, by: Origin = API) -> None:
        """A record came back from the bin."""
        self._tell(kind, record_id, [("restore", "", {"changeFlag": "RESTORED"})], by)

    def merged(self, kind: ObjectType, record_id: str, details: dict[str, Any], by: Origin = API) -> None:
        """Records went into one, which has this id afterwards; the details are those of HubSpot."""
        self._tell(kind, record_id, [("merge", "", details)], by)

    def linked(self, first: Record, second: Record, *, primary: bool, removed: bool = False, by: Origin = API) -> None:
        """Two records were associated, or are no longer: each side tells it."""
        if self.listener is None:
            return
        self._number += 1
        found = []
        for near, far in ((first, second), (second, first)):
            kind, other = object_type(near[0]), object_type(far[0])
            assert kind is not None
            assert other is not None
            details = {
                "associationType": f"{kind.singular}_TO_{other.singular}".upper(),
                "fromObjectId": int(near[1]),
                "toObjectId": int(far[1]),
                "associationRemoved": removed,
                "isPrimaryAssociation": primary,
            }
            found.append(self._happening(kind, near[1], ("associationChange", "", details), by))
        self.listener(found)

    def _tell(self, kind: ObjectType, record_id: str, rows: Iterable["_Row"], by: Origin) -> None:
        if self.listener is None:
            return
        self._number += 1
        self.listener([self._happening(kind, record_id, row, by) for row in rows])

    def _happening(self, kind: ObjectType, record_id: str, row: "_Row", by: Origin) -> Happening:
        what, name, details = row
        return Happening(
            what=what,
            kind=kind,
            record_id=record_id,
            at=self._now(),
            number=self._number,
            by=by,
            property_name=name,
            details=details,
        )


_Row = tuple[str, str, dict[str, Any]]


def _property_changes(before: Values, after: Values) -> list[_Row]:
    return [
        ("propertyChange", name, {"propertyName": name, "propertyValue": after.get(name, "")})
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name) and name not in NEVER_TOLD
    ]
