"""Which SQLite the store uses: the interpreter's own, or the newer one that `pysqlite3` brings along.

A durable commit costs one sync of the disk with write-ahead logging, four with a rollback journal; but WAL has a
corruption bug before SQLite 3.51.3 (sqlite.org/wal.html#walresetbug), and what Linux distributions ship is older.
`pysqlite3` is the interpreter's own module built with a current SQLite. Where it has no wheel, or the interpreter's
SQLite is sound itself, the interpreter's is used: everything works with either.

For the store's file only, and in one process no other: two copies of SQLite do not see each other's locks
(sqlite.org/howtocorrupt.html, 2.2.1). Not for what spills to disk: `pysqlite3` keeps temporary databases in memory
(`SQLITE_TEMP_STORE=3`, which no pragma changes).
"""

import sqlite3
from collections.abc import Iterable
from sqlite3 import Connection
from types import ModuleType
from typing import Any, Final

try:
    from pysqlite3 import dbapi2 as bundled
except ImportError:  # no wheel for this platform
    bundled = None

__all__ = ["DRIVER", "Connection", "choose", "is_wal_sound"]

_WAL_IS_SOUND_FROM: Final = (3, 51, 3)


def is_wal_sound(driver: Any) -> bool:
    """Whether a driver's SQLite may use write-ahead logging."""
    version: tuple[int, ...] = driver.sqlite_version_info
    return version >= _WAL_IS_SOUND_FROM


def choose(own: ModuleType, others: Iterable[ModuleType | None]) -> ModuleType:
    """The first driver whose WAL is sound, the interpreter's own before others; without any, the interpreter's own."""
    return next((driver for driver in (own, *others) if driver is not None and is_wal_sound(driver)), own)


DRIVER: Final = choose(sqlite3, (bundled,))
"""What the store's file is opened with, in this whole process."""
