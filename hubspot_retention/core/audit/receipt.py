"""Proofs that some entries are in the log, made in one reading of it.

What can go wrong: a proof needs the hashes of subtrees from all over the log, and ten million entries do not fit in
memory. So the places that the proofs need are found first, from the sizes alone, and only their hashes are kept
while the entries stream by.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from hubspot_retention.core.audit.anchor import Place, TreeReading, places_of
from hubspot_retention.core.audit.merkle import Frontier, inclusion_proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """The root of a log, and for each entry that was asked for (by its index from 0) the proof that it is in it."""

    size: int
    root: bytes
    by_index: Mapping[int, Sequence[bytes]]


def prove(bodies: Iterable[bytes], size: int, wanted: Sequence[int], begin: Frontier | None = None) -> Proofs:
    """Prove that the entries `wanted` are among the `size` entries of a log, whose bytes are given in their order.
    `begin`: the tree of those that were removed before the first; of them nothing can be proved.

    Raises ValueError if an index is not in the log, or if there are not `size` entries.
    """
    needed = frozenset[Place]().union(*(places_of(partial(inclusion_proof, index, size)) for index in wanted))
    reading = TreeReading(needed, begin)
    reading.feed(bodies)
    if reading.size != size:
        raise ValueError(f"there are {reading.size} entries in a log of {size}")
    hashes = reading.subtrees
    by_index = {index: inclusion_proof(index, size, lambda level, at: hashes[level, at]) for index in wanted}
    return Proofs(size=size, root=reading.root(), by_index=by_index)
