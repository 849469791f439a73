"""Whether what was signed of the log, and the removal of its beginning, was signed by whoever holds its key.

What can go wrong: somebody who can write to the database makes a log of their own, with checkpoints that a key of their
own signed; or removes entries, appends one that tells of it, and lays a note beside it that nobody signed. So every
note is opened with the log's own keys: those that sign now, and those that handed over to them, each in a checkpoint
that both signed. A key that was handed over may have been stolen since: for what was removed after that the next key
must have signed, too.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from math import inf
from typing import Protocol

from hubspot_retention.core.audit.checkpoint import CheckpointError, open_note
from hubspot_retention.core.audit.cut import Cut
from hubspot_retention.core.audit.rotation import HANDING_OVER, Rotation
from hubspot_retention.core.audit.verify import Damage, Finding, VerifyReport
from hubspot_retention.core.audit.whole import StoredCheckpoint, unsigned
from hubspot_retention.errors import UsageError
from hubspot_retention.evidence.keys import VerifyingKey


class Log(Protocol):
    """The audit log, as the store has it."""

    def cut(self) -> Cut | None:
        """Where it begins, if its oldest entries were removed."""

    def checkpoints(self) -> Sequence[StoredCheckpoint]:
        """What was ever signed of it, the oldest first."""

    def verify_log(self) -> VerifyReport:
        """Verify the whole log."""


def verify_signed(log: Log, keys: Iterable[VerifyingKey]) -> VerifyReport:
    """Verify the whole log, who signed each of its checkpoints, and who signed for what was removed from its beginning.
    `keys`: those that sign now, and those that were lost."""
    report, cut, checkpoints = log.verify_log(), log.cut(), log.checkpoints()
    known = with_former(keys, checkpoints)
    found = list(report.findings)
    if cut is not None and not _is_signed(cut.note, [key for key, until in known.items() if cut.entry_seq <= until]):
        found.insert(0, Finding(Damage.BEGIN, 1, max(cut.size, 1)))
    found += [unsigned(signed) for signed in checkpoints if not _is_signed(signed.note, known)]
    return replace(report, findings=tuple(dict.fromkeys(found)))


def with_former(keys: Iterable[VerifyingKey], checkpoints: Sequence[StoredCheckpoint]) -> dict[VerifyingKey, float]:
    """The keys, and those that handed over to them, one after another: each with how many entries there were when it
    first did, infinitely many if it did not. What came later the next key signed, too."""
    known = dict.fromkeys(keys, inf)
    for signed in reversed(checkpoints):
        former = _handed_over(signed.note, known) if HANDING_OVER in signed.note else None
        if former is not None:
            known[former] = signed.size
    return known


def _handed_over(note: str, known: Collection[VerifyingKey]) -> VerifyingKey | None:
    """The key that a checkpoint says handed over to one that is known, if both signed it."""
    try:
        rotation = Rotation.of(open_note(note, known))
        if rotation is None or rotation.new not in map(str, known):
            return None
        old = VerifyingKey.read(rotation.old)
        open_note(note, [old])
    except (CheckpointError, UsageError):
        return None
    return old


def _is_signed(note: str, keys: Collection[VerifyingKey]) -> bool:
    try:
        return open_note(note, keys).origin in {key.name for key in keys}
    except CheckpointError:
        return False
