"""The lock beside the database file."""

import json
import os
from pathlib import Path

import pytest

from hubspot_retention.store.errors import StoreRefusedError
from hubspot_retention.store.lock import FileLock, command_words, in_use


def test_a_lock_says_who_has_it_and_since_when(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "x.db")
    lock.take()
    said = json.loads((tmp_path / "x.db.lock").read_text())
    assert said["pid"] == os.getpid()
    assert set(said) == {"pid", "command", "since"}
    lock.release()


def test_a_lock_is_held_once_and_can_be_taken_after_its_release(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "x.db"), FileLock(tmp_path / "x.db")
    first.take()
    with pytest.raises(StoreRefusedError, match=rf"x\.db is in use by process {os.getpid()} \("):
        second.take()
    first.release()
    first.release()
    second.take()
    second.release()


def test_a_lock_that_the_service_holds_says_what_goes_on_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = FileLock(tmp_path / "x.db")
    with monkeypatch.context() as patched:
        patched.setattr("sys.argv", ["/usr/bin/hubspot-retention", "serve", "--settings", "x"])
        first.take()
    with pytest.raises(StoreRefusedError) as refused:
        FileLock(tmp_path / "x.db").take()
    said = str(refused.value)
    assert f"in use by process {os.getpid()} (hubspot-retention serve, since 20" in said
    for words in ("approve and reject plans", "holds", "requests", "standing approvals", "stop it first"):
        assert words in said
    assert "Wait" not in said
    assert said.endswith("nothing was done")
    first.release()


@pytest.mark.parametrize(
    "command", ["", "python", "hubspot-retention", "hubspot-retention plan apply", "hubspot-retention sandbox serve"]
)
def test_any_other_command_is_to_be_waited_for(command: str) -> None:
    assert "Wait for it to end, or stop it; nothing was done" in in_use("x.db", "process 1", command)


@pytest.mark.parametrize("words", ["", "no json", "[1]", '{"pid": "x"}', '{"pid": 1}'])
def test_a_holder_that_cannot_be_read_is_another_process(tmp_path: Path, words: str) -> None:
    first = FileLock(tmp_path / "x.db")
    first.take()
    (tmp_path / "x.db.lock").write_text(words)
    with pytest.raises(StoreRefusedError, match="in use by another process"):
        FileLock(tmp_path / "x.db").take()
    first.release()


def test_a_lock_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreRefusedError, match="cannot be opened: No such file or directory"):
        FileLock(tmp_path / "absent" / "x.db").take()


@pytest.mark.parametrize("call", ["flock", "pwrite"])
def test_a_lock_that_cannot_be_taken_or_signed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    lock = FileLock(tmp_path / "x.db")
    with monkeypatch.context() as patched:
        patched.setattr("fcntl.flock" if call == "flock" else "os.pwrite", refuse)
        with pytest.raises(StoreRefusedError, match="No space left on device"):
            lock.take()
    lock.take()
    lock.release()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["/usr/bin/hubspot-retention", "plan", "new", "--as-of", "x"], "hubspot-retention plan new"),
        (["hubspot-retention", "explain", "contacts/101"], "hubspot-retention explain"),
        (["hubspot-retention", "--reason", "Anna wrote"], "hubspot-retention"),
        (["hubspot-retention", "hold", "Anna Kirkegaard"], "hubspot-retention hold"),
        ([""], "python"),
    ],
)
def test_a_command_is_shown_without_what_people_typed(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.setattr("sys.argv", arguments)
    assert command_words() == words
