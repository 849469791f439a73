"""Where the database lies, and whether it may lie there.

SQLite's locks do not hold on network file systems (sqlite.org/faq.html#q5, "How To Corrupt" section 2), and a
database in memory would forget holds: both are refused before anything is opened.
"""

import errno
import os
from pathlib import Path
from typing import Final

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from hubspot_retention.store.errors import NoDatabaseError, StoreRefusedError

_EXPECTED: Final = "expected for instance sqlite:///retention.db or postgresql://user@host/database"
_NETWORK: Final = frozenset(
    ("nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ncpfs", "ceph", "lustre", "gpfs", "glusterfs", "davfs")
)
_LOCAL_FUSE: Final = frozenset(("fuse.fuse-overlayfs", "fuse.overlayfs", "fuse.lxcfs", "fuse.portal", "fuse.bindfs"))
_MOUNTS: Final = Path("/proc/mounts")


def read_url(text: str) -> URL:
    """The database's URL. Raises StoreRefusedError, which never repeats the text: it may hold a password."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise StoreRefusedError(f"RETENTION_DATABASE_URL: this is no database URL; {_EXPECTED}") from None
    match url.get_backend_name():
        case "sqlite":
            if url.database in (None, "", ":memory:") or "mode" in url.query or str(url.database).startswith("file:"):
                raise StoreRefusedError(f"RETENTION_DATABASE_URL: a database in memory forgets holds; {_EXPECTED}")
            return url.set(drivername="sqlite+pysqlite")
        case "postgresql" | "postgres":
            return url.set(drivername="postgresql+psycopg")
        case other:
            raise StoreRefusedError(f"RETENTION_DATABASE_URL: {other!r} is not supported; {_EXPECTED}")


def shown(url: URL) -> str:
    """The URL as it may be shown."""
    return url.render_as_string(hide_password=True)


def sqlite_file(url: URL) -> Path:
    """The file of an SQLite URL, links followed, so that two names of one file are one."""
    return Path(str(url.database)).resolve()


class FileInUse:
    """The file that a name leads to, remembered before it is opened: while it is open its number is given to no other.

    A backup that is put in its place leaves whoever has it open with a file that nobody else finds any more: what a
    person decides from then on stands in the other one, and stops nothing here.
    """

    def __init__(self, name: Path) -> None:
        self._name = name
        self._number = self._look()

    def require_in_place(self) -> None:
        """Raises StoreRefusedError unless the name still leads to that file."""
        if self._look() != self._number:
            raise StoreRefusedError(
                f"{self._name} is another file than the one that was opened: it was replaced while it was in use. "
                "Nothing was done. End this process, see that the right file lies there, and begin anew"
            )

    def _look(self) -> tuple[int, int]:
        try:
            found = self._name.stat()
        except OSError as error:
            raise StoreRefusedError(
                f"{self._name} cannot be looked at: {error.strerror}. Nothing was done; the database must not be "
                "moved, removed or replaced while it is in use"
            ) from error
        return found.st_dev, found.st_ino


def database_folder(text: str) -> Path | None:
    """The folder of an SQLite database; `None` for a server. Raises StoreRefusedError."""
    url = read_url(text)
    return sqlite_file(url).parent if url.get_backend_name() == "sqlite" else None


def network_mount(path: Path, mounts: str) -> tuple[str, str] | None:
    """Mount point and kind of the network file system that `path` lies on; `mounts` as in /proc/mounts."""
    best, kind = Path("/"), ""
    for line in mounts.splitlines():
        words = line.split(" ")
        if len(words) < 3:
            continue
        point = Path(words[1].encode("utf-8").decode("unicode_escape"))
        if path.is_relative_to(point) and len(point.parts) >= len(best.parts):
            best, kind = point, words[2]
    is_network = kind in _NETWORK or (kind.startswith("fuse.") and kind not in _LOCAL_FUSE)
    return (str(best), kind) if is_network else None


def refuse_network(path: Path) -> None:
    """Refuse a path on a network file system, where the machine tells (Linux)."""
    try:
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    found = network_mount(path, mounts)
    if found is not None:
        raise StoreRefusedError(
            f"{path} lies on a network file system ({found[1]} at {found[0]}), where SQLite's locks do not hold: "
            "put the database on a local disk, or use PostgreSQL"
        )


def require_file(path: Path) -> None:
    """Raises NoDatabaseError unless there is a file with something in it: whoever places a hold in a new, empty
    database, because its name is a slip or the folder another one, is told that it stands, and it stops nothing."""
    if not path.is_file() or not path.stat().st_size:
        raise NoDatabaseError(
            f"there is no database at {path}: is RETENTION_DATABASE_URL right? Nothing was done. "
            "(A new database is made by `portal setup`, `policy approve`, `plan new`, `reconcile` and `serve`.)"
        )


def prepare_file(path: Path) -> None:
    """Make the file of a database that is to be written, readable by its owner only, and its directory.

    A file that is there is not opened: to close it again would let go of all locks that this process has on it, those
    of a transaction in another thread included (POSIX; sqlite.org/howtocorrupt.html, 2.2).
    """
    directory = path.parent
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreRefusedError(f"{directory} cannot be made for the database: {error.strerror}") from error
    if path.is_dir():
        raise StoreRefusedError(f"{path} is a directory: expected a file for the database")
    if not os.access(directory, os.W_OK | os.X_OK):
        raise StoreRefusedError(
            f"{directory} cannot be written to: the database needs its directory for its journal and its lock"
        )
    if path.exists():
        if not os.access(path, os.R_OK | os.W_OK):
            raise StoreRefusedError(f"{path} cannot be written to: {os.strerror(errno.EACCES)}")
        return
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreRefusedError(f"{path} cannot be written to: {error.strerror}") from error
