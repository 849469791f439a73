"""A PostgreSQL server for tests: the one that is named, or one started for the occasion, or the reason for none."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class NoServerError(Exception):
    """There is no PostgreSQL here; the message says why."""


@contextmanager
def a_server() -> Iterator[str]:
    """The URL of a server whose user may create databases."""
    named = os.environ.get("RETENTION_TEST_POSTGRES_URL")
    if named:
        yield named
        return
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="retention-pg-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        yield from _started(binaries, folder)
    except (LookupError, subprocess.CalledProcessError) as error:
        raise NoServerError(f"PostgreSQL could not be started: {error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _started(binaries: Path, folder: Path) -> Iterator[str]:
    data = folder / "data"
    _run(binaries / "initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync")
    options = f"-k {folder} -c listen_addresses= -c fsync=off"
    _run(binaries / "pg_ctl", "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")
    try:
        yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        _run(binaries / "pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")


def _binaries() -> Path:
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in places:
        if (place / "initdb").exists() and (place / "pg_ctl").exists():
            return place.resolve()
    raise NoServerError("no RETENTION_TEST_POSTGRES_URL, and no initdb and pg_ctl on this machine")


def _run(program: Path, *arguments: str) -> None:
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run(
        [*as_user, str(program), *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/"
    )
