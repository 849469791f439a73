"""Whether a request was signed by HubSpot: its signature of version 3, and no older one.

What can go wrong: a stranger who is believed could flood the inbox, or have records looked at; nothing is disposed of
on an event's word, so that is all. And a genuine event that is refused may never come again. So the bytes are checked
as they came, against the URL that HubSpot was told (never one that the request names), and what is compared is the
base64 text: its last letter has several spellings, and comparing what they decode to accepted altered requests.

The source of the rules is HubSpot's "Validating requests" (v3), read 2026-11. That lower-case escapes such as `%2f`
are signed decoded is not documented: they are left alone.
"""

import hmac
import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

TOLERANCE: Final = timedelta(minutes=5)
"""How far the time in a request may lie from ours, before or after: HubSpot's rule for the past, ours for both."""

_DECODED: Final = {f"%{ord(sign):02X}": sign for sign in ":/?@!$'()*,;"}
_ESCAPE: Final = re.compile("|".join(_DECODED))
_SIGNATURE: Final = re.compile(r"[A-Za-z0-9+/]{43}=")
_TIMESTAMP: Final = re.compile(r"[0-9]{13}")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Verdict(StrEnum):
    """What came of the check. `wrong`: well formed and in time, but not of any current secret."""

    ACCEPTED = "accepted"
    NO_SIGNATURE = "no-signature"
    BAD_SHAPE = "bad-shape"
    TOO_OLD = "too-old"
    FROM_THE_FUTURE = "from-the-future"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """The two headers of a signed request, as they came; `None`: not there."""

    signature: str | None = field(repr=False)
    timestamp: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """What a signature is over. `uri` is the public URL as HubSpot was told it, never what the request says."""

    method: str
    uri: str
    body: bytes = field(repr=False)
    stamp: Stamp


def signed_uri(uri: str) -> str:
    """The URI as HubSpot signs it: twelve escapes decoded, once; the others, and the query's own `?`, stay."""
    return _ESCAPE.sub(lambda escape: _DECODED[escape.group()], uri)


def signature(secret: str, request: SignedRequest) -> str:
    """The signature that HubSpot would send with these bytes at this time."""
    source = b"".join(
        (
            request.method.encode(),
            signed_uri(request.uri).encode(),
            request.body,
            (request.stamp.timestamp or "").encode(),
        )
    )
    return b64encode(hmac.digest(secret.encode(), source, sha256)).decode()


def _refused(stamp: Stamp, now: datetime) -> Verdict | None:
    """What is wrong with the headers alone."""
    if stamp.signature is None or stamp.timestamp is None:
        return Verdict.NO_SIGNATURE
    if _SIGNATURE.fullmatch(stamp.signature) is None or _TIMESTAMP.fullmatch(stamp.timestamp) is None:
        return Verdict.BAD_SHAPE
    age = (now - _EPOCH) - timedelta(milliseconds=int(stamp.timestamp))
    if age > TOLERANCE:
        return Verdict.TOO_OLD
    if age < -TOLERANCE:
        return Verdict.FROM_THE_FUTURE
    return None


def verify(secrets: Sequence[str], request: SignedRequest, now: datetime) -> Verdict:
    """Check a request against every current secret, each of them whatever came of the others.

    An empty secret is none: anybody can sign with it.
    """
    refused = _refused(request.stamp, now)
    if refused is not None:
        return refused
    given = request.stamp.signature or ""  # of ASCII letters only by now, which is what compare_digest takes
    matched = False
    for secret in secrets:
        matched |= bool(secret) & hmac.compare_digest(signature(secret, request), given)
    return Verdict.ACCEPTED if matched else Verdict.WRONG
