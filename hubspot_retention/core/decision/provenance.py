"""The facts of one record with their values and where each came from: a property, an association, a register."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from hubspot_retention.core.civil import Civil
from hubspot_retention.core.facts.company import CompanyFacts
from hubspot_retention.core.facts.contact import ContactFacts, EndSource, Requests, Surroundings, latest_instant
from hubspot_retention.core.facts.deal import DealFacts, DealSurroundings
from hubspot_retention.core.facts.observation import ContactObservation, DealObservation
from hubspot_retention.core.facts.values import Moment, Ongoing, Unknown, is_known
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef

_T = TypeVar("_T")
_LATER_DAYS = "later dates on it and around it"


@dataclass(frozen=True, slots=True)
class FactTrace:
    """One fact: its name in the policy, its value in words (civil time), and where it came from."""

    fact: str
    value: str
    source: str


def value_words(value: object, civil: Civil) -> str:
    """A fact's value: `yes`, `no`, a day, an instant, `ongoing`, `none`, `unknown`."""
    match value:
        case None:
            return "none"
        case Unknown() | Ongoing():
            return str(value.value)
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.astimezone(civil.zone).strftime("%Y-%m-%d %H:%M")
        case date():
            return value.isoformat()
        case _:
            raise TypeError(f"a fact cannot be a {type(value).__name__}")


def contact_provenance(
    seen: ContactObservation, around: Surroundings, requests: Requests, facts: ContactFacts, policy: RetentionPolicy
) -> tuple[FactTrace, ...]:
    """The facts of a contact."""
    own, deal, company = policy.sources.contact, policy.sources.deal, policy.sources.company
    deals, companies = _known(around.deals), _known(around.companies)
    open_deals = [one.record_id for one in deals if one.is_closed is not True]
    partners = [one.record_id for one in companies if one.is_partner is not False]
    customers = [one.record_id for one in companies if one.is_customer is not False]
    place = facts.last_activity_source
    end = _contact_end(facts, around, policy)
    found = {
        "is_customer": _customer(seen, deals, policy),
        "was_customer": _was_customer(seen, facts, policy),
        "has_open_deal": _over(ObjectType.DEAL, open_deals, deal.is_closed, deals),
        "is_partner": _over(ObjectType.COMPANY, partners, company.kind, companies),
        "works_for_customer": _over(ObjectType.COMPANY, customers, "their stage, deals and end", companies),
        "relationship_ongoing": end,
        "customer_until": end,
        "contradicted": _LATER_DAYS,
        "last_activity_at": "no property has one" if place < 0 else _own(own.activity[place]),
        "last_enquiry_at": _latest(seen.enquiry, own.enquiry, policy),
        "unsubscribed_at": _opt_out(facts, own.opt_out_all),
        "erasure_requested_at": _registered(requests.erasure_at is not None, own.erasure_requested_at),
        "consent_withdrawn_at": _registered(requests.withdrawn_at is not None, own.consent_withdrawn_at),
        "processed_on_behalf_of": _own(own.processed_on_behalf_of),
        "processing_ended_on": _own(own.processing_ended_on),
        "event_on": _own(own.event_on),
        "restricted": _registered(requests.restricts, own.restricted),
    }
    return _traces(found, facts, policy.civil)


def deal_provenance(
    seen: DealObservation, around: DealSurroundings, facts: DealFacts, policy: RetentionPolicy
) -> tuple[FactTrace, ...]:
    """The facts of a deal."""
    own = policy.sources.deal
    end = _deal_end(facts, around, policy)
    active = _latest((seen.created_at, seen.contacted_at), (own.created_at, own.contacted_at), policy)
    found = {
        "is_open": _own(own.is_closed),
        "is_closed_won": _own(own.is_won),
        "is_closed_lost": f"{_own(own.is_closed)} and {own.is_won}",
        "closed_at": _own(own.closed_at),
        "relationship_ongoing": end,
        "customer_until": end,
        "contradicted": _LATER_DAYS,
        "last_business_on": f"the latest of {own.closed_at}, {own.contract_end_on} and the end of the relationship",
        "last_activity_at": active,
    }
    return _traces(found, facts, policy.civil)


