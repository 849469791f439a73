#!/usr/bin/env python3
"""Verify an exported retention log, or a receipt from it, without the service, its database or a network.

This one file needs Python 3.11 and the package `cryptography`, nothing else. It shares no code with the service that
wrote the log, so that it cannot share its mistakes.

    python standalone.py export LOG.jsonl --key KEY [--anchor CHECKPOINT ...] [--authority CERTIFICATES.pem ...]
    python standalone.py receipt RECEIPT.json --key KEY [--anchor CHECKPOINT ...]

KEY is the log's public key as its owner published it (`name+id+key`), or a file with such keys, one a line. A witness's
key beside it is for anchors that are the witness's answers; it vouches for no export by itself. Where a key handed over
to another, in a checkpoint that both have signed, the other is known from the one. An anchor is a checkpoint that
somebody outside kept: a mail, a printout, a witness's answer. Without one, this proves that the log is whole and
signed; with one, also that nothing was cut from it or rewritten since.

Exit code 0: everything verifies. 1: it does not, and every finding is named. 2: wrong use.
"""

import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

LINE = re.compile(r"— (\S+) (\S+)")
MOST_FINDINGS = 100
SHAPES = ({"checkpoint"}, {"seq", "hash", "body"}, {"cut", "edge"}, {"stamped", "token"}, {"keys"})
SHA2: list[type[hashes.HashAlgorithm]] = [hashes.SHA256, hashes.SHA384, hashes.SHA512]
HASHES = {f"2.16.840.1.101.3.4.2.{number}": each for number, each in enumerate(SHA2, 1)}
RSA = {f"1.2.840.113549.1.1.{number}": each for number, each in enumerate(SHA2, 11)}
ECDSA = {f"1.2.840.10045.4.3.{number}": each for number, each in enumerate(SHA2, 2)}
PLAIN_RSA = "1.2.840.113549.1.1.1"
KEY_LISTS = {("log-key", "changed"): "rotated", ("log-key", "erased"): "retired"} | {
    ("pseudonym-key", "created"): "epochs_made",
    ("pseudonym-key", "erased"): "epochs_destroyed",
}
KEY_WORDS = {"rotated": "let the log's key hand over to the next", "retired": "destroyed the log's old key"} | {
    "epochs_made": "made the key of pseudonyms of",
    "epochs_destroyed": "destroyed the key of pseudonyms of",
}
OLD_SIGNER = "1.2.840.113549.1.9.16.2.12"
SIGNED_DATA, STAMP = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, CONTENT_HASH, SIGNER = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4", "1.2.840.113549.1.9.16.2.47"
LONGEST_CHAIN = 8
Findings = list[str]
"""What does not verify, in the order it was found."""


class Key(NamedTuple):
    """A public key: whose, its id, its kind (1: of a log, 4: of a witness), its bytes."""

    name: str
    key_id: bytes
    kind: int
    public: bytes


class Note(NamedTuple):
    """A checkpoint, its text, and its signature lines as (name, key id, signature)."""

    origin: str
    size: int
    root: bytes
    text: bytes
    signatures: list[tuple[str, bytes, bytes]]


class Given(NamedTuple):
    """What the reader gave: keys, checkpoints kept outside, certificates of time-stamping authorities."""

    keys: list[Key]
    anchors: list[Note]
    authorities: list[x509.Certificate]


def read_key(written: str) -> Key:
    """A key as it was published. Raises ValueError."""
    name, key_id, encoded = written.strip().split("+", 2)
    raw = base64.b64decode(encoded, validate=True)
    found = Key(name, bytes.fromhex(key_id), raw[0], raw[1:])
    expected = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    if expected != found.key_id or len(found.public) != 32 or found.kind not in (1, 4):
        raise ValueError("its id does not fit it")
    return found


def read_note(written: str) -> Note:
    """A signed checkpoint. Raises ValueError."""
    text, _, tail = written.rpartition("\n\n")
    origin, size, root = (text + "\n").split("\n")[:3]
    signatures = []
    for line in tail.rstrip("\n").split("\n"):
        found = LINE.fullmatch(line)
        if found is None:
            raise ValueError("a signature line is not one")
        raw = base64.b64decode(found[2], validate=True)
        signatures.append((found[1], raw[:4], raw[4:]))
    return Note(origin, int(size), base64.b64decode(root, validate=True), (text + "\n").encode(), signatures)


