"""What runs note of records for later runs: one short row each, a million of them."""

from collections.abc import Mapping, Sequence

from hubspot_retention.core.decision.history import Remembered
from hubspot_retention.core.facts.observation import OptOutSource
from hubspot_retention.core.made import made
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.store.encoding import TYPE_NUMBERS, from_micros, to_micros_or_none
from hubspot_retention.store.prepared import id_list, lookup, upsertion
from hubspot_retention.store.schema import memory
from hubspot_retention.store.session import Rows

_RECALL = lookup(memory)
_NOTE = upsertion(memory)
_SOURCES: Mapping[str | None, OptOutSource | None] = {None: None} | {source.value: source for source in OptOutSource}


class MemoryRows(Rows):
    """The memory."""

    def recall(self, object_type: ObjectType, ids: Sequence[RecordId]) -> Mapping[RecordId, Remembered]:
        """What earlier runs noted of records; a record that none noted is not in the answer."""
        session = self._open_session
        rows = session.rows(_RECALL, type=TYPE_NUMBERS[object_type], ids=id_list(ids, session.dialect))
        return {
            record_id: made(
                Remembered,
                (
                    starts,
                    None if opted_out_at is None else from_micros(opted_out_at),
                    None if source is None else _SOURCES[source],
                    bool(ended),
                    bool(archived_by_us),
                ),
            )
            for _, record_id, starts, opted_out_at, source, ended, archived_by_us in rows
        }

    def note(self, object_type: ObjectType, rows: Sequence[tuple[RecordId, Remembered]]) -> None:
        """Note records for later runs (insert or replace)."""
        number = TYPE_NUMBERS[object_type]
        values = [
            (
                number,
                record_id,
                starts,
                to_micros_or_none(opted_out_at),
                source and source.value,
                ended,
                archived_by_us,
            )
            for record_id, (starts, opted_out_at, source, ended, archived_by_us) in rows
        ]
        self._open_session.change_each(_NOTE, values)
