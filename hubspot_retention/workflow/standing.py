"""Standing approval: which items of a plan may go without a person looking at the plan.

What can go wrong: a rule that nobody meant to be automatic acts overnight, or an approval that was meant for a part of
a plan carries out the rest of it. So an item is covered only on one of two grounds:

- the policy: in mode `enforce`, its rule is marked `mode = "enforce"`. The end of marketing has no rule of its own: it
  is covered where every exercised right is marked so.
- a standing approval in force for its rule: given by a named person, not revoked, not over, while the policy is no
  wider than the one that a person approved last nor, for its rule, than the one that it was given under: what its giver
  never saw it does not cover. It covers the plans of the due tick, up to its cap a day. The end of
  marketing is covered with the right that it follows from.

Where several rules are due, each of those that must agree (`must_agree`) needs a ground: the one that decides must not
carry another past what protects from it.

And always: none of these rules asks for a review by an owner or a person; an earlier run saw the start of a time rule
(a typing error in a date must not erase anybody overnight); what counts from an unsubscription was set by the person,
not by staff, an import or an integration (semantics 3: the source decides who must approve); its grace is over.

A plan that the service approved carries out what is covered and nothing else, whoever applies it: all of this is asked
again when it is applied.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby

from hubspot_retention.core.deadline.approval import StandingApproval, why_not_granted
from hubspot_retention.core.deadline.duty import OPT_OUT
from hubspot_retention.core.deadline.obligation import Obligation
from hubspot_retention.core.decision.agreeing import due_rules, must_agree
from hubspot_retention.core.decision.history import NOTHING_REMEMBERED
from hubspot_retention.core.facts.observation import OptOutSource
from hubspot_retention.core.plan.model import Action, Plan, PlanItem
from hubspot_retention.core.plan.query import ItemFilter
from hubspot_retention.core.policy.compare import widened_for
from hubspot_retention.core.policy.model import Mode, RetentionPolicy, ReviewKind
from hubspot_retention.core.record import RecordRef
from hubspot_retention.workflow.ports import Store, Transaction
from hubspot_retention.workflow.seal import DUE_RUN, policy_of, wider_than

SERVICE = "service"
"""Who approves what the policy or a standing approval lets go."""

_BATCH = 500
_ACTIONS = ItemFilter(actions=(Action.ARCHIVE, Action.ERASE, Action.END_MARKETING))


class Basis(StrEnum):
    """On what ground something goes by itself."""

    POLICY = "policy-enforce"
    APPROVAL = "standing-approval"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is asked of an item: under which policy, in which mode, beside approvals for which rules."""

    policy: RetentionPolicy
    mode: Mode
    granted: frozenset[str] = frozenset()

    def basis(self, item: PlanItem, rule: str, *, by_person: bool) -> Basis | None:
        """The ground on which an item goes by itself. `rule`: the one that its end of marketing follows from;
        `by_person`: nobody but the data subject set what it counts from. Its grace is not asked here."""
        if self.mode is Mode.OBSERVE or item.action not in _ACTIONS.actions or item.start_is_new:
            return None
        if self.mode is Mode.ENFORCE and item.action is Action.END_MARKETING and is_automatic(item, self.policy):
            return Basis.POLICY
        rules = self._rules(item, rule)
        if not rules or (not by_person and any(counts_from_opt_out(each, self.policy) for each in rules)):
            return None
        left = self.to_be_granted(item, rule)
        if not left:
            return Basis.POLICY
        granted = (each in self.granted and why_not_granted(self.policy.rule(each)) is None for each in left)
        return Basis.APPROVAL if all(granted) else None

    def to_be_granted(self, item: PlanItem, rule: str) -> tuple[str, ...]:
        """The rules of an item that it takes a standing approval for: those that the policy does not let act by
        themselves."""
        rules = self._rules(item, rule)
        if self.mode is not Mode.ENFORCE or item.action is Action.END_MARKETING:
            return rules
        return tuple(each for each in rules if not is_enforced(each, self.policy))

    def _rules(self, item: PlanItem, rule: str) -> tuple[str, ...]:
        """The rules that must let an item go."""
        return (rule,) if item.action is Action.END_MARKETING else must_agree(due_rules(item.decision), self.policy)


def is_automatic(item: PlanItem, policy: RetentionPolicy) -> bool:
    """Whether every rule that must agree lets the item go by itself; who set an unsubscription is not asked here."""
    if item.action is Action.END_MARKETING:
        rights = [rule for rule in policy.rules if rule.dispose is not None and rule.dispose.right]
        return bool(rights) and all(rule.mode is Mode.ENFORCE for rule in rights)
    if item.action not in _ACTIONS.actions or item.start_is_new:
        return False
    rules = must_agree(due_rules(item.decision), policy)
    return bool(rules) and all(is_enforced(rule, policy) for rule in rules)


def is_enforced(rule_id: str, policy: RetentionPolicy) -> bool:
    """Whether a rule is marked to act by itself, and asks for no look."""
    rule = policy.rule(rule_id)
    if rule is None or rule.dispose is None:
        return False
    return rule.mode is Mode.ENFORCE and rule.dispose.review is ReviewKind.NOBODY


def counts_from_opt_out(rule_id: str, policy: RetentionPolicy) -> bool:
    """Whether a rule disposes of somebody for an unsubscription."""
    rule = policy.rule(rule_id)
    return rule is not None and rule.dispose is not None and rule.dispose.start.fact == OPT_OUT


