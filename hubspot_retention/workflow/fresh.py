"""The fresh read: records read again by id, with all their neighbours, and decided again.

Never from a search, never from what the assessment saw. The neighbours go through the same spool and the same
judge as in the assessment, so the two cannot disagree about what a fact is.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from hubspot_retention.core.decision.decide import NO_HISTORY, History
from hubspot_retention.core.decision.history import NOTHING_REMEMBERED, Remembered, read_starts
from hubspot_retention.core.decision.model import Decision
from hubspot_retention.core.facts.observation import ContactObservation, DealObservation, OptOut
from hubspot_retention.core.facts.values import Unknown
from hubspot_retention.core.hold import HoldRegister
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.portal import Address, Gone, MergedInto, SeenContact
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.core.request import RequestRegister
from hubspot_retention.core.view import ContactView, Judge
from hubspot_retention.workflow.docket_ports import DealWithContacts
from hubspot_retention.workflow.ports import RecordSource, Spool

T = TypeVar("T")
Missing = Gone | MergedInto


@dataclass(frozen=True, slots=True)
class FreshContact:
    """A contact as it is now: its decision, and what an erase or the end of its marketing needs. `around`: all that was
    read with it, and for those that were read together."""

    view: ContactView
    decision: Decision
    address: Address | None
    deals: tuple[DealWithContacts, ...]
    around: frozenset[RecordRef]


@dataclass(frozen=True, slots=True)
class FreshDeal:
    """A deal as it is now. `around` as with a contact."""

    view: DealWithContacts
    decision: Decision
    around: frozenset[RecordRef]


@dataclass(frozen=True, slots=True)
class Memory:
    """What the store knows of the records that are read: earlier starts, open requests, holds."""

    register: HoldRegister
    contacts: Mapping[RecordId, Remembered] = field(default_factory=dict)
    deals: Mapping[RecordId, Remembered] = field(default_factory=dict)
    requests: RequestRegister = field(default_factory=RequestRegister)


def _history(remembered: Remembered) -> History:
    if remembered == NOTHING_REMEMBERED:
        return NO_HISTORY
    return History(read_starts(remembered.starts), restored=remembered.archived_by_us)


class FreshReader:
    """Reads and decides records afresh."""

    def __init__(self, source: RecordSource, new_spool: Callable[[], Spool], policy: RetentionPolicy) -> None:
        self._source = source
        self._new_spool = new_spool
        self._policy = policy

    def contacts(
        self, ids: Sequence[RecordId], memory: Memory, as_of: datetime
    ) -> dict[RecordId, FreshContact | Missing]:
        """Contacts decided as of now; whoever is not there, or answers for another id, says so."""
        answers = self._source.read_contacts(ids)
        found = {key: seen for key, seen in answers.items() if isinstance(seen, SeenContact)}
        opt_outs = self._opt_outs(found)
        reading = _Reading(self._source, self._new_spool(), Judge.of(self._policy, memory.register, as_of))
        try:
            reading.load({key: seen.observation for key, seen in found.items()}, {}, memory)
            fresh = {key: self._fresh_contact(seen, opt_outs.get(key), reading, memory) for key, seen in found.items()}
        finally:
            reading.spool.close()
        return {key: fresh[key] if key in fresh else _missing(answers[key]) for key in ids}

    def _opt_outs(self, found: Mapping[RecordId, SeenContact]) -> dict[RecordId, OptOut | Unknown | None]:
        """The statuses of those who are opted out, all at once: one by one would take longer than they stay fresh."""
        opted_out = {
            key: seen.address
            for key, seen in found.items()
            if seen.address is not None and isinstance(seen.observation.opt_out, OptOut)
        }
        return dict(zip(opted_out, self._source.opt_outs(list(opted_out.values())), strict=True)) if opted_out else {}

    def _fresh_contact(
        self, seen: SeenContact, opt_out: OptOut | Unknown | None, reading: "_Reading", memory: Memory
    ) -> FreshContact:
        record_id = seen.observation.record_id
        remembered = memory.contacts.get(record_id, NOTHING_REMEMBERED)
        observation = _with_opt_out(seen.observation, opt_out, remembered, reading.judge)
        (view,) = reading.spool.contact_views([observation])
        facts = reading.judge.contact_facts(view, memory.requests.of(view.seen))
        decision = reading.judge.decide_contact(view, facts, _history(remembered))
        deals = () if isinstance(observation.deals, Unknown) else reading.spool.views_of(observation.deals)
        return FreshContact(view, decision, seen.address, tuple(deals), reading.around)

    def deals(self, ids: Sequence[RecordId], memory: Memory, as_of: datetime) -> dict[RecordId, FreshDeal | Missing]:
        """Deals decided as of now."""
        answers = self._source.read_deals(ids)
        found = {key: seen for key, seen in answers.items() if isinstance(seen, DealObservation)}
        reading = _Reading(self._source, self._new_spool(), Judge.of(self._policy, memory.register, as_of))
        try:
            reading.load({}, found, memory)
            fresh: dict[RecordId, FreshDeal | Missing] = {}
            for view in reading.spool.views_of(found):
                history = _history(memory.deals.get(view[0].seen.record_id, NOTHING_REMEMBERED))
                decision = reading.judge.decide_deal(*view, history)
                fresh[view[0].seen.record_id] = FreshDeal(view, decision, reading.around)
        finally:
            reading.spool.close()
        return {key: fresh[key] if key in fresh else _missing(answers[key]) for key in ids}


def _with_opt_out(
    observation: ContactObservation, answer: OptOut | Unknown | None, remembered: Remembered, judge: Judge
) -> ContactObservation:
    """The opt-out as HubSpot has it now; an older one counts only if an earlier run saw it."""
    if not isinstance(observation.opt_out, OptOut):
        return observation
    if isinstance(answer, Unknown):
        return observation._replace(opt_out=answer)
    instants = [at for at in (remembered.opted_out_at, None if answer is None else answer.at) if at is not None]
    source = answer.source if answer is not None else observation.opt_out.source
    return observation._replace(opt_out=OptOut(min(instants, default=judge.as_of), source))


def _missing(answer: object) -> Missing:
    return answer if isinstance(answer, MergedInto) else Gone.ABSENT


@dataclass(slots=True)
class _Reading:
    """One fresh read: contacts or deals, spread out to every neighbour that their facts and holds need."""

    source: RecordSource
    spool: Spool
    judge: Judge
    contacts: dict[RecordId, ContactObservation] = field(default_factory=dict)
    deals: dict[RecordId, DealObservation] = field(default_factory=dict)
    around: frozenset[RecordRef] = frozenset()

    def load(
        self,
        contacts: Mapping[RecordId, ContactObservation],
        deals: Mapping[RecordId, DealObservation],
        memory: Memory,
    ) -> None:
        """Read the neighbours: the deals of contacts, the people of deals whose end hangs on them, companies."""
        self.contacts.update(contacts)
        self.deals.update(deals)
        self._read_deals(_deals_of(contacts.values()))
        people = {
            person
            for deal in self.deals.values()
            if deal.customer_until is None and not isinstance(deal.contacts, Unknown)
            for person in deal.contacts
        }
        people |= {person for deal in deals.values() for person in _known(deal.contacts)}
        self._read_contacts(people)
        self._read_deals(_deals_of(self.contacts.values()))
        companies = self._read_companies()
        self.around = frozenset(
            RecordRef(kind, record_id)
            for kind, ids in (
                (ObjectType.CONTACT, self.contacts),
                (ObjectType.DEAL, self.deals),
                (ObjectType.COMPANY, companies),
            )
            for record_id in ids
        )
        self.spool.add_deals(list(self.deals.values()))
        self.spool.judge_companies(self.judge)
        self._trace(memory)

    def _read_deals(self, ids: Iterable[RecordId]) -> None:
        wanted = sorted(set(ids) - self.deals.keys())
        if wanted:
            answers = self.source.read_deals(wanted)
            self.deals.update((key, seen) for key, seen in answers.items() if isinstance(seen, DealObservation))

    def _read_contacts(self, ids: Iterable[RecordId]) -> None:
        wanted = sorted(set(ids) - self.contacts.keys())
        if wanted:
            answers = self.source.read_contacts(wanted)
            self.contacts.update(
                (key, seen.observation) for key, seen in answers.items() if isinstance(seen, SeenContact)
            )

    def _read_companies(self) -> list[RecordId]:
        """Companies with all their deals; one whose deals cannot be listed is left out, and so is unknown. Answers
        which were asked for."""
        wanted = sorted(
            {link.company_id for contact in self.contacts.values() for link in _known(contact.companies)}
            | {link.company_id for deal in self.deals.values() for link in _known(deal.companies)}
        )
        if not wanted:
            return wanted
        answers, deals_of = self.source.read_companies(wanted), self.source.deals_of_companies(wanted)
        readable = {key: deals for key, deals in deals_of.items() if not isinstance(deals, Unknown)}
        self._read_deals(deal for deals in readable.values() for deal in deals)
        whole = [
            answer
            for key, answer in answers.items()
            if not isinstance(answer, Gone | MergedInto)
            and key in readable
            and all(deal in self.deals for deal in readable[key])
        ]
        self.spool.add_companies(whole)
        return wanted

    def _trace(self, memory: Memory) -> None:
        views = self.spool.contact_views(list(self.contacts.values()))
        traces = []
        for view in views:
            facts = self.judge.contact_facts(view, memory.requests.of(view.seen))
            traces.append((view.seen.record_id, self.judge.trace(view, facts)))
        self.spool.keep_traces(traces)


def _deals_of(contacts: Iterable[ContactObservation]) -> set[RecordId]:
    return {deal for seen in contacts for deal in _known(seen.deals)}


def _known(links: tuple[T, ...] | Unknown) -> tuple[T, ...]:
    return () if isinstance(links, Unknown) else links
