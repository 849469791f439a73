"""Tombstones: that somebody was erased here, as a pseudonym that only the keys outside the database lead back to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hubspot_retention.core.facts.values import Moment
from hubspot_retention.core.record import RecordId

ECHO: Final = timedelta(minutes=10)
"""How long after an erasure somebody who is gone may still be seen: what was read before it is looked at after it."""


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

    def is_disturbed(self, enquiry: Iterable[Moment], now: datetime) -> bool:
        """Whether a contact in view under this pseudonym is somebody whom others brought back. Who has written or
        filled in a form since came by themselves."""
        since = self.erased_at
        if since is None or since > now - ECHO:
            return False
        return not any(isinstance(moment, datetime) and moment > since for moment in enquiry)