def _traces(found: Mapping[str, str], facts: ContactFacts | DealFacts, civil: Civil) -> tuple[FactTrace, ...]:
    return tuple(FactTrace(name, value_words(getattr(facts, name), civil), source) for name, source in found.items())


def _known(rows: tuple[_T, ...] | Unknown) -> tuple[_T, ...]:
    return () if isinstance(rows, Unknown) else rows


def _own(name: str) -> str:
    return f"its property {name}"


def _registered(in_register: bool, name: str) -> str:
    return "the request register" if in_register else _own(name)


def _refs(kind: ObjectType, ids: Iterable[RecordId]) -> str:
    return ", ".join(str(RecordRef(kind, record_id)) for record_id in ids)


def _over(kind: ObjectType, telling: Sequence[RecordId], what: str, every: Sequence[object]) -> str:
    """Associated records that tell something, else how many were asked."""
    if telling:
        return f"{_refs(kind, telling)} ({what})"
    return f"its {len(every)} {kind.value} ({what})" if every else f"no associated {kind.value}"


def _customer(seen: ContactObservation, deals: Sequence[DealObservation], policy: RetentionPolicy) -> str:
    stage = _own(policy.sources.contact.stage)
    won = [deal.record_id for deal in deals if deal.is_won is not False]
    by_stage = not isinstance(seen.stage, Unknown) and seen.stage in policy.terms.customer_stages
    return stage if by_stage or not won else f"{_refs(ObjectType.DEAL, won)} ({policy.sources.deal.is_won})"


def _was_customer(seen: ContactObservation, facts: ContactFacts, policy: RetentionPolicy) -> str:
    own = policy.sources.contact
    if facts.is_customer is True:
        return "it is one now"
    values = (
        (seen.customer_until, own.customer_until),
        (seen.entered_customer_at, own.entered_customer_at),
        (seen.exited_customer_at, own.exited_customer_at),
    )
    telling = [name for value, name in values if is_known(value) is not False]
    return _own(telling[0]) if telling else f"its properties {', '.join(name for _, name in values)}"


def _contact_end(facts: ContactFacts, around: Surroundings, policy: RetentionPolicy) -> str:
    deals = [deal.record_id for deal in _known(around.deals) if deal.is_won is not False]
    if facts.customer_until_source is EndSource.CONTRACTS:
        return f"{_refs(ObjectType.DEAL, deals) or 'its deals'} ({policy.sources.deal.contract_end_on})"
    if facts.customer_until_source is EndSource.STAGE:
        return _own(policy.sources.contact.exited_customer_at)
    return _end(facts.customer_until_source, policy.sources.contact.customer_until, around.companies, policy)


def _deal_end(facts: DealFacts, around: DealSurroundings, policy: RetentionPolicy) -> str:
    if facts.customer_until_source is EndSource.CONTRACTS:
        return _own(policy.sources.deal.contract_end_on)
    if facts.customer_until_source is EndSource.CONTACTS:
        return "the ends of its contacts"
    return _end(facts.customer_until_source, policy.sources.deal.customer_until, around.companies, policy)


def _end(source: EndSource, own: str, companies: tuple[CompanyFacts, ...] | Unknown, policy: RetentionPolicy) -> str:
    match source:
        case EndSource.OWN:
            return _own(own)
        case EndSource.COMPANY:
            named = _refs(ObjectType.COMPANY, [company.record_id for company in _known(companies)])
            return f"{named or 'its companies'} ({policy.sources.company.customer_until})"
        case EndSource.NOT_A_CUSTOMER:
            return "it was never a customer"
        case _:
            return "no end is set anywhere"


def _latest(values: tuple[Moment, ...], names: Sequence[str], policy: RetentionPolicy) -> str:
    place = latest_instant(values, policy.terms)[1]
    return _own(names[place]) if place >= 0 else "no property has one"


def _opt_out(facts: ContactFacts, name: str) -> str:
    if facts.unsubscribe_source is None:
        return _own(name)
    return f"its subscription status, set by: {facts.unsubscribe_source.value}"
