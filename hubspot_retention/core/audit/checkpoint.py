"""Checkpoints: the log's name, size and root as a signed note that fits into an e-mail (C2SP tlog-checkpoint).

A signed note is text, an empty line, and signature lines; a reader ignores the lines of keys it does not know, so
a second kind of signature, a co-signature of a witness, or the next key stand beside the first without any change
of the format (C2SP signed-note, 2026-07). What can go wrong: a note is believed because one of its lines is well
formed. So only signatures that a known key verifies count, and a line of a known key that does not verify spoils
the whole note.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Protocol

ED25519: Final = 0x01
"""The signature type of a plain Ed25519 note signature."""
COSIGNATURE: Final = 0x04
"""The signature type of a witness: Ed25519 over the note and the instant at which it was seen."""

_SIGNATURE: Final = re.compile(r"— (\S+) ([A-Za-z0-9+/]+={0,2})")
_ID_BYTES: Final = 4
_MOST_SIGNATURES: Final = 16


class CheckpointError(ValueError):
    """A text that is no checkpoint, or one whose signature is wrong; the message says which."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log was: `origin` names it for good, `size` counts its entries, `root` is their Merkle root. `extension`:
    lines that say more, which whoever does not know them passes over."""

    origin: str
    size: int
    root: bytes
    extension: tuple[str, ...] = ()

    def text(self) -> str:
        """The lines that are signed, three of them unless more is said."""
        more = "".join(f"{line}\n" for line in self.extension)
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n{more}"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: whose it says it is, which of their keys, and the bytes."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """The line in a note."""
        return f"— {self.name} {b64encode(self.key_id + self.signature).decode()}\n"


class Signs(Protocol):
    """A private key: signs the text of a note."""

    def sign(self, text: bytes) -> Signature:
        """The signature line's content."""


class Verifies(Protocol):
    """A public key: `name` and `key_id` say which lines are its own."""

    @property
    def name(self) -> str:
        """Whose key it is."""

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell keys of one name apart."""

    def verifies(self, text: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's, over that text."""


def key_id(name: str, kind: int, public_key: bytes) -> bytes:
    """The four bytes that tell keys apart: they are a hint, not a proof."""
    return sha256(name.encode() + b"\n" + bytes([kind]) + public_key).digest()[:_ID_BYTES]


def sign(checkpoint: Checkpoint, signers: Iterable[Signs]) -> str:
    """The checkpoint as a signed note."""
    text = checkpoint.text()
    return text + "\n" + "".join(signer.sign(text.encode()).line() for signer in signers)


def read_note(note: str) -> tuple[Checkpoint, str, tuple[Signature, ...]]:
    """Take a note apart: the checkpoint, the text that is signed, the signatures, nothing of it believed yet.

    Raises CheckpointError.
    """
    text, separator, lines = note.rpartition("\n\n")
    if not separator or not lines.endswith("\n"):
        raise CheckpointError("no signed note: expected text, an empty line and signature lines")
    text += "\n"
    signatures = tuple(_signature(line) for line in lines[:-1].split("\n"))
    if len(signatures) > _MOST_SIGNATURES:
        raise CheckpointError(f"a note with {len(signatures)} signatures: expected 1 to {_MOST_SIGNATURES}")
    return _checkpoint(text), text, signatures


def _signature(line: str) -> Signature:
    found = _SIGNATURE.fullmatch(line)
    if found is None or len(raw := _decoded(found[2])) <= _ID_BYTES:
        raise CheckpointError("a line below the empty line is no signature")
    return Signature(found[1], raw[:_ID_BYTES], raw[_ID_BYTES:])


def _decoded(text: str) -> bytes:
    """Base64 in its one canonical spelling; empty if it is not."""
    try:
        raw = b64decode(text)
    except ValueError:
        return b""
    return raw if b64encode(raw).decode() == text else b""


def _checkpoint(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) < 4:
        raise CheckpointError("no checkpoint: expected the lines origin, size, root")
    origin, size, root = lines[0], lines[1], _decoded(lines[2])
    if not origin:
        raise CheckpointError("no checkpoint: its first line, the origin, is empty")
    if not (size.isascii() and size.isdigit()) or (size != "0" and size.startswith("0")):
        raise CheckpointError("no checkpoint: its second line is not a number of entries")
    if len(root) != sha256().digest_size:
        raise CheckpointError("no checkpoint: its third line is not a root of 32 bytes in base64")
    return Checkpoint(origin, int(size), root, tuple(lines[3:-1]))


def open_note(note: str, keys: Iterable[Verifies], *, needed: int = 1) -> Checkpoint:
    """The checkpoint of a note that at least `needed` of the known keys have signed. Raises CheckpointError."""
    checkpoint, text, signatures = read_note(note)
    known = {(key.name, key.key_id): key for key in keys}
    good: set[tuple[str, bytes]] = set()
    for line in signatures:
        key = known.get((line.name, line.key_id))
        if key is None:
            continue
        if not key.verifies(text.encode(), line.signature):
            raise CheckpointError(f"the signature of {line.name} is wrong: the note was changed")
        good.add((line.name, line.key_id))
    if len(good) < needed:
        raise CheckpointError(f"{len(good)} of the known keys have signed the note: expected {needed}")
    return checkpoint
