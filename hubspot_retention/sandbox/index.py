"""What search sees: the portal as it was a little while ago.

New and changed records take a moment to be found. The lag is a setting; a fault can stop the index
altogether.
"""

import time
from collections import deque
from collections.abc import Iterator

from hubspot_retention.sandbox.tables import Table, Values

Before = Values | None


class SearchIndex:
    """Remembers what records were before their latest changes, for as long as search is to show that."""

    def __init__(self, lag_seconds: float) -> None:
        self._lag = lag_seconds
        self._passed = 0.0
        self._changes: dict[tuple[str, str], deque[tuple[float, Before]]] = {}
        self._frozen: dict[tuple[str, str], Before] | None = None

    def freeze(self) -> None:
        """From now on keep the portal as it is for searches that are to be stale."""
        if self._frozen is None:
            self._frozen = {}

    def thaw(self) -> None:
        """Let the index catch up."""
        self._frozen = None

    def pass_by(self, seconds: float) -> None:
        """Let that much time have passed."""
        self._passed += seconds

    def _present(self) -> float:
        return time.monotonic() + self._passed

    def note(self, object_type: str, record_id: str, before: Before) -> None:
        """A record is about to change; none if it is new. `before` is kept, so it must not be changed
        later.
        """
        if self._frozen is not None:
            self._frozen.setdefault((object_type, record_id), before)
        if self._lag > 0:
            changes = self._changes.setdefault((object_type, record_id), deque())
            changes.append((self._present() + self._lag, before))

    def overrides(self, table: Table, *, stale: bool) -> dict[str, Before]:
        """The records of which search still shows another state than the present one; none for not yet there.

        Archived records leave the index at once, unless it is stale.
        """
        shown: dict[str, Before] = {}
        for record_id, before in self._lagging(table.kind.name):
            if record_id in table.live:
                shown[record_id] = before
        if stale and self._frozen is not None:
            shown.update(
                {record_id: before for (kind, record_id), before in self._frozen.items() if kind == table.kind.name}
            )
        return shown

    def _lagging(self, object_type: str) -> Iterator[tuple[str, Before]]:
        present = self._present()
        for key, changes in list(self._changes.items()):
            while changes and changes[0][0] <= present:
                changes.popleft()
            if not changes:
                del self._changes[key]
            elif key[0] == object_type:
                yield key[1], changes[0][1]
