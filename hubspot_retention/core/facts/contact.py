"""Facts of a contact."""

from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from hubspot_retention.core.facts.company import (
    CompanyFacts,
    closed_at,
    common_contract_end,
    employs_for_customer,
    end_of_its_company,
    lacks_contract_end,
)
from hubspot_retention.core.facts.observation import ContactObservation, DealObservation, OptOutSource
from hubspot_retention.core.facts.terms import FactTerms
from hubspot_retention.core.facts.values import (
    ONGOING,
    UNKNOWN,
    Day,
    Instant,
    Moment,
    Start,
    Truth,
    Unknown,
    all_of,
    any_of,
    is_known,
    negation,
)
from hubspot_retention.core.record import RecordId


class EndSource(StrEnum):
    """Which observation a `customer_until` came from."""

    NOT_A_CUSTOMER = "not-a-customer"
    OWN = "own-customer-until"
    COMPANY = "company-customer-until"
    CONTACTS = "contacts-customer-until"
    CONTRACTS = "contract-end-dates"
    STAGE = "stage-left"
    NONE = "no-end-set"


class Surroundings(NamedTuple):
    """What a contact is associated with: its deals, and its companies in the order of its links."""

    deals: tuple[DealObservation, ...] | Unknown = ()
    companies: tuple[CompanyFacts, ...] | Unknown = ()


class Requests(NamedTuple):
    """What the request register says of a contact.

    Since when erasure is asked for and consent withdrawn; the instants of such requests that are closed, which no
    longer count; whether an open request restricts.
    """

    erasure_at: datetime | None = None
    closed_at: frozenset[datetime] = frozenset()
    restricts: bool = False
    withdrawn_at: datetime | None = None
    withdrawals_closed_at: frozenset[datetime] = frozenset()


ALONE = Surroundings()
NO_REQUESTS = Requests()


class ContactFacts(NamedTuple):
    """All facts of one contact as of an instant."""

    record_id: RecordId
    is_customer: Truth
    was_customer: Truth
    has_open_deal: Truth
    is_partner: Truth
    works_for_customer: Truth
    relationship_ongoing: Truth
    customer_until: Start
    customer_until_source: EndSource
    contradicted: Truth
    last_activity_at: Instant
    last_activity_source: int
    last_enquiry_at: Instant
    unsubscribed_at: Instant
    unsubscribe_source: OptOutSource | None
    erasure_requested_at: Instant
    consent_withdrawn_at: Instant
    processed_on_behalf_of: Truth
    processing_ended_on: Day
    event_on: Day
    restricted: Truth


def latest_instant(values: tuple[Moment, ...], terms: FactTerms) -> tuple[Instant, int]:
    """The latest of several and its place; unknown if one of them is. A date counts as the next midnight."""
    latest: datetime | None = None
    place = -1
    for index, value in enumerate(values):
        if value is None:
            continue
        if isinstance(value, Unknown):
            return UNKNOWN, index
        instant = value if isinstance(value, datetime) else terms.civil.end_of(value)
        if latest is None or instant > latest:
            latest, place = instant, index
    return latest, place


def _end(seen: ContactObservation, was: Truth, around: Surroundings, terms: FactTerms) -> tuple[Start, EndSource]:
    """`customer_until`: own, then its company's, then its contracts', then the day the stage was left."""
    if was is not True:
        return (None, EndSource.NOT_A_CUSTOMER) if was is False else (UNKNOWN, EndSource.NONE)
    if seen.customer_until is not None:
        return seen.customer_until, EndSource.OWN
    if isinstance(seen.companies, Unknown) or isinstance(around.companies, Unknown):
        return UNKNOWN, EndSource.COMPANY
    of_company = end_of_its_company(seen.companies, around.companies) if around.companies else None
    if of_company is not None:
        return of_company, EndSource.COMPANY
    if isinstance(around.deals, Unknown):
        return UNKNOWN, EndSource.CONTRACTS
    of_contracts = common_contract_end(around.deals)
    if of_contracts is not None:
        return of_contracts, EndSource.CONTRACTS
    left: Truth = UNKNOWN if isinstance(seen.stage, Unknown) else seen.stage in terms.ended_stages
    none_lacks = negation(lacks_contract_end(around.deals))
    by_stage = all_of((none_lacks, left, is_known(seen.exited_customer_at)))
    if by_stage is True and isinstance(seen.exited_customer_at, datetime):
        return terms.civil.local_date(seen.exited_customer_at), EndSource.STAGE
    return (UNKNOWN, EndSource.STAGE) if by_stage is UNKNOWN else (ONGOING, EndSource.NONE)


def is_after(value: Moment, day: date, terms: FactTerms) -> Truth:
    """Whether something lies on a later local day; absent is no."""
    if value is None:
        return False
    return UNKNOWN if isinstance(value, Unknown) else terms.civil.day_of(value) > day


