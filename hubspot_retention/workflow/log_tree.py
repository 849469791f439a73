"""The Merkle tree of the log that is here, read from the entries themselves: nothing beside them is believed."""

from collections.abc import Callable, Iterator
from itertools import islice

from hubspot_retention.core.audit.anchor import Doubt, TreeReading, doubt_of, places_of_proof
from hubspot_retention.core.audit.checkpoint import Checkpoint
from hubspot_retention.core.audit.entry import StoredEntry
from hubspot_retention.core.audit.merkle import consistency_proof


class LogTree:
    """The tree of a log. `entries` streams the log from a number on. What was read once is not read again, as long as
    nobody asks for what lies behind it."""

    def __init__(self, entries: Callable[[int], Iterator[StoredEntry]]) -> None:
        self._entries = entries
        self._read = TreeReading()

    def end(self) -> tuple[int, bytes]:
        """How many entries there are now, and the root."""
        self._read.feed(entry.body for entry in self._entries(self._read.size))
        return self._read.size, self._read.root()

    def root_at(self, size: int) -> bytes:
        """The root of the first `size` entries."""
        if size not in self._read.roots:
            behind = TreeReading()
            behind.feed(entry.body for entry in islice(self._entries(0), size))
            self._read.roots[size] = behind.root()
        return self._read.roots[size]

    def doubt_of(self, seen: Checkpoint) -> Doubt | None:
        """What is doubtful about the log, after an anchor saw this of it."""
        return doubt_of(seen, self._read.size, self.root_at)

    def proof(self, old: int, new: int) -> tuple[bytes, ...]:
        """That the first `new` entries begin with the first `old` ones."""
        reading = TreeReading(places=places_of_proof(old, new))
        reading.feed(entry.body for entry in islice(self._entries(0), new))
        return consistency_proof(old, new, lambda level, index: reading.subtrees[level, index])
