"""Consents, and the receipts of them that stay when somebody who had consented is erased.

A receipt is the least that proves a consent: for whose address (as a pseudonym), to which newsletter, given or
withdrawn, when, by which way, on which basis. HubSpot tells the last word on each newsletter only: of who withdrew,
when they did; of who still consented, since when.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from hubspot_retention.core.facts.values import Unknown
from hubspot_retention.core.record import RecordId

ALL_MAIL: Final = "all"
"""The subscription of an opt-out from all mail."""


class ConsentState(StrEnum):
    """The last word on a newsletter."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What an address last said of a newsletter. `source` and `basis` are words that the policy and HubSpot list, or
    empty: never free text. `at`: `None` if HubSpot does not tell."""

    subscription: str
    state: ConsentState
    at: datetime | None
    source: str = ""
    basis: str = ""

    def last_used_at(self, now: datetime) -> datetime:
        """From when its receipt is kept, if the person goes now: a consent that stands is of use until then."""
        if self.state is ConsentState.GIVEN or self.at is None:
            return now
        return min(self.at, now)


@dataclass(frozen=True, slots=True)
class Remembrance:
    """What stands for one person who is erased, and their consents; `UNKNOWN` where HubSpot refuses to tell of them."""

    pseudonym: str
    consents: tuple[Consent, ...] | Unknown = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentReceipt:
    """One consent of somebody who was erased. `erased_at` is `None` as long as nobody has seen that they are gone."""

    record_id: RecordId
    pseudonym: str
    consent: Consent
    last_used_at: datetime
    erased_at: datetime | None = None
