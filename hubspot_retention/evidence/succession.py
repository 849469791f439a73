"""The file of a log's key while one key follows another: first both stand in it and both sign, then the new one alone.

What can go wrong: the old key is destroyed before the new one is safe, and nobody can sign the log any more. So the new
key is on the disk beside the old one first, and the old one goes by a step of its own.
"""

from pathlib import Path

from hubspot_retention.core.audit.checkpoint import ED25519
from hubspot_retention.errors import UsageError
from hubspot_retention.evidence.keys import SigningKey, lost_keys
from hubspot_retention.evidence.private_file import replace_private


def begin(path: Path) -> tuple[SigningKey, SigningKey]:
    """Make the next key, beside the present one; answers both, the new one first. Where there are two already, because
    an earlier attempt was cut short, it is those. Raises UsageError."""
    keys = SigningKey.load_all(path)
    if keys[0].kind != ED25519:
        raise UsageError(f"{path} is the key of a witness, expected one of a log")
    if len(keys) == 1:
        keys = (SigningKey.generate(keys[0].name), keys[0])
        _write(path, *keys)
    return keys[0], keys[1]


def both(path: Path) -> tuple[SigningKey, SigningKey]:
    """The two keys of a file, the new one first. Raises UsageError if there is one only."""
    keys = SigningKey.load_all(path)
    if len(keys) != 2:
        raise UsageError(f"{path} holds no key that was handed over: `audit key rotate` comes first")
    return keys[0], keys[1]


def end(path: Path) -> None:
    """Destroy the old key. Raises UsageError."""
    _write(path, both(path)[0])


def _write(path: Path, *keys: SigningKey) -> None:
    try:
        replace_private(path, "".join([*(key.written() for key in keys), *(f"{key}\n" for key in lost_keys(path))]))
    except OSError as error:
        raise UsageError(f"the signing key cannot be written to {path}: {error.strerror}") from error
