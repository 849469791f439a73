"""Facts of a deal."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from hubspot_retention.core.facts.company import CompanyFacts, closed_at, end_of_its_company, latest_day
from hubspot_retention.core.facts.contact import EndSource, is_after, latest_instant
from hubspot_retention.core.facts.observation import DealObservation
from hubspot_retention.core.facts.terms import FactTerms
from hubspot_retention.core.facts.values import (
    ONGOING,
    UNKNOWN,
    Instant,
    Start,
    Truth,
    Unknown,
    all_of,
    any_of,
    negation,
)
from hubspot_retention.core.made import made
from hubspot_retention.core.record import RecordId


class ContactEnd(NamedTuple):
    """What a contact of a deal says of the end of the relationship."""

    end: Start
    contradicted: Truth


class DealSurroundings(NamedTuple):
    """What a deal is associated with: its contacts' ends, and its companies in the order of its links."""

    contacts: tuple[ContactEnd, ...] | Unknown = ()
    companies: tuple[CompanyFacts, ...] | Unknown = ()


class DealFacts(NamedTuple):
    """All facts of one deal as of an instant.

    `last_business_on` is the latest of `closedate`, `contract_end_date` and `customer_until` that are known:
    the books of its financial year tell of the deal.
    """

    record_id: RecordId
    is_open: Truth
    is_closed_won: Truth
    is_closed_lost: Truth
    relationship_ongoing: Truth
    closed_at: Instant
    customer_until: Start
    customer_until_source: EndSource
    contradicted: Truth
    last_business_on: Start
    last_activity_at: Instant


def _end_of_contacts(contacts: Sequence[ContactEnd]) -> Start:
    """The latest of the contacts' ends, if each has one; any ongoing: ongoing; else any unknown: unknown."""
    ends = [contact.end for contact in contacts]
    if ONGOING in ends:
        return ONGOING
    if UNKNOWN in ends:
        return UNKNOWN
    days = [end for end in ends if isinstance(end, date)]
    return max(days) if days and len(days) == len(ends) else None


def _end(seen: DealObservation, around: DealSurroundings) -> tuple[Start, EndSource]:
    """`customer_until` of a deal: own, its company's, its contacts', its contract's; none: unknown."""
    if seen.customer_until is not None:
        return seen.customer_until, EndSource.OWN
    if seen.companies is UNKNOWN or around.companies is UNKNOWN:
        return UNKNOWN, EndSource.COMPANY
    of_company = end_of_its_company(seen.companies, around.companies) if around.companies else None
    if of_company is not None:
        return of_company, EndSource.COMPANY
    of_contacts = UNKNOWN if around.contacts is UNKNOWN else _end_of_contacts(around.contacts)
    if of_contacts is not None:
        return of_contacts, EndSource.CONTACTS
    if seen.contract_end_on is not None:
        return seen.contract_end_on, EndSource.CONTRACTS
    return UNKNOWN, EndSource.NONE


def _contradicted(
    seen: DealObservation, end: tuple[Start, EndSource], around: DealSurroundings, terms: FactTerms, as_of: datetime
) -> Truth:
    """Whether something on a later day speaks against the end of a won deal."""
    if seen.is_won is False:
        return False
    day, source = end
    signs: list[Truth] = []
    if source is EndSource.CONTACTS and day is not ONGOING and around.contacts is not UNKNOWN:
        signs = [contact.contradicted for contact in around.contacts]
    if isinstance(day, date) and terms.civil.end_of(day) <= as_of:
        dates = [closed_at(seen), seen.contract_end_on, seen.customer_until]
        if around.companies is not UNKNOWN:
            dates += [company.customer_until for company in around.companies]
        signs += [is_after(value, day, terms) for value in dates]
    return all_of((seen.is_won, any_of(signs)))


def _last_business(seen: DealObservation, end: Start, terms: FactTerms) -> Start:
    if end is UNKNOWN:
        return UNKNOWN
    known = end if isinstance(end, date) else None
    return latest_day((closed_at(seen), seen.contract_end_on, known), terms)


def deal_facts(seen: DealObservation, around: DealSurroundings, terms: FactTerms, as_of: datetime) -> DealFacts:
    """The facts of a deal."""
    end = _end(seen, around)
    until, source = end
    return made(
        DealFacts,
        (
            seen.record_id,
            negation(seen.is_closed),
            seen.is_won,
            all_of((seen.is_closed, negation(seen.is_won))),
            UNKNOWN if until is UNKNOWN else until is ONGOING,
            closed_at(seen),
            until,
            source,
            _contradicted(seen, end, around, terms, as_of),
            _last_business(seen, until, terms),
            latest_instant((seen.created_at, seen.contacted_at), terms)[0],
        ),
    )
