"""The hash chain: every entry's hash covers its exact bytes and the hash before it.

A Merkle tree and its checkpoints need the same stored bytes as leaves; they can stand beside the chain.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from hubspot_retention.core.audit.entry import Entry, StoredEntry, canonical_bytes

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
