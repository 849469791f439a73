"""What is counted while the service runs: webhooks by answer, for good; requests to HubSpot, as long as it runs."""

from collections import Counter
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Final

from hubspot_retention.workflow.ports import Store

WEBHOOKS: Final = "webhooks"
DISPOSALS: Final = "disposals"
REQUEST_EVENT: Final = "request.answered"
"""The line of the log that tells of each answer of HubSpot's: its endpoint as a template, its status."""

Key = tuple[str, str]


class Tally:
    """Counts by name and label. Any thread may add."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: Counter[Key] = Counter()

    def add(self, name: str, label: str) -> None:
        """One more."""
        with self._lock:
            self._counts[(name, label)] += 1

    def counts(self) -> Mapping[Key, int]:
        """What was counted so far, and is not stored yet."""
        with self._lock:
            return dict(self._counts)

    def store(self, store: Store) -> None:
        """Add it to the durable counters, so that it survives a restart."""
        found = self.counts()
        if not found:
            return
        with store.transaction() as tx:
            for (name, label), number in found.items():
                tx.count(name, label, number)
        with self._lock:
            self._counts = Counter({key: left for key, n in self._counts.items() if (left := n - found.get(key, 0))})


def _nobody() -> None:
    return


class Requests:
    """Counts HubSpot's answers by endpoint and status, from the lines of the log that tell of them. `heard` is called
    with each: work that hears from HubSpot gets on."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.heard: Callable[[], None] = _nobody

    def __call__(self, event: Mapping[str, object]) -> None:
        """A line of the log was written."""
        if event.get("event") == REQUEST_EVENT:
            status = event.get("status")
            self.tally.add(f"{event.get('method')} {event.get('endpoint')}", "none" if status is None else str(status))
            self.heard()
