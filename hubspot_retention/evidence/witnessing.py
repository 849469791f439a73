"""What a witness needs of its machine: a key of the right kind, and a folder that is its alone.

What can go wrong: two processes answer from one folder, each with what it read before the other wrote, and both sides
of a fork are co-signed. So the folder is locked, and the kernel lets go of it when the process ends, however it ends.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hubspot_retention.core.audit.checkpoint import COSIGNATURE
from hubspot_retention.errors import UsageError
from hubspot_retention.evidence.keys import SigningKey


def witness_key(key: SigningKey) -> SigningKey:
    """A key that may co-sign. Raises UsageError for the key of a log: the one must never be taken for the other."""
    if key.kind != COSIGNATURE:
        raise UsageError(f"the key of {key.name} is none of a witness: make one with `audit key new FILE --of witness`")
    return key


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Make the folder if there is none, and have it for this process alone. Raises UsageError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UsageError(f"the witness cannot keep anything in {folder}: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise UsageError(f"{folder} is in use by another witness: one at a time") from error
    try:
        yield
    finally:
        os.close(descriptor)
