"""The facts of semantics section 3, derived from a portal document for Clienti's policy."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from tests.oracle.civil import P12M, from_day, from_instant, local_day, midnight_after
from tests.oracle.observed import (
    ABSENT,
    ONGOING,
    UNKNOWN,
    Mark,
    Portal,
    both,
    day,
    either,
    is_known,
    moment,
    number,
    opposite,
    some,
    truth,
)

ENDED_STAGES = ("other",)

Instant = datetime | Mark
Day = date | Mark


class End(NamedTuple):
    """When a customer relationship ended, and which source of the chain said so."""

    day: Day
    source: str


def latest_instant(values: Iterable[Instant]) -> Instant:
    """The latest that is known; one unknown member makes it unknown, and of nothing there is no latest."""
    listed = list(values)
    if UNKNOWN in listed:
        return UNKNOWN
    return max((value for value in listed if isinstance(value, datetime)), default=ABSENT)


def is_past(end: Day, as_of: datetime) -> bool | None:
    """Whether the last local day of something is over. What is absent or ongoing is not."""
    if end is UNKNOWN:
        return None
    return isinstance(end, date) and midnight_after(end) <= as_of


def is_on_a_later_day(what: date | datetime | Mark, end: date) -> bool | None:
    if what is UNKNOWN:
        return None
    if isinstance(what, Mark):
        return False
    return (local_day(what) if isinstance(what, datetime) else what) > end


def is_later(one: Instant, other: Instant) -> bool | None:
    """Whether the first is later than the second: not so if either is absent."""
    if one is ABSENT or other is ABSENT:
        return False
    if isinstance(one, Mark) or isinstance(other, Mark):
        return None
    return one > other


# Deals.


def is_closed(portal: Portal, deal: str) -> bool | None:
    return truth(portal.of(deal, "hs_is_closed"))


def is_won(portal: Portal, deal: str) -> bool | None:
    return truth(portal.of(deal, "hs_is_closed_won"))


def closedate(portal: Portal, deal: str) -> Instant:
    """The close date of a deal that is closed; an open deal's is a hope."""
    closed = is_closed(portal, deal)
    value = moment(portal.of(deal, "closedate"))
    if value is ABSENT or closed is False:
        return ABSENT
    return UNKNOWN if closed is None else value


def contract_end(portal: Portal, deal: str) -> Day:
    return day(portal.of(deal, "contract_end_date"))


def deal_activity(portal: Portal, deal: str) -> Instant:
    return latest_instant(moment(portal.of(deal, name)) for name in ("createdate", "notes_last_contacted"))


def latest_contract_end(portal: Portal, deals: list[str]) -> Day:
    """The latest contract end of the won deals among these, if every won deal has one."""
    won = [contract_end(portal, deal) for deal in deals if is_won(portal, deal) is True]
    if ABSENT in won:
        return ABSENT
    if UNKNOWN in won or any(is_won(portal, deal) is None for deal in deals):
        return UNKNOWN
    return max((end for end in won if isinstance(end, date)), default=ABSENT)


def company_of(portal: Portal, key: str) -> Day:
    """The `customer_until` of a record's company: the only one, or the primary one of several."""
    companies = portal.beside(key, "companies")
    primary = [company for company in companies if (key, company) in portal.primary]
    chosen = companies if len(companies) == 1 else primary
    if len(chosen) == 1:
        return day(portal.of(chosen[0], "customer_until"))
    ends = [day(portal.of(company, "customer_until")) for company in companies]
    return UNKNOWN if any(end is not ABSENT for end in ends) else ABSENT


def deal_end(portal: Portal, deal: str) -> End:
    own = day(portal.of(deal, "customer_until"))
    if own is not ABSENT:
        return End(own, "own")
    company = company_of(portal, deal)
    if company is not ABSENT:
        return End(company, "company")
    contacts = end_of_contacts(portal, deal)
    if contacts is not ABSENT:
        return End(contacts, "contacts")
    contract = contract_end(portal, deal)
    if contract is not ABSENT:
        return End(contract, "deal")
    return End(UNKNOWN, "none")


def end_of_contacts(portal: Portal, deal: str) -> Day:
    ends = [contact_end(portal, contact).day for contact in portal.beside(deal, "contacts")]
    if ONGOING in ends:
        return ONGOING
    if ABSENT in ends:
        return ABSENT
    if UNKNOWN in ends:
        return UNKNOWN
    return max((end for end in ends if isinstance(end, date)), default=ABSENT)


# Contacts.


def is_customer(portal: Portal, contact: str) -> bool | None:
    stage = portal.of(contact, "lifecyclestage") == "customer"
    return either(stage, some(is_won(portal, deal) for deal in portal.beside(contact, "deals")))


