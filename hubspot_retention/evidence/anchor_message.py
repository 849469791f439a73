"""A mailbox or a chat that is told of the log: a signed checkpoint that people outside keep, and nobody can take back.

It is told only: no program reads a mailbox back. But whoever keeps the messages sees that the number of entries never
falls, and gives any of them to the verifier as an anchor.
"""

from collections.abc import Sequence
from datetime import timedelta

from hubspot_retention.addresses import Address
from hubspot_retention.core.audit.anchor import AnchorError, AnchorKind
from hubspot_retention.core.audit.checkpoint import read_note
from hubspot_retention.core.counted import counted


class MessageAnchor:
    """The people. They are told once any of them was reached: else the others would be told each hour."""

    name = AnchorKind.MESSAGE.value

    def __init__(self, addresses: Sequence[Address], every: timedelta) -> None:
        self._addresses = addresses
        self.every = every

    def tell(self, note: str) -> bytes:
        """Send the checkpoint to all; there is nothing to be kept. Raises AnchorError."""
        seen = read_note(note)[0]
        title = f"Checkpoint of the log {seen.origin}: {counted(seen.size, 'entry', 'entries')}. Please keep it."
        reached = [address.send(title, note, "info") for address in self._addresses]
        if not any(reached):
            raise AnchorError("nobody whom checkpoints are sent to could be reached")
        return b""
