"""The due tick: what in the deadline ledger is due and allowed?

What can go wrong: a shortcut decides by what the ledger says; one record that keeps failing delays the others; a stop
in the middle does something twice or forgets it. So the ledger only ever says whom to look at and by when. Each
disposal is a fresh decision, an item of a sealed plan within the guardrails, approved in the audit log, and carried out
like any other plan. A tick may be stopped anywhere: the next one goes on from what the store holds.

In this order: plans that a person or the service approved are carried out; what is to be looked at is read and decided;
what then stands by itself is planned, approved and carried out; the rest goes into one plan that waits for a person.
Exercised rights and what nobody could decide yet come before time rules, so that no flood of those holds up a five-day
duty; within each the earliest deadline comes first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from hubspot_retention.core.deadline.ledger import CORRESPONDENCE_UNREADABLE, LOOK_AGAIN, failed, put_off
from hubspot_retention.core.deadline.obligation import Obligation
from hubspot_retention.core.deadline.outcome import SETTLED_WITHIN
from hubspot_retention.core.plan.model import Plan, PlanStatus
from hubspot_retention.core.policy.model import Guardrails, Mode, RetentionPolicy
from hubspot_retention.core.record import PortalId
from hubspot_retention.errors import BlockedError, PortalError
from hubspot_retention.workflow.allowance import Allowance
from hubspot_retention.workflow.approved import Applies, ApprovedPlans, CarriedOut, Progress
from hubspot_retention.workflow.due_choice import Choice, choose
from hubspot_retention.workflow.due_group import also_waiting, grouped_plans, not_until
from hubspot_retention.workflow.due_letters import Letters, read_letters
from hubspot_retention.workflow.due_plans import Making, PlanMaker
from hubspot_retention.workflow.due_reading import Candidate, DueReader, Others
from hubspot_retention.workflow.fresh import FreshReader
from hubspot_retention.workflow.gate import Permission
from hubspot_retention.workflow.obligations import Change, Obligations
from hubspot_retention.workflow.ports import RecordSource, Store, Transaction
from hubspot_retention.workflow.returned import Returned
from hubspot_retention.workflow.seal import DUE_RUN, REVIEW_RUN, Measure, measure
from hubspot_retention.workflow.settling import Settlement
from hubspot_retention.workflow.triage import Triage, in_turn, pages

_MOST: Final = 10_000
"""Obligations taken up in one tick."""
_CHECK_EVERY: Final = timedelta(hours=1)
_NO_TIME: Final = timedelta(0)
"""Until the first full run has ended it is asked again at each tick."""


class CarriesOut(Applies, Protocol):
    """What carries out plans, and settles what it left."""

    def settle_left(self, portal: PortalId, actor: str) -> None:
        """Settle calls whose answer was lost."""


def _nothing(_: Obligation) -> None:
    return


def _unbound(_: Transaction, __: Obligation) -> None:
    return


def _quiet(_: str, __: int, ___: int | None) -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class DueParts:
    """What a due tick works with. `portal_id`: the portal of the settings, if they name one; `actor`: whose name plans
    are requested and carried out under. `on_gone` is told, before its obligation ends, of a record that somebody else
    took away; it may be told twice. `returned` looks for people who were erased."""

    source: RecordSource
    store: Store
    fresh: FreshReader
    ledger: Obligations
    applier: CarriesOut
    policy: RetentionPolicy
    permission: Permission
    guardrails: Guardrails
    valid_for: timedelta
    clock: Callable[[], datetime]
    actor: str
    portal_id: PortalId | None = None
    on_gone: Callable[[Obligation], None] = _nothing
    returned: Returned | None = None
    should_stop: Callable[[], bool] = lambda: False


@dataclass(slots=True)
class DueReport(CarriedOut):
    """What one due tick did. `plans`: those it made; `looked`, `unreadable`: records read, and that could not be."""

    plans: list[Plan] = field(default_factory=list)
    looked: int = 0
    unreadable: int = 0


@dataclass(slots=True)
class _Round:
    """One tick under way. `measure`: there once something is to be planned; nothing is planned without one."""

    now: datetime
    triage: Triage
    report: DueReport
    progress: Progress
    portal: PortalId
    measure: Measure = field(init=False)

    @property
    def allowance(self) -> Allowance:
        """What may go by itself."""
        return self.triage.allowance


class DueTick:
    """Looks at the ledger and does what is due and allowed."""

    def __init__(self, parts: DueParts) -> None:
        self._parts = parts
        self._store = parts.store
        self._ledger = parts.ledger
        self._reader = DueReader(
            parts.source, parts.store, parts.fresh, parts.ledger, parts.policy, returned=parts.returned
        )
        self._maker = PlanMaker(parts.store, parts.ledger, parts.policy)
        self._portal: PortalId | None = None
        self._checked_at: datetime | None = None
        self.approved = ApprovedPlans(parts.store, parts.applier, parts.policy, parts.permission, parts.clock)
        self.approved.settle = Settlement(parts.store, parts.ledger, parts.clock).settle
        self.approved.answers = self._answers

    def run(self, now: datetime, progress: Progress = _quiet) -> DueReport:
        """One tick. What HubSpot stops while plans are carried out is told in the answer; where it stops the reading,
        PortalError is raised. The next tick goes on either way."""
        report = DueReport()
        if self._parts.permission.mode is not Mode.OBSERVE:
            for plan in self.approved.waiting():
                if report.error is None and not self._parts.should_stop():
                    self.approved.carry_out(plan, self._parts.actor, progress, report)
        if report.error is None and not self._parts.should_stop():
            self._look(now, report, progress)
        return report

    def _look(self, now: datetime, report: DueReport, progress: Progress) -> None:
        with self._store.transaction() as tx:
            queue = tx.obligations_to_look_at(now, _MOST)
            allowance = Allowance.of(tx, self._parts.policy, self._parts.permission, now)
        triage = Triage(allowance, now)
        for kind, page in pages(queue):
            with self._store.transaction() as tx:
                self._ledger.write(tx, triage.sort(tx, kind, page), now)
        if triage.to_read:
            round_ = _Round(now, triage, report, progress, self._ready(now))
            self._plan(self._read(in_turn(triage.to_read), round_), round_)

    def _answers(self) -> bool:
        try:
            self._parts.source.identity()
        except PortalError:
            return False
        return True

    def _ready(self, now: datetime) -> PortalId:
        """Whose token it is, and that what the policy reads is there: HubSpot silently omits what is not, and that
        must never look like absence. Raises BlockedError, PortalError."""
        old = self._checked_at is None or not self._checked_at <= now < self._checked_at + _CHECK_EVERY
        if self._portal is None or old:
            found = self._parts.source.identity().portal_id
            if found != (self._parts.portal_id or found):
                raise BlockedError(
                    f"the token belongs to portal {found}, the settings name portal {self._parts.portal_id}: "
                    "nothing was read. Use the right token, or correct [portal] id."
                )
            self._parts.source.require_properties()
            self._portal, self._checked_at = found, now
        return self._portal

    def _read(self, wanted: Sequence[Obligation], round_: _Round) -> list[Candidate]:
        parts = self._parts
        others = Others(
            settle_left=lambda: parts.applier.settle_left(round_.portal, parts.actor),
            on_gone=parts.on_gone,
            should_stop=parts.should_stop,
        )
        found = self._reader.read(wanted, round_.portal, round_.now, others)
        round_.report.looked += found.looked
        round_.report.unreadable += found.unreadable
        return list(found.candidates.values())

    # What is due, by a fresh decision.

    def _plan(self, candidates: Sequence[Candidate], round_: _Round) -> None:
        now = round_.now
        ripe = [each for each in candidates if each.obligation.not_before is None or each.obligation.not_before <= now]
        if not ripe or self._parts.should_stop():
            return
        with self._store.transaction() as tx:
            found = measure(tx, round_.portal)
            held_up = self._held_up(found, round_)
            if found is None or held_up is not None:
                later = now + (held_up or _NO_TIME)
                bound = round_.triage.bound if found is not None else _unbound
                pairs = [(each.obligation, bound(tx, each.obligation)) for each in ripe]
                self._ledger.write(tx, [(was, after or put_off(was, later)) for was, after in pairs], now)
                return
            round_.measure = found
            choice = choose(tx, ripe, round_.allowance, round_.triage)
            self._ledger.write(tx, choice.bound, now)
        self._go(choice, round_)
        if round_.report.error is None and not self._parts.should_stop():
            self._group(choice, round_)

    def _held_up(self, found: Measure | None, round_: _Round) -> timedelta | None:
        """For how long nothing is planned: in mode observe; while everything is stopped; until the first full run has
        ended, because nobody can tell before what share of the portal anything is."""
        if self._parts.permission.mode is Mode.OBSERVE:
            return LOOK_AGAIN
        if found is None:
            return _NO_TIME
        return SETTLED_WITHIN if round_.allowance.stopped else None

    def _go(self, choice: Choice, round_: _Round) -> None:
        """What stands by itself: planned, sealed, approved by the service, carried out; rights first."""
        letters = self._letters([candidate for candidate, _, _ in choice.chosen], round_)
        going = [each for each in choice.chosen if each[0].item.record not in letters.unreadable]
        if not going:
            return
        parts, report = self._parts, round_.report
        expires_at = self._maker.valid_until(going, round_.now, parts.valid_for)
        candidates = [candidate for candidate, _, _ in going]
        for plan in self._maker.make(candidates, self._making(DUE_RUN, expires_at, letters, round_)):
            report.plans.append(plan)
            mine = [each for each in candidates if each.kind is plan.kind]
            if plan.status is PlanStatus.BLOCKED or not self._maker.goes(plan):
                self._maker.note_waiting(plan, mine, {})
                blocked = f"a guardrail blocks it: {'; '.join(plan.breaches)}"
                report.waits.append((plan.plan_id, blocked if plan.breaches else "nothing of it can be carried out"))
                continue
            approved = self._maker.approve(plan, going, parts.clock())
            if approved is None:
                report.waits.append((plan.plan_id, "what it was to rest on was taken back"))
                self._put_off(mine, SETTLED_WITHIN, round_)
            elif report.error is None and not parts.should_stop():
                self.approved.carry_out(approved, parts.actor, round_.progress, report)

    def _group(self, choice: Choice, round_: _Round) -> None:
        """What needs a person: one plan, with what waits in the one before it."""
        rest, now, report = choice.rest, round_.now, round_.report
        if not rest:
            return
        with self._store.transaction() as tx:
            before = grouped_plans(tx, round_.portal, rest, now)
            later = not_until(before, rest, now)
            others = also_waiting(tx, before, {each.item.record for each in rest})
        if later is not None:
            self._put_off(rest, later - now, round_)
            return
        again = self._read(in_turn(others), round_)
        letters = self._letters([*rest, *again], round_)
        grouped = [each for each in (*rest, *again) if each.item.record not in letters.unreadable]
        if not grouped:
            return
        beyond = dict.fromkeys(choice.beyond_cap, round_.allowance.next_day)
        expires_at = now + self._parts.valid_for
        for plan in self._maker.make(grouped, self._making(REVIEW_RUN, expires_at, letters, round_)):
            report.plans.append(plan)
            self._maker.note_waiting(plan, [each for each in grouped if each.kind is plan.kind], beyond)
            blocked = f"a guardrail blocks it: {'; '.join(plan.breaches)}"
            report.waits.append((plan.plan_id, blocked if plan.breaches else "a person must approve it"))

    def _put_off(self, candidates: Sequence[Candidate], span: timedelta, round_: _Round) -> None:
        with self._store.transaction() as tx:
            pairs = [(each.obligation, put_off(each.obligation, round_.now + span)) for each in candidates]
            self._ledger.write(tx, pairs, round_.now)

    def _letters(self, candidates: Sequence[Candidate], round_: _Round) -> Letters:
        """Their correspondence; where it cannot be read, the obligation fails, and no other."""
        letters = read_letters(self._parts.source, candidates)
        with self._store.transaction() as tx:
            changes: list[Change] = [
                (each.obligation, failed(each.obligation, CORRESPONDENCE_UNREADABLE, round_.now))
                for each in candidates
                if each.item.record in letters.unreadable
            ]
            self._ledger.write(tx, changes, round_.now)
        return letters

    def _making(self, run_kind: str, expires_at: datetime, letters: Letters, round_: _Round) -> Making:
        return Making(
            portal_id=round_.portal,
            actor=self._parts.actor,
            guardrails=self._parts.guardrails,
            run_kind=run_kind,
            measure=round_.measure,
            now=round_.now,
            expires_at=expires_at,
            letters=letters.source,
        )
