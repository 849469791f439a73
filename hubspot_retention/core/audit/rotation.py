"""A log's key hands over to the next, in a checkpoint that both have signed and that names both.

What can go wrong: somebody who has neither key, or only the next, puts a key of their own in its place. So a handing
over counts only with both signatures, and whoever follows it follows the first that a key made. The private half of the
old key is destroyed afterwards, so that what it signed cannot be signed anew by whoever breaks in later.
"""

from dataclasses import dataclass
from typing import Final, Self

from hubspot_retention.core.audit.checkpoint import Checkpoint

HANDING_OVER: Final = "key-rotation"
"""The word that the line in the checkpoint begins with."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """Which key hands over to which, as public keys are written down."""

    old: str
    new: str

    def line(self) -> str:
        """The line in the checkpoint."""
        return f"{HANDING_OVER} {self.old} {self.new}"

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> Self | None:
        """The rotation that a checkpoint tells of; `None` if it tells of none. Nothing of it is believed yet."""
        for line in checkpoint.extension:
            word, _, keys = line.partition(" ")
            old, _, new = keys.partition(" ")
            if word == HANDING_OVER and old and new and " " not in new:
                return cls(old, new)
        return None
