"""A database that is up to date, made once a process and then copied: bringing one up costs more than most tests do."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from hubspot_retention.store.database import open_store


def a_database(path: Path) -> str:
    """A new database in that file, unless there is one; answers its URL."""
    if not path.exists():
        path.write_bytes(_prepared())
        path.chmod(0o600)
    return f"sqlite:///{path}"


@cache
def _prepared() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "retention.db"
        open_store(f"sqlite:///{path}").close()
        assert [each.name for each in path.parent.iterdir() if each.name.startswith("retention.db-")] == []
        return path.read_bytes()
