"""The file that holds the keys of pseudonyms, as processes share it: the service, and a person beside it.

What can go wrong: the file's volume is not mounted, new keys are made in its place, and nobody who was erased before
is found any more. So a file that is configured and is not there is an error, and only a person makes the first. Two
processes change it at once, and a key is lost: so it is changed under a lock, from what it holds then. A key is
destroyed while the service runs: so whoever uses the keys sees that the file is another one, and reads it again.
"""

import fcntl
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from hubspot_retention.core.portal import Address
from hubspot_retention.errors import UsageError
from hubspot_retention.evidence.pseudonyms import PseudonymKeys

_Mark = tuple[int, int, int]


class Keyring:
    """The keys in a file, as they are now. May be used by several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = threading.Lock()
        self._read: tuple[_Mark, PseudonymKeys] | None = None

    def keys(self) -> PseudonymKeys:
        """All of them. Raises UsageError if there is no file, or if it cannot be read."""
        with self._thread:
            return self._keys()

    def of(self, address: Address, day: date) -> str:
        """The pseudonym of an address on a day; the first of a year makes the key of that year."""
        with self._thread:
            keys, epoch = self._keys(), f"{day.year:04d}"
            if epoch not in keys.epochs:
                with self._alone():
                    keys = PseudonymKeys.load(self._path).with_epoch_of(day)
                    keys.save(self._path)
        return keys.of(address, epoch)

    def all_of(self, address: Address) -> tuple[str, ...]:
        """What may stand for an address in any epoch whose key is there."""
        return self.keys().all_of(address)

    def signing(self, epochs: Iterable[str]) -> Callable[[Address], tuple[str, ...]]:
        """What tells what stood for an address in some epochs, by the keys that are there now. Raises UsageError."""
        return self.keys().only(epochs).all_of

    def begin(self, day: date, tell: Callable[[str], object]) -> str:
        """Make the file if there is none, and the key of a day's epoch; answers the epoch. `tell` writes down that it
        is made, before it is: what is cut short, or fails, is told and done again. Raises UsageError if that key is
        there already, and whatever `tell` raises."""
        epoch = f"{day.year:04d}"
        with self._thread, self._alone():
            before = PseudonymKeys.load(self._path)
            if epoch in before.epochs:
                raise UsageError(f"there is a key of epoch {epoch} already")
            tell(epoch)
            before.with_epoch_of(day).save(self._path)
        return epoch

    def destroy(self, epoch: str) -> None:
        """Destroy the key of an epoch. Raises UsageError if there is none."""
        with self._thread, self._alone():
            PseudonymKeys.load(self._path).without(epoch).save(self._path)

    def _keys(self) -> PseudonymKeys:
        mark = self._mark()
        while self._read is None or self._read[0] != mark:
            try:
                self._read = mark, PseudonymKeys.load(self._path)
            except UsageError:
                # Another process changed the keys: the file that was being read is overwritten, and no longer theirs.
                if self._mark() == mark:
                    raise
            mark = self._mark()
        return self._read[1]

    def _mark(self) -> _Mark:
        try:
            found = self._path.stat()
        except OSError as error:
            raise UsageError(
                f"the keys of the pseudonyms in {self._path} cannot be read: {type(error).__name__}. Is the volume "
                "mounted? The first key is made with `audit pseudonym-keys new`; nothing is erased without them"
            ) from None
        return found.st_ino, found.st_mtime_ns, found.st_size

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process changes the file meanwhile."""
        lock = self._path.with_name(f"{self._path.name}.lock")
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise UsageError(f"{lock} cannot be opened: {error.strerror}") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        except OSError as error:
            raise UsageError(
                f"the keys of the pseudonyms in {self._path} cannot be written: {error.strerror}"
            ) from None
        finally:
            os.close(descriptor)
