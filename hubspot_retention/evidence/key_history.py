"""The keys of the log and of its pseudonyms, for whoever verifies: which signed when, which are gone, by whose hand.

What can go wrong: a list of keys is believed because it is tidy. So it says nothing that the export does not hold as
well: the signatures under its checkpoints, and entries of the log by their number; whoever reads it compares. What the
entries cannot tell is only which keys of pseudonyms are still in their file, and the list says that it is told.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import Any, Final, Protocol

from hubspot_retention.core.audit.checkpoint import read_note
from hubspot_retention.core.audit.entry import Entry, StoredEntry, read_entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.audit.whole import StoredCheckpoint

_TOLD: Final = re.compile(rb'"subject":"(?:log-key"|pseudonym-key"|([0-9]{4}):)')
_LISTS: Final = {
    (Subject.LOG_KEY, Verb.CHANGED): "rotated",
    (Subject.LOG_KEY, Verb.ERASED): "retired",
    (Subject.PSEUDONYM_KEY, Verb.CREATED): "epochs_made",
    (Subject.PSEUDONYM_KEY, Verb.ERASED): "epochs_destroyed",
}


class Log(Protocol):
    """The audit log, as the store has it."""

    def entries(self, after: int = 0) -> Iterator[StoredEntry]:
        """The log from a sequence number on, streamed."""

    def checkpoints(self) -> Sequence[StoredCheckpoint]:
        """What was ever signed of it, the oldest first."""


def key_history(log: Log, size: int, kept: Iterable[str] | None) -> dict[str, Any]:
    """The history as plain JSON, up to entry number `size`. `kept`: the epochs whose keys are in the file, `None` if
    that is not known here."""
    found: dict[str, Any] = {name: [] for name in _LISTS.values()}
    epochs: set[str] = set()
    for stored in takewhile(lambda each: each.seq <= size, log.entries()):
        for told in _TOLD.finditer(stored.body):
            if told[1]:
                epochs.add(told[1].decode())
            else:
                entry = read_entry(stored.body)
                found[_LISTS[entry.subject, entry.verb]].append(_line(stored.seq, entry))
    notes = [signed for signed in log.checkpoints() if signed.size <= size]
    listed = None if kept is None else list(kept)
    return {"signed": _signed(notes), **found, "epochs_used": sorted(epochs), "epochs_kept": listed}


def _line(seq: int, entry: Entry) -> dict[str, Any]:
    facts = {name: value for name, value in entry.facts if name in ("old", "new", "epoch")}
    return {"entry": seq, "at": entry.at.isoformat(), "by": entry.actor, **facts}


def _signed(notes: Sequence[StoredCheckpoint]) -> list[dict[str, Any]]:
    """Each key by its name and id: the first and the last size that it signed, and when."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for note in notes:
        for line in read_note(note.note)[2]:
            at = note.at.isoformat()
            row = found.setdefault(
                (line.name, line.key_id.hex()),
                {"name": line.name, "id": line.key_id.hex(), "first": note.size, "first_at": at},
            )
            row |= {"last": note.size, "last_at": at}
    return list(found.values())
