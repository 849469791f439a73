"""The facts a policy may speak of, by record class: what kind each is, and how a person says it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hubspot_retention.core.record import ObjectType


class FactKind(StrEnum):
    """A truth is yes or no; a moment is a day or an instant."""

    TRUTH = "truth"
    MOMENT = "moment"


@dataclass(frozen=True, slots=True)
class Truthful:
    """A fact that is true or false, and how each is said of a record."""

    yes: str
    no: str
    kind: FactKind = FactKind.TRUTH


@dataclass(frozen=True, slots=True)
class Momentous:
    """A fact that is a day or an instant, as a noun. `is_past`: an instant at which something happened; one that has
    not come yet is a mistake."""

    noun: str
    is_past: bool = False
    kind: FactKind = FactKind.MOMENT


FactWords = Truthful | Momentous

CONTACT_FACTS: Final[Mapping[str, FactWords]] = {
    "is_customer": Truthful("is a customer", "is not a customer"),
    "was_customer": Truthful("is or was a customer", "was never a customer"),
    "has_open_deal": Truthful("has an open deal", "has no open deal"),
    "is_partner": Truthful("belongs to a partner or vendor", "belongs to no partner or vendor"),
    "works_for_customer": Truthful("works for a company that is a customer", "works for no company that is a customer"),
    "relationship_ongoing": Truthful("is a customer whose relationship goes on", "has no relationship that goes on"),
    "restricted": Truthful("is under a restriction of processing", "is under no restriction of processing"),
    "processed_on_behalf_of": Truthful(
        "is processed on behalf of somebody else", "is not processed on behalf of somebody else"
    ),
    "customer_until": Momentous("the end of the customer relationship"),
    "last_activity_at": Momentous("the last activity", is_past=True),
    "last_enquiry_at": Momentous("the last enquiry of their own", is_past=True),
    "unsubscribed_at": Momentous("the unsubscription", is_past=True),
    "erasure_requested_at": Momentous("the request for erasure", is_past=True),
    "consent_withdrawn_at": Momentous("the withdrawal of consent", is_past=True),
    "processing_ended_on": Momentous("the end of the processing agreement"),
    "event_on": Momentous("the event"),
}

DEAL_FACTS: Final[Mapping[str, FactWords]] = {
    "is_open": Truthful("is open", "is closed"),
    "is_closed_won": Truthful("is closed and won", "is not won"),
    "is_closed_lost": Truthful("is closed and not won", "is not lost"),
    "relationship_ongoing": Truthful(
        "belongs to a relationship that goes on", "belongs to no relationship that goes on"
    ),
    "closed_at": Momentous("the closing of the deal", is_past=True),
    "customer_until": Momentous("the end of the customer relationship"),
    "last_business_on": Momentous("the last business (closing, contract end or end of the relationship)"),
    "last_activity_at": Momentous("the last activity", is_past=True),
}

FACTS: Final[Mapping[ObjectType, Mapping[str, FactWords]]] = {
    ObjectType.CONTACT: CONTACT_FACTS,
    ObjectType.DEAL: DEAL_FACTS,
}

RECORD_CLASSES: Final[Mapping[str, ObjectType]] = {"contact": ObjectType.CONTACT, "deal": ObjectType.DEAL}


def fact_names(kind: FactKind, object_type: ObjectType | None = None) -> tuple[str, ...]:
    """The facts of a kind, of one record class or of all, each once, in the order of the vocabulary."""
    classes = FACTS.values() if object_type is None else (FACTS[object_type],)
    return tuple(dict.fromkeys(name for facts in classes for name, fact in facts.items() if fact.kind is kind))


def past_facts(object_type: ObjectType) -> frozenset[str]:
    """The facts of a record class that are instants at which something happened."""
    return frozenset(name for name, fact in FACTS[object_type].items() if isinstance(fact, Momentous) and fact.is_past)


def class_name(object_type: ObjectType) -> str:
    """How the policy file names a record class: `contact`, `deal`."""
    return next(name for name, known in RECORD_CLASSES.items() if known is object_type)
