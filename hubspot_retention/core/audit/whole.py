"""The whole log against everything that is kept beside it: its head, the edge of its tree, what was signed of it.

What can go wrong: a log is changed together with its chain and its head, and what was signed of it still lies beside
it, unasked. So the tree is made anew from the entries, and must agree with the stored edge at the end, and with every
checkpoint at its size.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from hubspot_retention.core.audit.chain import EMPTY, Head
from hubspot_retention.core.audit.checkpoint import CheckpointError, read_note
from hubspot_retention.core.audit.merkle import Frontier
from hubspot_retention.core.audit.verify import Damage, Finding, Verifier, VerifyReport

BLOCK_LEVEL: Final = 16
"""The level of the subtrees that readings of one log are joined by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCheckpoint:
    """A checkpoint as it is kept: how many entries it covers, the edge of their tree, the signed note, since when."""

    size: int
    edge: bytes
    note: str
    at: datetime

    @property
    def root(self) -> bytes:
        """The root of the tree. Raises ValueError if the edge is none for so many entries."""
        return Frontier.decoded(self.size, self.edge).root()

    def is_of(self, tree: Frontier) -> bool:
        """Whether it is what the tree was at its size."""
        try:
            signed = read_note(self.note)[0]
        except CheckpointError:
            return False
        return (signed.size, self.edge, signed.root) == (self.size, tree.encoded(), tree.root())

    def is_of_itself(self) -> bool:
        """Whether its edge is that of the root it signs: all that can be told once its entries are removed."""
        try:
            return self.is_of(Frontier.decoded(self.size, self.edge))
        except ValueError:
            return False


class Stretch:
    """A log from an entry on, read by itself, while somebody else reads what comes before: its chain, and its tree in
    whole subtrees of a level, for more cannot be said of it without its beginning. The entry before it must be the last
    of such a subtree. `sizes` of the whole log are those whose edges are asked for."""

    def __init__(self, after: Head, sizes: Iterable[int] = (), level: int = BLOCK_LEVEL) -> None:
        self.begin = after
        self.level = level
        self.chain = Verifier(after)
        self.blocks: list[bytes] = []
        self.edges: dict[int, tuple[int, tuple[bytes, ...]]] = {}
        self._block = Frontier()
        self._wanted = sorted({size for size in sizes if size > after.count}, reverse=True)

    def feed_rows(self, rows: Sequence[tuple[int, bytes, bytes]]) -> None:
        """Read on: number, bytes, hash, in the order of their number."""
        self.chain.feed_rows(rows)
        leaves = [sha256(b"\x00" + body).digest() for _, body, _ in rows]
        while leaves:
            until = min((1 << self.level) - self._block.size, len(leaves))
            if self._wanted:
                until = min(until, self._wanted[-1] - self._size())
            self._block.extend(leaves[:until])
            leaves = leaves[until:]
            if self._block.size == 1 << self.level:
                self.blocks.append(self._block.root())
                self._block = Frontier()
            if self._wanted and self._wanted[-1] == self._size():
                self.edges[self._wanted.pop()] = self._edge()

    def close(self) -> None:
        """That was all."""
        self.edges[self._size()] = self._edge()

    def _size(self) -> int:
        return self.begin.count + (len(self.blocks) << self.level) + self._block.size

    def _edge(self) -> tuple[int, tuple[bytes, ...]]:
        """The edge so far: how many of the whole subtrees, and the nodes to the right of them."""
        return len(self.blocks), self._block.nodes


class WholeLog:
    """Reads a log from its beginning, in as many portions as suits; `close` answers. `signed`: what was signed of it
    before it was begun to be read. `after` and `tree`: the end of what was removed from its beginning."""

    def __init__(
        self, signed: Iterable[StoredCheckpoint] = (), after: Head = EMPTY, tree: Frontier | None = None
    ) -> None:
        self._chain = Verifier(after)
        self._tree = Frontier() if tree is None else tree
        self._removed = after.count
        self._signed = sorted(signed, key=lambda each: each.size, reverse=True)
        self._broken: list[Finding] = []
        while self._signed and self._signed[-1].size < self._removed:
            signed_before = self._signed.pop()
            if not signed_before.is_of_itself():
                self._broken.append(unsigned(signed_before))

    @property
    def place(self) -> int:
        """The number that the last row read stands under."""
        return self._chain.place

    def feed_rows(self, rows: Sequence[tuple[int, bytes, bytes]]) -> None:
        """Read on: number, bytes, hash, in the order of their number."""
        self._chain.feed_rows(rows)
        leaves = [sha256(b"\x00" + body).digest() for _, body, _ in rows]
        while self._signed and self._signed[-1].size <= self._tree.size + len(leaves):
            until = self._signed[-1].size - self._tree.size
            self._tree.extend(leaves[:until])
            leaves = leaves[until:]
            self._compare()
        self._tree.extend(leaves)

    def take(self, stretch: Stretch) -> bool:
        """Go on where somebody else's reading ended, if all was right until where it began. Answers whether it was."""
        if not self._chain.is_plainly_at(stretch.begin):
            return False
        self._chain = stretch.chain
        before, taken = self._tree, 0
        for size, (blocks, nodes) in stretch.edges.items():
            for block in stretch.blocks[taken:blocks]:
                before.append(block, stretch.level)
            taken, self._tree = blocks, Frontier(size, (*before.nodes, *nodes))
            while self._signed and self._signed[-1].size == size:
                self._compare()
        return True

    def _compare(self) -> None:
        """What was signed of the log at the size that was just reached."""
        signed = self._signed.pop()
        if not signed.is_of(self._tree):
            self._broken.append(unsigned(signed))

    def close(self, head: Head, edge: bytes) -> VerifyReport:
        """The report, once everything was read; head and edge are the stored ones, read in the same transaction."""
        report = self._chain.close(head)
        found = list(report.findings)
        if edge != self._tree.encoded():
            found.append(Finding(Damage.TREE, min(head.count, 1), head.count))
        while self._signed:
            self._compare()
        return replace(report, findings=(*found, *self._broken), edge=self._tree, removed=self._removed)


def unsigned(signed: StoredCheckpoint) -> Finding:
    """What is said of a checkpoint that is not what was signed of the log."""
    return Finding(Damage.SIGNED, min(signed.size, 1), signed.size)
