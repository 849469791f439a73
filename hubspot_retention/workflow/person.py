"""What was done about one person: everything that the audit log says of the records that stood for them.

The log is read twice from beginning to end and never held: first for the records that a pseudonym of theirs stands
beside, and for the merges; then for all that is said of those records and of what was merged into them.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from hubspot_retention.core.audit.entry import StoredEntry, read_entry
from hubspot_retention.core.audit.kinds import Subject

Reads = Callable[[], Iterator[StoredEntry]]
_MERGE: Final = b'"subject":"merge"'


def records_of(read: Reads, pseudonyms: Sequence[str]) -> frozenset[str]:
    """The records that stood for a person, such as `contacts/101`, those that were merged into them included."""
    signs = [pseudonym.encode() for pseudonym in pseudonyms]
    found: set[str] = set()
    became: list[tuple[str, str]] = []
    for stored in read():
        if _MERGE in stored.body:
            entry = read_entry(stored.body)
            if entry.subject is Subject.MERGE and entry.record is not None:
                became.append((entry.record, str(dict(entry.facts).get("winner"))))
        elif any(sign in stored.body for sign in signs):
            record = read_entry(stored.body).record
            if record is not None:
                found.add(record)
    while more := {loser for loser, winner in became if winner in found} - found:
        found |= more
    return frozenset(found)


def entries_about(read: Reads, records: frozenset[str]) -> Iterator[StoredEntry]:
    """All entries of these records, in their order."""
    signs = [f'"{record}"'.encode() for record in records]
    for stored in read():
        if any(sign in stored.body for sign in signs) and read_entry(stored.body).record in records:
            yield stored
