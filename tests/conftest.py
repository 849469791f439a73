"""What every test can rely on: no network but loopback, no settings from outside, a fixed present."""

import ipaddress
import os
import socket
import ssl
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

import pytest
from hypothesis import settings

_SETTINGS = ("HUBSPOT_", "RETENTION_")
_FOR_TESTS = ("HUBSPOT_TEST_", "RETENTION_TEST_")

settings.register_profile("default", deadline=None, max_examples=50)
settings.register_profile("ci", deadline=None, max_examples=50, derandomize=True, database=None)


class NetworkError(RuntimeError):
    """A test tried to reach another machine."""


def pytest_configure() -> None:
    """Load the Hypothesis profile, and forget settings of the machine that the tests happen to run on."""
    settings.load_profile("ci" if os.environ.get("CI") else "default")
    for name in list(os.environ):
        if name.startswith(_SETTINGS) and not name.startswith(_FOR_TESTS):
            del os.environ[name]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: a third of what the tests take is waiting, most of it for a service to look
    again."""
    return (os.cpu_count() or 1) + 1


def is_here(address: Any) -> bool:
    """Whether a socket address or host name is this machine's own."""
    if isinstance(address, str | bytes | None):  # AF_UNIX, or a name to look up
        host = address.decode() if isinstance(address, bytes) else address
        return host in (None, "", "localhost") or host.startswith(("/", "\0")) or _is_loopback(host)
    return is_here(address[0])


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    def guarded(original: Any, place: int) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            if not is_here(arguments[place]):
                raise NetworkError("a test reaches loopback only")
            return original(*arguments, **named)

        return call

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded(socket.socket.connect, 1))
        patch.setattr(socket.socket, "connect_ex", guarded(socket.socket.connect_ex, 1))
        patch.setattr(socket, "getaddrinfo", guarded(socket.getaddrinfo, 0))
        yield


@pytest.fixture(scope="session", autouse=True)
def _authorities() -> Iterator[None]:
    """Each new HTTP client reads the certificates of every authority there is, for 30 ms. Tests make many, some of them
    twenty in a second, and speak no TLS: they are read once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", cache(ssl.create_default_context))
        yield


@pytest.fixture
def as_of() -> datetime:
    """The instant at which the golden portal is decided."""
    return datetime.fromisoformat("2026-11-22T09:00:00+01:00")
