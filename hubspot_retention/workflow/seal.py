"""Seal a plan: check the guardrails, fix its digest, let it wait for review, and retire what it replaces.

Besides the two plans of a run that read the whole portal there are those of single records that came up since: `due`
ones, which stand by themselves and are carried out at once, and `review` ones, which wait for a person. What can go
wrong: many small plans do together what a guardrail forbids one large plan. So a due plan is measured by what the last
full run left, together with all that due plans have let go since; and none of them retires a full run's plan.

Nor is a figure that a guardrail stopped at ever taken for granted by being read again: a run that found far fewer
records than the one before is nothing to measure by until a named person has accepted its figure, and until then
nothing goes one by one either.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import takewhile
from typing import Final

from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.decision.model import ReasonCode
from hubspot_retention.core.plan.build import Tally
from hubspot_retention.core.plan.digest import PlanDigest
from hubspot_retention.core.plan.guardrails import (
    Disposals,
    Going,
    breaches,
    going,
    opt_out_breaches,
    tells_of_shrinking,
)
from hubspot_retention.core.plan.model import Action, ItemState, Plan, PlanKind, PlanStatus
from hubspot_retention.core.plan.query import ALL_ITEMS, ItemFilter
from hubspot_retention.core.policy.compare import widened
from hubspot_retention.core.policy.model import Guardrails, RetentionPolicy
from hubspot_retention.core.policy.parse import PolicyError, parse_policy
from hubspot_retention.core.record import ObjectType, PortalId
from hubspot_retention.workflow.ports import Store, Transaction

DUE_RUN: Final = "due"
REVIEW_RUN: Final = "review"
PARTIAL_RUNS: Final = (DUE_RUN, REVIEW_RUN)
"""Kinds of run that read single records."""

_DISPOSALS: Final = (Action.ARCHIVE, Action.ERASE)
_DISPOSED: Final = ItemFilter(actions=_DISPOSALS, states=(ItemState.DONE, ItemState.SENT, ItemState.UNKNOWN))
_NOT_SKIPPED: Final = (ItemState.PENDING, ItemState.PREPARED, ItemState.SENT, ItemState.UNKNOWN, ItemState.DONE)
_LET_GO: Final = ItemFilter(actions=_DISPOSALS, states=_NOT_SKIPPED)
_OPTED_OUT: Final = ItemFilter(actions=(Action.END_MARKETING,), states=_NOT_SKIPPED)
_UNDECIDED: Final = (PlanStatus.BUILDING, PlanStatus.AWAITING_REVIEW, PlanStatus.BLOCKED)
_WAITING: Final = (*_UNDECIDED, PlanStatus.APPROVED)
_APPROVED: Final = (PlanStatus.APPROVED, PlanStatus.APPLYING, PlanStatus.APPLIED, PlanStatus.PARTLY_APPLIED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What plans of single records are measured by: what the last full run left (less what was disposed of since, but
    for what due plans did), and what due plans have let go since, by kind of plan. `shrunken`: what of the last
    full run nobody has accepted yet; `opted_out`: how many due plans have opted out since because of a restriction."""

    population: Mapping[ObjectType, int]
    let_go: Mapping[PlanKind, Disposals]
    shrunken: tuple[str, ...] = ()
    opted_out: int = 0


class Sealer:
    """Seals the plans of one run."""

    def __init__(
        self,
        store: Store,
        policy: RetentionPolicy,
        limits: Guardrails,
        population: Mapping[ObjectType, int],
        beside: tuple[str, Measure] | None = None,
    ) -> None:
        """`beside`: of a run that read single records its kind and its measure."""
        self._store = store
        self._policy = policy
        self._limits = limits
        self._population = population
        self._beside = beside

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
        disposals, last, shrunken = Counter(tally.disposals), self._population, tuple[str, ...]()
        opted_out = _opted_out(tx, draft)
        if self._beside is None:
            last = _left_after_last_run(tx, draft)
        else:
            shrunken = self._beside[1].shrunken
            if self._beside[0] == DUE_RUN:
                disposals.update(self._beside[1].let_go[draft.kind])
                opted_out += self._beside[1].opted_out if opted_out else 0
        found = breaches(disposals, self._population, last, self._policy, self._limits)
        return (
            *shrunken,
            *found,
            *opt_out_breaches(opted_out, self._population, self._policy, self._limits),
            *(
                f"policy: {word}; have a person approve the policy (policy approve)"
                for word in wider_than_approved(tx, self._policy)
            ),
        )

    def _retire_older(self, plan: Plan, tx: Transaction, at: datetime) -> None:
        for older in tx.plans(plan.portal_id):
            if older.kind is plan.kind and older.run_id < plan.run_id and self._replaces(older, tx):
                tx.save_plan(replace(older, status=PlanStatus.SUPERSEDED, decided_at=at))
                tx.audit(plan_entry(older, Verb.SUPERSEDED, at))

    def _replaces(self, older: Plan, tx: Transaction) -> bool:
        """A full run's plan replaces all that wait; one of single records only undecided ones of its own kind."""
        if self._beside is None:
            return older.status in _WAITING
        return older.status in _UNDECIDED and tx.run_kind(older.run_id) == self._beside[0]


