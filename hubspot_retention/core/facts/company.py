"""Facts of a company: what its contacts and deals need to know of it."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from hubspot_retention.core.facts.observation import CompanyLink, CompanyObservation, DealObservation
from hubspot_retention.core.facts.terms import FactTerms
from hubspot_retention.core.facts.values import (
    UNKNOWN,
    Day,
    Instant,
    Truth,
    Unknown,
    all_of,
    any_of,
    is_known,
    negation,
)
from hubspot_retention.core.record import RecordId


class Latest(NamedTuple):
    """The latest of several days: of those that count, of those that might, and whether one could not be read."""

    on: date | None = None
    maybe_on: date | None = None
    doubtful: bool = False

    def is_after(self, day: date) -> Truth:
        """Whether one of the days is later than `day`."""
        if self.on is not None and self.on > day:
            return True
        return UNKNOWN if self.doubtful or (self.maybe_on is not None and self.maybe_on > day) else False


class CompanyFacts(NamedTuple):
    """One company. `contract_end_on` is the latest of its won deals', if every one has one."""

    record_id: RecordId
    is_partner: Truth
    is_customer: Truth
    customer_until: Day
    contract_end_on: Day
    won_dates: Latest


def closed_at(deal: DealObservation) -> Instant:
    """The `closedate` of a deal, which is only a forecast until the deal is closed."""
    if deal.is_closed is True or deal.closed_at is None:
        return deal.closed_at
    return UNKNOWN if deal.is_closed is UNKNOWN else None


def latest_day(values: Iterable[date | datetime | Unknown | None], terms: FactTerms) -> Day:
    """The latest local day among dates and instants, absent ones aside; unknown if one of them is."""
    latest: date | None = None
    for value in values:
        if value is UNKNOWN:
            return UNKNOWN
        if value is not None:
            day = terms.civil.day_of(value)
            latest = day if latest is None else max(latest, day)
    return latest


def _won_dates(deals: Iterable[DealObservation], terms: FactTerms) -> Latest:
    """The latest `closedate` or `contract_end_date` of the won deals."""
    sure: date | None = None
    maybe: date | None = None
    doubtful = False
    for deal in deals:
        if deal.is_won is False:
            continue
        for value in (closed_at(deal), deal.contract_end_on):
            if value is UNKNOWN:
                doubtful = True
            elif value is not None:
                day = terms.civil.day_of(value)
                if deal.is_won is UNKNOWN:
                    maybe = day if maybe is None else max(maybe, day)
                else:
                    sure = day if sure is None else max(sure, day)
    return Latest(sure, maybe, doubtful)


def lacks_contract_end(deals: Iterable[DealObservation]) -> Truth:
    """Whether a won deal has no `contract_end_date`."""
    return any_of([all_of((deal.is_won, negation(is_known(deal.contract_end_on)))) for deal in deals])


def common_contract_end(deals: Sequence[DealObservation]) -> Day:
    """The latest `contract_end_date` of the won deals, if there is one and every one has one."""
    won, lacks = any_of([deal.is_won for deal in deals]), lacks_contract_end(deals)
    if won is False or lacks is True:
        return None
    if lacks is UNKNOWN or any(deal.is_won is UNKNOWN for deal in deals):
        return UNKNOWN
    return max(deal.contract_end_on for deal in deals if deal.is_won and isinstance(deal.contract_end_on, date))


def company_facts(
    company: CompanyObservation, deals: Sequence[DealObservation] | Unknown, terms: FactTerms
) -> CompanyFacts:
    """What follows from a company and all its deals; `UNKNOWN` if there may be deals of it that nobody saw."""
    stage: Truth = UNKNOWN if company.stage is UNKNOWN else company.stage in terms.customer_stages
    partner: Truth = UNKNOWN if company.kind is UNKNOWN else company.kind in terms.partner_kinds
    return CompanyFacts(
        record_id=company.record_id,
        is_partner=partner,
        is_customer=any_of((stage, UNKNOWN if deals is UNKNOWN else any_of(d.is_won for d in deals))),
        customer_until=company.customer_until,
        contract_end_on=UNKNOWN if deals is UNKNOWN else common_contract_end(deals),
        won_dates=Latest(doubtful=True) if deals is UNKNOWN else _won_dates(deals, terms),
    )


def employs_for_customer(company: CompanyFacts, terms: FactTerms, as_of: datetime) -> Truth:
    """Whether who works there works for a customer: the company is one and has not ended."""
    end = company.contract_end_on if company.customer_until is None else company.customer_until
    if end is None:
        return company.is_customer
    if end is UNKNOWN:
        return all_of((company.is_customer, UNKNOWN))
    passed = terms.civil.end_of(end) <= as_of
    ended = all_of((passed, negation(company.won_dates.is_after(end))))
    return all_of((company.is_customer, negation(ended)))


def end_of_its_company(links: Sequence[CompanyLink], companies: Sequence[CompanyFacts]) -> Day:
    """The `customer_until` of *its company*: the only one, primary or not; of several the primary one.

    Several, none (or more than one) primary, and one of them has a date: unknown.
    """
    if len(companies) == 1:
        return companies[0].customer_until
    primary = [company for link, company in zip(links, companies, strict=True) if link.primary]
    if len(primary) == 1:
        return primary[0].customer_until
    return None if all(company.customer_until is None for company in companies) else UNKNOWN
