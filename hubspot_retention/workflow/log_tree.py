"""The Merkle tree of the log that is here, from its right edge, which the store keeps beside it.

Nothing is read again for the root as it is now, and for what it was when it was signed: those edges are kept as well.
Only an older root that nobody here signed is made from the entries. That edges and entries agree is what verifying the
log tells.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Protocol

from hubspot_retention.core.audit.anchor import Doubt, TreeReading, doubt_of, places_of_proof
from hubspot_retention.core.audit.checkpoint import Checkpoint
from hubspot_retention.core.audit.cut import Cut
from hubspot_retention.core.audit.entry import StoredEntry
from hubspot_retention.core.audit.merkle import Frontier, consistency_proof, leaf_hash


class Log(Protocol):
    """The log and what is kept beside it."""

    def entries(self, after: int) -> Iterator[StoredEntry]:
        """The log from a sequence number on, streamed."""

    def tree(self) -> Frontier:
        """The right edge of its tree as it is now."""

    def tree_at(self, size: int) -> Frontier | None:
        """The edge as it was when the log had so many entries, if it was signed then."""

    def cut(self) -> Cut | None:
        """Where it begins, if its oldest entries were removed."""


class LogTree:
    """The tree of a log."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._size = 0
        self._roots: dict[int, bytes] = {}

    def end(self) -> Frontier:
        """The edge of the tree as it is now."""
        edge = self._log.tree()
        self._size = edge.size
        self._roots[edge.size] = edge.root()
        return edge

    def root_at(self, size: int) -> bytes:
        """The root of the first `size` entries."""
        if size not in self._roots:
            self._roots[size] = (self._log.tree_at(size) or self._read_to(size)).root()
        return self._roots[size]

    def _read_to(self, size: int) -> Frontier:
        """Read the log from where it begins. What a part was of those that were removed, nobody can tell who was not
        told at the time."""
        edge = self._beginning()
        for entry in islice(self._log.entries(0), max(0, size - edge.size)):
            edge.append(leaf_hash(entry.body))
        return edge

    def _beginning(self) -> Frontier:
        """The tree of what was removed from the log's beginning; that of nothing where it is whole."""
        cut = self._log.cut()
        return Frontier() if cut is None else cut.tree

    def doubt_of(self, seen: Checkpoint) -> Doubt | None:
        """What is doubtful about the log, after an anchor saw this of it."""
        return doubt_of(seen, self._size, self.root_at)

    def proof(self, old: int, new: int) -> tuple[bytes, ...]:
        """That the first `new` entries begin with the first `old` ones."""
        begin = self._log.tree_at(old) or self._beginning()
        first = begin.size
        reading = TreeReading(places_of_proof(old, new), begin)
        reading.feed(entry.body for entry in islice(self._log.entries(first), new - first))
        return consistency_proof(old, new, lambda level, index: reading.subtrees[level, index])
