"""A record among its neighbours: from observations to its facts and the holds that reach it.

The full assessment and the fresh read before a disposal both end here, so that they cannot disagree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from hubspot_retention.core.decision.decide import History, decide
from hubspot_retention.core.decision.model import Decision
from hubspot_retention.core.decision.ruleset import Ruleset, ruleset
from hubspot_retention.core.facts.company import CompanyFacts, company_facts
from hubspot_retention.core.facts.contact import (
    ALONE,
    NO_REQUESTS,
    ContactFacts,
    Requests,
    Surroundings,
    contact_facts,
)
from hubspot_retention.core.facts.deal import ContactEnd, DealFacts, DealSurroundings, deal_facts
from hubspot_retention.core.facts.observation import CompanyObservation, ContactObservation, DealObservation
from hubspot_retention.core.facts.terms import FactTerms
from hubspot_retention.core.facts.values import UNKNOWN, Unknown
from hubspot_retention.core.hold import (
    Causes,
    HoldRegister,
    company_causes,
    contact_causes,
    deal_causes,
    gather,
)
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.record import ObjectType, RecordRef


class CompanyView(NamedTuple):
    """A company with what it passes on: its facts and its holds."""

    facts: CompanyFacts
    causes: Causes


class DealView(NamedTuple):
    """A deal with its companies."""

    seen: DealObservation
    companies: tuple[CompanyView, ...] | Unknown


class ContactView(NamedTuple):
    """A contact with its deals and its companies (in the order of its links)."""

    seen: ContactObservation
    deals: tuple[DealView, ...] | Unknown
    companies: tuple[CompanyView, ...] | Unknown


class ContactTrace(NamedTuple):
    """What a deal needs to know of one of its contacts."""

    end: ContactEnd
    causes: Causes


@dataclass(frozen=True, slots=True)
class Judge:
    """Decides records by one policy as of one instant, under the holds of one register."""

    terms: FactTerms
    contacts: Ruleset
    deals: Ruleset
    register: HoldRegister
    as_of: datetime

    @classmethod
    def of(cls, policy: RetentionPolicy, register: HoldRegister, as_of: datetime) -> "Judge":
        """A judge for a policy."""
        contacts, deals = ruleset(policy, ObjectType.CONTACT), ruleset(policy, ObjectType.DEAL)
        return cls(policy.terms, contacts, deals, register, as_of.astimezone(UTC))

    def company(self, seen: CompanyObservation, deals: Sequence[DealObservation] | Unknown) -> CompanyView:
        """A company seen with all its deals. `UNKNOWN` where a deal's companies could not be read: it may be its."""
        return CompanyView(company_facts(seen, deals, self.terms), company_causes(seen, deals, self.register))

    def contact_facts(self, view: ContactView, requests: Requests = NO_REQUESTS) -> ContactFacts:
        """The facts of a contact."""
        around = ALONE
        if view.deals or view.companies:
            deals = view.deals if view.deals is UNKNOWN else tuple([deal.seen for deal in view.deals])
            around = Surroundings(deals, _facts_of(view.companies))
        return contact_facts(view.seen, around, requests, self.terms, self.as_of)

    def contact_causes(self, view: ContactView) -> Causes:
        """Every hold that reaches a contact: its own, its deals', and its companies' and its deals' companies'."""
        own = contact_causes(view.seen, self.register)
        if not (view.deals or view.companies):
            return own
        groups: list[Causes | Unknown] = [own, *_causes_of(view.companies)]
        if view.deals is UNKNOWN:
            groups.append(UNKNOWN)
        else:
            for deal in view.deals:
                groups.append(deal_causes(deal.seen, self.register))
                groups.extend(_causes_of(deal.companies))
        return gather(groups, RecordRef(ObjectType.CONTACT, view.seen.record_id)) if any(groups) else ()

    def trace(self, view: ContactView, facts: ContactFacts) -> ContactTrace:
        """What the contact's deals need to know of it."""
        end = ContactEnd(facts.customer_until, facts.contradicted)
        return ContactTrace(end, contact_causes(view.seen, self.register))

    def decide_contact(self, view: ContactView, facts: ContactFacts, history: History) -> Decision:
        """The decision on a contact."""
        return decide(facts, self.contact_causes(view), self.contacts, self.as_of, history)

    def deal_facts(self, view: DealView, contacts: tuple[ContactTrace, ...] | Unknown) -> DealFacts:
        """The facts of a deal."""
        ends = contacts if contacts is UNKNOWN else tuple([contact.end for contact in contacts])
        return deal_facts(view.seen, DealSurroundings(ends, _facts_of(view.companies)), self.terms, self.as_of)

    def deal_causes(self, view: DealView, contacts: tuple[ContactTrace, ...] | Unknown) -> Causes:
        """Every hold that reaches a deal: its own, its contacts' own, its companies'."""
        own = deal_causes(view.seen, self.register)
        people = (UNKNOWN,) if contacts is UNKNOWN else [contact.causes for contact in contacts]
        groups: list[Causes | Unknown] = [own, *_causes_of(view.companies), *people]
        return gather(groups, RecordRef(ObjectType.DEAL, view.seen.record_id)) if any(groups) else ()

    def decide_deal(self, view: DealView, contacts: tuple[ContactTrace, ...] | Unknown, history: History) -> Decision:
        """The decision on a deal."""
        causes = self.deal_causes(view, contacts)
        return decide(self.deal_facts(view, contacts), causes, self.deals, self.as_of, history)


def _facts_of(companies: tuple[CompanyView, ...] | Unknown) -> tuple[CompanyFacts, ...] | Unknown:
    return companies if companies is UNKNOWN else tuple([company.facts for company in companies])


def _causes_of(companies: tuple[CompanyView, ...] | Unknown) -> Sequence[Causes | Unknown]:
    return (UNKNOWN,) if companies is UNKNOWN else [company.causes for company in companies]
