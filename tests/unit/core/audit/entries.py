"""Invented entries and logs."""

from datetime import UTC, datetime
from typing import Any

from hubspot_retention.core.audit.chain import EMPTY, Head, extend
from hubspot_retention.core.audit.entry import Entry, StoredEntry
from hubspot_retention.core.audit.kinds import Subject, Verb

NOW = datetime(2026, 3, 15, 9, 30, 0, 123456, tzinfo=UTC)


def an_entry(**changes: Any) -> Entry:
    """A disposal that was sent."""
    said: dict[str, Any] = {
        "subject": Subject.DISPOSAL,
        "verb": Verb.SENT,
        "at": NOW,
        "portal_id": 4242,
        "record": "contacts/101",
        "run_id": 7,
        "plan_id": "P7-time",
        "rule": "former-customer",
        "actor": "service",
    }
    return Entry(**(said | changes))


def a_log(length: int) -> tuple[list[StoredEntry], Head]:
    """A log of different entries, and its head."""
    head, entries = EMPTY, []
    for number in range(length):
        entries.append(extend(head, an_entry(record=f"contacts/{number + 1000}")))
        head = Head(entries[-1].seq, entries[-1].hash)
    return entries, head