def _still_speaks(value: Moment, day: date, terms: FactTerms, as_of: datetime) -> Truth:
    """Whether it lies on a later day and the review period from it has not passed."""
    later = is_after(value, day, terms)
    if later is True and isinstance(value, date):
        return terms.civil.add(value, terms.review_after) > as_of
    return later


def _contradicted(
    seen: ContactObservation, end: tuple[Start, EndSource], around: Surroundings, terms: FactTerms, as_of: datetime
) -> Truth:
    """Whether something on a later day speaks against an end that has passed."""
    day, source = end
    if not isinstance(day, date) or terms.civil.end_of(day) > as_of:
        return False
    signs: list[Truth] = []
    if isinstance(around.deals, Unknown) or isinstance(around.companies, Unknown):
        signs.append(UNKNOWN)
    else:
        for deal in around.deals:
            dates = (closed_at(deal), deal.contract_end_on, deal.customer_until)
            signs.append(all_of((deal.is_won, any_of([is_after(value, day, terms) for value in dates]))))
        for company in around.companies:
            signs.append(is_after(company.customer_until, day, terms))
            if source is not EndSource.OWN:
                signs.append(company.won_dates.is_after(day))
    signs.append(is_after(seen.entered_customer_at, day, terms))
    signs.append(_still_speaks(seen.confirmed_on, day, terms, as_of))
    if source is not EndSource.OWN:
        signs.append(is_after(seen.exited_customer_at, day, terms))
        signs.extend(_still_speaks(value, day, terms, as_of) for value in seen.conversation)
    return any_of(signs)


def _customer(seen: ContactObservation, around: Surroundings, terms: FactTerms) -> Truth:
    stage: Truth = UNKNOWN if isinstance(seen.stage, Unknown) else seen.stage in terms.customer_stages
    if stage is True or not around.deals:
        return stage
    return any_of((stage, UNKNOWN if isinstance(around.deals, Unknown) else any_of(d.is_won for d in around.deals)))


def _open_deal(around: Surroundings) -> Truth:
    if not around.deals:
        return False
    return UNKNOWN if isinstance(around.deals, Unknown) else any_of(negation(d.is_closed) for d in around.deals)


def _of_companies(around: Surroundings, terms: FactTerms, as_of: datetime) -> tuple[Truth, Truth]:
    """Whether it is a partner, and whether it works for a customer."""
    if not around.companies:
        return False, False
    if isinstance(around.companies, Unknown):
        return UNKNOWN, UNKNOWN
    partner = any_of(company.is_partner for company in around.companies)
    return partner, any_of(employs_for_customer(company, terms, as_of) for company in around.companies)


def contact_facts(
    seen: ContactObservation, around: Surroundings, requests: Requests, terms: FactTerms, as_of: datetime
) -> ContactFacts:
    """The facts of a contact. An opt-out without an instant counts from `as_of`, when it is first seen."""
    customer = _customer(seen, around, terms)
    past = (seen.customer_until, seen.entered_customer_at, seen.exited_customer_at)
    was: Truth = customer if customer is True else any_of((customer, *[is_known(value) for value in past]))
    partner, for_customer = _of_companies(around, terms, as_of)
    end = _end(seen, was, around, terms)
    active_at, active_source = latest_instant(seen.activity, terms)
    opt_out = seen.opt_out
    asked, withdrawn = seen.erasure_requested_at, seen.consent_withdrawn_at
    if isinstance(asked, datetime) and asked in requests.closed_at:
        asked = None
    if isinstance(withdrawn, datetime) and withdrawn in requests.withdrawals_closed_at:
        withdrawn = None
    return ContactFacts(
        record_id=seen.record_id,
        is_customer=customer,
        was_customer=was,
        has_open_deal=_open_deal(around),
        is_partner=partner,
        works_for_customer=for_customer,
        relationship_ongoing=UNKNOWN if end[0] is UNKNOWN else end[0] is ONGOING,
        customer_until=end[0],
        customer_until_source=end[1],
        contradicted=_contradicted(seen, end, around, terms, as_of),
        last_activity_at=active_at,
        last_activity_source=active_source,
        last_enquiry_at=latest_instant(seen.enquiry, terms)[0],
        unsubscribed_at=opt_out if opt_out is None or isinstance(opt_out, Unknown) else opt_out.at or as_of,
        unsubscribe_source=None if opt_out is None or isinstance(opt_out, Unknown) else opt_out.source,
        erasure_requested_at=requests.erasure_at or asked,
        consent_withdrawn_at=requests.withdrawn_at or withdrawn,
        processed_on_behalf_of=seen.processed_on_behalf_of,
        processing_ended_on=seen.processing_ended_on,
        event_on=seen.event_on,
        restricted=True if requests.restricts else seen.restricted,
    )
