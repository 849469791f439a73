"""A file as an anchor: appended, synced, read back; never made out of nothing, never passed over when damaged."""

import os
from pathlib import Path

import pytest

from hubspot_retention.core.audit.anchor import AnchorError, Doubt
from hubspot_retention.core.audit.checkpoint import Checkpoint, sign
from hubspot_retention.evidence.anchor_file import FileAnchor
from hubspot_retention.evidence.keys import SigningKey
from tests.unit.evidence.anchored import LOG, a_log


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "anchor.jsonl"


@pytest.fixture
def anchor(path: Path) -> FileAnchor:
    return FileAnchor(path, LOG.public)


def size_of(anchor: FileAnchor) -> int:
    seen = anchor.latest()
    assert seen is not None
    return seen.size


def test_a_file_that_was_never_written_saw_nothing(anchor: FileAnchor, path: Path) -> None:
    assert anchor.latest() is None
    path.touch()
    assert anchor.latest() is None


def test_checkpoints_are_appended_and_the_last_one_counts(anchor: FileAnchor, path: Path) -> None:
    for size in (3, 5, 5, 200):
        anchor.show(*a_log(size))
    assert size_of(anchor) == 200
    assert len(path.read_bytes().splitlines()) == 4
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_log_that_does_not_extend_the_last_one_is_not_appended(anchor: FileAnchor, path: Path) -> None:
    anchor.show(*a_log(5))
    for size, of_another, doubt in ((4, False, Doubt.BEHIND), (6, True, Doubt.FORKED)):
        with pytest.raises(AnchorError) as told:
            anchor.show(*a_log(size, of_another=of_another))
        assert told.value.doubt is doubt
    assert size_of(anchor) == 5
    assert len(path.read_bytes().splitlines()) == 1


def test_a_log_that_a_person_brought_back_is_appended_whatever_stood_there(anchor: FileAnchor) -> None:
    anchor.show(*a_log(5))
    anchor.show_anew(a_log(3, of_another=True)[0])
    assert size_of(anchor) == 3


def test_half_a_line_at_the_end_was_never_written(anchor: FileAnchor, path: Path) -> None:
    anchor.show(*a_log(5))
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:40])
    assert size_of(anchor) == 5
    anchor.show(*a_log(6))
    assert size_of(anchor) == 6
    assert path.read_bytes().startswith(whole)


def test_half_a_line_alone_is_nothing(anchor: FileAnchor, path: Path) -> None:
    path.write_bytes(b'"log')
    assert anchor.latest() is None


@pytest.mark.parametrize("line", [b"{", b"7", b'"no note"', b"\xff\xfe"])
def test_a_damaged_last_line_is_never_passed_over(anchor: FileAnchor, path: Path, line: bytes) -> None:
    anchor.show(*a_log(5))
    path.write_bytes(path.read_bytes() + line + b"\n")
    with pytest.raises(AnchorError, match="no checkpoint of this log"):
        anchor.latest()
    with pytest.raises(AnchorError):
        anchor.show(*a_log(6))


def test_the_checkpoint_of_another_key_is_none_of_this_log(anchor: FileAnchor) -> None:
    anchor.show_anew(sign(Checkpoint(LOG.name, 5, bytes(32)), [SigningKey.generate(LOG.name)]))
    with pytest.raises(AnchorError, match="no checkpoint of this log"):
        anchor.latest()


def test_the_checkpoint_of_another_log_is_none_of_this_one_though_the_key_is_the_same(anchor: FileAnchor) -> None:
    anchor.show_anew(sign(Checkpoint("other.example.dk", 5, bytes(32)), [LOG]))
    with pytest.raises(AnchorError, match="another log"):
        anchor.latest()


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    anchor = FileAnchor(tmp_path / "volume" / "anchor.jsonl", LOG.public)
    with pytest.raises(AnchorError, match="is its volume mounted"):
        anchor.latest()
    with pytest.raises(AnchorError, match="is its volume mounted"):
        anchor.show(*a_log(5))


def test_a_path_that_is_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(AnchorError, match="cannot be written"):
        FileAnchor(tmp_path, LOG.public).show(*a_log(5))


def test_a_file_that_may_not_be_read_is_told(path: Path) -> None:
    path.symlink_to(path)
    with pytest.raises(AnchorError, match="cannot be read"):
        FileAnchor(path, LOG.public).latest()


def test_what_was_not_written_whole_is_told(anchor: FileAnchor, monkeypatch: pytest.MonkeyPatch) -> None:
    written = os.pwrite
    monkeypatch.setattr("os.pwrite", lambda file, line, at: written(file, line[:50], at))
    with pytest.raises(AnchorError, match="not what is read from it"):
        anchor.show(*a_log(5))
    assert anchor.latest() is None


def test_a_full_volume_is_told(anchor: FileAnchor, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.pwrite", full)
    with pytest.raises(AnchorError, match="No space left"):
        anchor.show(*a_log(5))
