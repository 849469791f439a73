"""The hash chain: every entry's hash covers its exact bytes and the hash before it.

The same bytes are the leaves of a Merkle tree. Its right edge is kept beside the chain's head and grows with it, so
that what the log is can be signed at any time without reading it.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Self

from hubspot_retention.core.audit.entry import Entry, StoredEntry, canonical_bytes
from hubspot_retention.core.audit.merkle import Frontier, leaf_hash

GENESIS: Final = bytes(32)
"""What the first entry is chained to."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log ends: how many entries, and the last one's hash. Kept apart, so that a cut tail shows."""

    count: int
    hash: bytes


EMPTY: Final = Head(0, GENESIS)


def link(previous: bytes, body: bytes) -> bytes:
    """The hash of an entry: SHA-256 over the 32 bytes of the hash before it, and its own bytes."""
    return sha256(previous + body).digest()


def extend(head: Head, entry: Entry) -> StoredEntry:
    """The entry as it is to be stored after `head`."""
    seq = head.count + 1
    body = canonical_bytes(entry, seq)
    return StoredEntry(seq, body, link(head.hash, body))


class LogEnd:
    """Where a log ends, its chain and its tree, while it is appended to."""

    def __init__(self, head: Head, edge: Frontier) -> None:
        self.head = head
        self.edge = edge

    @classmethod
    def read(cls, head: Head, edge: bytes) -> Self:
        """The end as it was stored. Raises ValueError if the edge is not that of a tree of so many entries."""
        return cls(head, Frontier.decoded(head.count, edge))

    def append(self, entry: Entry) -> StoredEntry:
        """The entry as it is to be stored; the log ends with it from now on."""
        stored = extend(self.head, entry)
        self.head = Head(stored.seq, stored.hash)
        self.edge.append(leaf_hash(stored.body))
        return stored
