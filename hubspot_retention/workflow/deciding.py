"""Deciding a chunk of records with all that their decisions need, and what is to be kept of that.

Nothing here reads or writes: a docket holds what was read for its records, a court decides them, its findings are
what the run must store. So it does not matter in which process a docket is decided, nor in which order: findings of
different dockets only add up.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from hubspot_retention.core.deadline.ledger import doubts_a_right
from hubspot_retention.core.decision.decide import NO_HISTORY, History
from hubspot_retention.core.decision.history import NOTHING_REMEMBERED, Remembered, read_starts
from hubspot_retention.core.decision.model import Decision, Outcome, StartValue
from hubspot_retention.core.facts.observation import ContactObservation
from hubspot_retention.core.plan.build import Tally, item_of, remember
from hubspot_retention.core.plan.model import Action, PlanItem, PlanKind
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.portal import SeenContact, UnreadContact
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.core.request import RequestRegister
from hubspot_retention.core.view import ContactTrace, ContactView, Judge
from hubspot_retention.workflow.docket_ports import ContactNeighbours, ContactReader, DealNeighbours
from hubspot_retention.workflow.opting_out import Status, must_ask, noted, opt_out_of


def history_of(decision: Decision, remembered: Remembered, starts: Mapping[str, StartValue]) -> History | None:
    """The history that could change a decision made without one; `None` if it cannot. `starts`: those remembered."""
    if remembered.archived_by_us:
        return History(starts, restored=True)
    return History(starts) if starts and starts != dict(decision.starts) else None


class Decided(NamedTuple):
    """A decision, what was remembered before it, and the opt-out as far as it is known now. `starts`: those
    remembered, where they have been read already."""

    decision: Decision
    before: Remembered
    opt_out: Remembered
    starts: Mapping[str, StartValue] | None = None

    @property
    def after(self) -> Remembered:
        """What later runs shall remember."""
        return remember(self.decision, self.before, self.opt_out, self.starts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was known of the records of a docket. `before`: what earlier runs remembered; `obliged`: those that the
    deadline ledger knows."""

    before: Mapping[RecordId, Remembered]
    obliged: frozenset[RecordId]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDocket:
    """Contacts with their neighbours, and the subscription statuses of those who were asked about."""

    seen: Sequence[ContactObservation]
    statuses: Mapping[RecordId, Status]
    neighbours: ContactNeighbours
    known: Known


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadDocket:
    """Contacts that are yet to be read, with their neighbours."""

    unread: list[UnreadContact]
    reader: ContactReader
    neighbours: ContactNeighbours
    known: Known


@dataclass(frozen=True, slots=True, kw_only=True)
class DealDocket:
    """Deals with their neighbours."""

    neighbours: DealNeighbours
    known: Known


Docket = ContactDocket | UnreadDocket | DealDocket


