"""What is handed to others, signed: a checkpoint of the log, and a receipt for one record.

What can go wrong: a log that was changed is signed, and the signature lends it a credit that it has lost. So the whole
log is verified first, and what is signed is the log that was verified, up to its last entry and no further.
"""

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Final, Protocol

from hubspot_retention.core.audit.anchor import Token
from hubspot_retention.core.audit.checkpoint import ED25519, Checkpoint, read_note, sign
from hubspot_retention.core.audit.cut import Cut, begin_of
from hubspot_retention.core.audit.entry import StoredEntry, read_entry
from hubspot_retention.core.audit.merkle import Frontier
from hubspot_retention.core.audit.receipt import prove
from hubspot_retention.core.audit.rotation import Rotation
from hubspot_retention.core.audit.verify import VerifyReport
from hubspot_retention.core.audit.whole import StoredCheckpoint
from hubspot_retention.core.counted import counted
from hubspot_retention.errors import RetentionError, UsageError
from hubspot_retention.evidence.cut_signed import verify_signed
from hubspot_retention.evidence.key_history import key_history
from hubspot_retention.evidence.keys import SigningKey, VerifyingKey

_RECORD_KEY: Final = b'"record":"%s"'
_REMOVED: Final = "the log's oldest entries were removed meanwhile, at the end of their period: ask for it again"


class UnsignableError(RetentionError):
    """The log is not the one that was written, so it is not signed."""


class Log(Protocol):
    """The audit log, as the store has it."""

    def entries(self, after: int = 0) -> Iterator[StoredEntry]:
        """The log from a sequence number on, streamed."""

    def tree(self) -> Frontier:
        """The right edge of its tree as it is now."""

    def checkpoints(self) -> Sequence[StoredCheckpoint]:
        """What was ever signed of it, the oldest first."""

    def cut(self) -> Cut | None:
        """Where it begins, if its oldest entries were removed."""

    def verify_log(self) -> VerifyReport:
        """Verify the whole log."""


def checkpoint(
    log: Log, keys: Sequence[SigningKey], at: datetime, lost: Sequence[VerifyingKey] = ()
) -> StoredCheckpoint:
    """What the log is now, signed, to be stored. `keys`: the newest first; `lost`: those that signed it before and
    handed over to nobody. Raises UnsignableError, UsageError."""
    edge = _verified(log, keys, lost)
    note = sign(Checkpoint(keys[0].name, edge.size, edge.root()), keys)
    return StoredCheckpoint(size=edge.size, edge=edge.encoded(), note=note, at=at)


def receipt(log: Log, signed: StoredCheckpoint, record: str) -> str:
    """A receipt for a record such as `contacts/101`, as JSON: each entry of it with the proof that it is in the log
    that was signed, the signed checkpoint, and those in which a key of the log handed over to the next, if any did.
    Raises UsageError if that log knows no such record, or no longer; RetentionError if entries are removed
    meanwhile."""
    said, cut = _RECORD_KEY % record.encode(), log.cut()
    if cut is not None and cut.size > signed.size:
        raise RetentionError(_REMOVED)
    found = {entry.seq - 1: entry.body for entry in _entries(log, signed.size, cut) if said in entry.body}
    found = {index: body for index, body in found.items() if json.loads(body).get("record") == record}
    if not found:
        raise UsageError(_nothing_of(record, log))
    bodies = (entry.body for entry in _entries(log, signed.size, cut))
    proofs = prove(bodies, signed.size, tuple(found), begin_of(cut)[1])
    rows = [
        {
            "index": index,
            "body": body.decode("ascii"),
            "proof": [b64encode(part).decode() for part in proofs.by_index[index]],
        }
        for index, body in found.items()
    ]
    made: dict[str, object] = {"record": record, "entries": rows, "checkpoint": signed.note}
    notes = [kept.note for kept in log.checkpoints() if Rotation.of(read_note(kept.note)[0]) is not None]
    if notes:
        made["rotations"] = notes
    return json.dumps(made, indent=1) + "\n"


def _nothing_of(record: str, log: Log) -> str:
    first = next(log.entries(), None)
    if log.cut() is None or first is None:
        return f"the audit log knows nothing of {record}: expected a record such as contacts/101"
    since = read_entry(first.body).at.date().isoformat()
    return (
        f"the audit log knows nothing of {record} since {since}, when it begins: "
        "older entries were removed at the end of the log's own period. A receipt that was made before stays valid"
    )


def exported(
    log: Log, size: int | None = None, tokens: Sequence[Token] = (), epochs: Sequence[str] | None = None
) -> Iterator[str]:
    """The lines of an export: the entries up to number `size`, all if it is `None`, after what was signed of them, the
    time-stamps of that, the history of the keys and, where the oldest were removed, what they left behind. `epochs`:
    those whose keys are kept, if that is known. Raises RetentionError if entries are removed meanwhile."""
    cut = log.cut()
    size = log.tree().size if size is None else size
    for signed in log.checkpoints():
        if signed.size <= size:
            yield _line({"checkpoint": signed.note})
    for token in tokens:
        if read_note(token.note)[0].size <= size:
            yield _line({"stamped": token.note, "token": b64encode(token.answer).decode()})
    keys = key_history(log, size, epochs)
    if any(keys.values()):
        yield _line({"keys": keys})
    if cut is not None:
        edge = begin_of(cut)[1]
        yield _line({"cut": cut.note, "edge": [b64encode(node).decode() for node in edge.nodes]})
    for entry in _entries(log, size, cut):
        yield _line({"seq": entry.seq, "hash": entry.hash.hex(), "body": entry.body.decode("ascii")})


def _entries(log: Log, size: int, cut: Cut | None) -> Iterator[StoredEntry]:
    """The entries up to number `size` of a log that began at `cut`. Raises RetentionError in the end if it no longer
    does: then some may be missing, and those that were read are not what was signed."""
    yield from takewhile(lambda entry: entry.seq <= size, log.entries())
    if log.cut() != cut:
        raise RetentionError(_REMOVED)


def _line(content: dict[str, object]) -> str:
    return f"{json.dumps(content, separators=(',', ':'))}\n"


def _verified(log: Log, keys: Sequence[SigningKey], lost: Sequence[VerifyingKey]) -> Frontier:
    if keys[0].kind != ED25519:
        raise UsageError(f"the key of {keys[0].name} is a witness's: a log is signed by its own")
    report = verify_signed(log, [*(key.public for key in keys), *lost])
    if not report.intact:
        raise UnsignableError(
            f"the audit log is not the one that was written ({counted(len(report.findings), 'finding')}): "
            "it is not signed. `audit verify` names the entries."
        )
    return report.edge
