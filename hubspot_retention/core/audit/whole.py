"""The whole log against everything that is kept beside it: its head, the edge of its tree, what was signed of it.

What can go wrong: a log is changed together with its chain and its head, and what was signed of it still lies beside
it, unasked. So the tree is made anew from the entries, and must agree with the stored edge at the end, and with every
checkpoint at its size.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from hubspot_retention.core.audit.chain import Head
from hubspot_retention.core.audit.checkpoint import CheckpointError, read_note
from hubspot_retention.core.audit.merkle import Frontier
from hubspot_retention.core.audit.verify import Damage, Finding, Verifier, VerifyReport


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


class WholeLog:
    """Reads a log from its beginning, in as many portions as suits; `close` answers. `signed`: what was signed of it
    before it was begun to be read."""

    def __init__(self, signed: Iterable[StoredCheckpoint] = ()) -> None:
        self._chain = Verifier()
        self._tree = Frontier()
        self._signed = sorted(signed, key=lambda each: each.size, reverse=True)
        self._broken: list[Finding] = []

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

    def _compare(self) -> None:
        """What was signed of the log at the size that was just reached."""
        signed = self._signed.pop()
        if not signed.is_of(self._tree):
            self._broken.append(Finding(Damage.SIGNED, min(signed.size, 1), signed.size))

    def close(self, head: Head, edge: bytes) -> VerifyReport:
        """The report, once everything was read; head and edge are the stored ones, read in the same transaction."""
        report = self._chain.close(head)
        found = list(report.findings)
        if edge != self._tree.encoded():
            found.append(Finding(Damage.TREE, min(head.count, 1), head.count))
        while self._signed:
            self._compare()
        return replace(report, findings=(*found, *self._broken), edge=self._tree)
