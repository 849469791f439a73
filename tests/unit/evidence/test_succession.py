"""The file of a log's key while one key follows another: the old one goes last, and is gone then."""

from pathlib import Path

import pytest

from hubspot_retention.core.audit.checkpoint import COSIGNATURE
from hubspot_retention.errors import UsageError
from hubspot_retention.evidence import succession
from hubspot_retention.evidence.keys import SigningKey, lost_keys

OLD = SigningKey.generate("log.example.dk")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    OLD.save(tmp_path / "log.key")
    return tmp_path / "log.key"


def test_the_next_key_stands_before_the_old_one_and_is_the_one_that_is_loaded(path: Path) -> None:
    new, old = succession.begin(path)

    assert old == OLD
    assert new.name == OLD.name
    assert new != OLD
    assert SigningKey.load_all(path) == succession.both(path) == (new, OLD)
    assert SigningKey.load(path) == new
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_was_cut_short_goes_on_with_the_key_that_was_made(path: Path) -> None:
    assert succession.begin(path) == succession.begin(path)


def test_at_the_end_the_new_key_stands_alone_and_the_old_one_is_overwritten(path: Path, tmp_path: Path) -> None:
    new, _ = succession.begin(path)
    before = tmp_path / "before"
    before.hardlink_to(path)

    succession.end(path)

    assert SigningKey.load_all(path) == (new,)
    assert not before.read_bytes().strip(b"\0")
    with pytest.raises(UsageError, match="no key that was handed over"):
        succession.end(path)


def test_the_public_key_of_one_that_was_lost_stays_in_the_file_through_a_handing_over(path: Path) -> None:
    lost = SigningKey.generate("log.example.dk").public
    path.write_text(f"{OLD.written()}{lost}\n")
    assert (SigningKey.load_all(path), lost_keys(path)) == ((OLD,), (lost,))

    new, _ = succession.begin(path)
    assert (SigningKey.load_all(path), lost_keys(path)) == ((new, OLD), (lost,))
    succession.end(path)
    assert (SigningKey.load_all(path), lost_keys(path)) == ((new,), (lost,))


@pytest.mark.parametrize(
    "lines",
    [
        f"{OLD.public}\n",
        f"{OLD.written()}nonsense\n",
        f"{OLD.written()}{SigningKey.generate('w.example.dk', COSIGNATURE).public}\n",
        f"{OLD.written()}{OLD.public}\n{OLD.written()}",
    ],
    ids=["no private one", "none", "a witness's", "a private one below"],
)
def test_a_file_in_which_something_else_stands_below_the_key_is_refused(path: Path, lines: str) -> None:
    path.write_text(lines)
    with pytest.raises(UsageError):
        SigningKey.load_all(path)


def test_a_witness_s_key_does_not_hand_over(tmp_path: Path) -> None:
    SigningKey.generate("witness.example.dk", COSIGNATURE).save(tmp_path / "key")
    with pytest.raises(UsageError, match="the key of a witness"):
        succession.begin(tmp_path / "key")


def test_a_file_of_two_logs_is_none(tmp_path: Path, path: Path) -> None:
    path.write_text(OLD.written() + SigningKey.generate("other.example.dk").written())
    with pytest.raises(UsageError, match="keys of several logs"):
        SigningKey.load(path)


def test_a_folder_that_cannot_be_written_keeps_the_old_key(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(UsageError, match="No space left"):
            succession.begin(path)
    assert SigningKey.load_all(path) == (OLD,)
