"""Seal a plan: check the guardrails, fix its digest, let it wait for review, and retire older plans of its kind."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.plan.build import Tally
from hubspot_retention.core.plan.digest import PlanDigest
from hubspot_retention.core.plan.guardrails import breaches
from hubspot_retention.core.plan.model import Action, ItemState, Plan, PlanStatus
from hubspot_retention.core.plan.query import ALL_ITEMS, ItemFilter
from hubspot_retention.core.policy.compare import widened
from hubspot_retention.core.policy.model import Guardrails, RetentionPolicy
from hubspot_retention.core.policy.parse import PolicyError, parse_policy
from hubspot_retention.core.record import ObjectType
from hubspot_retention.workflow.ports import Store, Transaction

_DISPOSED = ItemFilter(
    actions=(Action.ARCHIVE, Action.ERASE), states=(ItemState.DONE, ItemState.SENT, ItemState.UNKNOWN)
)
_WAITING = (PlanStatus.BUILDING, PlanStatus.AWAITING_REVIEW, PlanStatus.APPROVED, PlanStatus.BLOCKED)


class Sealer:
    """Seals the plans of one run."""

    def __init__(
        self, store: Store, policy: RetentionPolicy, limits: Guardrails, population: Mapping[ObjectType, int]
    ) -> None:
        self._store = store
        self._policy = policy
        self._limits = limits
        self._population = population

    def seal(self, draft: Plan, tally: Tally, at: datetime) -> Plan:
        """The finished plan: read-only for a what-if, blocked by a guardrail, or awaiting review. Its items are
        digested between two short transactions, so that nobody's hold waits for it."""
        with self._store.transaction() as tx:
            plan = replace(
                draft,
                population=tuple(sorted(self._population.items())),
                outcomes=tally.outcome_counts(),
                rules=tally.rule_counts(),
                breaches=self._breaches(draft, tally, tx),
            )
            items = tx.items(plan.plan_id, ALL_ITEMS)
        digest = PlanDigest(plan, self._policy.civil)
        for item in items:
            digest.add(item)
        with self._store.transaction() as tx:
            status = PlanStatus.BLOCKED if plan.breaches else PlanStatus.AWAITING_REVIEW
            if draft.status is PlanStatus.READ_ONLY:
                status = PlanStatus.READ_ONLY
            plan = replace(plan, digest=digest.hexdigest(), status=status)
            tx.save_plan(plan)
            tx.audit(plan_entry(plan, Verb.BLOCKED if status is PlanStatus.BLOCKED else Verb.BUILT, at))
            if status is not PlanStatus.READ_ONLY:
                self._retire_older(plan, tx, at)
        return plan

    def _breaches(self, draft: Plan, tally: Tally, tx: Transaction) -> tuple[str, ...]:
        last = _left_after(tx.last_population(draft.portal_id, draft.run_id), draft, tx)
        found = breaches(tally.disposals, self._population, last, self._policy, self._limits)
        approved = tx.approved_policy()
        wider = () if approved is None else self._wider(approved)
        return (*found, *(f"policy: {word}; have a person approve the policy (policy approve)" for word in wider))

    def _wider(self, approved: str) -> tuple[str, ...]:
        try:
            return widened(parse_policy(approved), self._policy)
        except PolicyError:
            return ("the one approved last can no longer be read, so nobody can tell whether this one is wider",)

    def _retire_older(self, plan: Plan, tx: Transaction, at: datetime) -> None:
        for older in tx.plans(plan.portal_id):
            if older.kind is plan.kind and older.run_id < plan.run_id and older.status in _WAITING:
                tx.save_plan(replace(older, status=PlanStatus.SUPERSEDED, decided_at=at))
                tx.audit(plan_entry(older, Verb.SUPERSEDED, at))


def _left_after(population: Mapping[ObjectType, int], draft: Plan, tx: Transaction) -> Mapping[ObjectType, int]:
    """What the last run read, less what its plans have disposed of: our own work is no unexplained loss."""
    before = [
        plan
        for plan in tx.plans(draft.portal_id)
        if plan.run_id < draft.run_id and plan.population and plan.status is not PlanStatus.READ_ONLY
    ]
    last_run = max((plan.run_id for plan in before), default=None)
    gone = Counter(
        item.record.object_type
        for plan in before
        if plan.run_id == last_run
        for item in tx.items(plan.plan_id, _DISPOSED)
    )
    return {kind: max(0, count - gone[kind]) for kind, count in population.items()}


def plan_entry(plan: Plan, verb: Verb, at: datetime, actor: str = "", code: str = "") -> Entry:
    """An audit entry about a plan."""
    return Entry(
        subject=Subject.PLAN,
        verb=verb,
        at=at,
        portal_id=plan.portal_id,
        run_id=plan.run_id,
        plan_id=plan.plan_id,
        plan_digest=plan.digest or None,
        policy_digest=plan.policy_digest,
        actor=actor or None,
        code=code or None,
    )
