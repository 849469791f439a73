"""What the store says when it cannot do its work. Messages hold no values, no parameters, no password."""

from hubspot_retention.errors import ExitCode, RetentionError

_SQLITE = {
    5: "the database is busy: another process is using it; nothing was stored",
    6: "the database is busy: another process is using it; nothing was stored",
    8: "the database can only be read here; nothing was stored",
    10: "the disk could not be read or written; nothing was stored",
    11: "the database file is damaged",
    13: "the disk is full; nothing was stored",
    14: "the database file cannot be opened",
    26: "the file is no SQLite database",
}
_POSTGRES = {
    "53100": "the database's disk is full; nothing was stored",
    "25006": "the database can only be read here; nothing was stored",
    "42501": "the database's user lacks a right; nothing was stored",
    "55P03": "the database is busy: another process is using it; nothing was stored",
}
_NOBODY_KNOWS = (
    "the connection to the database was lost before it had answered that it is stored: it may have been stored, or "
    "not; look before you do it again"
)


class StoreError(RetentionError):
    """The database could not be used; the transaction it happened in left nothing behind, unless the message says that
    it may have been stored."""


class StoreRefusedError(StoreError):
    """The database must not be used as it is asked for: in use, on a network disk, of a newer version."""


class NoDatabaseError(StoreRefusedError):
    """There is no database where one was to be read or changed; nothing was made."""

    exit_code = ExitCode.USAGE


def explain(original: BaseException | None, *, is_lost: bool = False, in_commit: bool = False) -> str:
    """A driver's error in words: what happened and its code, never what was being stored. `is_lost`: the connection
    went with it; `in_commit`: everything had been said, and it was asked to keep it."""
    code = getattr(original, "sqlite_errorcode", None)
    if isinstance(code, int):
        name = getattr(original, "sqlite_errorname", "")
        words = _SQLITE.get(code & 0xFF, "the database refused; nothing was stored")
        return f"{words} ({name})"
    state = getattr(original, "sqlstate", None)
    is_lost = is_lost or (state is None and type(original).__name__ == "OperationalError")
    if is_lost and in_commit:
        return _NOBODY_KNOWS
    if isinstance(state, str):
        return f"{_POSTGRES.get(state, 'the database refused; nothing was stored')} (SQLSTATE {state})"
    if is_lost:
        return "the database cannot be reached"
    return f"the database refused; nothing was stored ({type(original).__name__})"
