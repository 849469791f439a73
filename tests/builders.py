"""Readable observations: `a_contact(stage="customer")`, `a_deal(won=True)`, `a_company(...)`, `a_hold(...)`.

Associations are named on one side only; `a_portal` fills in the other.
"""

from datetime import UTC, date, datetime
from typing import Any

from hubspot_retention.core.facts.observation import (
    CompanyLink,
    CompanyObservation,
    ContactObservation,
    DealObservation,
)
from hubspot_retention.core.hold import HoldRegister
from hubspot_retention.core.record import RecordId, RecordRef

LONG_AGO = datetime(2020, 1, 1, 12, tzinfo=UTC)


def at(text: str) -> datetime:
    """An instant; without an offset it is UTC."""
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def on(text: str) -> date:
    """A date."""
    return date.fromisoformat(text)


def link(company_id: int, *, primary: bool = False) -> CompanyLink:
    """An association with a company."""
    return CompanyLink(RecordId(company_id), primary)


def a_contact(
    record_id: int = 101,
    /,
    *,
    created_at: Any = LONG_AGO,
    active_at: Any = None,
    wrote_at: Any = None,
    spoke_at: Any = None,
    **values: Any,
) -> ContactObservation:
    """A lead that nothing is known of. `wrote_at`: an enquiry of their own; `spoke_at`: a sales activity."""
    confirmed_on = values.get("confirmed_on")
    nothing: dict[str, Any] = dict.fromkeys(ContactObservation._fields)
    return ContactObservation(
        **nothing
        | {
            "record_id": RecordId(record_id),
            "stage": "lead",
            "activity": (created_at, spoke_at, spoke_at, wrote_at, active_at, None, None, None, confirmed_on),
            "enquiry": (wrote_at, None, None),
            "conversation": (spoke_at, None),
            "legal_hold": False,
            "restricted": False,
            "processed_on_behalf_of": False,
            "deals": (),
            "companies": (),
            "merged_ids": (),
        }
        | values
    )


def a_customer(record_id: int = 101, /, **values: Any) -> ContactObservation:
    """A contact whose stage is customer."""
    return a_contact(record_id, **{"stage": "customer"} | values)


def a_deal(record_id: int = 201, /, *, closed: Any = True, won: Any = True, **values: Any) -> DealObservation:
    """A won deal of 2021, unless it is said otherwise."""
    nothing: dict[str, Any] = dict.fromkeys(DealObservation._fields)
    return DealObservation(
        **nothing
        | {
            "record_id": RecordId(record_id),
            "is_closed": closed,
            "is_won": won,
            "closed_at": at("2021-02-01T10:00"),
            "created_at": LONG_AGO,
            "owes": False,
            "legal_hold": False,
            "contacts": (),
            "companies": (),
            "merged_ids": (),
        }
        | values
    )


def a_company(record_id: int = 301, /, **values: Any) -> CompanyObservation:
    """A company that is nobody in particular."""
    return CompanyObservation(
        **{
            "record_id": RecordId(record_id),
            "stage": None,
            "kind": None,
            "customer_until": None,
            "legal_hold": False,
        }
        | values
    )


def changed(seen: Any, **values: Any) -> Any:
    """The record with other values."""
    return seen._replace(**values)


def a_hold(record: str = "contacts/101", matter: str = "sag-2026-7") -> HoldRegister:
    """A register with one hold in force."""
    return {RecordRef.parse(record): (matter,)}
