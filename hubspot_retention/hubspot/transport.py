"""The one way to HubSpot: authorisation, time-outs, pacing, retries, clock skew.

What can go wrong: a call that destroys is repeated because its answer was lost, or believed because it was answered.
So calls that change something go through `change`, which repeats only what HubSpot certainly did not do (429, 423, no
connection) and answers `Fate.UNKNOWN` for everything else that is not clear, a 207 among it: a part of what was asked
for was not done. Second: a URL with an e-mail address reaches a log or a traceback. So only endpoint templates are
shown, the HTTP library's own loggers are silenced, and its exceptions, which hold the request, are not chained.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NoReturn
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec
import structlog
from tenacity import RetryCallState, Retrying, retry_if_exception
from tenacity.wait import wait_random_exponential

from hubspot_retention.core.portal import CallResult, Fate
from hubspot_retention.errors import PortalError, PortalTemporaryError
from hubspot_retention.hubspot.calls import Answer, Bucket, Call
from hubspot_retention.hubspot.connection import Connections, RetryOptions, Timing, TransportOptions
from hubspot_retention.hubspot.faults import Refusal, RefusedError, TemporaryFailureError, failure_of, http_date
from hubspot_retention.hubspot.pacing import Pacer

__all__ = ["RetryOptions", "Timing", "Transport", "TransportOptions"]

_log = structlog.get_logger("hubspot_retention.hubspot")
_encode = msgspec.json.Encoder().encode
_PARTLY = 207
"""The status that says of a call that some of its inputs failed."""
_BACKOFF = wait_random_exponential(multiplier=1.0, max=30.0)


class Transport:
    """Sends calls. Thread-safe; close it, or use it as a context manager."""

    def __init__(self, options: TransportOptions, timing: Timing | None = None) -> None:
        self.options = options
        self._timing = timing or Timing()
        self.pacer = Pacer(options.pace, sleep=self._timing.sleep, monotonic=self._timing.monotonic)
        self._connections = Connections(options)
        self._base_url = options.base_url.rstrip("/")
        self._skew: float | None = None
        self._latency: float | None = None
        # One for all: each is a knot of references that only the collector unties.
        self._repeating = self._retrying(self._is_short)

    def __enter__(self) -> "Transport":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._connections.close()

    @property
    def clock_skew_seconds(self) -> float | None:
        """Our clock minus the `Date` of the last answer, to half a second; `None` before the first."""
        return self._skew

    def pause(self, seconds: float) -> None:
        """Wait."""
        self._timing.sleep(seconds)

    def requests_in_flight_wanted(self, most: int = 8) -> int:
        """How many requests at once fill the allowed rate at the latency seen so far; two keep a processor busy."""
        if self._latency is None:
            return 2
        rate = self.pacer.per_second
        if rate is None:
            return 2 if self._latency < 0.01 else most
        return max(2, min(most, int(rate * self._latency) + 2))

    def send(self, call: Call) -> Answer:
        """Send a call that may be repeated without harm; an answer that is not 2xx is raised as our error.

        Raises PortalTemporaryError after the last attempt, PortalPausedError, PortalDeniedError, RefusedError.
        """
        return self._repeating(self._attempt, call, None)

    def change(self, call: Call) -> CallResult:
        """Send a call that changes something.

        Raises PortalPausedError or PortalDeniedError: then nothing happened. A refusal with status 429 or 423, or
        none, is a call that HubSpot did not take within the patience: nothing happened either, begin again. A 207 is
        unknown: a part of it failed, and what became of each is to be read.
        """
        try:
            answer = self.create(call)
        except TemporaryFailureError as failure:
            fate = Fate.REFUSED if failure.harmless else Fate.UNKNOWN
            return CallResult(fate, failure.status, failure.category)
        except RefusedError as refused:
            return CallResult(Fate.REFUSED, refused.status, refused.category)
        return CallResult(Fate.UNKNOWN if answer.status == _PARTLY else Fate.DONE, answer.status)

    def create(self, call: Call) -> Answer:
        """Send a call that makes something, and give back what HubSpot says of it.

        Raises PortalTemporaryError when nobody can tell whether it was made.
        """
        give_up_at = self._timing.monotonic() + self.options.retry.effect_patience_seconds

        def again(error: BaseException) -> bool:
            left = give_up_at - self._timing.monotonic()
            return isinstance(error, TemporaryFailureError) and error.harmless and error.wait_seconds <= left

        return self._retrying(again)(self._attempt, call, give_up_at)

    def seconds(self) -> float:
        """The monotonic clock, in seconds."""
        return self._timing.monotonic()

    def _is_short(self, error: BaseException) -> bool:
        return (
            isinstance(error, TemporaryFailureError) and error.wait_seconds <= self.options.retry.longest_wait_seconds
        )

    def _retrying(self, again: Callable[[BaseException], bool]) -> Retrying:
        attempts = self.options.retry.attempts
        return Retrying(
            sleep=self._timing.sleep,
            stop=lambda state: state.attempt_number >= attempts,
            wait=_wait,
            retry=retry_if_exception(again),
            before_sleep=self._tell_of_the_wait,
            reraise=True,
        )

    def _tell_of_the_wait(self, state: RetryCallState) -> None:
        """Whoever waits for a portal that does not answer is told so. One hiccup is worth no word; limits and locks are
        what a usual day is like."""
        error = state.outcome.exception() if state.outcome is not None else None
        if state.attempt_number == 1 or not isinstance(error, TemporaryFailureError):
            return
        if error.status is None or error.status >= 500:
            _log.warning(
                "portal.kept_waiting",
                endpoint=f"{state.args[0].method} {state.args[0].endpoint}",
                why=error.category or str(error.status),
                attempt=f"{state.attempt_number} of {self.options.retry.attempts}",
                again_in_seconds=round(state.upcoming_sleep, 1),
            )

    def _attempt(self, call: Call, give_up_at: float | None) -> Answer:
        patience = None if give_up_at is None else give_up_at - self._timing.monotonic()
        # a machine that slept while it waited for its slot has outslept the patience as well
        if not self.pacer.wait(call.bucket, patience) or self._is_over(give_up_at):
            _not_sent(call)
        started = self._timing.monotonic()
        outcome = self._exchange(call, started)
        milliseconds = (self._timing.monotonic() - started) * 1000
        status = outcome.status if isinstance(outcome, Answer | Refusal) else None
        _log.debug(
            "request.answered",
            method=call.method,
            endpoint=call.endpoint,
            status=status,
            ms=round(milliseconds, 1),
        )
        if isinstance(outcome, Answer):
            return outcome
        error = failure_of(call, outcome) if isinstance(outcome, Refusal) else outcome
        if isinstance(error, TemporaryFailureError) and error.status == 429:
            self.pacer.hold_back(call.bucket, min(error.wait_seconds, self.options.retry.longest_wait_seconds))
        raise error

    def _is_over(self, give_up_at: float | None) -> bool:
        return give_up_at is not None and self._timing.monotonic() > give_up_at

    def _exchange(self, call: Call, started: float) -> Answer | Refusal | PortalError:
        """One request and its answer. The HTTP library's exceptions end here: they hold the URL."""
        connected = False
        try:
            response = self._connections.send(self._request(call))
            connected = True
            try:
                body = self._body(response, started)
            finally:
                response.close()
        except httpx.HTTPError as error:
            return _lost(call, error, connected, urlsplit(self._base_url).hostname or "")
        self._note(call.bucket, response.headers, started)
        if 200 <= response.status_code < 300:
            return Answer(call, response.status_code, body)
        return Refusal(response.status_code, response.headers, body)

    def _request(self, call: Call) -> httpx.Request:
        """One URL, parsed once: the HTTP library would parse base, path and query for themselves."""
        url = self._base_url + call.path
        if call.query:
            url = f"{url}?{urlencode(call.query, safe=',')}"
        content = None if call.body is None else _encode(call.body)
        return self._connections.request(call.method, url, content)

    def _body(self, response: httpx.Response, started: float) -> bytes:
        give_up_at = started + self.options.total_timeout_seconds
        parts = []
        for part in response.iter_bytes():
            parts.append(part)
            if self._timing.monotonic() > give_up_at:
                raise httpx.ReadTimeout("the answer took too long as a whole")
        return b"".join(parts)

    def _note(self, bucket: Bucket, headers: Mapping[str, str], started: float) -> None:
        self.pacer.learn(bucket, headers)
        seconds = self._timing.monotonic() - started
        # the shortest of late: a thread that waited for the processor would otherwise call for still more threads
        self._latency = seconds if self._latency is None else min(seconds, 1.05 * self._latency)
        answered_at = http_date(headers.get("date", ""))
        if answered_at is not None:
            self._skew = _skew(self._timing.clock.now(), answered_at)


