"""Assess: read every record, decide, and store the two plans of a run. Always safe: nothing is written to HubSpot.

Companies and deals are spooled first, contacts are decided as they stream by, deals last (they need their
contacts). Each list is begun while the one before is read: at 100 ms a request their first pages would otherwise leave
the allowed rate unused. The correspondence of what is due is listed, that of contacts while another process decides
deals; then the guardrails are checked, and the plans are sealed with their digests. A run that stops half-way leaves
plans in status `building`, which can never be applied.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from hubspot_retention.collector import seldom_collected
from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.clocks import MAX_CLOCK_SKEW
from hubspot_retention.core.decision.model import Decision
from hubspot_retention.core.facts.observation import DealObservation
from hubspot_retention.core.plan.build import Tally
from hubspot_retention.core.plan.model import Plan, PlanKind, PlanStatus
from hubspot_retention.core.plan.query import NewRun
from hubspot_retention.core.policy.model import Guardrails, RetentionPolicy
from hubspot_retention.core.record import ObjectType, PortalId
from hubspot_retention.core.request import RequestRegister
from hubspot_retention.core.view import Judge
from hubspot_retention.errors import BlockedError, RangesDisagreeError
from hubspot_retention.workflow.begun import begun
from hubspot_retention.workflow.bundles import BundleLister
from hubspot_retention.workflow.clerk import Clerk
from hubspot_retention.workflow.deciding import Bench, Court, Docket, Findings, OwnBench
from hubspot_retention.workflow.gate import check_clock
from hubspot_retention.workflow.held_missed import HeldMissed
from hubspot_retention.workflow.moves import Moves
from hubspot_retention.workflow.obligations import Hearing, Obligations
from hubspot_retention.workflow.ports import RecordSource, Spool, Store
from hubspot_retention.workflow.returned import Returned
from hubspot_retention.workflow.seal import Sealer

_BEGUN: Final = 4
"""What is begun before its turn: the lists of deals and of contacts, then the correspondence of either in each plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessOrder:
    """What is to be assessed: as of when, for whom, under which limits. A what-if can be read, never applied,
    and leaves no memory for later runs."""

    as_of: datetime
    what_if: bool
    actor: str
    expected_portal: PortalId | None
    guardrails: Guardrails
    valid_for: timedelta
    kind: str = "plan"


@dataclass(slots=True)
class Watcher:
    """What a person may watch: a phase, how many more records it has done, the total if known; each decision that is
    `worth_hearing` (another process may be asked). `restart`: what was decided so far is void, all is read again."""

    progress: Callable[[str, int, int | None], None] = lambda phase, done, total: None
    decision: Callable[[Decision], None] | None = None
    worth_hearing: Callable[[Decision], object] = bool
    restart: Callable[[], None] = lambda: None


@dataclass(slots=True)
class _Run:
    """The moving parts of one run."""

    run_id: int
    portal_id: PortalId
    judge: Judge
    clerk: Clerk
    drafts: dict[PlanKind, Plan]
    tallies: dict[PlanKind, Tally] = field(default_factory=lambda: {kind: Tally() for kind in PlanKind})
    population: Counter[ObjectType] = field(default_factory=Counter)


