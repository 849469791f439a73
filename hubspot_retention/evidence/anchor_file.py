"""A file on another volume as an anchor: one line a checkpoint, a signed note as JSON text, appended and read back.

What can go wrong: the volume is not mounted and an empty folder is taken for it; half a line is left by a crash; two
instances append at once. So the folder is never made, half a line at the end (no line end) counts as never written and
is taken away, and whoever appends has the file alone and judges what stands there before.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hubspot_retention.core.audit.anchor import AnchorError, AnchorKind, Doubt, Grows
from hubspot_retention.core.audit.checkpoint import Checkpoint, CheckpointError, Verifies, open_note

_TAIL: Final = 8_192
"""More bytes than the longest line has."""


class FileAnchor:
    """The anchor. `key`: the log's own; `former`: those that hand over to it."""

    name = AnchorKind.FILE.value

    def __init__(self, path: Path, key: Verifies, former: Sequence[Verifies] = ()) -> None:
        self._path = path
        self._key = key
        self._keys = (key, *former)

    def latest(self) -> Checkpoint | None:
        """What was last appended. Raises AnchorError."""
        try:
            if not self._path.parent.is_dir():
                raise AnchorError(f"the folder of the anchor {self._path} is not there: is its volume mounted?")
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise AnchorError(f"the anchor {self._path} cannot be read: {error.strerror}") from error
        try:
            return self._last(descriptor)
        finally:
            os.close(descriptor)

    def show(self, note: str, log: Grows) -> str:
        """Append a checkpoint, if the log extends the last one; a file signs nothing. Raises AnchorError."""
        with self._alone() as descriptor:
            seen = self._last(descriptor)
            doubt = None if seen is None else log.doubt_of(seen)
            if doubt is not None:
                raise AnchorError("the log does not extend what the anchor saw", doubt)
            self._append(descriptor, note)
        return ""

    def show_anew(self, note: str) -> None:
        """Append a checkpoint whatever stands before it. Raises AnchorError."""
        with self._alone() as descriptor:
            self._append(descriptor, note)

    @contextmanager
    def _alone(self) -> Iterator[int]:
        try:
            if not self._path.parent.is_dir():
                raise AnchorError(f"the folder of the anchor {self._path} is not there: is its volume mounted?")
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise AnchorError(f"the anchor {self._path} cannot be written: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        except OSError as error:
            raise AnchorError(f"the anchor {self._path} cannot be written: {error.strerror}") from error
        finally:
            os.close(descriptor)

    def _append(self, descriptor: int, note: str) -> None:
        end = _whole_end(descriptor)
        os.ftruncate(descriptor, end)
        line = f"{json.dumps(note, ensure_ascii=False)}\n".encode()
        written = os.pwrite(descriptor, line, end)
        os.fsync(descriptor)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        if written != len(line) or os.pread(descriptor, len(line), end) != line:
            raise AnchorError(f"what was written to the anchor {self._path} is not what is read from it")

    def _last(self, descriptor: int) -> Checkpoint | None:
        """The checkpoint of the last whole line. One that is not this log's own is not passed over: it is damage."""
        end = _whole_end(descriptor)
        if end == 0:
            return None
        begin = max(0, end - _TAIL)
        line = os.pread(descriptor, end - begin, begin).split(b"\n")[-2]
        try:
            note = json.loads(line)
            seen = open_note(str(note), self._keys)
        except (ValueError, CheckpointError) as error:
            raise AnchorError(f"the last line of the anchor {self._path} is no checkpoint of this log") from error
        if seen.origin != self._key.name:
            raise AnchorError("the anchor is of another log", Doubt.FORKED)
        return seen


def _whole_end(descriptor: int) -> int:
    """Where the last whole line ends."""
    size = os.fstat(descriptor).st_size
    begin = max(0, size - _TAIL)
    return begin + os.pread(descriptor, size - begin, begin).rfind(b"\n") + 1