def was_customer(portal: Portal, contact: str) -> bool | None:
    return either(
        is_customer(portal, contact),
        is_known(day(portal.of(contact, "customer_until"))),
        is_known(moment(portal.of(contact, "hs_v2_date_entered_customer"))),
        is_known(moment(portal.of(contact, "hs_v2_date_exited_customer"))),
    )


def contact_end(portal: Portal, contact: str) -> End:
    """A contact's `customer_until`: absent for somebody who never was a customer."""
    was = was_customer(portal, contact)
    if was is not True:
        return End(UNKNOWN if was is None else ABSENT, "none")
    deals = portal.beside(contact, "deals")
    chain = (
        (day(portal.of(contact, "customer_until")), "own"),
        (company_of(portal, contact), "company"),
        (latest_contract_end(portal, deals), "deals"),
        (end_by_stage(portal, contact), "exited"),
    )
    for end, source in chain:
        if end is not ABSENT:
            return End(end, source)
    return End(ONGOING, "none")


def end_by_stage(portal: Portal, contact: str) -> Day:
    """The local day on which the customer stage was left for one that means the end."""
    exited = moment(portal.of(contact, "hs_v2_date_exited_customer"))
    if portal.of(contact, "lifecyclestage") not in ENDED_STAGES or exited is ABSENT:
        return ABSENT
    lacking = some(
        both(is_won(portal, deal), opposite(is_known(contract_end(portal, deal))))
        for deal in portal.beside(contact, "deals")
    )
    if lacking is True:
        return ABSENT
    return UNKNOWN if lacking is None or isinstance(exited, Mark) else local_day(exited)


def has_open_deal(portal: Portal, contact: str) -> bool | None:
    return some(opposite(is_closed(portal, deal)) for deal in portal.beside(contact, "deals"))


def is_partner(portal: Portal, contact: str) -> bool:
    companies = portal.beside(contact, "companies")
    return any(portal.of(company, "type") in ("PARTNER", "VENDOR") for company in companies)


def works_for_customer(portal: Portal, contact: str, as_of: datetime) -> bool | None:
    return some(
        both(company_is_customer(portal, company), opposite(company_has_ended(portal, company, as_of)))
        for company in portal.beside(contact, "companies")
    )


def company_is_customer(portal: Portal, company: str) -> bool | None:
    stage = portal.of(company, "lifecyclestage") == "customer"
    return either(stage, some(is_won(portal, deal) for deal in portal.beside(company, "deals")))


def company_has_ended(portal: Portal, company: str, as_of: datetime) -> bool | None:
    deals = portal.beside(company, "deals")
    end = day(portal.of(company, "customer_until"))
    if end is ABSENT:
        end = latest_contract_end(portal, deals)
    past = is_past(end, as_of)
    if not isinstance(end, date) or not past:
        return past
    older = some(
        both(is_won(portal, deal), is_on_a_later_day(value, end))
        for deal in deals
        for value in (closedate(portal, deal), contract_end(portal, deal))
    )
    return opposite(older)


def last_activity_at(portal: Portal, contact: str) -> Instant:
    names = (
        "createdate",
        "hs_last_sales_activity_timestamp",
        "notes_last_contacted",
        "recent_conversion_date",
        "hs_email_last_click_date",
        "hs_email_last_reply_date",
        "hs_sales_email_last_replied",
        "hs_analytics_last_visit_timestamp",
    )
    confirmed = day(portal.of(contact, "retention_confirmed_on"))
    confirmed_at = confirmed if isinstance(confirmed, Mark) else midnight_after(confirmed)
    return latest_instant([confirmed_at, *(moment(portal.of(contact, name)) for name in names)])


def last_enquiry_at(portal: Portal, contact: str) -> Instant:
    names = ("recent_conversion_date", "hs_email_last_reply_date", "hs_sales_email_last_replied")
    return latest_instant(moment(portal.of(contact, name)) for name in names)


def unsubscribed_at(portal: Portal, contact: str, as_of: datetime) -> Instant:
    """When somebody who is opted out opted out; the first run sees everybody for the first time."""
    names = ["hs_email_optout", *(f"hs_email_optout_{kind}" for kind in portal.newsletters)]
    opted_out = some(truth(portal.of(contact, name)) for name in names)
    if opted_out is not True:
        return UNKNOWN if opted_out is None else ABSENT
    rows = [
        row
        for row in portal.records[contact].get("subscriptions", [])
        if row.get("wide") == "PORTAL_WIDE" or str(row.get("subscriptionId")) in portal.newsletters
    ]
    outs = [row for row in rows if row.get("status") == "UNSUBSCRIBED"]
    ins = [row for row in rows if row.get("status") == "SUBSCRIBED"]
    if not outs and not ins:
        return as_of
    instants = [at for at in (moment(row.get("timestamp")) for row in outs) if at is not ABSENT]
    if instants and UNKNOWN in (*instants, *(moment(row.get("timestamp")) for row in ins)):
        return UNKNOWN
    since = [moment(out.get("timestamp")) for out in outs if all(surely_before(each, out) for each in ins)]
    if not since:
        return UNKNOWN
    return min((at for at in since if isinstance(at, datetime)), default=as_of)


