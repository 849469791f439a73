"""Tombstones: that somebody was erased here, as a pseudonym that only the keys outside the database lead back to."""

from dataclasses import dataclass
from datetime import datetime

from hubspot_retention.core.record import RecordId


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """One erased contact under one pseudonym, such as `2026:9f…`. `erased_at` is `None` as long as nobody has seen
    that the contact is gone: the call may be under way, or its answer was lost."""

    record_id: RecordId
    pseudonym: str
    sent_at: datetime
    erased_at: datetime | None = None

    @property
    def epoch(self) -> str:
        """Whose key made the pseudonym."""
        return self.pseudonym.partition(":")[0]
