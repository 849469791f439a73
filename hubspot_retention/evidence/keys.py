"""Ed25519 keys of signed notes: how they are written down, how they sign, how they verify.

What can go wrong: a private key leaks into a log, a backup or a message. So it has one written form, its file is for
its owner's eyes only, and no message or representation here ever holds it.
"""

import os
import re
import stat
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import dropwhile
from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from hubspot_retention.core.audit.checkpoint import COSIGNATURE, ED25519, Signature, key_id
from hubspot_retention.errors import UsageError

_PRIVATE: Final = "PRIVATE+KEY+"
_NAME: Final = re.compile(r"[A-Za-z0-9._/-]{1,100}")
_TIME_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A public key: of a log (`kind` ED25519) or of a witness (COSIGNATURE)."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell keys of one name apart."""
        return key_id(self.name, self.kind, self.public)

    def __str__(self) -> str:
        """The key as it is written down and handed on: name, id and key (C2SP signed-note)."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(bytes([self.kind]) + self.public).decode()}"

    @classmethod
    def read(cls, written: str) -> Self:
        """The key that was written down. Raises UsageError."""
        name, _, rest = written.strip().partition("+")
        hint, _, encoded = rest.partition("+")
        raw = _decoded(encoded)
        if not _NAME.fullmatch(name) or len(raw) != 33 or raw[0] not in (ED25519, COSIGNATURE):
            raise UsageError("a public key is not right: expected name+id+key as `audit key show` prints it")
        found = cls(name, raw[0], raw[1:])
        if found.key_id.hex() != hint:
            raise UsageError(f"the public key of {name} is not right: its id does not fit it")
        return found

    def verifies(self, text: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's, over that text."""
        signed = text
        if self.kind == COSIGNATURE:
            signature, signed = signature[_TIME_BYTES:], _timed(text, int.from_bytes(signature[:_TIME_BYTES], "big"))
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, signed)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and whose it is."""

    name: str
    kind: int
    seed: bytes = field(repr=False)

    @classmethod
    def generate(cls, name: str, kind: int = ED25519) -> Self:
        """A new key. Raises UsageError if the name cannot stand in a note."""
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{name!r} cannot name a log: expected letters, digits and . _ - / (such as log.example.dk)"
            )
        return cls(name, kind, Ed25519PrivateKey.generate().private_bytes_raw())

    @property
    def public(self) -> VerifyingKey:
        """Its public half."""
        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        return VerifyingKey(self.name, self.kind, private.public_key().public_bytes_raw())

    def sign(self, text: bytes) -> Signature:
        """Sign the text of a note."""
        return Signature(self.name, self.public.key_id, Ed25519PrivateKey.from_private_bytes(self.seed).sign(text))

    def cosign(self, text: bytes, at: datetime) -> Signature:
        """Sign, as a witness, that the note was seen at an instant (C2SP tlog-cosignature)."""
        seconds = int(at.timestamp())
        raw = Ed25519PrivateKey.from_private_bytes(self.seed).sign(_timed(text, seconds))
        return Signature(self.name, self.public.key_id, seconds.to_bytes(_TIME_BYTES, "big") + raw)

    def written(self) -> str:
        """The key as it stands in its file."""
        secret = b64encode(bytes([self.kind]) + self.seed).decode()
        return f"{_PRIVATE}{self.name}+{self.public.key_id.hex()}+{secret}\n"

    def save(self, path: Path) -> None:
        """Write the key into a new file that only its owner may read. Raises UsageError if there is one."""
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise UsageError(f"the signing key cannot be written to {path}: {error.strerror}") from error
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(self.written())
            file.flush()
            os.fsync(file.fileno())

    @classmethod
    def load(cls, path: Path) -> Self:
        """The key of a file, the newest if there are two. Raises UsageError, also if others than its owner may read
        it."""
        return cls.load_all(path)[0]

    @classmethod
    def load_all(cls, path: Path) -> tuple[Self, ...]:
        """The keys of a file, the newest first; the one after it is on its way out. Raises UsageError."""
        lines = _lines(path)
        found = tuple(cls._read(line, path) for line in lines[: len(lines) - len(lost_keys(path))] or [""])
        if len({each.name for each in found}) > 1:
            raise UsageError(f"{path} is no signing key: it holds keys of several logs")
        return found

    @classmethod
    def _read(cls, written: str, path: Path) -> Self:
        parts = written.removeprefix(_PRIVATE).split("+", 2)
        raw = _decoded(parts[-1])
        if (
            not written.startswith(_PRIVATE)
            or len(parts) != 3
            or len(raw) != 33
            or raw[0] not in (ED25519, COSIGNATURE)
        ):
            raise UsageError(f"{path} is no signing key: expected one that `audit key new` made")
        found = cls(parts[0], raw[0], raw[1:])
        if found.public.key_id.hex() != parts[1]:
            raise UsageError(f"the signing key {path} is damaged: its id does not fit it")
        return found


def lost_keys(path: Path) -> tuple[VerifyingKey, ...]:
    """The public keys that stand last in the file of a log's key: keys that were lost before they could hand over, and
    of which a person says that what they signed is of this log. Raises UsageError."""
    lines = _lines(path)
    found = tuple(VerifyingKey.read(line) for line in dropwhile(lambda line: line.startswith(_PRIVATE), lines[1:]))
    if any(key.kind != ED25519 for key in found):
        raise UsageError(f"{path} names a witness's key as one of the log's that was lost: a witness signs no log")
    return found


def _lines(path: Path) -> list[str]:
    try:
        mode = path.stat().st_mode
        lines = path.read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the signing key {path} cannot be read: {type(error).__name__}") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UsageError(f"the signing key {path} may be read by others than its owner: chmod 600 {path}")
    return lines


def seen_at(cosignature: Signature) -> datetime:
    """When a witness saw the note."""
    return datetime.fromtimestamp(int.from_bytes(cosignature.signature[:_TIME_BYTES], "big"), UTC)


def _timed(text: bytes, seconds: int) -> bytes:
    return b"cosignature/v1\ntime %d\n" % seconds + text


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except NotBase64:
        return b""
