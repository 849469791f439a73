"""Who is associated with whom, in batches of a thousand.

A 207 with NO_ASSOCIATIONS_FOUND means none. Anything else that is missing or failed is unknown, and unknown
blocks a disposal. Source: HubSpot's associations API, dated 2026-03; the limit of 1,000 since 2025-02-10.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
import structlog

from hubspot_retention.core.facts.observation import CompanyLink
from hubspot_retention.core.facts.values import UNKNOWN, Unknown
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.errors import PortalContractError, PortalPausedError, PortalTemporaryError
from hubspot_retention.hubspot.calls import API_VERSION, Bucket, post
from hubspot_retention.hubspot.faults import RefusedError
from hubspot_retention.hubspot.objects import in_batches
from hubspot_retention.hubspot.transport import Transport
from hubspot_retention.hubspot.wire import Batch, Paging

ASSOCIATIONS_BATCH = 1000
_NONE_FOUND = "crm.associations.NO_ASSOCIATIONS_FOUND"
_PRIMARY_TYPES = frozenset({1, 5})
"""HubSpot's own types contact to primary company, deal to primary company."""
_MOST_PAGES = 1000

_log = structlog.get_logger("hubspot_retention.hubspot")


class Link(NamedTuple):
    """One end of an association."""

    to: RecordId
    primary: bool


Links = tuple[Link, ...] | Unknown


class _Type(msgspec.Struct, rename="camel", gc=False):
    category: str = ""
    type_id: int = 0
    label: str | None = None

    @property
    def is_primary(self) -> bool:
        if self.category == "HUBSPOT_DEFINED":
            return self.type_id in _PRIMARY_TYPES or self.label == "Primary"
        return False


class _End(msgspec.Struct, rename="camel", gc=False):
    to_object_id: str | int
    association_types: list[_Type] = []


class _From(msgspec.Struct, gc=False):
    id: str


class _Linked(msgspec.Struct, gc=False):
    from_: _From = msgspec.field(name="from")
    to: list[_End]
    paging: Paging | None = None


_DECODER = msgspec.json.Decoder(Batch[_Linked])


class _Reading:
    """The state of reading the associations of some records: what was found, what is unknown, what is left."""

    def __init__(self, ids: Iterable[RecordId]) -> None:
        self.found: dict[RecordId, dict[RecordId, bool]] = {}
        self.settled: set[RecordId] = set()
        self.left: list[tuple[RecordId, str | None]] = [(record_id, None) for record_id in ids]

    def take(self, asked: dict[str, RecordId], batch: Batch[_Linked]) -> None:
        for row in batch.results:
            record_id = asked.get(row.from_.id)
            if record_id is None:
                continue
            ends = self.found.setdefault(record_id, {})
            for end in row.to:
                to = RecordId(int(end.to_object_id))
                ends[to] = ends.get(to, False) or any(kind.is_primary for kind in end.association_types)
            if row.paging is not None and row.paging.next is not None:
                self.left.append((record_id, row.paging.next.after))
            else:
                self.settled.add(record_id)
        for error in batch.errors:
            if error.sub_category == _NONE_FOUND:
                none = (asked[each] for each in error.ids("fromObjectId") if each in asked)
                self.settled.update(record_id for record_id in none if record_id not in self.found)

    def links(self, record_id: RecordId) -> Links:
        if record_id not in self.settled:
            return UNKNOWN
        return tuple(Link(to, primary) for to, primary in self.found.get(record_id, {}).items())


def read_associations(
    transport: Transport, from_type: ObjectType, to_type: ObjectType, ids: Sequence[RecordId]
) -> dict[RecordId, Links]:
    """The associations of every record asked for; `UNKNOWN` for those that could not be read.

    Raises PortalDeniedError and PortalPausedError; other failures make the records of that batch unknown.
    """
    reading = _Reading(dict.fromkeys(ids))
    endpoint = f"/crm/associations/{API_VERSION}/{from_type}/{to_type}/batch/read"
    for _ in range(_MOST_PAGES):
        if not reading.left:
            break
        asking, reading.left = reading.left, []
        for batch in in_batches(asking, ASSOCIATIONS_BATCH):
            inputs = [
                {"id": str(each)} if after is None else {"id": str(each), "after": after} for each, after in batch
            ]
            try:
                answer = transport.send(post(endpoint, {"inputs": inputs}, Bucket.ASSOCIATIONS))
            except PortalPausedError:
                raise
            except (PortalTemporaryError, RefusedError) as error:
                _log.warning("associations.unreadable", endpoint=endpoint, records=len(batch), reason=str(error))
                continue
            try:
                reading.take({str(each): each for each, _ in batch}, answer.read(_DECODER))
            except ValueError:
                raise PortalContractError(f"{endpoint}: an associated id is no number") from None
    return {record_id: reading.links(record_id) for record_id in ids}


def record_ids(links: Links) -> tuple[RecordId, ...] | Unknown:
    """The other ends."""
    return links if links is UNKNOWN else tuple([link.to for link in links])


def company_links(links: Links) -> tuple[CompanyLink, ...] | Unknown:
    """The other ends as companies, with which of them is primary."""
    return links if links is UNKNOWN else tuple([CompanyLink._make(link) for link in links])
