"""Standing approval: which items of a plan the policy itself lets go without a person looking at the plan.

What can go wrong: a rule that nobody meant to be automatic acts overnight, or an approval that was meant for a
part of a plan carries out the rest of it. So an item is covered only if all of this is so:

- its rule is marked `mode = "enforce"` in the policy, and asks for no review by an owner or a person;
- an earlier run saw the start it counts from (a typing error in a date must not erase anybody overnight);
- if it counts from an unsubscription, the person set it, not staff, an import or an integration (semantics 3:
  the source decides who must approve);
- the end of marketing has no rule of its own: it is covered where every exercised right is marked `enforce`.

A plan that the service approved carries out what is covered and nothing else, whoever applies it.
"""

from collections.abc import Callable

from hubspot_retention.core.decision.history import NOTHING_REMEMBERED
from hubspot_retention.core.facts.observation import OptOutSource
from hubspot_retention.core.plan.model import Action, Plan, PlanItem
from hubspot_retention.core.plan.query import ItemFilter
from hubspot_retention.core.policy.model import Mode, RetentionPolicy, ReviewKind
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.workflow.ports import Store

SERVICE = "service"
"""Who approves what the policy lets go by itself."""

_OPT_OUT = "unsubscribed_at"
_BATCH = 500


def is_automatic(item: PlanItem, policy: RetentionPolicy) -> bool:
    """Whether the item's rule lets it go by itself; who set an unsubscription is not asked here."""
    if item.action is Action.END_MARKETING:
        rights = [rule for rule in policy.rules if rule.dispose is not None and rule.dispose.right]
        return bool(rights) and all(rule.mode is Mode.ENFORCE for rule in rights)
    rule = policy.rule(item.decision.rule or "")
    if rule is None or rule.dispose is None or item.action is Action.NONE:
        return False
    return rule.mode is Mode.ENFORCE and rule.dispose.review is ReviewKind.NOBODY and not item.start_is_new


def covered_records(store: Store, plan: Plan, policy: RetentionPolicy) -> frozenset[RecordRef]:
    """The records of a plan that standing approval covers; guardrails bound how many there are."""
    wanted = ItemFilter(actions=(Action.ARCHIVE, Action.ERASE, Action.END_MARKETING))
    with store.transaction() as tx:
        items = [item for item in tx.items(plan.plan_id, wanted) if is_automatic(item, policy)]
    left = [item.record.record_id for item in items if _counts_from_opt_out(item, policy)]
    by_person = _set_by_the_person(store, left)
    return frozenset(
        item.record for item in items if not _counts_from_opt_out(item, policy) or item.record.record_id in by_person
    )


def covered(store: Store, plan: Plan, policy: RetentionPolicy) -> Callable[[PlanItem], bool]:
    """Which items the plan's approval covers: all of them if a person approved it, else what stands by itself."""
    if plan.decided_by != SERVICE:
        return lambda item: True
    records = covered_records(store, plan, policy)
    return lambda item: item.record in records


def _counts_from_opt_out(item: PlanItem, policy: RetentionPolicy) -> bool:
    rule = policy.rule(item.decision.rule or "")
    return rule is not None and rule.dispose is not None and rule.dispose.start.fact == _OPT_OUT


def _set_by_the_person(store: Store, contacts: list[RecordId]) -> set[RecordId]:
    found: set[RecordId] = set()
    for start in range(0, len(contacts), _BATCH):
        part = contacts[start : start + _BATCH]
        with store.transaction() as tx:
            recalled = tx.recall(ObjectType.CONTACT, part)
        found.update(
            contact
            for contact in part
            if recalled.get(contact, NOTHING_REMEMBERED).opt_out_source is OptOutSource.PERSON
        )
    return found