def _skew(present: datetime, answered_at: datetime) -> float:
    """A `Date` header has whole seconds, so its instant lies half a second later on average."""
    return (present - answered_at).total_seconds() - 0.5


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome is not None else None
    asked = error.wait_seconds if isinstance(error, TemporaryFailureError) else 0.0
    return asked + 0.2 * _BACKOFF(state) if asked else _BACKOFF(state)


def _not_sent(call: Call) -> NoReturn:
    message = f"{call.method} {call.endpoint}: not sent, no slot of the rate limit came in time"
    raise TemporaryFailureError(message, status=None, category="NOT_SENT", wait_seconds=float("inf"), harmless=True)


def _lost(call: Call, error: httpx.HTTPError, connected: bool, host: str) -> PortalTemporaryError:
    """No answer. Harmless only if there was no connection that could have carried the request. Only the host is named:
    an address can stand in a path."""
    harmless = not connected and isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
    words = "no answer from HubSpot"
    if not connected and isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
        words = f"no connection to {host}: is HUBSPOT_BASE_URL right, does a proxy or a name server stand in the way?"
    message = f"{call.method} {call.endpoint}: {words} ({type(error).__name__})"
    category = "UNREACHABLE" if harmless else "NO_ANSWER"
    return TemporaryFailureError(message, status=None, category=category, wait_seconds=0.0, harmless=harmless)