def signature_problem(note: Note, keys: list[Key], *, outside: bool = False) -> str:
    """What is wrong with a note's signatures; empty if a known key of its log signed it, and no known key's signature
    is wrong. The key of a log signs that log alone: its name must be the note's first line. A witness co-signs many
    logs: its signature suffices for what was kept `outside`, where no other log's key was given, and nowhere else."""
    good, logs = False, {key.name for key in keys if key.kind == 1}
    if logs and note.origin not in logs:
        return f"is of the log {note.origin}, and the key of {', '.join(sorted(logs))}"
    for name, key_id, signature in note.signatures:
        for key in keys:
            if (key.name, key.key_id) != (name, key_id):
                continue
            signed, raw = note.text, signature
            if key.kind == 4:
                seconds = int.from_bytes(signature[:8], "big")
                signed, raw = b"cosignature/v1\ntime %d\n" % seconds + note.text, signature[8:]
            try:
                Ed25519PublicKey.from_public_bytes(key.public).verify(raw, signed)
            except InvalidSignature:
                return f"has a wrong signature of {name}: it was changed"
            good = good or outside or (key.kind == 1 and key.name == note.origin)
    return "" if good else "is signed by none of the log's keys that were given and were valid then"


def handed_over(note: Note) -> tuple[Key, Key] | None:
    """The old and the new key, if a note says that one hands over to the other; nothing of it is believed yet."""
    for line in note.text.decode().split("\n")[3:-1]:
        words = line.split(" ")
        if words[0] == "key-rotation" and len(words) == 3:
            try:
                return read_key(words[1]), read_key(words[2])
            except (ValueError, IndexError):
                return None
    return None


def follow(keys: list[Key], notes: list[Note], findings: Findings) -> tuple[list[Key], dict[Key, int]]:
    """The keys given, and those that they handed over to or took over from: each said so, and the other signed it. And
    how many entries there were when a key first did."""
    known, next_of, handed = list(keys), dict[Key, Key](), dict[Key, int]()
    for note in sorted(notes, key=lambda each: each.size):
        pair = handed_over(note)
        if pair is None or any(key.name != note.origin or signature_problem(note, [key]) for key in pair):
            continue
        handed.setdefault(pair[0], note.size)
        if next_of.setdefault(*pair) != pair[1]:
            findings.append(f"the key {pair[0].key_id.hex()} of {note.origin} was handed over to two others")
    for _ in next_of:
        for pair in next_of.items():
            if (pair[0] in known) is not (pair[1] in known):
                known.append(pair[1] if pair[0] in known else pair[0])
    return known, handed


def ended_key(said: Any) -> bytes:
    """The key that was destroyed, if an entry says that one was: kind and key."""
    if said.get("subject") != "log-key" or said.get("verb") != "erased":
        return b""
    return base64.b64decode(said["facts"]["old"], validate=True)


def hash_leaf(body: bytes) -> bytes:
    """RFC 6962: the hash of an entry."""
    return hashlib.sha256(b"\x00" + body).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """RFC 6962: the hash over two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_over(stack: list[tuple[int, bytes]]) -> bytes:
    """The root over whole subtrees, given as (leaves, hash) from left to right."""
    if not stack:
        return hashlib.sha256(b"").digest()
    found = stack[-1][1]
    for _, node in reversed(stack[:-1]):
        found = hash_node(node, found)
    return found


def push(stack: list[tuple[int, bytes]], leaf: bytes) -> None:
    """Add a leaf to the right of a tree."""
    leaves, found = 1, leaf
    while stack and stack[-1][0] == leaves:
        found = hash_node(stack.pop()[1], found)
        leaves *= 2
    stack.append((leaves, found))


def root_from(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes:
    """The root that an inclusion proof leads to. Raises ValueError if it is none for that index and size."""
    if not 0 <= index < size:
        raise ValueError("its number is not in the log")
    widths, begin, end = [], 0, size
    while end - begin > 1:
        middle = begin + (1 << ((end - begin - 1).bit_length() - 1))
        is_left = index < middle
        widths.append(is_left)
        begin, end = (begin, middle) if is_left else (middle, end)
    if len(widths) != len(proof):
        raise ValueError("the proof has the wrong length")
    found = leaf
    for is_left, sibling in zip(reversed(widths), proof, strict=True):
        found = hash_node(found, sibling) if is_left else hash_node(sibling, found)
    return found


def lines_of(path: Path, findings: Findings) -> Iterator[dict[str, Any]]:
    """The lines of an export; one that cannot be read, or that says more than it should, is a finding."""
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                found = json.loads(line, object_pairs_hook=once)
            except ValueError:
                found = None
            if isinstance(found, dict) and set(found) in SHAPES:
                yield found
            else:
                findings.append(f"line {number} of the export is neither an entry nor a checkpoint")


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; one that says something twice would say one thing here and another elsewhere. Raises ValueError."""
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return dict(pairs)


