"""Brings a database to the version that this code knows. Forward only."""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, select, text

from hubspot_retention.store.errors import StoreRefusedError

REVISIONS: Final = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011", "0012")
"""Every version there ever was, oldest first; the last is the one that this code needs."""

_SCRIPTS: Final = Path(__file__).parent / "migrations"
_VERSION: Final = text("alembic_version")


def version_of(connection: Connection) -> str | None:
    """The database's version, `None` for an empty one. Raises StoreRefusedError for one that is not ours."""
    tables = inspect(connection).get_table_names()
    if "alembic_version" in tables:
        found: str | None = connection.scalar(select(text("version_num")).select_from(_VERSION))
        if found is not None and found not in REVISIONS:
            raise StoreRefusedError(
                f"the database is of version {found}, this program knows up to {REVISIONS[-1]}: "
                "use the newer program; nothing was changed"
            )
        return found
    if tables:
        raise StoreRefusedError("the database belongs to something else: it has tables, but none of ours")
    return None


def bring_up_to_date(connection: Connection, version: str = "head") -> None:
    """Run what is missing (up to a version), in the caller's transaction: all of it or nothing."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, version)