@dataclass(slots=True, kw_only=True)
class Findings:
    """What a docket led to. `heard`: what the deadline ledger must hear; `notes`: what was known of records and what
    later runs shall know, where that differs; `opt_outs`: those seen for the first time; `traces`: what deals need to
    know of contacts; `decisions`: those that somebody wants to hear; `pending`: who is newly opted out and was
    not decided, because it takes a request to know since when; `merged`: who was not decided, because what is
    remembered of those that were merged into them may have to follow first; `in_view`: what this service archived
    once."""

    kind: ObjectType
    total: int = 0
    tallies: dict[PlanKind, Tally] = field(default_factory=lambda: {plan: Tally() for plan in PlanKind})
    items: dict[PlanKind, list[PlanItem]] = field(default_factory=lambda: {plan: [] for plan in PlanKind})
    heard: list[Decided] = field(default_factory=list)
    notes: list[tuple[RecordId, Remembered, Remembered]] = field(default_factory=list)
    opt_outs: list[tuple[RecordId, Remembered]] = field(default_factory=list)
    traces: list[tuple[RecordId, ContactTrace]] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    pending: list[SeenContact] = field(default_factory=list)
    merged: list[SeenContact] = field(default_factory=list)
    in_view: list[RecordId] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Court:
    """Decides dockets by one policy, under one register of holds and one of requests. `hears`: which decisions somebody
    wants to hear; `None` where nobody listens."""

    policy: RetentionPolicy
    judge: Judge
    requests: RequestRegister = field(default_factory=RequestRegister)
    hears: Callable[[Decision], object] | None = None

    def decide(self, docket: Docket) -> Findings:
        """Decide a docket."""
        match docket:
            case DealDocket():
                return self._findings(ObjectType.DEAL, self._deals(docket), docket.known)
            case ContactDocket():
                return self._contacts(docket)
            case UnreadDocket():
                return self._unread(docket)

    def _unread(self, docket: UnreadDocket) -> Findings:
        """Who is newly opted out is left, and whoever others were merged into: here nobody can ask since when, nor what
        is remembered of those others."""
        seen, pending, merged = [], [], []
        for contact in docket.reader.read(docket.unread):
            before = docket.known.before.get(contact.observation.record_id, NOTHING_REMEMBERED)
            if contact.observation.merged_ids:
                merged.append(contact)
            elif must_ask(contact, before):
                pending.append(contact)
            else:
                seen.append(contact.observation)
        found = self._contacts(ContactDocket(seen=seen, statuses={}, neighbours=docket.neighbours, known=docket.known))
        found.pending, found.merged = pending, merged
        return found

    def _contacts(self, docket: ContactDocket) -> Findings:
        recalled, as_of = docket.known.before, self.judge.as_of
        seen, opt_outs = [], {}
        for contact in docket.seen:
            if contact.opt_out is not None:
                record_id = contact.record_id
                before = recalled.get(record_id, NOTHING_REMEMBERED)
                opt_out = opt_out_of(contact, before, docket.statuses.get(record_id), as_of)
                opt_outs[record_id] = noted(opt_out, before)
                contact = contact._replace(opt_out=opt_out)
            seen.append(contact)
        traces: list[tuple[RecordId, ContactTrace]] = []
        decided = self._decided(docket.neighbours.views(seen), recalled, opt_outs, traces)
        found = self._findings(ObjectType.CONTACT, decided, docket.known)
        found.traces = traces
        return found

    def _decided(
        self,
        views: Iterable[ContactView],
        recalled: Mapping[RecordId, Remembered],
        opt_outs: Mapping[RecordId, Remembered],
        traces: list[tuple[RecordId, ContactTrace]],
    ) -> Iterator[Decided]:
        judge = self.judge
        for view in views:
            record_id = view.seen.record_id
            facts = judge.contact_facts(view, self.requests.of(view.seen))
            if view.deals:
                traces.append((record_id, judge.trace(view, facts)))
            before = recalled.get(record_id, NOTHING_REMEMBERED)
            decision = judge.decide_contact(view, facts, NO_HISTORY)
            starts = read_starts(before.starts)
            history = history_of(decision, before, starts)
            if history is not None:
                decision = judge.decide_contact(view, facts, history)
            yield Decided(decision, before, opt_outs.get(record_id, NOTHING_REMEMBERED), starts)

    def _deals(self, docket: DealDocket) -> Iterator[Decided]:
        judge, recalled = self.judge, docket.known.before
        for view, traces in docket.neighbours.views():
            before = recalled.get(view.seen.record_id, NOTHING_REMEMBERED)
            decision = judge.decide_deal(view, traces, NO_HISTORY)
            starts = read_starts(before.starts)
            history = history_of(decision, before, starts)
            if history is not None:
                decision = judge.decide_deal(view, traces, history)
            yield Decided(decision, before, NOTHING_REMEMBERED, starts)

    def _findings(self, kind: ObjectType, decided: Iterable[Decided], known: Known) -> Findings:
        found = Findings(kind=kind)
        retained = found.tallies[PlanKind.TIME]
        for entry in decided:
            found.total += 1
            decision, before, after = entry.decision, entry.before, entry.after
            record_id = decision.record.record_id
            if self.hears is not None and self.hears(decision):
                found.decisions.append(decision)
            placed = item_of(decision, before, self.policy)
            if placed is None:
                retained.add(decision, Action.NONE)
            else:
                found.items[placed[0]].append(placed[1])
                found.tallies[placed[0]].add(decision, placed[1].action)
            if obliges(decision, self.policy) or record_id in known.obliged:
                found.heard.append(entry)
            if before.archived_by_us:
                found.in_view.append(record_id)
            if after == before:
                continue
            found.notes.append((record_id, before, after))
            if after.opted_out_at not in (None, before.opted_out_at):
                first_seen = before._replace(opted_out_at=after.opted_out_at, opt_out_source=after.opt_out_source)
                found.opt_outs.append((record_id, first_seen))
        return found


def obliges(decision: Decision, policy: RetentionPolicy) -> bool:
    """Whether a decision obliges to anything, or may: of whom nobody can tell whether they exercised a right, the
    deadline may be running."""
    if decision.outcome is Outcome.DISPOSE or decision.marketing_ends:
        return True
    return decision.outcome is Outcome.UNDETERMINED and doubts_a_right(decision, policy)


class Bench(Protocol):
    """Where dockets are decided. `is_apart`: in other processes, which may as well read the contacts."""

    @property
    def is_apart(self) -> bool:
        """Whether that is elsewhere."""

    def findings(
        self, court: Court, dockets: Iterable[Docket], meanwhile: Iterable[None] = (), /
    ) -> Iterator[Findings]:
        """What each docket led to, in the order of the dockets. Where that is waited for, steps of `meanwhile` may be
        taken."""


class OwnBench:
    """Decides in this process."""

    is_apart = False

    def findings(
        self, court: Court, dockets: Iterable[Docket], _meanwhile: Iterable[None] = (), /
    ) -> Iterator[Findings]:
        """What each docket led to, in the order of the dockets."""
        return map(court.decide, dockets)
