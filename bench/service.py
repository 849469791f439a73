"""The long-running service: how soon it is there, how soon a click on «unsubscribe» becomes the call that erases,
and how much memory it takes, at rest and afterwards."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from bench.figures import Figure, memory
from hubspot_retention.clock import Clock
from tests.acceptance.serving import House, a_house
from tests.faults.people import a_contact, a_portal

_FIRST, _PEOPLE = 101, 200
_WITHIN_SECONDS = 60.0


def _until(holds: Callable[[], bool]) -> float:
    """The seconds until something holds."""
    started = time.perf_counter()
    while not holds():
        if time.perf_counter() - started > _WITHIN_SECONDS:
            raise SystemExit("bench: the service did not get there")
        time.sleep(0.005)
    return time.perf_counter() - started


def _is_live(house: House) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{house.operations_port}/health/live").is_success
    except httpx.TransportError:
        return False


def measure(clicks: int) -> list[Figure]:
    """Start the service beside a sandbox that delivers webhooks, and let people unsubscribe one after the other."""
    created = Clock().now().strftime("%Y-%m-%dT%H:%M:%SZ")
    people = [a_contact(record, createdate=created) for record in range(_FIRST, _FIRST + _PEOPLE)]
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        a_house(
            Path(folder), a_portal(contacts=people), RETENTION_HOT_MINUTES="1440", RETENTION_DUE_SECONDS="30"
        ) as house,
        house.serving(until_ready=False) as process,
    ):
        live = _until(lambda: _is_live(house))
        ready = live + _until(house.ready)
        house.deliver()
        rest = memory(process.pid, "VmRSS")
        seconds = []
        for record in range(_FIRST, _FIRST + clicks):
            house.unsubscribe(f"contacts/{record}")
            seconds.append(_until(lambda gone=f"contacts/{record}": gone in house.taken()))  # type: ignore[misc]
        most = memory(process.pid, "VmHWM")
    return [
        Figure(name="serve: from the start to live", unit="s", values=(live,)),
        Figure(name="serve: from the start to ready, first sweep included", unit="s", values=(ready,)),
        Figure(name="from a click to the erase call, no grace", unit="s", values=tuple(seconds), at_most=10),
        Figure(name="serve: memory at rest", unit="MiB", values=(rest,)),
        Figure(name="serve: most memory, with these clicks", unit="MiB", values=(most,)),
    ]
