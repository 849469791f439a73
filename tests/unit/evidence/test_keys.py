"""Keys of signed notes: written down, read back, and never shown."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hubspot_retention.core.audit.checkpoint import COSIGNATURE, Checkpoint, CheckpointError, open_note, sign
from hubspot_retention.errors import UsageError
from hubspot_retention.evidence.keys import SigningKey, VerifyingKey, seen_at

ORIGIN = "log.example.dk/retention"
CHECKPOINT = Checkpoint(ORIGIN, 3, bytes(32))


@pytest.fixture
def key() -> SigningKey:
    return SigningKey.generate(ORIGIN)


def test_what_a_key_signs_its_public_half_verifies(key: SigningKey) -> None:
    assert open_note(sign(CHECKPOINT, [key]), [key.public]) == CHECKPOINT


def test_another_key_of_the_same_name_verifies_nothing(key: SigningKey) -> None:
    with pytest.raises(CheckpointError, match="0 of the known keys"):
        open_note(sign(CHECKPOINT, [key]), [SigningKey.generate(ORIGIN).public])


def test_a_public_key_is_written_down_and_read_back(key: SigningKey) -> None:
    written = str(key.public)

    assert written.startswith(f"{ORIGIN}+{key.public.key_id.hex()}+")
    assert VerifyingKey.read(written + "\n") == key.public


def test_the_published_key_of_the_format_is_read() -> None:
    written = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"

    assert str(VerifyingKey.read(written)) == written


@pytest.mark.parametrize(
    "written",
    [
        "",
        "a+00000000",
        "a+00000000+!!",
        "a+00000000+AAAA",
        "a b+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_what_is_no_public_key_is_refused(written: str) -> None:
    with pytest.raises(UsageError, match="public key"):
        VerifyingKey.read(written)


def test_a_signing_key_is_kept_in_a_file_for_its_owner_alone(key: SigningKey, tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    key.save(path)

    assert SigningKey.load(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UsageError, match="cannot be written"):
        key.save(path)


def test_a_signing_key_that_others_may_read_is_refused(key: SigningKey, tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    key.save(path)
    path.chmod(0o640)

    with pytest.raises(UsageError, match="chmod 600"):
        SigningKey.load(path)


@pytest.mark.parametrize("damage", [lambda text: "", lambda text: text[12:], lambda text: text[:-6], lambda text: "é"])
def test_a_file_that_is_no_signing_key_is_refused(key: SigningKey, tmp_path: Path, damage: object) -> None:
    path = tmp_path / "log.key"
    key.save(path)
    assert callable(damage)
    path.write_text(damage(path.read_text()), encoding="utf-8")

    with pytest.raises(UsageError, match="signing key"):
        SigningKey.load(path)


def test_a_signing_key_whose_id_does_not_fit_is_damaged(key: SigningKey, tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    key.save(path)
    other = SigningKey.generate(ORIGIN)
    path.write_text(path.read_text().replace(key.public.key_id.hex(), other.public.key_id.hex()))

    with pytest.raises(UsageError, match="damaged"):
        SigningKey.load(path)


def test_a_signing_key_that_is_not_there_is_told_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        SigningKey.load(tmp_path / "nowhere.key")


def test_a_name_that_cannot_stand_in_a_note_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot name a log"):
        SigningKey.generate("our log")


def test_a_private_key_is_never_shown(key: SigningKey) -> None:
    assert key.seed.hex() not in repr(key)
    assert repr(key.seed) not in repr(key)


def test_a_witness_signs_when_it_saw_a_note_and_the_instant_is_part_of_it() -> None:
    witness = SigningKey.generate("witness.example.dk", COSIGNATURE)
    at = datetime(2026, 11, 24, 3, 0, 7, tzinfo=UTC)
    line = witness.cosign(CHECKPOINT.text().encode(), at)
    note = sign(CHECKPOINT, []) + line.line()

    assert open_note(note, [witness.public]) == CHECKPOINT
    assert seen_at(line) == at
    shifted = (int.from_bytes(line.signature[:8], "big") + 1).to_bytes(8, "big") + line.signature[8:]
    assert not witness.public.verifies(CHECKPOINT.text().encode(), shifted)