def entry_problem(line: dict[str, Any], expected: int, previous: bytes) -> str:
    """What is wrong with an entry's own words; empty if nothing is."""
    try:
        body, claimed = line["body"].encode("ascii"), line["hash"]
        said = json.loads(body)
    except (KeyError, ValueError, AttributeError):
        return "cannot be read"
    if line.get("seq") != expected or said.get("seq") != expected:
        return f"is not where it belongs: number {said.get('seq')} stands in place {expected}"
    if json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True) != line["body"]:
        return "was written otherwise"
    if hashlib.sha256(previous + body).hexdigest() != claimed:
        return "was changed, or the one before it"
    return ""


class Der(NamedTuple):
    """A value in DER: its tag, its content, and all of its bytes."""

    tag: int
    content: bytes
    whole: bytes


def der_parts(data: bytes) -> list[Der]:
    """The values that stand one after the other. Raises ValueError for what is no DER."""
    found, at = [], 0
    while at < len(data):
        head, length = at + 2, data[at + 1] if at + 1 < len(data) else 255
        if length >= 128:
            count = length - 128
            length = int.from_bytes(data[head : head + count], "big")
            if not 1 <= count <= 4 or length < 128 or data[head] == 0:
                raise ValueError("a length is not as DER writes it")
            head += count
        if head + length > len(data) or data[at] & 31 == 31:
            raise ValueError("a value ends too early")
        found.append(Der(data[at], data[head : head + length], data[at : head + length]))
        at = head + length
    return found


def der_in(value: Der, *tags: int) -> list[Der]:
    """What is in a SEQUENCE, which begins with values of these tags. Raises ValueError."""
    found = der_parts(value.content)
    if value.tag != 0x30 or [each.tag for each in found[: len(tags)]] != list(tags):
        raise ValueError("a part has another form than expected")
    return found


def der_only(data: bytes, tag: int) -> Der:
    """The one value that these bytes are. Raises ValueError."""
    found = der_parts(data)
    if len(found) != 1 or found[0].tag != tag:
        raise ValueError("a part has another form than expected")
    return found[0]


