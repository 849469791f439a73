"""The records of one object type: those in view, the bin, and the ids that were merged away.

A record in view is nothing but the dict of its values (an empty value is absent), because a portal has a
million of them. The ids stand in order beside them, for a list that starts at any id.
"""

from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from dataclasses import dataclass

from hubspot_retention.sandbox.links import Link
from hubspot_retention.sandbox.object_types import ObjectType

Values = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Binned:
    """An archived record with the associations that a restore brings back."""

    values: Values
    archived_at: str
    links: tuple[Link, ...]


class Table:
    """All records of one object type."""

    def __init__(self, kind: ObjectType) -> None:
        self.kind = kind
        self.live: dict[str, Values] = {}
        self.bin: dict[str, Binned] = {}
        self.merged: dict[str, str] = {}
        self.by_email: dict[str, str] = {}
        self.created_at: dict[str, str] = {}
        """The creation instant of those whose values do not say it."""
        self._ids = array("q")
        self._next_id = 1

    def fill(self, records: dict[str, Values]) -> None:
        """Take the records of a document, which may be in any order."""
        self.live = records
        self._ids = array("q", sorted(int(record_id) for record_id in self.live))
        for record_id, values in records.items():
            self.note_emails(record_id, values)

    def reserve(self, record_ids: Iterable[str]) -> None:
        """Never give these ids to a new record."""
        self._next_id = max(self._next_id, max((int(record_id) + 1 for record_id in record_ids), default=1))

    def new_id(self) -> str:
        """An id that no record ever had."""
        if self._ids:
            self._next_id = max(self._next_id, self._ids[-1] + 1)
        given = self._next_id
        self._next_id += 1
        return str(given)

    def add(self, record_id: str, values: Values) -> None:
        """Bring a record into view."""
        self.live[record_id] = values
        insort(self._ids, int(record_id))
        self.reserve([record_id])
        self.note_emails(record_id, values)

    def remove(self, record_id: str) -> Values:
        """Take a record out of view."""
        values = self.live.pop(record_id)
        del self._ids[bisect_left(self._ids, int(record_id))]
        self.forget_emails(record_id, values)
        return values

    def forget_emails(self, record_id: str, values: Values) -> None:
        """Take the addresses of a contact out of the look-up."""
        if self.kind.name == "contacts":
            for address in addresses(values):
                if self.by_email.get(address) == record_id:
                    del self.by_email[address]

    def note_emails(self, record_id: str, values: Values) -> None:
        """Make a contact findable by its addresses."""
        if self.kind.name == "contacts" and "email" in values:
            for address in addresses(values):
                self.by_email.setdefault(address, record_id)

    def winner(self, record_id: str) -> str:
        """The record that an id means now: the survivor, if its own record was merged away."""
        while record_id in self.merged:
            record_id = self.merged[record_id]
        return record_id

    def page(self, after: int, limit: int) -> tuple[list[str], str | None]:
        """Up to `limit` ids in ascending order from `after` on, and the first of the next page if there is
        one.
        """
        start = bisect_left(self._ids, after)
        found = [str(record_id) for record_id in self._ids[start : start + limit]]
        following = start + limit
        return found, str(self._ids[following]) if following < len(self._ids) else None

    def stretch(self, least: int, most: int, window: slice, *, descending: bool = False) -> tuple[int, list[str]]:
        """How many ids lie from `least` to `most`, both included, and those of a window of them."""
        first, last = bisect_left(self._ids, least), bisect_right(self._ids, most)
        total = max(0, last - first)
        start, stop, _ = window.indices(total)
        begin, end = (last - stop, last - start) if descending else (first + start, first + stop)
        found = list(self._ids[begin:end])
        if descending:
            found.reverse()
        return total, [str(record_id) for record_id in found]

    def between(self, least: int, most: int) -> list[str]:
        """The ids in view from `least` to `most`, both included, ascending."""
        first, last = bisect_left(self._ids, least), bisect_right(self._ids, most)
        return [str(record_id) for record_id in self._ids[first:last]]


def addresses(values: Values) -> list[str]:
    """A contact's addresses in lower case, the primary one first."""
    listed = [values.get("email", ""), *values.get("hs_additional_emails", "").split(";")]
    return [address.strip().lower() for address in listed if address.strip()]
