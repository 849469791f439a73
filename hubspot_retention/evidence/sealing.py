"""What is handed to others, signed: a checkpoint of the log, and a receipt for one record.

What can go wrong: a log that was changed is signed, and the signature lends it a credit that it has lost. So the whole
log is verified first, and what is signed is the log that was verified, up to its last entry and no further.
"""

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, Protocol

from hubspot_retention.core.audit.checkpoint import ED25519, Checkpoint, sign
from hubspot_retention.core.audit.entry import StoredEntry
from hubspot_retention.core.audit.receipt import prove
from hubspot_retention.core.audit.verify import VerifyReport
from hubspot_retention.errors import RetentionError, UsageError
from hubspot_retention.evidence.keys import SigningKey

_RECORD_KEY: Final = b'"record":"%s"'


class UnsignableError(RetentionError):
    """The log is not the one that was written, so it is not signed."""


class Log(Protocol):
    """The audit log, as the store has it."""

    def entries(self, after: int = 0) -> Iterator[StoredEntry]:
        """The log from a sequence number on, streamed."""

    def verify_log(self) -> VerifyReport:
        """Verify the whole log."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed note, and how many entries it covers."""

    note: str
    size: int


def checkpoint(log: Log, key: SigningKey) -> Signed:
    """What the log is now, signed. Raises UnsignableError, UsageError."""
    size = _verified_size(log, key)
    proofs = prove((entry.body for entry in islice(log.entries(), size)), size, ())
    return Signed(sign(Checkpoint(key.name, size, proofs.root), [key]), size)


def receipt(log: Log, key: SigningKey, record: str) -> str:
    """A receipt for a record such as `contacts/101`, as JSON: each entry of it with the proof that it is in the log,
    and the signed checkpoint of that log. Raises UnsignableError, and UsageError if the log knows no such record."""
    size = _verified_size(log, key)
    said = _RECORD_KEY % record.encode()
    found = {entry.seq - 1: entry.body for entry in islice(log.entries(), size) if said in entry.body}
    found = {index: body for index, body in found.items() if json.loads(body).get("record") == record}
    if not found:
        raise UsageError(f"the audit log knows nothing of {record}: expected a record such as contacts/101")
    proofs = prove((entry.body for entry in islice(log.entries(), size)), size, tuple(found))
    rows = [
        {
            "index": index,
            "body": body.decode("ascii"),
            "proof": [b64encode(part).decode() for part in proofs.by_index[index]],
        }
        for index, body in found.items()
    ]
    note = sign(Checkpoint(key.name, size, proofs.root), [key])
    return json.dumps({"record": record, "entries": rows, "checkpoint": note}, indent=1) + "\n"


def _verified_size(log: Log, key: SigningKey) -> int:
    if key.kind != ED25519:
        raise UsageError(f"the key of {key.name} is a witness's: a log is signed by its own")
    report = log.verify_log()
    if not report.intact:
        raise UnsignableError(
            f"the audit log is not the one that was written ({len(report.findings)} findings): it is not signed. "
            "`audit verify` names the entries."
        )
    return report.entries