class Assessment:
    """One run of assessing a portal by a policy. `ledger` hears what is decided, and `returned` looks for people who
    were erased, unless it is a what-if. `bench_for`: where a portal with so many contacts is decided."""

    def __init__(
        self,
        source: RecordSource,
        store: Store,
        spool: Spool,
        policy: RetentionPolicy,
        ledger: Obligations | None = None,
        *,
        returned: Returned | None = None,
        bench_for: Callable[[int], AbstractContextManager[Bench]] = lambda contacts: nullcontext(OwnBench()),
    ) -> None:
        self._bench_for = bench_for
        self._ledger = ledger
        self._returned = returned or Returned(store)
        self._source = source
        self._store = store
        self._spool = spool
        self._policy = policy

    def run(self, order: AssessOrder, now: Callable[[], datetime], watcher: Watcher) -> tuple[Plan, Plan]:
        """Assess the whole portal; answers the plan of exercised rights and the plan of time rules."""
        with seldom_collected():
            return self._run(order, now, watcher)

    def _run(self, order: AssessOrder, now: Callable[[], datetime], watcher: Watcher) -> tuple[Plan, Plan]:
        portal_id = self._identify(order, now)
        self._source.require_properties()
        run = self._begin(order, portal_id, now())
        is_read = False
        with suppress(RangesDisagreeError):  # by the end of the block the lists that were begun are let go
            self._read_and_decide(run, order, watcher)
            is_read = True
        if not is_read:
            self._source.use_one_cursor()
            self._spool.restart()
            watcher.restart()
            run = self._begin(order, portal_id, now())
            self._read_and_decide(run, order, watcher)
        sealer = Sealer(self._store, self._policy, order.guardrails, run.population)
        rights, time_rules = (sealer.seal(run.drafts[kind], run.tallies[kind], now()) for kind in PlanKind)
        self._finish(run, order, now())
        return rights, time_rules

    def _identify(self, order: AssessOrder, now: Callable[[], datetime]) -> PortalId:
        """Whose token it is. A wrong clock would be remembered, too: who opted out at no known instant, say, counts as
        opted out at the one at which that was first seen."""
        details = self._source.identity()
        if order.expected_portal is not None and details.portal_id != order.expected_portal:
            raise BlockedError(
                f"the token belongs to portal {details.portal_id}, the settings name portal {order.expected_portal}: "
                "nothing was read. Use the right token, or correct [portal] id."
            )
        if not order.what_if:
            check_clock(details, "nothing was read")
            if abs(now() - order.as_of) > MAX_CLOCK_SKEW:
                raise BlockedError("nothing was read: our clock was set while the run began; begin it again")
        return details.portal_id

    def _begin(self, order: AssessOrder, portal_id: PortalId, started_at: datetime) -> _Run:
        kind = "what-if" if order.what_if else order.kind
        new = NewRun(
            portal_id=portal_id,
            policy_digest=self._policy.digest,
            as_of=order.as_of,
            started_at=started_at,
            kind=kind,
            actor=order.actor,
        )
        with self._store.transaction() as tx:
            run_id = tx.start_run(new)
            judge = Judge.of(self._policy, tx.hold_register(), order.as_of)
            started = self._entry(Verb.STARTED, started_at, portal_id, run_id)
            tx.audit(replace(started, actor=order.actor, code=kind))
            drafts = {plan: self._draft(plan, new, run_id, order) for plan in PlanKind}
            for draft in drafts.values():
                tx.add_plan(draft)
        moves = None if order.what_if else Moves(self._policy, portal_id)
        return _Run(run_id, portal_id, judge, Clerk(self._source, self._store, self._spool, order.as_of, moves), drafts)

    def _draft(self, kind: PlanKind, run: NewRun, run_id: int, order: AssessOrder) -> Plan:
        return Plan(
            plan_id=f"{run_id}-{kind.value}",
            run_id=run_id,
            kind=kind,
            portal_id=run.portal_id,
            policy_name=self._policy.name,
            policy_digest=run.policy_digest,
            as_of=run.as_of,
            built_at=run.started_at,
            expires_at=run.started_at + order.valid_for,
            requested_by=run.actor,
            digest="",
            status=PlanStatus.READ_ONLY if order.what_if else PlanStatus.BUILDING,
            population=(),
            outcomes=(),
            rules=(),
            breaches=(),
        )

    def _read_and_decide(self, run: _Run, order: AssessOrder, watcher: Watcher) -> None:
        bundles = BundleLister(self._source, self._store, self._spool, run.judge)
        with ExitStack() as stack:
            pool = stack.enter_context(ThreadPoolExecutor(_BEGUN, thread_name_prefix="lists"))
            deals = begun(self._source.deals(), pool)
            total = self._source.count(ObjectType.CONTACT)
            bench = stack.enter_context(self._bench_for(total))
            contacts = self._contacts(run, order, bench, pool)
            self._read(deals, run, watcher)
            court = self._court(run, watcher)
            self._decide(run, order, court, bench.findings(court, contacts), watcher, total)
            plans = [draft.plan_id for draft in run.drafts.values()]
            bundles.begin(ObjectType.CONTACT, plans, pool)
            of_contacts = bundles.list_for(ObjectType.CONTACT, plans, run.portal_id, watcher.progress)
            for findings in bench.findings(court, run.clerk.all_deals(), of_contacts):
                self._keep(run, order, findings, watcher)
                watcher.progress("deciding deals", findings.total, None)
            bundles.begin(ObjectType.DEAL, plans, pool)
            of_deals = bundles.list_for(ObjectType.DEAL, plans, run.portal_id, watcher.progress)
            for _ in chain(of_contacts, of_deals):
                pass

    def _contacts(self, run: _Run, order: AssessOrder, bench: Bench, pool: ThreadPoolExecutor) -> Iterator[Docket]:
        """Every contact as it will be decided, of a list that is begun."""
        lookout = (Returned(self._store) if order.what_if else self._returned).lookout(run.portal_id)
        if bench.is_apart and not lookout.has_work:
            return run.clerk.all_unread(begun(self._source.unread_contacts(), pool))
        seen = begun(self._source.contacts(every_address=lookout.has_work), pool)
        return run.clerk.all_contacts(seen, lookout)

    def _read(self, deals: Iterator[Sequence[DealObservation]], run: _Run, watcher: Watcher) -> None:
        """Companies and deals, which are the neighbours of contacts."""
        for company_page in self._source.companies():
            self._spool.add_companies(company_page)
            watcher.progress("reading companies", len(company_page), None)
        for deal_page in deals:
            run.clerk.spool_deals(deal_page)
            watcher.progress("reading deals", len(deal_page), None)

    def _court(self, run: _Run, watcher: Watcher) -> Court:
        """Who decides, once companies and deals are read."""
        self._spool.judge_companies(run.judge)
        with self._store.transaction() as tx:
            register = RequestRegister.of_all(tx.requests())
        return Court(self._policy, run.judge, register, None if watcher.decision is None else watcher.worth_hearing)

    def _decide(
        self, run: _Run, order: AssessOrder, court: Court, found: Iterator[Findings], watcher: Watcher, total: int
    ) -> None:
        """Contacts as they are found; who is left undecided is decided here, once it is known what that takes."""

        def kept() -> Iterator[Findings]:
            for findings in found:
                self._keep(run, order, findings, watcher)
                read = findings.total + len(findings.pending) + len(findings.merged)
                watcher.progress("deciding contacts", read, total)
                yield findings

        for docket in run.clerk.left(kept()):
            self._keep(run, order, court.decide(docket), watcher)

    def _keep(self, run: _Run, order: AssessOrder, findings: Findings, watcher: Watcher) -> None:
        """Store what a docket led to: items, counts, when an opt-out was first seen; the rest of the memory waits."""
        kind = findings.kind
        run.population[kind] += findings.total
        for plan, tally in findings.tallies.items():
            run.tallies[plan].include(tally)
        if watcher.decision is not None:
            for decision in findings.decisions:
                watcher.decision(decision)
        self._spool.keep_traces(findings.traces)
        self._spool.keep_notes(kind, findings.notes)
        with self._store.transaction() as tx:
            if run.clerk.moves is not None:
                run.clerk.moves.listed(tx, kind, findings.in_view, order.as_of)
            if self._ledger is not None and not order.what_if:
                plans = {plan: draft.plan_id for plan, draft in run.drafts.items()}
                hearing = Hearing(portal_id=run.portal_id, at=order.as_of, plans=plans)
                self._ledger.hear(tx, kind, findings.heard, hearing)
            for plan, found in findings.items.items():
                tx.add_items(run.drafts[plan].plan_id, found)
            if not order.what_if:
                tx.note(kind, findings.opt_outs)

    def _finish(self, run: _Run, order: AssessOrder, at: datetime) -> None:
        if not order.what_if:
            run.clerk.note()
            if self._ledger is not None:
                self._ledger.look_at_missed(self._store, order.as_of, at)
                HeldMissed(self._store, self._ledger, run.portal_id, run.run_id).look(at)
        with self._store.transaction() as tx:
            tx.finish_run(run.run_id, at, "done")
            tx.save_boundaries(run.portal_id, self._source.boundaries())
            finished = self._entry(Verb.FINISHED, at, run.portal_id, run.run_id)
            counts = tuple((kind.value, count) for kind, count in sorted(run.population.items()))
            tx.audit(replace(finished, facts=counts))

    def _entry(self, verb: Verb, at: datetime, portal_id: PortalId, run_id: int) -> Entry:
        policy = self._policy.digest
        return Entry(subject=Subject.RUN, verb=verb, at=at, portal_id=portal_id, run_id=run_id, policy_digest=policy)
