"""A witness as an anchor: asked over HTTP what it last saw, and shown more with a proof that the log only grew.

What can go wrong: somebody between us and the witness answers in its place, with what it said last year. So an answer
counts only with the witness's signature, and what it last saw only if it was signed just now.
"""

from base64 import b64encode
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urljoin

import httpx

from hubspot_retention.core.audit.anchor import AnchorError, AnchorKind, Doubt, Grows
from hubspot_retention.core.audit.checkpoint import Checkpoint, CheckpointError, Verifies, open_note, read_note
from hubspot_retention.evidence.keys import seen_at

_SECONDS: Final = 10.0
_JUST_NOW: Final = timedelta(minutes=5)
_MOST_BYTES: Final = 64 * 1024


class WitnessAnchor:
    """The anchor. `origin`: the log's name; `key`: the witness's. `client` is there for tests."""

    name = AnchorKind.WITNESS.value

    def __init__(
        self, url: str, key: Verifies, origin: str, now: Callable[[], datetime], client: httpx.Client | None = None
    ) -> None:
        self._url = url.rstrip("/") + "/"
        self._key = key
        self._origin = origin
        self._now = now
        self._client = client or httpx.Client(timeout=_SECONDS)

    def latest(self) -> Checkpoint | None:
        """What it last saw of the log. Raises AnchorError."""
        answer = self._ask("GET", "latest", params={"origin": self._origin})
        if answer.status_code == 204:
            return None
        if answer.status_code != 200:
            raise AnchorError(f"the witness does not tell what it saw: it answered {answer.status_code}")
        return self._opened(answer.text)

    def show(self, note: str, log: Grows) -> str:
        """Have it co-sign a newer checkpoint; answers its co-signature. Raises AnchorError."""
        seen, new = self.latest(), read_note(note)[0]
        doubt = None if seen is None else log.doubt_of(seen)
        if doubt is not None:
            raise AnchorError("the log does not extend what the witness saw", doubt)
        old = 0 if seen is None else seen.size
        return self._add(note, old, log.proof(old, new.size))

    def show_anew(self, note: str) -> None:
        """A witness that could be told to forget would be none: only who runs it can. Raises AnchorError."""
        if self.latest() is not None:
            raise AnchorError(
                "the witness still knows the log that was: have who runs it call `witness forget`; "
                "then it is shown this log as a new one",
                Doubt.FORKED,
            )
        self._add(note, 0, ())

    def _add(self, note: str, old: int, proof: Sequence[bytes]) -> str:
        lines = [f"old {old}", *(b64encode(part).decode() for part in proof)]
        answer = self._ask("POST", "add-checkpoint", content="\n".join([*lines, "", note]).encode())
        if answer.status_code in (409, 422):
            raise AnchorError("the witness saw another log, or saw more of it meanwhile", Doubt.FORKED)
        if answer.status_code != 200:
            raise AnchorError(f"the witness did not co-sign: it answered {answer.status_code}")
        if self._opened(note + answer.text) != read_note(note)[0]:
            raise AnchorError("the witness co-signed something else")
        return answer.text

    def _opened(self, note: str) -> Checkpoint:
        """The checkpoint of a note that the witness signed just now."""
        try:
            found = open_note(note, [self._key])
            lines = read_note(note)[2]
        except CheckpointError as error:
            raise AnchorError(f"the answer of the witness is not signed by its key: {error}") from error
        # open_note has verified every line of this name and key id, and no other: any other may have been put in.
        own = [line for line in lines if (line.name, line.key_id) == (self._key.name, self._key.key_id)]
        if found.origin != self._origin or any(abs(self._now() - seen_at(line)) > _JUST_NOW for line in own):
            raise AnchorError("the answer of the witness is of another log or another time; are both clocks right?")
        return found

    def _ask(self, method: str, path: str, **more: object) -> httpx.Response:
        try:
            answer = self._client.request(method, urljoin(self._url, path), **more)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            raise AnchorError(f"the witness cannot be reached: {type(error).__name__}") from error
        if len(answer.content) > _MOST_BYTES:
            raise AnchorError("the answer of the witness is too long")
        return answer