def surely_before(subscribed: dict[str, Any], out: dict[str, Any]) -> bool:
    """Whether a subscription cannot have taken an opt-out back, which the properties say still stands."""
    of_another = subscribed.get("subscriptionId") != out.get("subscriptionId")
    if of_another and "wide" not in subscribed and "wide" not in out:
        return True
    back, gone = moment(subscribed.get("timestamp")), moment(out.get("timestamp"))
    return isinstance(back, datetime) and isinstance(gone, datetime) and back <= gone


# Contradicted ends.


def contact_end_is_contradicted(portal: Portal, contact: str, as_of: datetime) -> bool | None:
    end, source = contact_end(portal, contact)
    past = is_past(end, as_of)
    if not isinstance(end, date) or not past:
        return past
    deals, companies = portal.beside(contact, "deals"), portal.beside(contact, "companies")
    signs = [won_deal_goes_beyond(portal, deal, end, with_own_end=True) for deal in deals]
    signs += [is_on_a_later_day(day(portal.of(company, "customer_until")), end) for company in companies]
    signs.append(is_on_a_later_day(moment(portal.of(contact, "hs_v2_date_entered_customer")), end))
    signs.append(is_fresh_and_later(day(portal.of(contact, "retention_confirmed_on")), end, as_of))
    if source != "own":
        signs.append(is_on_a_later_day(moment(portal.of(contact, "hs_v2_date_exited_customer")), end))
        theirs = {deal for company in companies for deal in portal.beside(company, "deals")}
        signs += [won_deal_goes_beyond(portal, deal, end, with_own_end=False) for deal in theirs]
        for name in ("notes_last_contacted", "hs_last_sales_activity_timestamp"):
            signs.append(is_fresh_and_later(moment(portal.of(contact, name)), end, as_of))
    return some(signs)


def won_deal_goes_beyond(portal: Portal, deal: str, end: date, *, with_own_end: bool) -> bool | None:
    values = [closedate(portal, deal), contract_end(portal, deal)]
    if with_own_end:
        values.append(day(portal.of(deal, "customer_until")))
    return both(is_won(portal, deal), some(is_on_a_later_day(value, end) for value in values))


def is_fresh_and_later(what: date | datetime | Mark, end: date, as_of: datetime) -> bool | None:
    """On a later day than the end, and twelve months from it have not passed."""
    if isinstance(what, Mark):
        return None if what is UNKNOWN else False
    stale_at = from_instant(what, P12M) if isinstance(what, datetime) else from_day(what, P12M)
    return as_of < stale_at and is_on_a_later_day(what, end)


def deal_end_is_contradicted(portal: Portal, deal: str, as_of: datetime) -> bool | None:
    """Of a won deal. Its contacts' contradictions are its own where its end is theirs."""
    end, source = deal_end(portal, deal)
    if not isinstance(end, date):
        return None if end is UNKNOWN else False
    signs: list[bool | None] = []
    if is_past(end, as_of):
        signs.append(won_deal_goes_beyond(portal, deal, end, with_own_end=True))
        companies = portal.beside(deal, "companies")
        signs += [is_on_a_later_day(day(portal.of(company, "customer_until")), end) for company in companies]
    if source == "contacts":
        contacts = portal.beside(deal, "contacts")
        signs += [contact_end_is_contradicted(portal, contact, as_of) for contact in contacts]
    return some(signs)


# Holds.


def has_own_hold(portal: Portal, key: str) -> bool:
    """A hold that cannot be read holds."""
    if truth(portal.of(key, "legal_hold")) is not False:
        return True
    balance = number(portal.of(key, "outstanding_balance")) if key.startswith("deals/") else ABSENT
    return balance > 0 if isinstance(balance, Decimal) else balance is UNKNOWN


def held_records(portal: Portal) -> dict[str, set[str]]:
    """Every record that a hold reaches, with the records whose holds reach it."""
    reached: dict[str, set[str]] = {}
    for key in portal.records:
        if has_own_hold(portal, key):
            for target in reach_of(portal, key):
                reached.setdefault(target, set()).add(key)
    return reached


def reach_of(portal: Portal, key: str) -> set[str]:
    if key.startswith("contacts/"):
        return {key, *portal.beside(key, "deals")}
    if key.startswith("companies/"):
        return reach_of_company(portal, key)
    reached = {key, *portal.beside(key, "contacts")}
    for company in portal.beside(key, "companies"):
        reached |= reach_of_company(portal, company)
    return reached


def reach_of_company(portal: Portal, company: str) -> set[str]:
    deals = portal.beside(company, "deals")
    of_deals = [contact for deal in deals for contact in portal.beside(deal, "contacts")]
    return {company, *portal.beside(company, "contacts"), *deals, *of_deals}
