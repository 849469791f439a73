"""Checkpoints as signed notes: the format's published example, and everything that must not be believed."""

from base64 import b64decode, b64encode
from dataclasses import replace

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from hubspot_retention.core.audit.checkpoint import (
    ED25519,
    Checkpoint,
    CheckpointError,
    Signature,
    key_id,
    open_note,
    read_note,
    sign,
)

ORIGIN = "log.example.dk/retention"
CHECKPOINT = Checkpoint(ORIGIN, 1404, bytes(range(32)))


class Key:
    """An Ed25519 key of a name, both halves."""

    def __init__(self, name: str, seed: int) -> None:
        self.name = name
        self._private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self._public = self._private.public_key()
        self.key_id = key_id(name, ED25519, self._public.public_bytes_raw())

    def sign(self, text: bytes) -> Signature:
        return Signature(self.name, self.key_id, self._private.sign(text))

    def verifies(self, text: bytes, signature: bytes) -> bool:
        try:
            self._public.verify(signature, text)
        except InvalidSignature:
            return False
        return True


OURS, NEXT, STRANGER = Key(ORIGIN, 1), Key(ORIGIN, 2), Key("stranger.example.dk", 3)
NOTE = sign(CHECKPOINT, [OURS])


def test_the_published_note_of_the_format_verifies_under_its_published_key() -> None:
    # The example of Go's sumdb/note package, which the signed-note format was taken from (BSD-3-Clause).
    name, hint, key = "PeterNeumann", "c74f20a3", b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    line = b64decode("x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=")

    assert key_id(name, key[0], key[1:]).hex() == hint == line[:4].hex()
    Ed25519PublicKey.from_public_bytes(key[1:]).verify(line[4:], text.encode())


def test_a_checkpoint_is_three_lines_and_a_signature_that_fit_into_a_mail() -> None:
    lines = NOTE.split("\n")

    assert lines[:4] == [ORIGIN, "1404", b64encode(bytes(range(32))).decode(), ""]
    assert lines[4].startswith(f"— {ORIGIN} ")
    assert len(NOTE) < 250


def test_a_signed_checkpoint_is_read_back() -> None:
    assert open_note(NOTE, [OURS]) == CHECKPOINT


def test_a_line_of_an_unknown_key_is_ignored_and_does_not_count() -> None:
    both = sign(CHECKPOINT, [OURS, STRANGER])

    assert open_note(both, [OURS]) == CHECKPOINT
    with pytest.raises(CheckpointError, match="0 of the known keys"):
        open_note(sign(CHECKPOINT, [STRANGER]), [OURS])


def test_a_line_of_an_unknown_key_hides_none_that_follows() -> None:
    assert open_note(sign(CHECKPOINT, [STRANGER, OURS]), [OURS]) == CHECKPOINT


def test_sixteen_signatures_are_not_too_many() -> None:
    assert open_note(sign(CHECKPOINT, [*[STRANGER] * 15, OURS]), [OURS]) == CHECKPOINT


def test_two_keys_of_one_name_are_told_apart_during_a_rotation() -> None:
    overlap = sign(CHECKPOINT, [OURS, NEXT])

    assert open_note(overlap, [OURS]) == open_note(overlap, [NEXT]) == CHECKPOINT
    assert open_note(overlap, [OURS, NEXT], needed=2) == CHECKPOINT


def test_the_same_signature_twice_counts_once() -> None:
    twice = NOTE + NOTE.split("\n\n")[1]

    with pytest.raises(CheckpointError, match="1 of the known keys"):
        open_note(twice, [OURS], needed=2)


@pytest.mark.parametrize("change", [("1404", "1405"), (ORIGIN + "\n", "other.example.dk\n"), ("AAECAw", "BAECAw")])
def test_a_changed_checkpoint_is_refused(change: tuple[str, str]) -> None:
    with pytest.raises(CheckpointError, match="the note was changed"):
        open_note(NOTE.replace(*change, 1), [OURS])


NO_NOTE = "no signed note: expected text, an empty line and signature lines"
NO_SIGNATURE = "a line below the empty line is no signature"
NO_SIZE = "no checkpoint: its second line is not a number of entries"
NO_ROOT = "no checkpoint: its third line is not a root of 32 bytes in base64"


@pytest.mark.parametrize(
    ("note", "why"),
    [
        ("", NO_NOTE),
        (NOTE.rstrip("\n"), NO_NOTE),
        (CHECKPOINT.text() + "\n\n", NO_NOTE),
        (NOTE.replace("— ", "- "), NO_SIGNATURE),
        (CHECKPOINT.text() + "\n— a AAAA\n", NO_SIGNATURE),
        (CHECKPOINT.text() + "\n— a AAAAAA==\n", NO_SIGNATURE),
        (CHECKPOINT.text() + "\n— a A\n", NO_SIGNATURE),
        (CHECKPOINT.text() + "\n— a AAAAAAB=\n", NO_SIGNATURE),
        (CHECKPOINT.text() + "\n" + NOTE.split("\n\n")[1] * 17, "a note with 17 signatures: expected 1 to 16"),
        (f"{ORIGIN}\n1\n\n— a AAAAAAA=\n", "no checkpoint: expected the lines origin, size, root"),
        (NOTE.replace(ORIGIN, "", 1), "no checkpoint: its first line, the origin, is empty"),
        (NOTE.replace("1404", "01404", 1), NO_SIZE),
        (NOTE.replace("1404", "-1", 1), NO_SIZE),
        (NOTE.replace("1404", "١", 1), NO_SIZE),
        (NOTE.replace("AAEC", "AAE", 1), NO_ROOT),
        (NOTE.replace("AAEC", "AA EC", 1), NO_ROOT),
        (NOTE.replace("AAEC", "ÆAEC", 1), NO_ROOT),
    ],
)
def test_what_is_no_checkpoint_is_refused_with_its_reason(note: str, why: str) -> None:
    with pytest.raises(CheckpointError) as refused:
        open_note(note, [OURS])
    assert str(refused.value) == why


def test_further_lines_of_a_checkpoint_are_signed_with_it() -> None:
    text = CHECKPOINT.text() + "an extension\n"
    note = f"{text}\n{OURS.sign(text.encode()).line()}"

    assert open_note(note, [OURS]) == replace(CHECKPOINT, extension=("an extension",))
    assert read_note(note)[1] == text


def test_the_signatures_stand_below_the_last_empty_line() -> None:
    text = CHECKPOINT.text() + "\nmore\n"
    note = f"{text}\n{OURS.sign(text.encode()).line()}"

    assert open_note(note, [OURS]) == replace(CHECKPOINT, extension=("", "more"))


def test_an_empty_log_has_a_checkpoint_too() -> None:
    empty = Checkpoint(ORIGIN, 0, bytes(32))

    assert open_note(sign(empty, [OURS]), [OURS]) == empty
