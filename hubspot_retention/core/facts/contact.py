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
from hubspot_retention.core.facts.observation import ContactObservation, DealObservation, OptOut, OptOutSource
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
from hubspot_retention.core.made import made
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
_NO_CUSTOMER = (None, EndSource.NOT_A_CUSTOMER)
_NOTHING_PAST = (None, None, None)
_NOBODY = (False, False)


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
    if not any(values):
        return None, -1
    latest: datetime | None = None
    place = index = -1
    for value in values:
        index += 1
        if value is None:
            continue
        if value is UNKNOWN:
            return UNKNOWN, index
        instant = value if isinstance(value, datetime) else terms.civil.end_of(value)
        if latest is None or instant > latest:
            latest, place = instant, index
    return latest, place


def _end(seen: ContactObservation, was: Truth, around: Surroundings, terms: FactTerms) -> tuple[Start, EndSource]:
    """`customer_until`: own, then its company's, then its contracts', then the day the stage was left."""
    if was is not True:
        return _NO_CUSTOMER if was is False else (UNKNOWN, EndSource.NONE)
    if seen.customer_until is not None:
        return seen.customer_until, EndSource.OWN
    if seen.companies is UNKNOWN or around.companies is UNKNOWN:
        return UNKNOWN, EndSource.COMPANY
    of_company = end_of_its_company(seen.companies, around.companies) if around.companies else None
    if of_company is not None:
        return of_company, EndSource.COMPANY
    if around.deals is UNKNOWN:
        return UNKNOWN, EndSource.CONTRACTS
    of_contracts = common_contract_end(around.deals)
    if of_contracts is not None:
        return of_contracts, EndSource.CONTRACTS
    left: Truth = UNKNOWN if seen.stage is UNKNOWN else seen.stage in terms.ended_stages
    none_lacks = negation(lacks_contract_end(around.deals))
    by_stage = all_of((none_lacks, left, is_known(seen.exited_customer_at)))
    if by_stage is True and isinstance(seen.exited_customer_at, datetime):
        return terms.civil.local_date(seen.exited_customer_at), EndSource.STAGE
    return (UNKNOWN, EndSource.STAGE) if by_stage is UNKNOWN else (ONGOING, EndSource.NONE)


def is_after(value: Moment, day: date, terms: FactTerms) -> Truth:
    """Whether something lies on a later local day; absent is no."""
    if value is None:
        return False
    return UNKNOWN if value is UNKNOWN else terms.civil.day_of(value) > day


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
    if around.deals is UNKNOWN or around.companies is UNKNOWN:
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
    stage: Truth = UNKNOWN if seen.stage is UNKNOWN else seen.stage in terms.customer_stages
    if stage is True or not around.deals:
        return stage
    return any_of((stage, UNKNOWN if around.deals is UNKNOWN else any_of([d.is_won for d in around.deals])))


def _open_deal(around: Surroundings) -> Truth:
    return UNKNOWN if around.deals is UNKNOWN else any_of([negation(d.is_closed) for d in around.deals])


def _of_companies(around: Surroundings, terms: FactTerms, as_of: datetime) -> tuple[Truth, Truth]:
    """Whether it is a partner, and whether it works for a customer."""
    if around.companies is UNKNOWN:
        return UNKNOWN, UNKNOWN
    partner = any_of([company.is_partner for company in around.companies])
    return partner, any_of([employs_for_customer(company, terms, as_of) for company in around.companies])


def contact_facts(
    seen: ContactObservation, around: Surroundings, requests: Requests, terms: FactTerms, as_of: datetime
) -> ContactFacts:
    """The facts of a contact. An opt-out without an instant counts from `as_of`, when it is first seen."""
    customer = _customer(seen, around, terms)
    was = customer if customer is True else _was_customer(seen, customer)
    partner, for_customer = _of_companies(around, terms, as_of) if around.companies else _NOBODY
    until, source = end = _end(seen, was, around, terms)
    opt_out = seen.opt_out
    asked, withdrawn, restricted = seen.erasure_requested_at, seen.consent_withdrawn_at, seen.restricted
    if requests is not NO_REQUESTS:
        asked, withdrawn, restricted = _with_requests(asked, withdrawn, restricted, requests)
    return made(
        ContactFacts,
        (
            seen.record_id,
            customer,
            was,
            _open_deal(around) if around.deals else False,
            partner,
            for_customer,
            UNKNOWN if until is UNKNOWN else until is ONGOING,
            until,
            source,
            _contradicted(seen, end, around, terms, as_of) if isinstance(until, date) else False,
            *latest_instant(seen.activity, terms),
            latest_instant(seen.enquiry, terms)[0],
            opt_out.at or as_of if isinstance(opt_out, OptOut) else opt_out,
            opt_out.source if isinstance(opt_out, OptOut) else None,
            asked,
            withdrawn,
            seen.processed_on_behalf_of,
            seen.processing_ended_on,
            seen.event_on,
            restricted,
        ),
    )


def _was_customer(seen: ContactObservation, customer: Truth) -> Truth:
    """Whether it was one, if it is not surely one now: something of a past relationship is known."""
    past = (seen.customer_until, seen.entered_customer_at, seen.exited_customer_at)
    return customer if past == _NOTHING_PAST else any_of((customer, *[is_known(value) for value in past]))


def _with_requests(
    asked: Instant, withdrawn: Instant, restricted: Truth, requests: Requests
) -> tuple[Instant, Instant, Truth]:
    """What the record says of erasure, withdrawal and restriction, with what the register says."""
    if isinstance(asked, datetime) and asked in requests.closed_at:
        asked = None
    if isinstance(withdrawn, datetime) and withdrawn in requests.withdrawals_closed_at:
        withdrawn = None
    return requests.erasure_at or asked, requests.withdrawn_at or withdrawn, requests.restricts or restricted
