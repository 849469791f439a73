"""What a witness thinks of a checkpoint: whether the log only ever grew since it last looked (C2SP tlog-witness).

A witness keeps one size and root a log. What can go wrong: it forgets, or two requests race, and a log that was
rolled back is co-signed. So the judgement is a pure function of what is kept, and whoever calls it keeps the answer
durably before giving it, one request after the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from hubspot_retention.core.audit.checkpoint import Checkpoint
from hubspot_retention.core.audit.merkle import EMPTY_ROOT, is_consistent


class Judgement(StrEnum):
    """`grown` and `same` are co-signed; `conflict`: the asker must begin from another size; `fork`: two logs of one
    size; `refused`: the proof proves nothing."""

    GROWN = "grown"
    SAME = "same"
    CONFLICT = "conflict"
    FORK = "fork"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Kept:
    """What a witness keeps of a log: its latest size and root, and the keys that it followed from one to the next, as
    they are written down, the first the one that it was told of by its owner."""

    size: int = 0
    root: bytes = EMPTY_ROOT
    keys: tuple[str, ...] = ()


def judge(kept: Kept, old_size: int, new: Checkpoint, proof: Sequence[bytes]) -> Judgement:
    """Whether `new` extends what is kept, by a proof from `old_size`, the size that the asker believes is kept."""
    if old_size > new.size:
        return Judgement.REFUSED
    if old_size != kept.size:
        return Judgement.CONFLICT
    if new.size == kept.size:
        return Judgement.SAME if new.root == kept.root and not proof else Judgement.FORK
    return Judgement.GROWN if is_consistent((kept.size, kept.root), (new.size, new.root), proof) else Judgement.REFUSED
