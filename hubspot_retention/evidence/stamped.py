"""The time-stamps that were kept, asked again: does each still stand for the log that is here?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from hubspot_retention.core.audit.anchor import Token
from hubspot_retention.core.audit.checkpoint import Checkpoint, CheckpointError, read_note
from hubspot_retention.evidence.timestamp import Stamp, TimestampError, verify

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """A checkpoint of the log, and what its time-stamp says."""

    size: int
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class StampReport:
    """The time-stamps that verify, in the order they were made, and what is wrong with the others."""

    good: tuple[Stamped, ...]
    findings: tuple[str, ...]

    def ended(self, now: datetime) -> int:
        """How many of the good ones stand under a certificate that has ended since."""
        return sum(each.stamp.ends_at <= now for each in self.good)


def check_stamps(
    tokens: Sequence[Token], root_at: Callable[[int], bytes], trusted: "Sequence[Certificate]"
) -> StampReport:
    """Verify every token, and that the log was what it says. `root_at`: the root of a log that was verified, when it
    had so many entries; as many as there are where it never had so many."""
    good, findings = [], []
    for token in tokens:
        note = _checkpoint(token)
        what = f"the time-stamp that was kept at {token.at.isoformat(timespec='seconds')}"
        if note is None:
            findings.append(f"{what} is of no checkpoint")
            continue
        try:
            stamp = verify(token.answer, token.note, trusted)
        except TimestampError as error:
            findings.append(f"{what}, of {note.size} entries: {error}")
            continue
        if root_at(note.size) == note.root:
            good.append(Stamped(size=note.size, stamp=stamp))
        else:
            findings.append(
                f"{what}, of {note.size} entries, is of another log: it was changed, or lost its end, since"
            )
    return StampReport(tuple(good), tuple(findings))


def _checkpoint(token: Token) -> Checkpoint | None:
    try:
        return read_note(token.note)[0]
    except CheckpointError:
        return None
