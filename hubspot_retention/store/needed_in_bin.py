"""What contacts in the bin need: the letters that hung on them when they were put there, by ids alone."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete

from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.store.encoding import TYPE_NUMBERS, to_micros
from hubspot_retention.store.people_schema import needed_in_bin
from hubspot_retention.store.prepared import Prepared, id_list, lookup, upsertion
from hubspot_retention.store.session import Rows

_NOTE = upsertion(needed_in_bin)
_NEEDED_BY = lookup(needed_in_bin, "record_id", "contact_id")
_FORGET = Prepared(delete(needed_in_bin).where(needed_in_bin.c.contact_id == bindparam("contact")))


class NeededRows(Rows):
    """What contacts in the bin need."""

    def note_needs(self, contact_id: RecordId, records: Sequence[RecordRef], at: datetime) -> None:
        """A contact is about to go into the bin who needs these, beside what was noted of it before."""
        rows = [(TYPE_NUMBERS[each.object_type], each.record_id, contact_id, to_micros(at)) for each in records]
        self._open_session.change_each(_NOTE, rows)

    def needed_in_bin(self, object_type: ObjectType, ids: Sequence[RecordId]) -> Mapping[RecordId, Sequence[RecordId]]:
        """Which contacts need each of some records, in their order; one that nobody needs is not in the answer."""
        session = self._open_session
        found = defaultdict[RecordId, list[RecordId]](list)
        for record_id, contact_id in session.rows(
            _NEEDED_BY, type=TYPE_NUMBERS[object_type], ids=id_list(ids, session.dialect)
        ):
            found[record_id].append(contact_id)
        return {record_id: sorted(contacts) for record_id, contacts in found.items()}

    def forget_needs(self, contact_id: RecordId) -> None:
        """The contact is in view again, where everybody sees what it needs, or it is gone for good."""
        self._open_session.change(_FORGET, contact=contact_id)

    def forget_old_needs(self, before: datetime) -> int:
        """Take away what was noted before an instant; answers how many rows."""
        return self._connection.execute(delete(needed_in_bin).where(needed_in_bin.c.at < to_micros(before))).rowcount