def in_force(tx: Transaction, policy: RetentionPolicy, now: datetime) -> tuple[StandingApproval, ...]:
    """The standing approvals that cover anything now."""
    return tuple(found for found, why in judged(tx, policy, now) if not why)


def judged(tx: Transaction, policy: RetentionPolicy, now: datetime) -> list[tuple[StandingApproval, str]]:
    """Each standing approval that is not revoked, with why it covers nothing now, in words; empty if it is in force."""
    approved, why = tx.approved_policy(), ""
    wider = () if approved is None else wider_than(approved, policy)
    if approved is None:
        why = "nobody has approved the policy yet (`policy approve`)"
    elif wider:
        why = f"the policy is wider than the one approved last ({'; '.join(wider)}); see `policy approve`"
    return [
        (found, why or why_not_covered(tx, policy, found) if found.stands(now) else "its time is over or has not come")
        for found in tx.standing_approvals()
    ]


def why_not_covered(tx: Transaction, policy: RetentionPolicy, found: StandingApproval) -> str:
    """Why a standing approval does not cover its rule as the policy has it, in words; empty if it does."""
    why = why_not_granted(policy.rule(found.rule))
    if why is not None:
        return why
    text = tx.policy_document(found.policy_digest)
    before = None if text is None else policy_of(text)
    if before is None:
        return "the policy that it was given under can no longer be read"
    wider = widened_for(found.rule, before, policy)
    return f"the policy is wider than the one that it was given under ({'; '.join(wider)})" if wider else ""


def covered_records(
    store: Store, plan: Plan, policy: RetentionPolicy, mode: Mode = Mode.ENFORCE, now: datetime | None = None
) -> frozenset[RecordRef]:
    """The records of a plan that go by themselves; guardrails and caps bound how many there are. `now`: if it is not
    given, when the plan was approved."""
    at = now or plan.decided_at or plan.built_at
    with store.transaction() as tx:
        is_due_plan = tx.run_kind(plan.run_id) == DUE_RUN
        granted = frozenset(found.rule for found in in_force(tx, policy, at)) if is_due_plan else frozenset()
        items = tx.items(plan.plan_id, _ACTIONS)
    ask = Ask(policy=policy, mode=mode, granted=granted)
    return frozenset(
        item.record
        for item, known, basis in _with_basis(store, items, ask)
        if (basis is not Basis.APPROVAL or _is_reserved(known, plan)) and not _in_grace(known, at)
    )


def ends_of_grace(store: Store, plan: Plan, policy: RetentionPolicy, mode: Mode, now: datetime) -> list[datetime]:
    """Of each record of a plan that nothing but its grace keeps from going by itself, when that is over; the earliest
    first. A standing approval counts for any plan: the due tick after the grace goes by it."""
    with store.transaction() as tx:
        granted = frozenset(found.rule for found in in_force(tx, policy, now))
        items = tx.items(plan.plan_id, _ACTIONS)
    ask = Ask(policy=policy, mode=mode, granted=granted)
    ends = (known.not_before for _, known, _ in _with_basis(store, items, ask) if known is not None and known.is_live)
    return sorted(end for end in ends if end is not None and now < end)


def covered(store: Store, plan: Plan, policy: RetentionPolicy) -> Callable[[PlanItem], bool]:
    """Which items the plan's approval covers: all of them if a person approved it, else what stands by itself."""
    if plan.decided_by != SERVICE:
        return lambda item: True
    records = covered_records(store, plan, policy)
    return lambda item: item.record in records


def _with_basis(
    store: Store, items: Iterable[PlanItem], ask: Ask
) -> Iterator[tuple[PlanItem, Obligation | None, Basis]]:
    """The items that have a ground to go by themselves, their grace aside, with what the ledger knows of each."""
    maybe = [item for item in items if ask.granted or is_automatic(item, ask.policy)]
    for item, known, source in _with_memory(store, maybe):
        basis = ask.basis(item, _rule_of(item, known), by_person=source is OptOutSource.PERSON)
        if basis is not None:
            yield item, known, basis


def _rule_of(item: PlanItem, known: Obligation | None) -> str:
    return item.decision.rule or ("" if known is None else known.rule)


def _is_reserved(known: Obligation | None, plan: Plan) -> bool:
    """Whether the record was counted against the cap of a standing approval when this plan was approved."""
    return known is not None and known.plan_id == plan.plan_id and known.reason == Basis.APPROVAL.value


def _in_grace(known: Obligation | None, at: datetime) -> bool:
    return known is not None and known.is_live and known.not_before is not None and at < known.not_before


def _with_memory(
    store: Store, items: Sequence[PlanItem]
) -> Iterator[tuple[PlanItem, Obligation | None, OptOutSource | None]]:
    """Items, each with what the ledger knows of its record, and who set its opt-out."""
    ordered = sorted(items, key=lambda item: item.record)
    for kind, group in groupby(ordered, key=lambda item: item.record.object_type):
        found = list(group)
        for start in range(0, len(found), _BATCH):
            part = found[start : start + _BATCH]
            ids = [item.record.record_id for item in part]
            with store.transaction() as tx:
                known, recalled = tx.obligations_of(kind, ids), tx.recall(kind, ids)
            for item in part:
                record_id = item.record.record_id
                yield item, known.get(record_id), recalled.get(record_id, NOTHING_REMEMBERED).opt_out_source
