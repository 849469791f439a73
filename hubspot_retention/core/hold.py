"""Holds: what binds a record so that nothing may happen to it, and how far each hold reaches.

A dispute or a debt is with the customer. A contact's own hold reaches the contact, its deals, its engagements;
a company's hold, and a hold or debt of one of its deals, reaches the company, its contacts, its deals and the
contacts of those deals; a deal's hold or debt reaches the deal, its contacts, its engagements. A record that is
merely reached passes nothing on. What cannot be read holds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from hubspot_retention.core.facts.observation import CompanyObservation, ContactObservation, DealObservation
from hubspot_retention.core.facts.values import UNKNOWN, Truth, Unknown
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef


class HoldKind(StrEnum):
    """Where a hold comes from."""

    FLAG = "hold-flag"
    REGISTER = "hold-register"
    DEBT = "outstanding-debt"
    UNREADABLE = "hold-unreadable"


class HoldCause(NamedTuple):
    """One hold that binds a record: its kind, the record it was set on, the register's matter if any."""

    kind: HoldKind
    object_type: ObjectType
    record_id: RecordId
    matter: str = ""

    @property
    def record(self) -> RecordRef:
        """The record that the hold was set on."""
        return RecordRef(self.object_type, self.record_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A hold of our own register. `matter` is the case's reference, never a person's name; instants in UTC."""

    hold_id: int
    record: RecordRef
    matter: str
    placed_by: str
    placed_at: datetime
    review_on: date | None = None
    released_at: datetime | None = None


HoldRegister = Mapping[RecordRef, tuple[str, ...]]
"""The matters of the holds now in force, by the record they were placed on."""

Causes = tuple[HoldCause, ...]


def _registered(kind: ObjectType, ids: Iterable[RecordId], register: HoldRegister) -> list[HoldCause]:
    return [
        HoldCause(HoldKind.REGISTER, kind, record_id, matter)
        for record_id in ids
        for matter in register.get(RecordRef(kind, record_id), ())
    ]


def _flagged(kind: ObjectType, record_id: RecordId, flag: Truth) -> list[HoldCause]:
    if flag is False:
        return []
    return [HoldCause(HoldKind.UNREADABLE if flag is UNKNOWN else HoldKind.FLAG, kind, record_id)]


def contact_causes(contact: ContactObservation, register: HoldRegister) -> Causes:
    """The contact's own holds; a hold on a merged-away id binds the winner."""
    if contact.legal_hold is False and not register:
        return ()
    own = _flagged(ObjectType.CONTACT, contact.record_id, contact.legal_hold)
    return (*own, *_registered(ObjectType.CONTACT, (contact.record_id, *contact.merged_ids), register))


def deal_causes(deal: DealObservation, register: HoldRegister) -> Causes:
    """The deal's own holds and its debt."""
    if deal.legal_hold is False and deal.owes is False and not register:
        return ()
    own = _flagged(ObjectType.DEAL, deal.record_id, deal.legal_hold)
    if deal.owes is not False:
        kind = HoldKind.UNREADABLE if deal.owes is UNKNOWN else HoldKind.DEBT
        own.append(HoldCause(kind, ObjectType.DEAL, deal.record_id))
    return (*own, *_registered(ObjectType.DEAL, (deal.record_id, *deal.merged_ids), register))


def company_causes(
    company: CompanyObservation, deals: Iterable[DealObservation] | Unknown, register: HoldRegister
) -> Causes:
    """What a company passes on: its own holds, and the holds and debts of its deals. Unseen deals hold."""
    own = _flagged(ObjectType.COMPANY, company.record_id, company.legal_hold)
    own.extend(_registered(ObjectType.COMPANY, (company.record_id, *company.merged_ids), register))
    if deals is UNKNOWN:
        return (*own, unreadable(ObjectType.COMPANY, company.record_id))
    return (*own, *(cause for deal in deals for cause in deal_causes(deal, register)))


def unreadable(kind: ObjectType, record_id: RecordId) -> HoldCause:
    """An association of the record could not be read: it holds."""
    return HoldCause(HoldKind.UNREADABLE, kind, record_id)


def gather(groups: Iterable[Causes | Unknown], owner: RecordRef) -> Causes:
    """All holds that reach `owner`, each once, in a stable order; a group that could not be read holds."""
    found: set[HoldCause] = set()
    for group in groups:
        if group is UNKNOWN:
            found.add(unreadable(owner.object_type, owner.record_id))
        else:
            found.update(group)
    return tuple(sorted(found))
