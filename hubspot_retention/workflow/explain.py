"""Explain: past, present and next date of one record, and every rule that was looked at.

Read-only. The present is a fresh read by id, decided by the same code as the assessment; the past is what the
plans and the audit log hold: ids, codes and dates, never a name.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from hubspot_retention.core.audit.entry import StoredEntry
from hubspot_retention.core.decision.agreeing import is_observed
from hubspot_retention.core.decision.model import Decision
from hubspot_retention.core.decision.provenance import FactTrace, contact_provenance, deal_provenance
from hubspot_retention.core.decision.trace import RuleTrace, trace
from hubspot_retention.core.facts.company import CompanyFacts
from hubspot_retention.core.facts.contact import Surroundings
from hubspot_retention.core.facts.deal import DealSurroundings
from hubspot_retention.core.facts.observation import ContactObservation
from hubspot_retention.core.facts.values import Unknown
from hubspot_retention.core.hold import HoldRegister
from hubspot_retention.core.plan.model import Plan, PlanItem
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.portal import Gone, MergedInto
from hubspot_retention.core.record import ObjectType, RecordRef
from hubspot_retention.core.request import RequestRegister
from hubspot_retention.core.view import CompanyView, Judge
from hubspot_retention.errors import UsageError
from hubspot_retention.workflow.fresh import FreshContact, FreshDeal, FreshReader, Memory
from hubspot_retention.workflow.ports import RecordSource, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """A record as it is now: its decision, whether that is only observed, its facts, the rules."""

    decision: Decision
    observed: bool
    facts: tuple[FactTrace, ...]
    rules: tuple[RuleTrace, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All that is to be told of one record as of an instant (UTC). `matters`: of the holds of our register on it.
    `plans` newest first, `log` oldest first."""

    record: RecordRef
    as_of: datetime
    present: Present | Gone | MergedInto
    matters: tuple[str, ...]
    plans: tuple[tuple[Plan, PlanItem], ...]
    log: tuple[StoredEntry, ...]


def memory_of(store: Store, record: RecordRef) -> Memory:
    """What the store knows of one record: earlier starts, open requests, holds."""
    kind, ids = record.object_type, [record.record_id]
    with store.transaction() as tx:
        return Memory(
            register=tx.hold_register(),
            contacts=tx.recall(kind, ids) if kind is ObjectType.CONTACT else {},
            deals=tx.recall(kind, ids) if kind is ObjectType.DEAL else {},
            requests=RequestRegister.of_all(tx.requests()),
        )


def log_of(store: Store, record: RecordRef) -> tuple[StoredEntry, ...]:
    """What the audit log says of one record, found by reading the whole log."""
    name = str(record)
    mark = f'"record":"{name}"'.encode("ascii")
    return tuple(entry for entry in store.entries() if mark in entry.body)


class Explainer:
    """Explains records."""

    def __init__(
        self,
        source: RecordSource,
        store: Store,
        fresh: FreshReader,
        policy: RetentionPolicy,
        now: Callable[[], datetime],
    ) -> None:
        self._source = source
        self._store = store
        self._fresh = fresh
        self._policy = policy
        self._now = now

    def explain(self, record: RecordRef) -> Explanation:
        """Past, present and next date of a contact or deal. Raises UsageError for another class."""
        if record.object_type not in (ObjectType.CONTACT, ObjectType.DEAL):
            raise UsageError(
                f"{record}: rules decide contacts and deals; correspondence goes with them, companies stay"
            )
        as_of = self._now()
        self._source.identity()
        self._source.require_properties()
        memory = memory_of(self._store, record)
        read = self._contact if record.object_type is ObjectType.CONTACT else self._deal
        present = read(record, memory, as_of)
        with self._store.transaction() as tx:
            plans = tuple(tx.items_of_record(record))
        matters = memory.register.get(record, ())
        log = log_of(self._store, record)
        return Explanation(record=record, as_of=as_of, present=present, matters=matters, plans=plans, log=log)

    def _contact(self, record: RecordRef, memory: Memory, as_of: datetime) -> Present | Gone | MergedInto:
        found = self._fresh.contacts([record.record_id], memory, as_of)[record.record_id]
        if isinstance(found, FreshContact) and (whole := self._whole(memory, found.view.seen)) != memory:
            found = self._fresh.contacts([record.record_id], whole, as_of)[record.record_id]
        if not isinstance(found, FreshContact):
            return found
        judge = self._judge(memory.register, as_of)
        view = found.view
        requests = memory.requests.of(view.seen)
        facts = judge.contact_facts(view, requests)
        deals = view.deals if isinstance(view.deals, Unknown) else tuple(deal.seen for deal in view.deals)
        around = Surroundings(deals, _company_facts(view.companies))
        return Present(
            decision=found.decision,
            observed=is_observed(found.decision, self._policy),
            facts=contact_provenance(view.seen, around, requests, facts, self._policy),
            rules=trace(facts, found.decision, judge.contacts, as_of),
        )

    def _whole(self, memory: Memory, seen: ContactObservation) -> Memory:
        """With what is remembered of those that were merged into a contact and did not follow yet: the next full run
        goes by that as well."""
        if not seen.merged_ids:
            return memory
        with self._store.transaction() as tx:
            contacts = tx.recall_as_merged(ObjectType.CONTACT, {seen.record_id: seen.merged_ids})
        return replace(memory, contacts=contacts)

    def _deal(self, record: RecordRef, memory: Memory, as_of: datetime) -> Present | Gone | MergedInto:
        found = self._fresh.deals([record.record_id], memory, as_of)[record.record_id]
        if not isinstance(found, FreshDeal):
            return found
        judge = self._judge(memory.register, as_of)
        view, traces = found.view
        facts = judge.deal_facts(view, traces)
        ends = traces if isinstance(traces, Unknown) else tuple(contact.end for contact in traces)
        around = DealSurroundings(ends, _company_facts(view.companies))
        return Present(
            decision=found.decision,
            observed=is_observed(found.decision, self._policy),
            facts=deal_provenance(view.seen, around, facts, self._policy),
            rules=trace(facts, found.decision, judge.deals, as_of),
        )

    def _judge(self, register: HoldRegister, as_of: datetime) -> Judge:
        return Judge.of(self._policy, register, as_of)


def _company_facts(companies: tuple[CompanyView, ...] | Unknown) -> tuple[CompanyFacts, ...] | Unknown:
    return companies if isinstance(companies, Unknown) else tuple(company.facts for company in companies)