def der_oid(value: Der) -> str:
    """An object identifier, dotted. Raises ValueError."""
    numbers, number = [], 0
    for byte in value.content:
        number = number << 7 | byte & 127
        if byte < 128:
            numbers.append(number)
            number = 0
    if value.tag != 0x06 or not numbers or value.content[-1] >= 128:
        raise ValueError("an identifier is none")
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def verify_stamp(note: str, answer: bytes, trusted: list[x509.Certificate]) -> str:
    """An RFC 3161 time-stamp over a checkpoint: answers when, by whom, and on whose word. Raises ValueError.

    Verified are the hash, the signature by the certificate in the token, that the certificate is for time-stamps alone
    and was valid then, and, where certificates of the authority are given, the chain up to one of them. Not verified:
    whether a certificate was revoked, and limits that a certificate puts on names and policies.
    """
    status, content = der_in(der_only(answer, 0x30), 0x30, 0x30)[:2]
    if der_in(status, 0x02)[0].content != b"\0":
        raise ValueError("the authority did not grant it")
    kind, wrapped = der_in(content, 0x06, 0xA0)
    if der_oid(kind) != SIGNED_DATA:
        raise ValueError("it is not signed")
    parts = der_in(der_only(wrapped.content, 0x30), 0x02, 0x31, 0x30)
    inner, octets = der_in(parts[2], 0x06, 0xA0)
    info = der_only(octets.content, 0x04).content
    if der_oid(inner) != STAMP or parts[-1].tag != 0x31:
        raise ValueError("it is no time-stamp")
    signers = der_parts(parts[-1].content)
    if len(signers) != 1:
        raise ValueError(f"it has {len(signers)} signatures, expected one")
    announced = {der_oid(der_in(each, 0x06)[0]) for each in der_parts(parts[1].content)}
    used = der_oid(der_in(der_in(signers[0], 0x02, 0x30, 0x30)[2], 0x06)[0])
    if parts[0].content != b"\3" or used not in announced:
        raise ValueError("it is not written as a time-stamp is")
    raw = [each.whole for part in parts[3:-1] if part.tag == 0xA0 for each in der_parts(part.content)]
    certificates = [x509.load_der_x509_certificate(each) for each in raw if each[0] == 0x30]
    at = stamped_at(info, note)
    signer = verify_signer(signers[0], info, certificates)
    purposes = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    if not purposes.critical or list(purposes.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise ValueError("its certificate is not for time-stamps alone")
    require_valid(signer, at)
    who = f"{at.isoformat()}, by {signer.subject.rfc4514_string()}"
    if not trusted:
        return f"{who}; whether that is the authority you know was NOT verified: give --authority"
    require_chain(signer, certificates, trusted, at)
    return f"{who}, under a certificate that you gave; whether any was revoked was not asked"


def stamped_at(info: bytes, note: str) -> datetime:
    """When, by the content of a token, if it is over this checkpoint. Raises ValueError."""
    parts = der_in(der_only(info, 0x30), 0x02, 0x06, 0x30, 0x02, 0x18)
    algorithm, imprint = der_in(parts[2], 0x30, 0x04)
    if der_oid(der_in(algorithm, 0x06)[0]) != "2.16.840.1.101.3.4.2.1":
        raise ValueError("it is over a hash of another kind than SHA-256")
    if imprint.content != hashlib.sha256(note.encode()).digest():
        raise ValueError("it is over something else than this checkpoint")
    return datetime.strptime(re.sub(r"\.\d+Z$", "Z", parts[4].content.decode("ascii")), "%Y%m%d%H%M%S%z")


def verify_signer(signed: Der, info: bytes, certificates: list[x509.Certificate]) -> x509.Certificate:
    """The certificate that signed the content of a token. Raises ValueError."""
    parts = der_in(signed, 0x02, 0x30, 0x30, 0xA0, 0x30, 0x04)
    issuer, serial = der_in(parts[1], 0x30, 0x02)
    number = int.from_bytes(serial.content, "big", signed=True)
    wanted = issuer.whole, number
    found = [each for each in certificates if (each.issuer.public_bytes(), each.serial_number) == wanted]
    if len(found) != 1:
        raise ValueError("the certificate that signed it is not in it")
    digest = HASHES.get(der_oid(der_in(parts[2], 0x06)[0]))
    if digest is None:
        raise ValueError("it uses a hash that this program does not know")
    said: dict[str, bytes] = {}
    for each in der_parts(parts[3].content):
        kind, values = der_in(each, 0x06, 0x31)
        if said.setdefault(der_oid(kind), values.content) is not values.content:
            raise ValueError("it says something twice")
    if der_only(said.get(CONTENT_HASH, b""), 0x04).content != hashed(digest(), info):
        raise ValueError("its content is not the one that was signed")
    if not is_named(found[0], said):
        raise ValueError("its certificate is not the one that was signed")
    if der_oid(der_only(said.get(CONTENT_TYPE, b""), 0x06)) != STAMP:
        raise ValueError("it is no time-stamp")
    try:
        check_signature(found[0], parts[5].content, b"\x31" + parts[3].whole[1:], parts[4], digest)
    except InvalidSignature:
        raise ValueError("its signature is wrong") from None
    return found[0]


def hashed(algorithm: hashes.HashAlgorithm, data: bytes) -> bytes:
    """The hash of bytes."""
    made = hashes.Hash(algorithm)
    made.update(data)
    return made.finalize()


def is_named(certificate: x509.Certificate, said: dict[str, bytes]) -> bool:
    """Whether what was signed names the certificate (RFC 5816, or RFC 2634 by SHA-1). Raises ValueError."""
    whole = certificate.public_bytes(Encoding.DER)
    algorithm: hashes.HashAlgorithm = hashes.SHA256() if SIGNER in said else hashes.SHA1()
    listed = der_in(der_only(said.get(SIGNER) or said.get(OLD_SIGNER, b""), 0x30), 0x30)[0]
    parts = der_parts(der_in(listed, 0x30)[0].content)
    if SIGNER in said and parts and parts[0].tag == 0x30:
        algorithm = HASHES[der_oid(der_in(parts.pop(0), 0x06)[0])]()
    return bool(parts) and parts[0].content == hashed(algorithm, whole)


def check_signature(
    certificate: x509.Certificate, signature: bytes, signed: bytes, how: Der, digest: type[hashes.HashAlgorithm]
) -> None:
    """Raises InvalidSignature, and ValueError for a kind of signature that this program does not know."""
    key, name = certificate.public_key(), der_oid(der_in(how, 0x06)[0])
    if isinstance(key, rsa.RSAPublicKey) and name in (PLAIN_RSA, *RSA):
        key.verify(signature, signed, padding.PKCS1v15(), RSA.get(name, digest)())
    elif isinstance(key, ec.EllipticCurvePublicKey) and name in ECDSA:
        key.verify(signature, signed, ec.ECDSA(ECDSA[name]()))
    else:
        raise ValueError(f"it is signed in a way that this program does not know ({name})")


def require_valid(certificate: x509.Certificate, at: datetime) -> None:
    """Raises ValueError for a certificate that was not valid at an instant."""
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise ValueError(f"the certificate of {certificate.subject.rfc4514_string()} was not valid at its time")


def require_chain(
    signer: x509.Certificate, known: list[x509.Certificate], trusted: list[x509.Certificate], at: datetime
) -> None:
    """Raises ValueError unless a certificate leads to a trusted one, each issued by the next, which may do that."""
    here, below = signer, 0
    while here not in trusted:
        issuers = [each for each in (*trusted, *known) if is_issuer(each, here, below)]
        if not issuers or below == LONGEST_CHAIN:
            raise ValueError("its certificate does not lead to one that you gave")
        here, below = issuers[0], below + 1
        require_valid(here, at)


def is_issuer(issuer: x509.Certificate, issued: x509.Certificate, below: int) -> bool:
    """Whether a certificate issued another, and might, with so many between that one and the end."""
    try:
        issued.verify_directly_issued_by(issuer)
        basic = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    try:
        may_sign = issuer.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound:
        may_sign = True
    return basic.ca and may_sign and (basic.path_length is None or basic.path_length >= below)


class Export:
    """An export while it is read: its tree, the last hash, its roots at the sizes that are asked for, the keys of the
    log that were destroyed, and where it begins, if its oldest entries were removed."""

    def __init__(self, given: Given, findings: Findings) -> None:
        self.findings, self.anchors, self.authorities = findings, given.anchors, given.authorities
        self.stamps: list[str] = []
        self.keys_said: Any = None
        self.keys_seen: dict[str, list[Any]] = {name: [] for name in KEY_LISTS.values()}
        self.epochs: set[str] = set()
        self.notes: list[Note] = []
        self.stack: list[tuple[int, bytes]] = []
        self.roots: dict[int, bytes] = {0: root_over([])}
        self.wanted = {note.size for note in self.anchors}
        self.ended: dict[bytes, int] = {}
        self.size, self.begin, self.previous = 0, 0, bytes(32)
        self.cut: Note | None = None
        self.cut_told, self.cut_at = 0, datetime.max.replace(tzinfo=UTC)

    def take(self, line: dict[str, Any]) -> None:
        """The next line."""
        if "checkpoint" in line:
            self.take_note(line["checkpoint"], "a checkpoint of the export")
        elif "keys" in line:
            self.keys_said = line["keys"]
        elif "stamped" in line:
            self.take_stamp(line)
        elif "cut" in line:
            self.take_cut(line)
        else:
            self.take_entry(line)

    def take_note(self, written: object, what: str) -> Note | None:
        """A checkpoint, to be compared once its size is reached."""
        note = parsed_note(written, what, self.findings)
        self.notes.extend([note] if note else [])
        self.wanted.add(note.size if note else 0)
        return note

    def take_stamp(self, line: dict[str, Any]) -> None:
        """A time-stamp, with the checkpoint that it is of."""
        note = self.take_note(line["stamped"], "a checkpoint with a time-stamp")
        if note is None:
            return
        what = f"the time-stamp of {note.size} entries"
        try:
            token = base64.b64decode(line["token"], validate=True)
            self.stamps.append(f"{what}: {verify_stamp(line['stamped'], token, self.authorities)}")
        except Exception as error:  # a token is a stranger's: any part of it may be of any shape
            self.findings.append(f"{what} proves nothing: {error}")

    def take_cut(self, line: dict[str, Any]) -> None:
        """What was removed from the beginning left its tree and its last hash; both are signed."""
        note = parsed_note(line["cut"], "what tells of the removed beginning", self.findings)
        try:
            if note is None or self.cut or self.size:
                raise ValueError("it stands in the wrong place")
            last = removed_before(note)[1]
            nodes = [base64.b64decode(each, validate=True) for each in line["edge"]]
            sizes = [1 << level for level in reversed(range(note.size.bit_length())) if note.size >> level & 1]
            stack = list(zip(sizes, nodes, strict=True))
            if root_over(stack) != note.root:
                raise ValueError("its tree is not the one that was signed")
        except (ValueError, TypeError, binascii.Error) as error:
            self.findings.append(f"what tells of the removed beginning is not right: {error}")
            return
        self.cut, self.stack, self.previous = note, stack, last
        self.size = self.begin = note.size
        self.roots[note.size] = note.root

    def take_entry(self, line: dict[str, Any]) -> None:
        """An entry: in its place, unchanged, and what it says of keys and of the beginning."""
        problem = entry_problem(line, self.size + 1, self.previous)
        if problem:
            self.findings.append(f"entry {self.size + 1} {problem}")
        push(self.stack, hash_leaf(str(line.get("body")).encode()))
        self.size += 1
        self.previous = claimed_hash(line["hash"])
        if not problem:
            self.hear(json.loads(line["body"]))
        if self.size in self.wanted:
            self.roots[self.size] = root_over(self.stack)

    def hear(self, said: Any) -> None:
        """What an entry says of keys, and of what was removed."""
        if isinstance(epoch := said.get("facts", {}).get("subject"), str):
            self.epochs.add(epoch.partition(":")[0])
        if name := KEY_LISTS.get((said.get("subject"), said.get("verb"))):
            facts = {fact: value for fact, value in said["facts"].items() if fact in ("old", "new", "epoch")}
            at = datetime.fromisoformat(said["at"]).isoformat()
            self.keys_seen[name].append({"entry": self.size, "at": at, "by": said.get("actor")} | facts)
        if gone := ended_key(said):
            self.ended.setdefault(gone, self.size)
        if self.cut is None:
            return
        before, last = removed_before(self.cut)
        if self.size == self.begin + 1 and not datetime.fromisoformat(said["at"]) < before:
            self.findings.append(f"entries were removed that were younger than {before}: the first one here is")
        facts = said.get("facts", {})
        told = (facts.get("size"), facts.get("root"), facts.get("hash"))
        if said.get("subject") == "log" and told == (self.begin, self.cut.root.hex(), last.hex()):
            self.cut_told = self.size
            self.cut_at = datetime.fromisoformat(said["at"])
            for name, value in facts.items():
                if name.startswith("ended_key_"):
                    size, _, key = value.partition(":")
                    self.ended.setdefault(base64.b64decode(key, validate=True), int(size))

    def signers(self, known: list[Key], size: int) -> list[Key]:
        """The keys that could sign when the log had so many entries."""
        return [key for key in known if size < self.ended.get(bytes([key.kind]) + key.public, size + 1)]

    def judge(self, keys: list[Key]) -> None:
        """All that was signed, once everything was read."""
        self.roots[self.size] = root_over(self.stack)
        known, handed = follow(keys, [*self.anchors, *self.notes], self.findings)
        signed = self.begin
        for at, note in enumerate((*self.anchors, *self.notes)):
            signers, outside = self.signers(known, note.size), at < len(self.anchors)
            problem = signature_problem(note, signers, outside=outside)
            check_note(note, problem, self.roots, (self.begin, self.size), self.findings)
            if not (problem or (outside and signature_problem(note, signers))):
                signed = max(signed, note.size)
        if (self.notes or self.anchors) and signed < self.size:
            self.findings.append(
                f"entries {signed + 1} to {self.size} are under no signature: the hashes that chain them need no key, "
                "so anybody may have written them. An export that was made without the log's key can end so; ask for "
                "one that was made with it (audit export --key)"
            )
        for note in self.anchors:
            if note.size < self.begin:
                self.findings.append(
                    f"the anchor of {note.size} entries is older than the log's beginning: its entries were removed, "
                    f"so nothing can be compared with it. Use one of at least {self.begin} entries, or an older export"
                )
        if self.cut is None:
            return
        if not self.cut_told:
            self.findings.append("entries are missing at the beginning, and no entry tells that they were removed")
        signers = self.signers(known, self.cut_told)
        signers = [key for key in signers if self.cut_told <= handed.get(key, self.cut_told)]
        if problem := signature_problem(self.cut, signers):
            self.findings.append(f"entries are missing at the beginning, and what tells of it {problem}")

    def judge_keys(self) -> list[str]:
        """What the export says of its keys, compared with its checkpoints and entries; answers it in words."""
        said = self.keys_said
        if said is None:
            return []
        signed: dict[tuple[str, str], list[int]] = {}
        for note in self.notes:
            for name, key_id, _ in note.signatures:
                signed.setdefault((name, key_id.hex()), []).append(note.size)
        seen = {(*key, min(sizes), max(sizes)) for key, sizes in signed.items()}
        rows = said["signed"]
        if {(row["name"], row["id"], row["first"], row["last"]) for row in rows} != seen:
            self.findings.append("the history of the keys names other signatures than stand under the checkpoints")
        listed = {name: said[name] for name in self.keys_seen}
        if listed != self.keys_seen or said["epochs_used"] != sorted(self.epochs):
            self.findings.append("the history of the keys says something else than the entries")
        gone = {row["epoch"]: row["entry"] for row in said["epochs_destroyed"]}
        made = {row["epoch"]: row["entry"] for row in said["epochs_made"]}
        kept = said["epochs_kept"] or []
        if back := [epoch for epoch in kept if gone.get(epoch, 0) > made.get(epoch, 0)]:
            self.findings.append(f"pseudonym keys are kept that an entry says were destroyed: {', '.join(back)}")
        return words_on_keys(said)


def words_on_keys(said: Any) -> list[str]:
    """The history of the keys in words."""
    told = [
        f"key {row['id']} of {row['name']}: signed {row['first']} to {row['last']} entries, "
        f"{row['first_at']} to {row['last_at']}"
        for row in said["signed"]
    ]
    for name, did in KEY_WORDS.items():
        told += [f"entry {row['entry']}, {row['at']}: {row['by']} {did} {row.get('epoch', '')}" for row in said[name]]
    told.append(f"pseudonyms stand in the entries under keys of: {', '.join(said['epochs_used']) or 'no year'}")
    if said["epochs_kept"] is not None:
        told.append(f"keys that are kept, as the owner says (no proof): {', '.join(said['epochs_kept']) or 'none'}")
    return told


def verify_export(path: Path, given: Given, findings: Findings) -> str:
    """Every entry, every checkpoint in the export (they come first), every anchor; answers what was seen."""
    seen = Export(given, findings)
    for line in lines_of(path, findings):
        seen.take(line)
    seen.judge(given.keys)
    count = len(seen.notes) + len(given.anchors)
    if not count:
        findings.append("there is no checkpoint, neither in the export nor from outside: nobody has signed this log")
    logs = ", ".join(sorted({note.origin for note in (*given.anchors, *seen.notes)}))
    told = f"{seen.size} entries, root {base64.b64encode(seen.roots[seen.size]).decode()}, {count} checkpoints"
    told = f"the log {logs}: {told}" if logs else told
    told = "\n".join((told, *seen.judge_keys(), *seen.stamps))
    if seen.cut is None:
        return told
    before = removed_before(seen.cut)[0]
    return (
        f"{told}\nThe first {seen.begin} entries were removed on {seen.cut_at.date()}, when their period was over: all "
        f"were older than {before.isoformat()}, which was {(seen.cut_at - before).days} days before"
    )


def removed_before(note: Note) -> tuple[datetime, bytes]:
    """Of what was removed from the beginning: what it was older than, and the last hash. Raises ValueError."""
    word, before, last = note.text.decode().split("\n")[3].split(" ")
    if word != "log-cut":
        raise ValueError("its checkpoint is of something else")
    return datetime.fromisoformat(before), bytes.fromhex(last)


def claimed_hash(claimed: object) -> bytes:
    """The hash that an entry claims, so that only a broken one is named and not those after it."""
    try:
        return bytes.fromhex(str(claimed))
    except ValueError:
        return b""


def parsed_note(written: object, what: str, findings: Findings) -> Note | None:
    """A checkpoint, or a finding."""
    try:
        return read_note(str(written))
    except (ValueError, binascii.Error):
        findings.append(f"{what} cannot be read")
        return None


def check_note(note: Note, problem: str, roots: dict[int, bytes], kept: tuple[int, int], findings: Findings) -> None:
    """A checkpoint, with what is wrong with its signatures, against the entries, of which `kept` is (how many were
    removed, how many there were). Of the time before the log's beginning nothing but its signature can be told."""
    what = f"the checkpoint of {note.size} entries"
    if problem:
        findings.append(f"{what} {problem}")
    if note.size > kept[1]:
        findings.append(f"{what} knows of more entries than the {kept[1]} that are here: the end was cut off")
    elif note.size >= kept[0] and roots.get(note.size) != note.root:
        findings.append(f"{what} has another root: entries up to there were changed, removed or added")


def verify_receipt(path: Path, given: Given, findings: Findings) -> str:
    """That every entry of a receipt is in the log that its checkpoint, or an anchor of that size, signs."""
    receipt = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=once)
    if set(receipt) - {"rotations"} != {"record", "entries", "checkpoint"} or not receipt["entries"]:
        raise ValueError("it is no receipt: expected record, entries and checkpoint, and at least one entry")
    if any(set(entry) != {"index", "body", "proof"} or type(entry["index"]) is not int for entry in receipt["entries"]):
        raise ValueError("it is no receipt: expected of each entry its index, a number, its body and its proof")
    note = parsed_note(receipt["checkpoint"], "the receipt's checkpoint", findings)
    if note is None:
        return "nothing"
    rotations = [parsed_note(each, "a rotation of the receipt", findings) for each in receipt.get("rotations", [])]
    known, _ = follow(given.keys, [each for each in rotations if each], findings)
    if problem := signature_problem(note, known):
        findings.append(f"the receipt's checkpoint {problem}")
    if any(anchor.size == note.size and anchor.root != note.root for anchor in given.anchors):
        findings.append("the anchor of that size has another root: the receipt is from another log")
    for entry in receipt["entries"]:
        index = entry["index"]
        try:
            proof = [base64.b64decode(part, validate=True) for part in entry["proof"]]
            root = root_from(hash_leaf(entry["body"].encode()), index, note.size, proof)
        except (ValueError, binascii.Error) as error:
            findings.append(f"entry {index + 1}: {error}")
            continue
        if root != note.root:
            findings.append(f"entry {index + 1} is not in the log that the checkpoint signs")
        if json.loads(entry["body"]).get("record") != receipt["record"]:
            findings.append(f"entry {index + 1} is about another record than {receipt['record']}")
    words = (json.loads(entry["body"]) for entry in receipt["entries"])
    told = ", ".join(f"{word['subject']}.{word['verb']} at {word['at']}" for word in words)
    return f"the log {note.origin}: {note.size} entries\n{receipt['record']}: {told}"


