"""The connection to HubSpot: where it is, the token, time-outs, and what is refused before the first call."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from hubspot_retention import __version__
from hubspot_retention.clock import Clock, steady_seconds
from hubspot_retention.errors import UsageError
from hubspot_retention.hubspot.calls import HUBSPOT_URL
from hubspot_retention.hubspot.pacing import PaceOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryOptions:
    """How long temporary failures are borne. A wait longer than `longest_wait_seconds` is left to the caller.

    `effect_patience_seconds` bounds the waiting before a call that changes something: what was checked before it
    must still be fresh when it leaves (disposal protocol, step 4).
    """

    attempts: int = 8
    longest_wait_seconds: float = 60.0
    effect_patience_seconds: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportOptions:
    """Where HubSpot is and how to talk to it. `total_timeout_seconds` bounds one attempt as a whole."""

    token: str = field(repr=False)
    base_url: str = HUBSPOT_URL
    connect_timeout_seconds: float = 5.0
    read_timeout_seconds: float = 30.0
    total_timeout_seconds: float = 60.0
    connections: int = 16
    pace: PaceOptions = field(default_factory=PaceOptions)
    retry: RetryOptions = field(default_factory=RetryOptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The clocks that the transport goes by; tests pass their own."""

    clock: Clock = field(default_factory=Clock)
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = steady_seconds


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _proxy(scheme: str, host: str) -> str | None:
    """The proxy that the environment names for a host."""
    if proxy_bypass(host):
        return None
    named = getproxies()
    found = named.get(scheme) or named.get("all")
    return found if found is None or "://" in found else f"http://{found}"


class Connections:
    """The pool of connections. It lies below the HTTP library's client: cookies, redirects and ways to log in are
    not wanted here, and would cost a third more for each request. Thread-safe.

    Raises UsageError for an address or a token that cannot be right. The library's own loggers show URLs, and an
    address can stand in one: they are silenced.
    """

    def __init__(self, options: TransportOptions) -> None:
        url = urlsplit(options.base_url)
        host = url.hostname or ""
        local = _is_loopback(host)
        if url.scheme != "https" and not (url.scheme == "http" and local):
            raise UsageError("HUBSPOT_BASE_URL must begin with https:// (http:// only for this machine itself)")
        if not options.token or not options.token.isascii() or not options.token.isprintable() or " " in options.token:
            raise UsageError("HUBSPOT_ACCESS_TOKEN is empty or holds blanks or letters that no token has")
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self._headers = httpx.Headers(
            {
                "Authorization": f"Bearer {options.token}",
                "Accept": "application/json",
                "Accept-Encoding": "gzip, deflate",
                "User-Agent": f"hubspot-retention/{__version__}",
            }
        )
        self._headers_with_body = httpx.Headers({**self._headers, "Content-Type": "application/json"})
        timeout = httpx.Timeout(
            options.read_timeout_seconds,
            connect=options.connect_timeout_seconds,
            pool=options.total_timeout_seconds,
        )
        self._extensions = {"timeout": timeout.as_dict()}
        self._pool = httpx.HTTPTransport(
            limits=httpx.Limits(
                max_connections=options.connections,
                max_keepalive_connections=options.connections,
                keepalive_expiry=30.0,
            ),
            proxy=None if local else _proxy(url.scheme, host),
            trust_env=not local,
        )

    def request(self, method: str, url: str, content: bytes | None) -> httpx.Request:
        """A request with the token in it."""
        headers = self._headers if content is None else self._headers_with_body
        return httpx.Request(method, url, headers=headers, content=content, extensions=self._extensions)

    def send(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the answer's body is yet to be read, and the answer to be closed. Raises httpx.HTTPError."""
        return self._pool.handle_request(request)

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()
