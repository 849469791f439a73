"""One process at a time writes: a lock beside the database file that ends with the process that took it."""

import fcntl
import json
import os
import re
import sys
from pathlib import Path
from typing import Final

from hubspot_retention.clock import Clock
from hubspot_retention.store.errors import StoreRefusedError

_WORD: Final = re.compile(r"[a-z][a-z-]*")
NOBODY_KNOWS: Final = "another process"


def command_words() -> str:
    """The running command without its arguments, in which people type: `hubspot-retention plan new`."""
    words = [Path(sys.argv[0]).name or "python"]
    for word in sys.argv[1:3]:
        if _WORD.fullmatch(word) is None:
            break
        words.append(word)
    return " ".join(words)


def in_use(database: str, who: str, command: str) -> str:
    """Why a second process is refused, and what to do. `serve` does not end by itself, and need not be waited for."""
    if command.split()[1:2] != ["serve"]:
        return f"{database} is in use by {who}. Wait for it to end, or stop it; nothing was done"
    return (
        f"{database} is in use by {who}. The service makes and carries out plans itself; beside it you can show, "
        "approve and reject plans, keep holds and requests, grant standing approvals, and stop all disposals. "
        "For anything else stop it first; nothing was done"
    )


class FileLock:
    """An OS lock on `<database>.lock`. The kernel frees it when the process ends, however it ends."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._path = database.with_name(database.name + ".lock")
        self._descriptor: int | None = None

    def take(self) -> None:
        """Take the lock or raise StoreRefusedError, which names who has it."""
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreRefusedError(f"{self._path} cannot be opened: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 4096, 0)
            os.close(descriptor)
            raise StoreRefusedError(in_use(str(self._database), *_named(holder))) from None
        except OSError as error:
            os.close(descriptor)
            raise StoreRefusedError(f"{self._path} cannot be locked: {error.strerror}") from error
        self._descriptor = descriptor
        self._sign(descriptor)

    def _sign(self, descriptor: int) -> None:
        since = Clock().now().isoformat(timespec="seconds")
        words = json.dumps({"pid": os.getpid(), "command": command_words(), "since": since})
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, words.encode(), 0)
        except OSError as error:
            self.release()
            raise StoreRefusedError(f"{self._path} cannot be written: {error.strerror}") from error

    def release(self) -> None:
        """Let go. The file stays: taking it away would let two processes lock two files of one name."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _named(holder: bytes) -> tuple[str, str]:
    """Who has the lock, in words, and the command that it runs."""
    try:
        said = json.loads(holder)
        return f"process {int(said['pid'])} ({said['command']}, since {said['since']})", str(said["command"])
    except (ValueError, KeyError, TypeError):
        return NOBODY_KNOWS, ""
