"""A whole portal as observations, decided in memory: no HTTP, no spool, nothing but the core."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from hubspot_retention.core.decision.decide import NO_HISTORY, History
from hubspot_retention.core.decision.model import Decision
from hubspot_retention.core.facts.contact import NO_REQUESTS, ContactFacts, Requests
from hubspot_retention.core.facts.deal import DealFacts
from hubspot_retention.core.facts.observation import CompanyObservation, ContactObservation, DealObservation
from hubspot_retention.core.facts.values import UNKNOWN, Unknown
from hubspot_retention.core.hold import HoldRegister
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.core.view import CompanyView, ContactTrace, ContactView, DealView, Judge
from tests.documents import Document, clienti

AS_OF = datetime.fromisoformat("2026-11-22T09:00:00+01:00")
Record = ContactObservation | DealObservation | CompanyObservation


@dataclass(frozen=True)
class Around:
    """What is known beside the portal: policy, holds, requests, what earlier runs saw."""

    policy: RetentionPolicy = field(default_factory=clienti)
    as_of: datetime = AS_OF
    register: HoldRegister = field(default_factory=dict)
    requests: Mapping[int, Requests] = field(default_factory=dict)
    histories: Mapping[int, History] = field(default_factory=dict)


@dataclass(frozen=True)
class Observed:
    """A portal as observations."""

    contacts: tuple[ContactObservation, ...] = ()
    deals: tuple[DealObservation, ...] = ()
    companies: tuple[CompanyObservation, ...] = ()

    def decide(self, around: Around | None = None) -> dict[str, Decision]:
        """Every contact's and every deal's decision, by `contacts/101`."""
        return Assembly(self, around or Around()).decisions()


class Assembly:
    """Who stands beside whom, as the spool of an assessment puts it together."""

    def __init__(self, portal: Observed, around: Around) -> None:
        self.portal, self.around = portal, around
        self.judge = Judge.of(around.policy, around.register, around.as_of)
        unplaced = any(isinstance(deal.companies, Unknown) for deal in portal.deals)
        self.companies: dict[RecordId, CompanyView] = {}
        for company in portal.companies:
            own = [deal for deal in portal.deals if company.record_id in _company_ids(deal)]
            self.companies[company.record_id] = self.judge.company(company, UNKNOWN if unplaced else own)

        self.deal_views = {deal.record_id: DealView(deal, self._companies(deal)) for deal in portal.deals}
        self.contact_views = [self._contact_view(contact) for contact in portal.contacts]
        self.contact_facts = {view.seen.record_id: self._contact_facts(view) for view in self.contact_views}
        self.traces = {
            view.seen.record_id: self.judge.trace(view, self.contact_facts[view.seen.record_id])
            for view in self.contact_views
        }

    def _contact_view(self, seen: ContactObservation) -> ContactView:
        deals: tuple[DealView, ...] | Unknown = _all(seen.deals, self.deal_views)
        return ContactView(seen, deals, self._companies(seen))

    def _companies(self, seen: ContactObservation | DealObservation) -> tuple[CompanyView, ...] | Unknown:
        links = seen.companies
        ids = links if isinstance(links, Unknown) else tuple(each.company_id for each in links)
        found: tuple[CompanyView, ...] | Unknown = _all(ids, self.companies)
        return found

    def _contact_facts(self, view: ContactView) -> ContactFacts:
        return self.judge.contact_facts(view, self.around.requests.get(view.seen.record_id, NO_REQUESTS))

    def _traces_of(self, deal: DealObservation) -> tuple[ContactTrace, ...] | Unknown:
        found: tuple[ContactTrace, ...] | Unknown = _all(deal.contacts, self.traces)
        return found

    def deal_facts(self, deal: DealObservation) -> DealFacts:
        return self.judge.deal_facts(self.deal_views[deal.record_id], self._traces_of(deal))

    def decisions(self) -> dict[str, Decision]:
        found: list[Decision] = []
        for view in self.contact_views:
            record_id = view.seen.record_id
            found.append(self.judge.decide_contact(view, self.contact_facts[record_id], self._history(record_id)))
        for deal in self.portal.deals:
            view_of_deal, history = self.deal_views[deal.record_id], self._history(deal.record_id)
            found.append(self.judge.decide_deal(view_of_deal, self._traces_of(deal), history))
        return {str(decision.record): decision for decision in found}

    def _history(self, record_id: RecordId) -> History:
        return self.around.histories.get(record_id, NO_HISTORY)


def _company_ids(deal: DealObservation) -> list[RecordId]:
    return [] if isinstance(deal.companies, Unknown) else [each.company_id for each in deal.companies]


def _all(ids: Any, found: Mapping[RecordId, Any]) -> Any:
    if isinstance(ids, Unknown) or any(key not in found for key in ids):
        return UNKNOWN
    return tuple(found[key] for key in ids)


def a_portal(*records: Record) -> Observed:
    """A portal of these records. Who is named on one side of an association is added on the other."""
    contacts = {seen.record_id: seen for seen in records if isinstance(seen, ContactObservation)}
    deals = {seen.record_id: seen for seen in records if isinstance(seen, DealObservation)}
    for contact in list(contacts.values()):
        for deal_id in () if isinstance(contact.deals, Unknown) else contact.deals:
            if deal_id in deals:
                deals[deal_id] = deals[deal_id]._replace(contacts=_with(deals[deal_id].contacts, contact.record_id))
    for deal in list(deals.values()):
        for contact_id in () if isinstance(deal.contacts, Unknown) else deal.contacts:
            if contact_id in contacts:
                person = contacts[contact_id]
                contacts[contact_id] = person._replace(deals=_with(person.deals, deal.record_id))
    companies = tuple(seen for seen in records if isinstance(seen, CompanyObservation))
    return Observed(tuple(contacts.values()), tuple(deals.values()), companies)


def _with(ids: Any, extra: RecordId) -> Any:
    return ids if isinstance(ids, Unknown) or extra in ids else (*ids, extra)


def decide_one(record: Record, *others: Record, around: Around | None = None) -> Decision:
    """The decision on the first record, the others beside it."""
    kind = ObjectType.DEAL if isinstance(record, DealObservation) else ObjectType.CONTACT
    return a_portal(record, *others).decide(around)[f"{kind.value}/{record.record_id}"]


def contact_facts(record: ContactObservation, *others: Record, around: Around | None = None) -> ContactFacts:
    """The facts of the first record, the others beside it."""
    portal = a_portal(record, *others)
    return Assembly(portal, around or Around()).contact_facts[portal.contacts[0].record_id]


def deal_facts(record: DealObservation, *others: Record, around: Around | None = None) -> DealFacts:
    """The facts of the first record, the others beside it."""
    portal = a_portal(record, *others)
    return Assembly(portal, around or Around()).deal_facts(portal.deals[0])


def around(as_of: str | datetime = AS_OF, **known: Any) -> Around:
    """The present and what is known beside the portal."""
    return replace(Around(), as_of=datetime.fromisoformat(as_of) if isinstance(as_of, str) else as_of, **known)


def observed(document: Mapping[str, Any]) -> Observed:
    """A portal document as observations."""
    found = Document(document, clienti())
    return Observed(_tuple(found.contacts()), _tuple(found.deals()), _tuple(found.companies()))


def _tuple(records: Iterable[Any]) -> Any:
    return tuple(records)
