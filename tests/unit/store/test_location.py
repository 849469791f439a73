"""Where a database may lie."""

import os
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from hubspot_retention.store import location
from hubspot_retention.store.errors import StoreRefusedError
from hubspot_retention.store.location import (
    network_mount,
    prepare_file,
    read_url,
    refuse_network,
    shown,
    sqlite_file,
)

_MOUNTS = """\
/dev/vda / ext4 rw 0 0
server:/export /srv/shared nfs4 rw 0 0
//server/files /srv/office\\040files cifs rw 0 0
anna@host:/ /home/anna/far fuse.sshfs rw 0 0
overlay /containers fuse.fuse-overlayfs rw 0 0
tmpfs /srv/shared/local tmpfs rw 0 0
broken
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/srv/shared/data", ("/srv/shared", "nfs4")),
        ("/srv/office files", ("/srv/office files", "cifs")),
        ("/home/anna/far/away", ("/home/anna/far", "fuse.sshfs")),
        ("/srv/shared/local", None),
        ("/srv/sharedness", None),
        ("/containers/one", None),
        ("/var/lib", None),
    ],
)
def test_the_nearest_mount_tells_whether_a_path_is_on_the_network(path: str, expected: object) -> None:
    assert network_mount(Path(path), _MOUNTS) == expected


def test_a_network_file_system_is_refused_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"server:/export {tmp_path} nfs4 rw 0 0\n")
    monkeypatch.setattr(location, "_MOUNTS", mounts)
    with pytest.raises(StoreRefusedError, match=r"network file system \(nfs4 at .*local disk, or use PostgreSQL"):
        refuse_network(tmp_path / "data")


def test_a_machine_that_does_not_tell_its_mounts_is_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(location, "_MOUNTS", tmp_path / "absent")
    refuse_network(tmp_path)


@pytest.mark.parametrize("text", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///file:x?mode=memory"])
def test_a_database_in_memory_is_refused(text: str) -> None:
    with pytest.raises(StoreRefusedError, match="in memory forgets holds"):
        read_url(text)


@pytest.mark.parametrize("text", ["geheim", "", "postgresql://anna:geheim@host:port/x"])
def test_what_is_no_url_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(StoreRefusedError, match="this is no database URL; expected") as refused:
        read_url(text)
    assert "geheim" not in str(refused.value)


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(StoreRefusedError, match="'mysql' is not supported"):
        read_url("mysql://anna:geheim@host/x")


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_is_used_through_psycopg_and_shown_without_password(scheme: str) -> None:
    url = read_url(f"{scheme}://anna:geheim@host/x")
    assert url.drivername == "postgresql+psycopg"
    assert shown(url) == "postgresql+psycopg://anna:***@host/x"


def test_two_names_of_one_file_are_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "alias").symlink_to(tmp_path / "real")
    named = sqlite_file(make_url(f"sqlite:///{tmp_path}/alias/x.db"))
    assert named == sqlite_file(make_url(f"sqlite:///{tmp_path}/real/x.db"))


def test_missing_directories_are_made(tmp_path: Path) -> None:
    prepare_file(tmp_path / "a" / "b" / "x.db")
    assert (tmp_path / "a" / "b" / "x.db").is_file()


def test_a_directory_where_the_file_should_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreRefusedError, match="is a directory: expected a file"):
        prepare_file(tmp_path)


def test_a_file_where_the_directory_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(StoreRefusedError, match="cannot be made for the database"):
        prepare_file(tmp_path / "a" / "x.db")


def test_a_directory_that_cannot_be_written_to_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(StoreRefusedError, match="cannot be written to: the database needs its directory"):
        prepare_file(tmp_path / "x.db")


def test_a_file_that_may_not_be_written_to_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.db").write_text("")
    monkeypatch.setattr(os, "access", lambda path, mode: path == tmp_path)
    with pytest.raises(StoreRefusedError, match=r"x\.db cannot be written to: Permission denied"):
        prepare_file(tmp_path / "x.db")


def test_a_file_that_is_there_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.db").write_text("")
    opened: list[object] = []
    monkeypatch.setattr(os, "open", lambda *arguments: opened.append(arguments))
    prepare_file(tmp_path / "x.db")
    assert not opened


def test_a_file_that_cannot_be_made_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(StoreRefusedError, match=r"x\.db cannot be written to: Permission denied"):
        prepare_file(tmp_path / "x.db")
