"""What the tests can rely on: no other machine is reached, no setting of this one is seen."""

import os
import socket

import pytest

from tests.conftest import NetworkError


def test_another_machine_cannot_be_reached() -> None:
    with socket.socket() as outward, pytest.raises(NetworkError):
        outward.connect(("192.0.2.1", 80))
    with socket.socket() as outward, pytest.raises(NetworkError):
        outward.connect_ex(("192.0.2.1", 80))
    with pytest.raises(NetworkError):
        socket.getaddrinfo("api.hubapi.example", 443)


def test_this_machine_can() -> None:
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen()
        client.connect(server.getsockname())
    assert socket.getaddrinfo("localhost", 80)


def test_no_setting_of_the_service_comes_from_outside() -> None:
    named = [name for name in os.environ if name.startswith(("HUBSPOT_", "RETENTION_"))]
    assert [name for name in named if "_TEST_" not in name] == []
