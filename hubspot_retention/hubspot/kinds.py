"""The record classes that are read, and how a row of each becomes an observation.

Associations stand inline in a list. They are conclusive unless there are more than HubSpot shows there, or
several companies of which none is named as primary: then the associations API is asked.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from hubspot_retention.core.facts.observation import CompanyObservation, DealObservation
from hubspot_retention.core.facts.values import UNKNOWN, Unknown
from hubspot_retention.core.portal import SeenContact, UnreadContact
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.core.residue import Letter
from hubspot_retention.hubspot import values
from hubspot_retention.hubspot.associations import Link, Links, company_links, record_ids
from hubspot_retention.hubspot.translate import (
    CompanyTranslator,
    ContactTranslator,
    DealTranslator,
    contact_reader,
)
from hubspot_retention.hubspot.wire import Decoders, InlineLinks, Row, decoders_of, field_of

_PRIMARY = frozenset({"contact_to_company", "deal_to_company"})
_NO_LINKS: tuple[Link, ...] = ()
_COMPANIES = ObjectType.COMPANY.value

_Seen = TypeVar("_Seen")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[_Seen]):
    """A record class: what is asked of it, and how a row and its links (in the order of `linked`) are read."""

    object_type: ObjectType
    names: tuple[str, ...]
    linked: tuple[ObjectType, ...]
    decoders: Decoders
    observe: Callable[[Row, tuple[Links, ...]], _Seen]
    link_names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "link_names", tuple(other.value for other in self.linked))

    def inline(self, row: Row) -> tuple[Links, ...] | None:
        """The links that stand in the row, or `None` where they are not conclusive."""
        given = row.associations
        if not given:
            return (_NO_LINKS,) * len(self.linked)
        found = []
        for name in self.link_names:
            there = given.get(name)
            links = _NO_LINKS if there is None else _inline(there, name)
            if links is None:
                return None
            found.append(links)
        return tuple(found)


def _inline(given: InlineLinks, name: str) -> tuple[Link, ...] | None:
    if given.paging is not None and given.paging.next is not None:
        return None
    listed = given.results
    if len(listed) == 1 or (len(listed) == 2 and listed[0].id == listed[1].id):
        return (Link(RecordId(int(listed[0].id)), listed[0].type in _PRIMARY or listed[-1].type in _PRIMARY),)
    ends: dict[RecordId, bool] = {}
    for link in listed:
        to = RecordId(int(link.id))
        ends[to] = ends.get(to, False) or link.type in _PRIMARY
    if name == _COMPANIES and len(ends) > 1 and sum(ends.values()) != 1:
        return None
    return tuple([Link(to, primary) for to, primary in ends.items()])


def contacts(translator: ContactTranslator, *, every_address: bool) -> Kind[SeenContact]:
    """Contacts, with their deals and companies.

    Those who are opted out keep their address; with `every_address` everybody does, as in a fresh read by id.
    """
    see = contact_reader(translator, every_address=every_address)

    def seen(row: Row, links: tuple[Links, ...]) -> SeenContact:
        deals, companies = links
        return see(
            int(row.id),
            row.properties,
            record_ids(deals) if deals else (),
            company_links(companies) if companies else (),
        )

    return Kind(
        object_type=ObjectType.CONTACT,
        names=translator.names,
        linked=(ObjectType.DEAL, ObjectType.COMPANY),
        decoders=decoders_of(translator.names),
        observe=seen,
    )


def unread_contacts(translator: ContactTranslator) -> Kind[UnreadContact]:
    """Contacts, with their deals and companies, whose properties are left for another process to read."""

    def unread(row: Row, links: tuple[Links, ...]) -> UnreadContact:
        deals, companies = links
        return UnreadContact(
            RecordId(int(row.id)),
            bytes(row.properties),
            record_ids(deals) if deals else (),
            company_links(companies) if companies else (),
        )

    return Kind(
        object_type=ObjectType.CONTACT,
        names=translator.names,
        linked=(ObjectType.DEAL, ObjectType.COMPANY),
        decoders=Decoders(translator.names, unread=True),
        observe=unread,
    )


def deals(translator: DealTranslator) -> Kind[DealObservation]:
    """Deals, with their contacts and companies."""

    def seen(row: Row, links: tuple[Links, ...]) -> DealObservation:
        people, companies = links
        return translator.observe(int(row.id), row.properties, record_ids(people), company_links(companies))

    return Kind(
        object_type=ObjectType.DEAL,
        names=translator.names,
        linked=(ObjectType.CONTACT, ObjectType.COMPANY),
        decoders=decoders_of(translator.names),
        observe=seen,
    )


def companies(translator: CompanyTranslator) -> Kind[CompanyObservation]:
    """Companies; their deals and contacts know them."""

    def seen(row: Row, _: tuple[Links, ...]) -> CompanyObservation:
        return translator.observe(int(row.id), row.properties)

    return Kind(
        object_type=ObjectType.COMPANY,
        names=translator.names,
        linked=(),
        decoders=decoders_of(translator.names),
        observe=seen,
    )


def letters(object_type: ObjectType) -> Kind[Letter]:
    """One kind of correspondence, with all that it can hang on."""
    names = ("hs_timestamp",)

    def seen(row: Row, links: tuple[Links, ...]) -> Letter:
        occurred_at = values.instant(getattr(row.properties, field_of(0)))
        return Letter(RecordId(int(row.id)), occurred_at if isinstance(occurred_at, datetime) else None, _hangs(links))

    return Kind(
        object_type=object_type,
        names=names,
        linked=(ObjectType.CONTACT, ObjectType.COMPANY, ObjectType.DEAL, ObjectType.TICKET),
        decoders=decoders_of(names),
        observe=seen,
    )


def _hangs(links: tuple[Links, ...]) -> bool | Unknown:
    if any(not isinstance(found, Unknown) and found for found in links):
        return True
    return UNKNOWN if any(isinstance(found, Unknown) for found in links) else False
