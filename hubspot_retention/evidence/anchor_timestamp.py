"""A time-stamping authority that is told of the log (RFC 3161): it gets a hash, and its token proves to others when.

It is told only: the token lies with us, so a restored backup brings it along and it opens no gate. What can go wrong:
an answer to another question, or one that no certificate stands behind, is kept and believed. So each is verified
before it is kept, with the number that was asked with, and must be of the present.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import httpx

from hubspot_retention.core.audit.anchor import AnchorError, AnchorKind
from hubspot_retention.evidence.timestamp import TimestampError, request_for, verify

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_SECONDS: Final = 10.0
_JUST_NOW: Final = timedelta(minutes=5)
_MOST_BYTES: Final = 64 * 1024
_HEADERS: Final = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}


class TimestampAnchor:
    """The authority. `trusted`: its root, and what stands below that. `client` is there for tests."""

    name = AnchorKind.TIMESTAMP.value

    def __init__(
        self,
        url: str,
        trusted: "Sequence[Certificate]",
        every: timedelta,
        now: Callable[[], datetime],
        client: httpx.Client | None = None,
    ) -> None:
        self._url = url
        self._trusted = trusted
        self.every = every
        self._now = now
        self._client = client or httpx.Client(timeout=_SECONDS)

    def tell(self, note: str) -> bytes:
        """Have it stamp a checkpoint; answers the token. Raises AnchorError."""
        request = request_for(note)
        answer = self._ask(request.content)
        try:
            stamp = verify(answer, note, self._trusted, request.nonce)
        except TimestampError as error:
            raise AnchorError(f"the answer of the time-stamping authority is worth nothing: {error}") from error
        if abs(self._now() - stamp.at) > _JUST_NOW:
            raise AnchorError("the time-stamp is of another time than the present; are both clocks right?")
        return answer

    def _ask(self, request: bytes) -> bytes:
        try:
            answer = self._client.post(self._url, content=request, headers=_HEADERS)
        except httpx.HTTPError as error:
            raise AnchorError(f"the time-stamping authority cannot be reached: {type(error).__name__}") from error
        if answer.status_code != 200 or len(answer.content) > _MOST_BYTES:
            raise AnchorError(f"the time-stamping authority gave no token: it answered {answer.status_code}")
        return answer.content
