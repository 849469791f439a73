"""Records for small portals, each due or kept for one plain reason, whatever day it is."""

from datetime import timedelta
from typing import Any

from hubspot_retention.clock import Clock

Document = dict[str, Any]
LONG_AGO = "2014-01-10T09:00:00Z"


def days_ago(days: int) -> str:
    """A day as HubSpot writes dates."""
    return (Clock().now() - timedelta(days=days)).date().isoformat()


RECENT_END = days_ago(900)
"""The end of a relationship that is over for more than 24 months and less than five years."""


def a_contact(record_id: int, **properties: Any) -> Document:
    """A contact that was made long ago; nothing else is known."""
    own = {"email": f"p{record_id}@example.dk", "createdate": LONG_AGO, "lifecyclestage": "lead"}
    return {"id": str(record_id), "properties": {**own, **properties}}


def asks_to_go(record_id: int, at: str = "2020-03-01T09:00:00Z", **properties: Any) -> Document:
    """Somebody who asked for erasure: an exercised right, erased."""
    return a_contact(record_id, erasure_requested_at=at, **properties)


def unsubscribed(record_id: int, at: str = "2020-03-01T09:00:00Z", **properties: Any) -> Document:
    """Somebody who unsubscribed from the newsletter: an exercised right, erased."""
    row = {"subscriptionId": 501, "status": "UNSUBSCRIBED", "timestamp": at, "source": "Self Service"}
    found = a_contact(record_id, hs_email_optout_501="true", **properties)
    return {**found, "subscriptions": [row]}


def inactive(record_id: int, **properties: Any) -> Document:
    """Somebody whom nobody was in touch with: archived by a time rule."""
    return a_contact(record_id, **properties)


def former_customer(record_id: int, until: str = "2018-04-30", **properties: Any) -> Document:
    """A customer that left long ago: erased by a time rule."""
    return a_contact(record_id, lifecyclestage="other", customer_until=until, **properties)


def a_customer(record_id: int, **properties: Any) -> Document:
    """A customer that has not left."""
    return a_contact(record_id, lifecyclestage="customer", **properties)


def a_deal(record_id: int, **properties: Any) -> Document:
    """An open deal."""
    own = {"createdate": LONG_AGO, "dealname": f"Aftale {record_id}", "hs_is_closed": "false"}
    return {"id": str(record_id), "properties": {**own, "hs_is_closed_won": "false", **properties}}


def won_deal(record_id: int, closed: str = "2014-02-01T09:00:00Z", **properties: Any) -> Document:
    """A won deal."""
    return a_deal(record_id, hs_is_closed="true", hs_is_closed_won="true", closedate=closed, **properties)


def old_agreement(record_id: int) -> Document:
    """A won deal whose years are over: archived by a time rule."""
    return won_deal(record_id, customer_until="2015-05-31")


def lost_deal(record_id: int) -> Document:
    """A deal lost long ago: archived by a time rule."""
    return a_deal(record_id, hs_is_closed="true", closedate="2016-02-01T09:00:00Z")


def a_letter(record_id: int, at: str = "2015-02-01T10:00:00Z", **properties: Any) -> Document:
    """An e-mail, a note, a call, a meeting or a task."""
    return {"id": str(record_id), "properties": {"hs_timestamp": at, **properties}}


def a_company(record_id: int, **properties: Any) -> Document:
    """A company of which nothing is known."""
    return {"id": str(record_id), "properties": {"name": f"Firma {record_id} A/S", **properties}}


def a_portal(*, links: tuple[tuple[str, str], ...] = (), tier: str = "professional", **records: Any) -> Document:
    """A portal document; `links` such as ("contacts/101", "deals/21")."""
    portal = {"id": 25412345, "timeZone": "Europe/Copenhagen", "accountType": "STANDARD", "tier": tier}
    types = [{"id": 501, "name": "Nyhedsbrev", "newsletter": True}, {"id": 502, "name": "Driftsinformation"}]
    rows = [{"from": one, "to": other} for one, other in links]
    return {"portal": portal, "subscriptionTypes": types, "associations": rows, **records}
