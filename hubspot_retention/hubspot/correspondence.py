"""The engagements of contacts and deals, each with all it hangs on: what an erase has to take along or leave."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from hubspot_retention.core.facts.values import UNKNOWN, Unknown
from hubspot_retention.core.portal import Engagement
from hubspot_retention.core.record import ENGAGEMENT_TYPES, ObjectType, RecordId, RecordRef
from hubspot_retention.hubspot import values
from hubspot_retention.hubspot.associations import Links, read_associations, record_ids
from hubspot_retention.hubspot.byid import ByIdReader
from hubspot_retention.hubspot.side_by_side import side_by_side
from hubspot_retention.hubspot.transport import Transport
from hubspot_retention.hubspot.wire import Row, decoders_of, field_of

_NAMES = ("hs_timestamp", "hs_attachment_ids")
_HANGS_ON = (ObjectType.CONTACT, ObjectType.DEAL, ObjectType.TICKET)
_Each = TypeVar("_Each")
_Listed = Mapping[RecordId, tuple[Engagement, ...] | Unknown]


class CorrespondenceReader:
    """Lists engagements; one that vanished in between is not there, one that cannot be read is unknown."""

    def __init__(self, transport: Transport, by_id: ByIdReader) -> None:
        self._transport, self._by_id = transport, by_id
        self._decoders = decoders_of(_NAMES)

    def of(self, owner: ObjectType, ids: Sequence[RecordId]) -> dict[RecordId, tuple[Engagement, ...] | Unknown]:
        """The engagements of every record asked for; `UNKNOWN` where one kind of them could not be listed."""

        def one_type(kind: ObjectType) -> _Listed:
            return self._of_type(owner, kind, ids)

        by_type = side_by_side(one_type, ENGAGEMENT_TYPES)
        return {record_id: _joined(listed[record_id] for listed in by_type) for record_id in ids}

    def refs_of(self, owner: ObjectType, ids: Sequence[RecordId]) -> dict[RecordId, tuple[RecordRef, ...] | Unknown]:
        """Only which engagements those are: one request for each kind of them."""

        def one_type(kind: ObjectType) -> Mapping[RecordId, tuple[RecordRef, ...] | Unknown]:
            return {
                owner_id: UNKNOWN if isinstance(found, Unknown) else tuple(RecordRef(kind, each) for each in found)
                for owner_id, found in self._ids_of_type(owner, kind, ids).items()
            }

        by_type = side_by_side(one_type, ENGAGEMENT_TYPES)
        return {record_id: _joined(listed[record_id] for listed in by_type) for record_id in ids}

    def _ids_of_type(
        self, owner: ObjectType, kind: ObjectType, ids: Sequence[RecordId]
    ) -> dict[RecordId, tuple[RecordId, ...] | Unknown]:
        found = read_associations(self._transport, owner, kind, ids)
        return {owner_id: record_ids(links) for owner_id, links in found.items()}

    def _of_type(self, owner: ObjectType, kind: ObjectType, ids: Sequence[RecordId]) -> _Listed:
        listed = self._ids_of_type(owner, kind, ids)
        wanted = {each for found in listed.values() if not isinstance(found, Unknown) for each in found}
        engagements = self._read(kind, sorted(wanted))
        return {
            owner_id: UNKNOWN
            if isinstance(found, Unknown)
            else tuple(engagements[each] for each in found if each in engagements)
            for owner_id, found in listed.items()
        }

    def _read(self, kind: ObjectType, ids: Sequence[RecordId]) -> dict[RecordId, Engagement]:
        if not ids:
            return {}
        rows = self._by_id.rows(kind, _NAMES, self._decoders, ids)
        there = {record_id: row for record_id, row in rows.items() if isinstance(row, Row)}

        def linked(other: ObjectType) -> Mapping[RecordId, Links]:
            return read_associations(self._transport, kind, other, list(there))

        contacts, deals, tickets = side_by_side(linked, _HANGS_ON)
        return {
            record_id: Engagement(
                ref=RecordRef(kind, record_id),
                occurred_at=_occurred_at(row),
                contacts=record_ids(contacts[record_id]),
                deals=record_ids(deals[record_id]),
                tickets=record_ids(tickets[record_id]),
                files=_files(row),
            )
            for record_id, row in there.items()
        }


def _joined(parts: Iterable[tuple[_Each, ...] | Unknown]) -> tuple[_Each, ...] | Unknown:
    joined: list[_Each] = []
    for part in parts:
        if isinstance(part, Unknown):
            return UNKNOWN
        joined.extend(part)
    return tuple(joined)


def _occurred_at(row: Row) -> datetime | None:
    found = values.instant(getattr(row.properties, field_of(0)))
    return found if isinstance(found, datetime) else None


def _files(row: Row) -> tuple[str, ...]:
    """File ids are separated by semicolons; a portal that does not define the property attaches nothing."""
    found = values.text(getattr(row.properties, field_of(1)))
    return tuple(part.strip() for part in found.split(";") if part.strip()) if isinstance(found, str) else ()
