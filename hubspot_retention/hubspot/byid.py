"""Records read afresh by id: before anything is disposed of, and after.

What can go wrong: something that is there is taken for gone. So a record is gone only if HubSpot says that it is
not found and the same token read the portal's identity in the same operation (S10); an id that neither stands
in the answer nor in its errors is asked for alone (S12); an answer with another id is a merge, never the
record that was asked for (S11).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.portal import Gone, MergedInto, PortalDetails
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.hubspot.associations import Links, read_associations
from hubspot_retention.hubspot.faults import NOT_FOUND, RefusedError
from hubspot_retention.hubspot.kinds import Kind
from hubspot_retention.hubspot.objects import batch_read_call, in_batches, read_call
from hubspot_retention.hubspot.side_by_side import side_by_side
from hubspot_retention.hubspot.transport import Transport
from hubspot_retention.hubspot.wire import Decoders, Row

_Seen = TypeVar("_Seen")
Found = Row | Gone | MergedInto


class ByIdReader:
    """Reads records by id. `identity` reads the portal's identity and raises if it is another portal now."""

    def __init__(self, transport: Transport, identity: Callable[[], PortalDetails]) -> None:
        self._transport, self._identity = transport, identity

    def rows(
        self, object_type: ObjectType, names: Sequence[str], decoders: Decoders, ids: Iterable[RecordId]
    ) -> dict[RecordId, Found]:
        """Every id with its row, or why there is none."""
        found: dict[RecordId, Found] = {}

        def batch(asked: Sequence[RecordId]) -> dict[RecordId, Found]:
            return self._batch(object_type, names, decoders, asked)

        for answered in side_by_side(batch, in_batches(list(dict.fromkeys(ids)))):
            found.update(answered)
        if any(isinstance(each, Gone) for each in found.values()):
            self._identity()
        return found

    def _batch(
        self, object_type: ObjectType, names: Sequence[str], decoders: Decoders, asked: Sequence[RecordId]
    ) -> dict[RecordId, Found]:
        answer = self._transport.send(batch_read_call(object_type, names, asked)).read(decoders.batch)
        rows = {row.id: row for row in answer.results}
        missing = {each for error in answer.errors if error.category == NOT_FOUND for each in error.ids("ids")}
        found: dict[RecordId, Found] = {}
        for record_id in asked:
            row = rows.get(str(record_id))
            if row is not None:
                found[record_id] = Gone.ABSENT if row.archived else row
            elif str(record_id) in missing:
                found[record_id] = Gone.ABSENT
            else:
                found[record_id] = self._one(object_type, names, decoders, record_id)
        return found

    def _one(self, object_type: ObjectType, names: Sequence[str], decoders: Decoders, record_id: RecordId) -> Found:
        try:
            row = self._transport.send(read_call(object_type, names, record_id)).read(decoders.row)
        except RefusedError as refused:
            if refused.is_not_found:
                return Gone.ABSENT
            raise
        if row.id != str(record_id):
            return MergedInto(RecordId(int(row.id)))
        return Gone.ABSENT if row.archived else row

    def read(self, kind: Kind[_Seen], ids: Sequence[RecordId]) -> dict[RecordId, _Seen | Gone | MergedInto]:
        """Every id with its observation, its associations read as well, or why there is none."""
        rows = self.rows(kind.object_type, kind.names, kind.decoders, ids)
        there = [record_id for record_id, row in rows.items() if isinstance(row, Row)]

        def linked(other: ObjectType) -> Mapping[RecordId, Links]:
            return read_associations(self._transport, kind.object_type, other, there)

        by_type = side_by_side(linked, kind.linked)
        found: dict[RecordId, _Seen | Gone | MergedInto] = {}
        for record_id, row in rows.items():
            if isinstance(row, Row):
                links = tuple(links_of.get(record_id, UNKNOWN) for links_of in by_type)
                found[record_id] = kind.observe(row, links)
            else:
                found[record_id] = row
        return found
