"""The Merkle tree over the audit log (RFC 6962, section 2.1): leaves are the exact stored bytes, in their order.

What can go wrong: a proof is believed that proves nothing, because leaves and inner nodes can be taken for each
other, or because sizes are not checked. So leaves and nodes are hashed with different prefixes, and every proof
is verified against its sizes: too short and too long are both refused.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Final, Self

HASH_BYTES: Final = 32
_IS_HASH: Final = frozenset((HASH_BYTES,))
EMPTY_ROOT: Final = sha256(b"").digest()

Subtree = Callable[[int, int], bytes]
"""The hash of the whole subtree of level L (2**L leaves) and index I: leaf I is `(0, I)`."""


def leaf_hash(body: bytes) -> bytes:
    """The hash of one entry's bytes."""
    return sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: the hash of every whole subtree that is not yet part of a larger one.

    `nodes` are ordered from the largest (leftmost) to the smallest; there are as many as `size` has ones in binary.
    """

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        self._size = size
        self._nodes = list(nodes)
        if size < 0 or len(self._nodes) != size.bit_count() or not _IS_HASH.issuperset(map(len, self._nodes)):
            raise ValueError(f"a tree of {size} entries has another right edge than {len(self._nodes)} hashes")

    @classmethod
    def of(cls, bodies: Iterable[bytes]) -> Self:
        """The edge of the tree over some entries."""
        edge = cls()
        edge.extend(list(map(leaf_hash, bodies)))
        return edge

    @property
    def size(self) -> int:
        """How many entries the tree has."""
        return self._size

    @property
    def nodes(self) -> tuple[bytes, ...]:
        """The hashes of the edge, largest subtree first."""
        return tuple(self._nodes)

    def append(self, leaf: bytes, level: int = 0) -> list[bytes]:
        """Add a leaf's hash, or that of a whole subtree where one of its level can begin; answers the hashes of the
        subtrees that it made whole, by their level from that one up."""
        assert self._size % (1 << level) == 0
        whole, rest = [leaf], self._size >> level
        while rest & 1:
            whole.append(node_hash(self._nodes.pop(), whole[-1]))
            rest >>= 1
        self._nodes.append(whole[-1])
        self._size += 1 << level
        return whole

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Add many leaves' hashes, level by level: half of the time that one after the other takes."""
        level, rest, left = list(leaves), self._size, []
        while level or rest:
            if rest & 1:
                level.insert(0, self._nodes.pop())
            if len(level) & 1:
                left.append(level.pop())
            pairs = iter(level)
            level = [sha256(b"\x01" + one + other).digest() for one, other in zip(pairs, pairs, strict=True)]
            rest >>= 1
        self._nodes = left[::-1]
        self._size += len(leaves)

    def root(self) -> bytes:
        """The root hash of the tree."""
        if not self._nodes:
            return EMPTY_ROOT
        found = self._nodes[-1]
        for node in reversed(self._nodes[:-1]):
            found = node_hash(node, found)
        return found

    def encoded(self) -> bytes:
        """The edge as it is stored: its hashes one after the other."""
        return b"".join(self._nodes)

    @classmethod
    def decoded(cls, size: int, stored: bytes) -> Self:
        """The edge that `encoded` wrote for a tree of that size. Raises ValueError."""
        if len(stored) % HASH_BYTES:
            raise ValueError("the right edge of the tree is not whole hashes")
        return cls(size, [stored[at : at + HASH_BYTES] for at in range(0, len(stored), HASH_BYTES)])


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def range_root(begin: int, end: int, subtree: Subtree) -> bytes:
    """The hash of the tree over the leaves `begin` to `end - 1`, where `begin` is where such a subtree can begin."""
    size = end - begin
    if size == 0:
        return EMPTY_ROOT
    if size & (size - 1) == 0 and begin % size == 0:
        level = size.bit_length() - 1
        return subtree(level, begin >> level)
    middle = begin + _split(size)
    return node_hash(range_root(begin, middle, subtree), range_root(middle, end, subtree))


def inclusion_proof(index: int, size: int, subtree: Subtree) -> tuple[bytes, ...]:
    """That leaf `index` (from 0) is in the tree of `size` leaves (RFC 6962, 2.1.1). Raises ValueError."""
    if not 0 <= index < size:
        raise ValueError(f"there is no entry {index} in a log of {size}")

    def path(wanted: int, begin: int, end: int) -> list[bytes]:
        if end - begin == 1:
            return []
        middle = begin + _split(end - begin)
        if wanted < middle:
            return [*path(wanted, begin, middle), range_root(middle, end, subtree)]
        return [*path(wanted, middle, end), range_root(begin, middle, subtree)]

    return tuple(path(index, 0, size))


def consistency_proof(old: int, new: int, subtree: Subtree) -> tuple[bytes, ...]:
    """That the tree of `new` leaves begins with the tree of `old` ones (RFC 6962, 2.1.2). Raises ValueError."""
    if not 0 <= old <= new:
        raise ValueError(f"a log of {new} entries does not extend one of {old}")
    if old in (0, new):
        return ()

    def path(kept: int, begin: int, end: int, *, known: bool) -> list[bytes]:
        if kept == end:
            return [] if known else [range_root(begin, end, subtree)]
        middle = begin + _split(end - begin)
        if kept <= middle:
            return [*path(kept, begin, middle, known=known), range_root(middle, end, subtree)]
        return [*path(kept, middle, end, known=False), range_root(begin, middle, subtree)]

    return tuple(path(old, 0, new, known=True))


def root_of_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root that an inclusion proof leads to; `None` if it fits no such index and size (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return None
    node, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return None
        if node & 1 or node == last:
            found = node_hash(sibling, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        node, last = node >> 1, last >> 1
    return found if last == 0 else None


def is_consistent(old: tuple[int, bytes], new: tuple[int, bytes], proof: Sequence[bytes]) -> bool:
    """Whether a proof shows that the log `new` (size, root) extends the log `old` (RFC 9162, 2.1.4.2)."""
    (old_size, old_root), (new_size, new_root) = old, new
    if not 0 <= old_size <= new_size:
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    if old_size == 0:
        return not proof and old_root == EMPTY_ROOT
    path = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    if not path:
        return False
    node, last = old_size - 1, new_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    seen_old = seen_new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            seen_old, seen_new = node_hash(sibling, seen_old), node_hash(sibling, seen_new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            seen_new = node_hash(seen_new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and seen_old == old_root and seen_new == new_root
