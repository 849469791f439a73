"""Deciding a chunk of records: recall what earlier runs saw, decide, and keep what must be stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from hubspot_retention.core.decision.decide import NO_HISTORY, History
from hubspot_retention.core.decision.history import NOTHING_REMEMBERED, Remembered, read_starts
from hubspot_retention.core.decision.model import Decision, StartValue
from hubspot_retention.core.facts.observation import ContactObservation, OptOut, OptOutSource
from hubspot_retention.core.facts.values import UNKNOWN, Unknown
from hubspot_retention.core.plan.build import remember
from hubspot_retention.core.portal import SeenContact
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.core.request import RequestRegister
from hubspot_retention.core.view import ContactTrace, DealView, Judge
from hubspot_retention.workflow.ports import RecordSource, Spool, Store


def history_of(
    decision: Decision, remembered: Remembered, starts: Mapping[str, StartValue] | None = None
) -> History | None:
    """The history that could change a decision made without one; `None` if it cannot. `starts`: those remembered,
    where they have been read already."""
    starts = read_starts(remembered.starts) if starts is None else starts
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


@dataclass(slots=True)
class Decider:
    """Decides contacts and deals of one run."""

    source: RecordSource
    store: Store
    spool: Spool
    judge: Judge
    requests: RequestRegister = field(default_factory=RequestRegister)

    def contacts(self, chunk: Sequence[SeenContact]) -> list[Decided]:
        """Decide contacts; what their deals need to know of them is spooled."""
        ids = [contact.observation.record_id for contact in chunk]
        with self.store.transaction() as tx:
            recalled = tx.recall(ObjectType.CONTACT, ids)
        seen, opt_outs = self._with_opt_outs(chunk, recalled)
        traces: list[tuple[RecordId, ContactTrace]] = []
        decided = []
        for view, opt_out in zip(self.spool.contact_views(seen), opt_outs, strict=True):
            record_id = view.seen.record_id
            facts = self.judge.contact_facts(view, self.requests.of(view.seen))
            if view.deals:
                traces.append((record_id, self.judge.trace(view, facts)))
            before = recalled.get(record_id, NOTHING_REMEMBERED)
            decision = self.judge.decide_contact(view, facts, NO_HISTORY)
            starts = read_starts(before.starts)
            history = history_of(decision, before, starts)
            if history is not None:
                decision = self.judge.decide_contact(view, facts, history)
            decided.append(Decided(decision, before, opt_out, starts))
        self.spool.keep_traces(traces)
        return decided

    def deals(self, chunk: Sequence[tuple[DealView, tuple[ContactTrace, ...] | Unknown]]) -> list[Decided]:
        """Decide deals, after all contacts."""
        with self.store.transaction() as tx:
            recalled = tx.recall(ObjectType.DEAL, [view.seen.record_id for view, _ in chunk])
        decided = []
        for view, traces in chunk:
            before = recalled.get(view.seen.record_id, NOTHING_REMEMBERED)
            decision = self.judge.decide_deal(view, traces, NO_HISTORY)
            starts = read_starts(before.starts)
            history = history_of(decision, before, starts)
            if history is not None:
                decision = self.judge.decide_deal(view, traces, history)
            decided.append(Decided(decision, before, NOTHING_REMEMBERED, starts))
        return decided

    def _with_opt_outs(
        self, chunk: Sequence[SeenContact], recalled: Mapping[RecordId, Remembered]
    ) -> tuple[list[ContactObservation], list[Remembered]]:
        """Opt-outs with their instants: remembered ones cost no request, new ones one status each."""
        asked = [
            (contact.observation.record_id, contact.address)
            for contact in chunk
            if isinstance(contact.observation.opt_out, OptOut)
            and contact.address is not None
            and recalled.get(contact.observation.record_id, NOTHING_REMEMBERED).opted_out_at is None
        ]
        answers = self.source.opt_outs([address for _, address in asked])
        fetched = {record_id: answer for (record_id, _), answer in zip(asked, answers, strict=True)}
        seen, known = [], []
        for contact in chunk:
            observation, noted = contact.observation, NOTHING_REMEMBERED
            if observation.opt_out is not None:
                before = recalled.get(observation.record_id, NOTHING_REMEMBERED)
                opt_out = self._opt_out(observation, before, fetched)
                noted = _noted(opt_out, before)
                observation = observation._replace(opt_out=opt_out)
            seen.append(observation)
            known.append(noted)
        return seen, known

    def _opt_out(
        self,
        observation: ContactObservation,
        before: Remembered,
        fetched: Mapping[RecordId, OptOut | Unknown | None],
    ) -> OptOut | Unknown:
        """The earliest opt-out seen since the contact was last not opted out; without an instant: first seen now."""
        if not isinstance(observation.opt_out, OptOut):
            return UNKNOWN
        if before.opted_out_at is not None:
            return OptOut(before.opted_out_at, before.opt_out_source or OptOutSource.UNKNOWN)
        answer = fetched.get(observation.record_id)
        if answer is UNKNOWN:
            return answer
        if answer is None or answer.at is None:
            source = OptOutSource.UNKNOWN if answer is None else answer.source
            return OptOut(self.judge.as_of, source)
        return answer


def _noted(opt_out: OptOut | Unknown, before: Remembered) -> Remembered:
    """The opt-out for later runs. One that cannot be read this time is not forgotten: its five days go on."""
    if opt_out is UNKNOWN:
        return Remembered(opted_out_at=before.opted_out_at, opt_out_source=before.opt_out_source)
    return Remembered(opted_out_at=opt_out.at, opt_out_source=opt_out.source)
