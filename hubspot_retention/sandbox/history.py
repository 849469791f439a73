"""What the values of records were before: kept from the first change that the sandbox sees."""

from collections.abc import Iterable
from typing import NamedTuple

from hubspot_retention.sandbox.tables import Values


class Change(NamedTuple):
    """One value that a property was given."""

    value: str
    timestamp: str
    source_type: str
    source_id: str | None


class History:
    """The changes of every record; a value that never changed is told from the record itself."""

    def __init__(self) -> None:
        self._changes: dict[tuple[str, str], dict[str, list[Change]]] = {}

    def note(self, record: tuple[str, str], before: Values, after: Values, change: Change, created_at: str) -> None:
        """Remember what changed between the two; `change` tells when and by whom, its value is not used."""
        changes = self._changes.setdefault(record, {})
        for name in before.keys() | after.keys():
            if before.get(name) == after.get(name):
                continue
            known = changes.setdefault(name, [])
            if not known and name in before:
                known.append(Change(before[name], created_at, "IMPORT", None))
            known.append(change._replace(value=after.get(name, "")))

    def forget(self, record: tuple[str, str]) -> None:
        """Drop what is known of a record that is gone for good."""
        self._changes.pop(record, None)

    def move(self, record: tuple[str, str], to: tuple[str, str]) -> None:
        """Keep what is known of a record under its new id."""
        if record in self._changes:
            self._changes[to] = self._changes.pop(record)

    def of(
        self, record: tuple[str, str], values: Values, names: Iterable[str], created_at: str
    ) -> dict[str, list[dict[str, str]]]:
        """The history of some properties of a record, each newest first."""
        changes = self._changes.get(record, {})
        told: dict[str, list[dict[str, str]]] = {}
        for name in names:
            known = changes.get(name, [])
            if not known and name in values:
                known = [Change(values[name], created_at, "IMPORT", None)]
            told[name] = [_entry(change) for change in reversed(known)]
        return told


def _entry(change: Change) -> dict[str, str]:
    entry = {"value": change.value, "timestamp": change.timestamp, "sourceType": change.source_type}
    return entry if change.source_id is None else {**entry, "sourceId": change.source_id}