def wider_than_approved(tx: Transaction, policy: RetentionPolicy) -> tuple[str, ...]:
    """What makes a policy wider than the one that a person approved last, be it as such or with a plan, in words; empty
    where nobody has approved one yet."""
    approved = tx.approved_policy()
    return () if approved is None else wider_than(approved, policy)


def wider_than(approved: str, policy: RetentionPolicy) -> tuple[str, ...]:
    """What makes a policy wider than the text of the one approved last, in words."""
    before = policy_of(approved)
    if before is None:
        return ("the one approved last can no longer be read, so nobody can tell whether this one is wider",)
    return widened(before, policy)


@lru_cache(16)
def policy_of(text: str) -> RetentionPolicy | None:
    """What a stored policy says; `None` if it can no longer be read."""
    try:
        return parse_policy(text)
    except PolicyError:
        return None


def measure(tx: Transaction, portal: PortalId) -> Measure | None:
    """What single records are measured by; `None` while no run has read the whole portal and sealed its plans."""
    plans = tx.plans(portal)
    full = _full(tx, plans)
    last = next(full, None)
    if last is None:
        return None
    of_it = (last, *takewhile(lambda plan: plan.run_id == last.run_id, full))
    population = Counter(dict(last.population))
    let_go: dict[PlanKind, Counter[Going]] = {kind: Counter() for kind in PlanKind}
    opted_out = 0
    for plan in plans:
        if plan.run_id < last.run_id:
            break
        if tx.run_kind(plan.run_id) != DUE_RUN:
            population.subtract(_gone(tx, plan))
        elif plan.status in _APPROVED:
            let_go[plan.kind].update(going(item.decision) for item in tx.items(plan.plan_id, _LET_GO))
            opted_out += _opted_out(tx, plan)
    left = {kind: max(0, count) for kind, count in population.items()}
    shrunken = () if any(map(_counts, of_it)) else _shrunken(last)
    return Measure(population=left, let_go=let_go, shrunken=shrunken, opted_out=opted_out)


def _left_after_last_run(tx: Transaction, draft: Plan) -> Mapping[ObjectType, int]:
    """What the last full run that counts read, less what was disposed of since: our own work is no unexplained loss."""
    plans = tx.plans(draft.portal_id)
    last = next((plan for plan in _full(tx, plans) if plan.run_id < draft.run_id and _counts(plan)), None)
    if last is None:
        return {}
    gone: Counter[ObjectType] = Counter()
    for plan in plans:
        if plan.run_id >= last.run_id:
            gone.update(_gone(tx, plan))
    return {kind: max(0, count - gone[kind]) for kind, count in last.population}


def _full(tx: Transaction, plans: Sequence[Plan]) -> Iterator[Plan]:
    """The plans of runs that read the whole portal and sealed what they found; `plans` are newest first."""
    for plan in plans:
        sealed = plan.population and plan.status not in (PlanStatus.READ_ONLY, PlanStatus.BUILDING)
        if sealed and tx.run_kind(plan.run_id) not in PARTIAL_RUNS:
            yield plan


def _counts(plan: Plan) -> bool:
    """Whether a later run may be measured by what a full run read: it did not shrink, or a person accepted that. For
    nothing else does somebody decide about a plan with breaches, but to reject it."""
    accepted = plan.decided_by and plan.status is not PlanStatus.REJECTED
    return bool(accepted) or not any(map(tells_of_shrinking, plan.breaches))


def has_shrunk(tx: Transaction, plan: Plan) -> bool:
    """Whether a plan is blocked because its own run found far fewer records, which a person may accept."""
    is_full = tx.run_kind(plan.run_id) not in PARTIAL_RUNS
    return is_full and plan.status is PlanStatus.BLOCKED and any(map(tells_of_shrinking, plan.breaches))


def _shrunken(plan: Plan) -> tuple[str, ...]:
    return tuple(f"plan {plan.plan_id}: {word}" for word in plan.breaches if tells_of_shrinking(word))


def _opted_out(tx: Transaction, plan: Plan) -> int:
    """How many a plan opts out because they are restricted, and has not skipped."""
    return sum(
        any(reason.code is ReasonCode.PROCESSING_RESTRICTED for reason in item.decision.reasons)
        for item in tx.items(plan.plan_id, _OPTED_OUT)
    )


def _gone(tx: Transaction, plan: Plan) -> Counter[ObjectType]:
    if plan.status is PlanStatus.READ_ONLY:
        return Counter()
    return Counter(item.record.object_type for item in tx.items(plan.plan_id, _DISPOSED))


def plan_is_open(plan: Plan, now: datetime) -> bool:
    """Whether a plan may yet be approved or carried out."""
    return plan.status in (*_WAITING, PlanStatus.APPLYING, PlanStatus.PARTLY_APPLIED) and now <= plan.expires_at


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
