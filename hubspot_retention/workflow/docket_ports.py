"""What a docket is made of, as far as others make it. All of it can go to another process as it is."""

from collections.abc import Sequence
from typing import Protocol

from hubspot_retention.core.facts.observation import ContactObservation
from hubspot_retention.core.facts.values import Unknown
from hubspot_retention.core.portal import SeenContact, UnreadContact
from hubspot_retention.core.record import RecordId
from hubspot_retention.core.view import ContactTrace, ContactView, DealView

DealWithContacts = tuple[DealView, tuple[ContactTrace, ...] | Unknown]


class ContactNeighbours(Protocol):
    """The deals and companies around some contacts, as they lay in the spool."""

    def views(self, contacts: Sequence[ContactObservation]) -> list[ContactView]:
        """The contacts among them."""


class DealNeighbours(Protocol):
    """Some deals and what is around them, as they lay in the spool."""

    @property
    def deal_ids(self) -> Sequence[RecordId]:
        """The deals."""

    def views(self) -> list[DealWithContacts]:
        """The deals among their neighbours."""


class ContactReader(Protocol):
    """Reads the properties of contacts that lie as they came."""

    def read(self, contacts: list[UnreadContact]) -> list[SeenContact]:
        """The contacts."""