def keys_of(written: list[str]) -> list[Key]:
    """The keys given, or those of the files given."""
    texts = (Path(word).read_text(encoding="utf-8") if Path(word).is_file() else word for word in written)
    return [read_key(line) for text in texts for line in text.splitlines() if line.strip()]


def main(arguments: list[str] | None = None) -> int:
    """Verify, and say what was found."""
    parser = argparse.ArgumentParser(description="Verify an exported retention log, or a receipt from it.")
    parser.add_argument("what", choices=["export", "receipt"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", action="append", required=True, help="public key, or a file of such keys")
    parser.add_argument("--anchor", action="append", type=Path, default=[], help="checkpoint kept outside")
    parser.add_argument(
        "--authority", action="append", type=Path, default=[], help="PEM file of a time-stamping authority you trust"
    )
    given = parser.parse_args(arguments)
    findings: Findings = []
    try:
        outside = Given(
            keys_of(given.key),
            [read_note(path.read_text(encoding="utf-8")) for path in given.anchor],
            [each for path in given.authority for each in x509.load_pem_x509_certificates(path.read_bytes())],
        )
        seen = (verify_export if given.what == "export" else verify_receipt)(given.file, outside, findings)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        sys.stderr.write(f"This cannot be verified: {type(error).__name__}: {error}\n")
        return 2
    sys.stdout.write(f"{seen}\n")
    for line in findings[:MOST_FINDINGS]:
        sys.stdout.write(f"- {line}\n")
    sys.stdout.write("It does NOT verify.\n" if findings else "It verifies.\n")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
