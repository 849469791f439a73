"""What an answer that is not 2xx, or no answer at all, means: try again, pause, denied, refused.

Decided by HTTP status, `policyName` and category alone, never by a message text (HubSpot, "breaking change
definition"), and no message text is passed on: it may hold personal data.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from threading import Lock

import msgspec

from hubspot_retention.errors import (
    PortalContractError,
    PortalDeniedError,
    PortalError,
    PortalPausedError,
    PortalTemporaryError,
)
from hubspot_retention.hubspot.calls import Bucket, Call

_TEMPORARY = frozenset({408, 423, 500, 502, 503, 504, 521, 523, 524})
NOT_FOUND = "OBJECT_NOT_FOUND"
"""The category of what HubSpot says is not there."""
_LOCK_SECONDS = 2.0
_UNAVAILABLE_SECONDS = 2.0
_WINDOW_SECONDS = 10.0
_SEARCH_WINDOW_SECONDS = 1.0


class TemporaryFailureError(PortalTemporaryError):
    """One attempt failed and another may do. `harmless`: HubSpot certainly did nothing."""

    def __init__(self, message: str, *, status: int | None, category: str, wait_seconds: float, harmless: bool) -> None:
        super().__init__(message, wait_seconds or None)
        self.status = status
        self.category = category
        self.wait_seconds = wait_seconds
        self.harmless = harmless


class RefusedError(PortalContractError):
    """HubSpot refused the call for good; trying again would change nothing. `is_not_found`: because what the call
    names is not there, not because nobody knows the path."""

    def __init__(self, message: str, status: int, category: str, *, is_not_found: bool) -> None:
        super().__init__(message)
        self.status = status
        self.category = category
        self.is_not_found = is_not_found


class FewFailures:
    """Tells the few things that HubSpot fails to answer for from an outage, in one reading of many. Thread-safe."""

    MOST = 3

    def __init__(self) -> None:
        self._lock, self._seen = Lock(), 0

    def pass_over(self, failure: RefusedError | TemporaryFailureError) -> None:
        """Let it pass as unknown: a refusal, which is an answer, and a few answers of 5xx. Raises any other."""
        if isinstance(failure, RefusedError):
            return
        if failure.status is None or failure.status < 500:
            raise failure
        with self._lock:
            self._seen += 1
            if self._seen > self.MOST:
                raise failure


class _Detail(msgspec.Struct, gc=False):
    context: dict[str, object] = {}


class _ErrorBody(msgspec.Struct, rename="camel", gc=False):
    category: str = ""
    status: object = None
    policy_name: str = ""
    correlation_id: str = ""
    errors: list[_Detail] = []
    context: dict[str, object] = {}


_ERROR_BODY = msgspec.json.Decoder(_ErrorBody)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is not 2xx: what is safe to show of it."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def parsed(self) -> _ErrorBody:
        """The fields of the body that matter; every one of them is optional (HubSpot, error handling)."""
        try:
            return _ERROR_BODY.decode(self.body)
        except msgspec.DecodeError:
            return _ErrorBody()


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """`Retry-After` in seconds or as a date (which is compared with the answer's own `Date`)."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    until, answered = http_date(text), http_date(headers.get("date", ""))
    if until is None or answered is None:
        return None
    return max(0.0, (until - answered).total_seconds())


def http_date(text: str) -> datetime | None:
    """The instant of an HTTP date header, or `None`."""
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def failure_of(call: Call, refusal: Refusal) -> PortalError:
    """The error that an answer which is not 2xx stands for."""
    parsed = refusal.parsed()
    category = parsed.category if parsed.category.replace("_", "").isalnum() else ""
    told = ", ".join(filter(None, (category, _reference(parsed.correlation_id))))
    what = f"{call.method} {call.endpoint}: HubSpot answered {refusal.status}{f' ({told})' if told else ''}"
    match refusal.status:
        case 401 | 403:
            return _denied(what, refusal.status, parsed)
        case 429:
            return _limited(call, what, refusal, parsed)
        case 477:
            return PortalPausedError(
                f"{what}: the account is being moved to another data centre, which can take a day. Nothing more is"
                " sent; run again later",
                retry_after_seconds(refusal.headers),
            )
        case status if status in _TEMPORARY:
            least = _LOCK_SECONDS if status == 423 else _UNAVAILABLE_SECONDS if status in (502, 504) else 0.0
            wait = max(least, retry_after_seconds(refusal.headers) or 0.0)
            return TemporaryFailureError(
                what, status=status, category=category, wait_seconds=wait, harmless=status == 423
            )
        case status if status >= 500:
            return TemporaryFailureError(what, status=status, category=category, wait_seconds=0.0, harmless=False)
        case status:
            return RefusedError(what, status, category, is_not_found=status == 404 and _names_nothing(parsed))


def _names_nothing(parsed: _ErrorBody) -> bool:
    """Whether a 404 is HubSpot's word on what was asked for. It often leaves out the category, as it may every field;
    its status and the correlation id together still are what nobody else on the way would write."""
    if parsed.category:
        return parsed.category == NOT_FOUND
    return parsed.status == "error" and parsed.correlation_id != ""


def _reference(correlation_id: str) -> str:
    """HubSpot's correlation id, if it looks like one: it is what its support asks for."""
    plain = correlation_id.replace("-", "")
    return f"correlation {correlation_id}" if plain.isalnum() and len(plain) <= 64 else ""


def _limited(call: Call, what: str, refusal: Refusal, parsed: _ErrorBody) -> PortalError:
    asked = retry_after_seconds(refusal.headers)
    if parsed.policy_name == "DAILY" or refusal.headers.get("x-hubspot-ratelimit-daily-remaining") == "0":
        return PortalPausedError(
            f"{what}: the account's daily request quota is used up. It starts again at midnight in the account's"
            " time zone",
            asked,
        )
    interval = refusal.headers.get("x-hubspot-ratelimit-interval-milliseconds", "")
    if asked is None and call.bucket is Bucket.SEARCH:
        asked = _SEARCH_WINDOW_SECONDS
    elif asked is None:
        asked = int(interval) / 1000 if interval.isascii() and interval.isdigit() else _WINDOW_SECONDS
    return TemporaryFailureError(what, status=429, category=parsed.policy_name, wait_seconds=asked, harmless=True)


def _denied(what: str, status: int, parsed: _ErrorBody) -> PortalDeniedError:
    scopes: dict[str, None] = {}
    for context in (parsed.context, *(detail.context for detail in parsed.errors)):
        for name in ("requiredGranularScopes", "requiredScopes"):
            listed = context.get(name)
            scopes.update((str(scope), None) for scope in (listed if isinstance(listed, list) else ()))
    missing = tuple(scopes)
    if status == 401:
        return PortalDeniedError(f"{what}: the token is not valid (revoked, expired, or of another portal)")
    lacks = f"the token lacks the scope {' or '.join(missing)}" if missing else "the token may not do this"
    return PortalDeniedError(f"{what}: {lacks}", missing)
