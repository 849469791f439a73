"""Standing approvals: a named person lets one rule act by itself, so many times a day, until a day.

What can go wrong: an approval outlives the reason it was given for, or covers what its giver never saw. So it names one
rule, a cap and an end at most 400 days away, it can be given only under a policy that a person approved and where no
other stands for its rule, it ends when a person approves one under which its rule lets more go, and taking it back
stops what is under way by it before the next record.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.deadline.approval import StandingApproval, why_not_granted
from hubspot_retention.core.deadline.ledger import put_off
from hubspot_retention.core.deadline.obligation import ObligationState
from hubspot_retention.core.plan.model import PlanStatus
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.errors import BlockedError, UsageError
from hubspot_retention.workflow.ports import Store, Transaction
from hubspot_retention.workflow.seal import DUE_RUN, plan_entry, policy_of, wider_than
from hubspot_retention.workflow.standing import SERVICE, why_not_covered

LONGEST: Final = timedelta(days=400)
"""How far away the end of a standing approval may lie."""

_UNDER_WAY: Final = (PlanStatus.APPROVED, PlanStatus.APPLYING)


class Approver:
    """A named person who gives standing approvals and takes them back."""

    def __init__(self, store: Store, actor: str) -> None:
        self._store = store
        self._actor = actor

    def grant(
        self, policy: RetentionPolicy, rule: str, max_per_day: int, until_at: datetime, now: datetime
    ) -> StandingApproval:
        """Let a rule act by itself. Raises UsageError if the policy has no such rule, else BlockedError, with all that
        stands against it; nothing was stored."""
        against = against_grant(policy, rule, max_per_day, until_at, now)
        if against:
            raise (UsageError if policy.rule(rule) is None else BlockedError)("\n".join(against))
        wanted = StandingApproval(
            approval_id=0,
            rule=rule,
            max_per_day=max_per_day,
            until_at=until_at,
            granted_by=self._actor,
            granted_at=now,
            policy_digest=policy.digest,
        )
        with self._store.transaction() as tx:
            _check_policy(tx, policy)
            _check_is_only_one(tx, wanted, policy)
            granted = tx.grant_standing(wanted)
            tx.audit(self._entry(granted, Verb.GRANTED, now))
            waiting = [found for found in tx.obligations((ObligationState.REVIEW,)) if found.rule == rule]
            tx.save_obligations([put_off(found, min(found.next_look_at, now)) for found in waiting])
        return granted

    def revoke(self, approval_id: int, now: datetime) -> StandingApproval:
        """Take one back: nothing goes by it any more, also of a plan that is being carried out. Raises UsageError."""
        with self._store.transaction() as tx:
            revoked = tx.revoke_standing(approval_id, now, self._actor)
            if revoked is None:
                raise UsageError(
                    f"there is no standing approval {approval_id} that could be revoked; see `approval standing list`"
                )
            tx.audit(self._entry(revoked, Verb.REVOKED, now))
            _stop_plans(tx, now, self._actor)
        return revoked

    def list(self, *, all: bool = False) -> Sequence[StandingApproval]:
        """Those that are not revoked, or all, in the order they were given."""
        with self._store.transaction() as tx:
            return tx.standing_approvals(all=all)

    def _entry(self, approval: StandingApproval, verb: Verb, at: datetime) -> Entry:
        return approval_entry(approval, verb, at, self._actor)


def approval_entry(approval: StandingApproval, verb: Verb, at: datetime, actor: str) -> Entry:
    """An audit entry about a standing approval."""
    return Entry(
        subject=Subject.STANDING_APPROVAL,
        verb=verb,
        at=at,
        policy_digest=approval.policy_digest,
        rule=approval.rule,
        actor=actor,
        facts=(
            ("approval", approval.approval_id),
            ("max_per_day", approval.max_per_day),
            ("until_at", approval.until_at.isoformat(timespec="seconds")),
        ),
    )


def against_grant(
    policy: RetentionPolicy, rule: str, max_per_day: int, until_at: datetime | None, now: datetime
) -> list[str]:
    """All that stands against a standing approval, in words. `until_at`: `None` if its end is not known."""
    found = []
    why = why_not_granted(policy.rule(rule))
    if why is not None:
        known = ", ".join(each.rule_id for each in policy.rules if why_not_granted(each) is None)
        found.append(f"no standing approval for rule {rule}: {why}. It can be given for {known or 'none'}.")
    if max_per_day <= 0:
        found.append(f"no standing approval for {max_per_day} a day: expected at least 1")
    if until_at is not None and until_at <= now:
        found.append(f"no standing approval until {policy.civil.show(until_at)}: that is past")
    if until_at is not None and until_at > now + LONGEST:
        found.append(
            f"no standing approval until {policy.civil.show(until_at)}: "
            f"expected at most {LONGEST.days} days from now; give it again when somebody has looked"
        )
    return found


def policy_approved(tx: Transaction, policy: RetentionPolicy, text: str, at: datetime, actor: str) -> None:
    """A person approved a policy, be it as such or with a plan: from now on nothing goes that it does not let go, and
    standing approvals end that do not cover their rule as it has it. They do not come back with an older policy."""
    tx.approve_policy(policy.digest, text, at, actor)
    tx.audit(Entry(subject=Subject.POLICY, verb=Verb.APPROVED, at=at, policy_digest=policy.digest, actor=actor))
    for found, _ in ending(tx, policy, at):
        tx.revoke_standing(found.approval_id, at, actor)
        tx.audit(replace(approval_entry(found, Verb.REVOKED, at, actor), code="policy-changed"))
        _stop_plans(tx, at, actor)


def ending(tx: Transaction, policy: RetentionPolicy, now: datetime) -> list[tuple[StandingApproval, str]]:
    """The standing approvals that end when a person approves a policy, each with why, in words."""
    standing = [found for found in tx.standing_approvals() if now < found.until_at]
    judged = ((found, why_not_covered(tx, policy, found)) for found in standing)
    return [(found, why) for found, why in judged if why]


def is_approved(tx: Transaction, policy: RetentionPolicy) -> bool:
    """Whether this very policy is the one that a person approved last."""
    approved = tx.approved_policy()
    before = None if approved is None else policy_of(approved)
    return before is not None and before.digest == policy.digest


def _stop_plans(tx: Transaction, now: datetime, actor: str) -> None:
    """What still stands in them is planned anew at the next tick."""
    for plan in tx.plans():
        if plan.decided_by == SERVICE and plan.status in _UNDER_WAY and tx.run_kind(plan.run_id) == DUE_RUN:
            tx.save_plan(replace(plan, status=PlanStatus.REJECTED, decided_by=actor, decided_at=now))
            tx.audit(plan_entry(plan, Verb.REJECTED, now, actor, "standing-approval-revoked"))


def _check_policy(tx: Transaction, policy: RetentionPolicy) -> None:
    approved = tx.approved_policy()
    if approved is None:
        raise BlockedError("no standing approval yet: nobody has approved the policy (`policy approve`)")
    wider = wider_than(approved, policy)
    if wider:
        raise BlockedError(
            f"no standing approval: the policy is wider than the one approved last ({'; '.join(wider)}); "
            "have a person approve it first (`policy approve`)"
        )
    if tx.policy_document(policy.digest) is None:
        raise BlockedError(
            "no standing approval: nobody has approved the policy as it stands; "
            "have a person approve it first (`policy approve`)"
        )


def _check_is_only_one(tx: Transaction, wanted: StandingApproval, policy: RetentionPolicy) -> None:
    """Raise BlockedError if one for the same rule is neither revoked nor over: each has a cap of its own, so where a
    person meant to lower it, a second one would raise it."""
    for found in tx.standing_approvals():
        if found.rule == wanted.rule and wanted.granted_at < found.until_at:
            raise BlockedError(
                f"no standing approval: number {found.approval_id} stands for rule {found.rule} already, at most "
                f"{found.max_per_day} a day, until {policy.civil.show(found.until_at)}; a second one would let as many "
                f"more go beside it. For another cap or end revoke it first (`approval standing revoke "
                f"{found.approval_id}`)."
            )
