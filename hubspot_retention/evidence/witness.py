"""The witness: a small server on somebody else's machine that sees to it that the log only ever grows.

It speaks C2SP's tlog-witness: `POST /add-checkpoint` with the size it was last shown, a consistency proof and the
signed checkpoint; it answers with its co-signature. It learns three lines of a log and nothing of what is in it.
Beside that, `GET /latest?origin=` tells what it last saw, so that a log can learn that it has lost its end.

What can go wrong: it co-signs a log that was rolled back, because it forgot what it had seen or answered two
requests at once. So one request at a time is judged, and what it co-signs is on the disk before the answer leaves.
Where a key of the log hands over to another, it follows, and from then on the newest key must have signed.
"""

import json
import os
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hubspot_retention.core.audit.checkpoint import Checkpoint, CheckpointError, open_note, read_note
from hubspot_retention.core.audit.rotation import Rotation
from hubspot_retention.core.audit.witness import Judgement, Kept, judge
from hubspot_retention.errors import RetentionError, UsageError
from hubspot_retention.evidence.keys import SigningKey, VerifyingKey

MOST_BYTES: Final = 64 * 1024
SIZE_TYPE: Final = "text/x.tlog.size"
_MOST_PROOF_LINES: Final = 63
_STATUS: Final = {Judgement.CONFLICT: 409, Judgement.FORK: 409, Judgement.REFUSED: 422}


class StateError(RetentionError):
    """What the witness kept cannot be read or written: it must not answer."""


class KeptLogs:
    """What is kept of each log: a file a log, replaced as a whole and synced before anybody hears of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, origin: str) -> Path:
        return self._folder / f"{sha256(origin.encode()).hexdigest()}.json"

    def read(self, origin: str) -> Kept:
        """What is kept of a log. Raises StateError if it cannot be told."""
        try:
            said = json.loads(self._path(origin).read_text(encoding="ascii"))
            return Kept(int(said["size"]), bytes.fromhex(said["root"]), tuple(map(str, said.get("keys", ()))))
        except FileNotFoundError:
            return Kept()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StateError(f"what was kept of a log cannot be read: {type(error).__name__}") from error

    def keep(self, checkpoint: Checkpoint, keys: tuple[str, ...] = ()) -> None:
        """Keep a newer size and root, and the keys that were followed. Raises StateError, and then nothing was
        promised."""
        path = self._path(checkpoint.origin)
        part = path.with_suffix(".part")
        said = {"origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.hex(), "keys": keys}
        try:
            with part.open("w", encoding="ascii") as file:
                json.dump(said, file)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
            folder = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise StateError(f"what was seen of a log cannot be kept: {error.strerror}") from error

    def forget(self, origin: str, at: datetime) -> Path | None:
        """Put aside what is kept of a log, under the instant (UTC); answers where it is now, `None` if nothing was
        kept. Raises StateError."""
        path = self._path(origin)
        aside = path.with_suffix(f".{at:%Y%m%dT%H%M%S.%fZ}.forgotten")
        try:
            path.rename(aside)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StateError(f"what was kept of a log cannot be put aside: {error.strerror}") from error
        return aside


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request taken apart: the size the asker begins at, the proof, the note."""

    old_size: int
    proof: tuple[bytes, ...]
    note: str


def _read(body: bytes) -> _Asked:
    """Take a request apart. Raises CheckpointError."""
    try:
        head, _, note = body.decode().partition("\n\n")
        first, *lines = head.split("\n")
        word, size = first.split(" ")
        if word != "old" or not (size.isascii() and size.isdigit()) or len(lines) > _MOST_PROOF_LINES:
            raise CheckpointError("expected a first line such as «old 20852163», then the proof")
        return _Asked(int(size), tuple(b64decode(line, validate=True) for line in lines), note)
    except (UnicodeDecodeError, NotBase64, ValueError) as error:
        raise CheckpointError("no request to add a checkpoint") from error


class Witness:
    """Judges checkpoints of the logs it knows, one after the other, and co-signs those that only grew."""

    def __init__(
        self, key: SigningKey, logs: Mapping[str, VerifyingKey], kept: KeptLogs, now: Callable[[], datetime]
    ) -> None:
        self._key = key
        self._logs = logs
        self._kept = kept
        self._now = now
        self._lock = Lock()

    def add(self, body: bytes) -> Response:
        """The answer to a request to add a checkpoint."""
        try:
            asked = _read(body)
            checkpoint, text, _ = read_note(asked.note)
        except CheckpointError as error:
            return Response(f"{error}\n", 400, media_type="text/plain")
        log = self._logs.get(checkpoint.origin)
        if log is None:
            return Response("this log is not known here\n", 404, media_type="text/plain")
        try:
            return self._judged(asked, checkpoint, text, log)
        except CheckpointError as error:
            return Response(f"{error}\n", 403, media_type="text/plain")
        except StateError as error:
            return Response(f"{error}\n", 503, media_type="text/plain")

    def _judged(self, asked: _Asked, checkpoint: Checkpoint, text: str, log: VerifyingKey) -> Response:
        with self._lock:
            kept = self._kept.read(checkpoint.origin)
            keys = _followed(asked.note, checkpoint, kept.keys if str(log) in kept.keys else (str(log),))
            judgement = judge(kept, asked.old_size, checkpoint, asked.proof)
            if judgement is Judgement.GROWN:
                self._kept.keep(checkpoint, keys)
        if judgement is Judgement.CONFLICT:
            return Response(f"{kept.size}\n", 409, media_type=SIZE_TYPE)
        if judgement in _STATUS:
            return Response(f"{judgement.value}\n", _STATUS[judgement], media_type="text/plain")
        return Response(self._key.cosign(text.encode(), self._now()).line(), media_type="text/plain")

    def latest(self, origin: str) -> Response:
        """What is kept of a log, co-signed with the present instant: whoever asks sees who answers, and when."""
        if origin not in self._logs:
            return Response("this log is not known here\n", 404, media_type="text/plain")
        try:
            kept = self._kept.read(origin)
        except StateError as error:
            return Response(f"{error}\n", 503, media_type="text/plain")
        if kept.size == 0:
            return Response(status_code=204)
        text = Checkpoint(origin, kept.size, kept.root).text()
        return Response(f"{text}\n{self._key.cosign(text.encode(), self._now()).line()}", media_type="text/plain")


def _followed(note: str, checkpoint: Checkpoint, keys: tuple[str, ...]) -> tuple[str, ...]:
    """The keys of a log, the newest last, after a note: the newest must have signed it, and where it hands over to
    another, that one as well. Raises CheckpointError."""
    open_note(note, [VerifyingKey.read(keys[-1])])
    rotation = Rotation.of(checkpoint)
    if rotation is None or rotation.old != keys[-1]:
        return keys
    try:
        new = VerifyingKey.read(rotation.new)
    except UsageError as error:
        raise CheckpointError("the key that is handed over to is none") from error
    if new.name != checkpoint.origin:
        raise CheckpointError("the key that is handed over to is of another log")
    open_note(note, [new])
    return (*keys, rotation.new)


def witness_app(witness: Witness) -> Starlette:
    """The witness over HTTP."""

    async def add_checkpoint(request: Request) -> Response:
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > MOST_BYTES:
                return Response("too long\n", 413, media_type="text/plain")
        return await run_in_threadpool(witness.add, bytes(body))

    def latest(request: Request) -> Response:
        return witness.latest(request.query_params.get("origin", ""))

    routes = [Route("/add-checkpoint", add_checkpoint, methods=["POST"]), Route("/latest", latest)]
    return Starlette(routes=routes)
