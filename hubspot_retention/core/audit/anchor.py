"""Whether the log that is here is the one that the outside was shown: what stops a restored backup.

A database that was restored, copied or mixed up with another knows nothing of what it has forgotten, such as newer
holds. What can go wrong: it is believed all the same. So somebody outside (an anchor) was shown how long the log is
and its root, and a log that does not extend what its anchors saw is doubted, as is one whose anchors say nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Protocol

from hubspot_retention.core.audit.checkpoint import Checkpoint
from hubspot_retention.core.audit.merkle import EMPTY_ROOT, Frontier, consistency_proof, leaf_hash
from hubspot_retention.core.clocks import MAX_CLOCK_SKEW
from hubspot_retention.errors import RetentionError

Place = tuple[int, int]
"""A whole subtree: its level and index."""


class AnchorKind(StrEnum):
    """Who outside is shown the log."""

    FILE = "file"
    WITNESS = "witness"
    TIMESTAMP = "timestamp"
    MESSAGE = "message"

    @property
    def counts(self) -> bool:
        """Whether it can be asked what it saw, so that a log that fell behind is noticed. The others are told only:
        what they answered lies with us, and a restored backup brings it along."""
        return self in (AnchorKind.FILE, AnchorKind.WITNESS)


class Doubt(StrEnum):
    """Why nothing may be disposed of."""

    BEHIND = "log-behind-its-anchor"
    FORKED = "log-not-the-anchored-one"
    LOST = "anchor-lost"
    UNREADABLE = "anchor-unreadable"
    OLD = "anchor-too-old"


class AnchorError(RetentionError):
    """An anchor could not be read or added to. `doubt`: what that says about the log, if it says anything."""

    def __init__(self, message: str, doubt: Doubt = Doubt.UNREADABLE) -> None:
        super().__init__(message)
        self.doubt = doubt


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchored:
    """What an anchor was last shown, and when (`None`: never); `error`: why it could not be shown more, a code."""

    name: str
    size: int = 0
    root: bytes = EMPTY_ROOT
    at: datetime | None = None
    error: str = ""

    def known_at(self, now: datetime) -> datetime | None:
        """When it was shown that, as far as can be said: an instant further ahead of `now` than clocks may differ was
        noted by a clock that was wrong, and how long ago that was nobody knows."""
        return None if self.at is None or self.at > now + MAX_CLOCK_SKEW else self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A proof for others that a checkpoint was there: `note` is the checkpoint as it was signed, `answer` what a
    time-stamping authority answered, `at` when."""

    note: str
    answer: bytes
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an anchor says: its checkpoint, none if it never saw one, or that it could not be read. `is_known`: the
    database says that it was shown something."""

    name: str
    checkpoint: Checkpoint | None = None
    is_unreadable: bool = False
    is_known: bool = False


class Grows(Protocol):
    """The log that is here, as an anchor asks about it."""

    def doubt_of(self, seen: Checkpoint) -> Doubt | None:
        """What is doubtful about it, after the anchor saw this of it."""

    def proof(self, old: int, new: int) -> tuple[bytes, ...]:
        """That its first `new` entries begin with the first `old` ones."""


def doubt_of(seen: Checkpoint, size: int, root_at: Callable[[int], bytes]) -> Doubt | None:
    """What is doubtful about a log of `size` entries, after an anchor saw `seen` of it. `root_at`: its root when it had
    so many entries."""
    if seen.size > size:
        return Doubt.BEHIND
    return None if root_at(seen.size) == seen.root else Doubt.FORKED


def doubts(readings: Sequence[Reading], size: int, root_at: Callable[[int], bytes]) -> tuple[Doubt, ...]:
    """Everything that is doubtful about the log. One anchor that was read and agrees makes up for another that could
    not be read, but not for one that disagrees or has lost what it saw."""
    found: set[Doubt] = set()
    agrees = False
    for reading in readings:
        if reading.is_unreadable:
            continue
        if reading.checkpoint is None:
            found |= {Doubt.LOST} if reading.is_known else set()
        elif (doubt := doubt_of(reading.checkpoint, size, root_at)) is not None:
            found.add(doubt)
        else:
            agrees = True
    if not agrees and any(reading.is_unreadable for reading in readings):
        found.add(Doubt.UNREADABLE)
    return tuple(sorted(found))


class TreeReading:
    """Reads a log from its beginning, or from where its tree had an edge that is known, and notes some of its subtrees,
    and its root whenever that is asked for."""

    def __init__(self, places: Iterable[Place] = (), begin: Frontier | None = None) -> None:
        self._places = frozenset(places)
        self._edge = Frontier() if begin is None else begin
        self.roots: dict[int, bytes] = {0: EMPTY_ROOT}
        self.subtrees: dict[Place, bytes] = {}
        self._note_edge()

    def _note_edge(self) -> None:
        """The whole subtrees that the edge consists of, the largest first."""
        begin = 0
        for node, level in zip(self._edge.nodes, _levels(self._edge.size), strict=True):
            if (level, begin >> level) in self._places:
                self.subtrees[level, begin >> level] = node
            begin += 1 << level

    @property
    def size(self) -> int:
        """How many entries were read."""
        return self._edge.size

    def feed(self, bodies: Iterable[bytes]) -> None:
        """Read on."""
        for body in bodies:
            index = self._edge.size
            for level, made in enumerate(self._edge.append(leaf_hash(body))):
                if (level, index >> level) in self._places:
                    self.subtrees[level, index >> level] = made

    def root(self) -> bytes:
        """The root of what was read; it is noted."""
        return self.roots.setdefault(self._edge.size, self._edge.root())


def _levels(size: int) -> list[int]:
    """The levels of the subtrees that the edge of a tree consists of."""
    return [level for level in reversed(range(size.bit_length())) if size >> level & 1]


def places_of(proof: Callable[[Callable[[int, int], bytes]], object]) -> frozenset[Place]:
    """The subtrees whose hashes a proof asks for. Raises what it raises."""
    found: set[Place] = set()

    def noted(level: int, index: int) -> bytes:
        found.add((level, index))
        return EMPTY_ROOT

    proof(noted)
    return frozenset(found)


def places_of_proof(old: int, new: int) -> frozenset[Place]:
    """The subtrees that a consistency proof is made of. Raises ValueError."""
    return places_of(partial(consistency_proof, old, new))
