"""Records among their neighbours, put together from rows of the spool.

The rows stay as they lay there, bytes by id, until somebody wants the views: so they can be handed to another process,
which unpacks them. A neighbour that was not read makes the association unknown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hubspot_retention.core.facts.observation import ContactObservation, DealObservation
from hubspot_retention.core.facts.values import UNKNOWN, Unknown
from hubspot_retention.core.record import RecordId
from hubspot_retention.core.view import CompanyView, ContactTrace, ContactView, DealView
from hubspot_retention.store.spool_rows import unpack_company_view, unpack_deal, unpack_trace

Packed = Mapping[RecordId, bytes]


@dataclass(frozen=True, slots=True)
class AroundContacts:
    """The deals and companies around some contacts."""

    deals: Packed
    companies: Packed

    def views(self, contacts: Sequence[ContactObservation]) -> list[ContactView]:
        """The contacts among them."""
        companies = {key: unpack_company_view(row) for key, row in self.companies.items()}
        seen = {key: unpack_deal(row) for key, row in self.deals.items()}
        deals = {key: DealView(deal, _companies_of(deal, companies)) for key, deal in seen.items()}
        return [
            ContactView(
                contact,
                _all(contact.deals, deals) if contact.deals else (),
                _companies_of(contact, companies) if contact.companies else (),
            )
            for contact in contacts
        ]


@dataclass(frozen=True, slots=True)
class AroundDeals:
    """Some deals, the contacts and companies around them."""

    deals: Packed
    contacts: Packed
    companies: Packed

    @property
    def deal_ids(self) -> list[RecordId]:
        """The deals."""
        return list(self.deals)

    def views(self) -> list[tuple[DealView, tuple[ContactTrace, ...] | Unknown]]:
        """The deals among their neighbours."""
        companies = {key: unpack_company_view(row) for key, row in self.companies.items()}
        traces = {key: unpack_trace(row) for key, row in self.contacts.items()}
        deals = [unpack_deal(row) for row in self.deals.values()]
        return [(DealView(deal, _companies_of(deal, companies)), _all(deal.contacts, traces)) for deal in deals]


def known(links: Any) -> Any:
    """The links, none where they are unknown."""
    return () if links is UNKNOWN else links


def _all(ids: Any, found: Mapping[Any, Any]) -> Any:
    """The neighbours in the order of the ids; unknown if one was not read."""
    if ids is UNKNOWN or not all(map(found.__contains__, ids)):
        return UNKNOWN
    return tuple([found[key] for key in ids])


def _companies_of(
    seen: ContactObservation | DealObservation, found: Mapping[RecordId, CompanyView]
) -> tuple[CompanyView, ...] | Unknown:
    """The companies of a record, in the order of its links; unknown if one was not read."""
    links = seen.companies
    if not links:
        return ()
    if links is UNKNOWN:
        return UNKNOWN
    views = [found.get(link.company_id) for link in links]
    return UNKNOWN if None in views else tuple([view for view in views if view is not None])
