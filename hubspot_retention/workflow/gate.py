"""The gate before the first write: is this plan still what a person approved, and may it be carried out now?

Each refusal leaves everything untouched and says what to do.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from hubspot_retention.core.audit.kinds import Verb
from hubspot_retention.core.clocks import MAX_CLOCK_SKEW
from hubspot_retention.core.plan.model import Action, Plan, PlanStatus
from hubspot_retention.core.policy.model import AttachmentPolicy, Mode, RetentionPolicy
from hubspot_retention.core.portal import PortalDetails
from hubspot_retention.errors import BlockedError, UsageError
from hubspot_retention.workflow.ports import Store, Transaction
from hubspot_retention.workflow.seal import plan_entry, wider_than_approved
from hubspot_retention.workflow.times import Times

_RESUMABLE = (PlanStatus.APPROVED, PlanStatus.APPLYING, PlanStatus.PARTLY_APPLIED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """What the service settings allow: the mode, and whether anything may be erased at all (S17)."""

    mode: Mode
    allow_erase: bool

    def attachments(self, policy: RetentionPolicy) -> AttachmentPolicy:
        """What becomes of the files of correspondence that goes, be it with a record that is only archived: they are
        erased where both the policy and the settings say so."""
        return policy.attachments if self.allow_erase else AttachmentPolicy.REPORT


class Freshness(Protocol):
    """Whether the audit log is the newest there is (S14): a restored backup has forgotten holds."""

    def require(self) -> None:
        """Look, and show outside where the log stands. Raises BlockedError; nothing was sent to HubSpot."""

    def stands(self) -> bool:
        """Whether records may still be disposed of, as far as this process knows; costs nothing."""

    def mark(self) -> None:
        """Show outside where the log stands now."""


class Unwatched:
    """No anchor is set: a restored backup would not be noticed, and nothing is stopped."""

    def require(self) -> None:
        """Nobody can tell."""

    def stands(self) -> bool:
        """Nobody doubts it."""
        return True

    def mark(self) -> None:
        """There is nobody to show it to."""


class ComparedClocks:
    """Our wall clock as HubSpot's `Date` header just found it. The clock that never jumps tells whether ours has jumped
    since, also in the middle of a long plan (S13). `skew_seconds`: how far ours was ahead."""

    def __init__(self, times: Times, skew_seconds: float) -> None:
        self._times = times
        self._skew = skew_seconds
        self._at, self._monotonic = times.now(), times.monotonic()

    def agree(self) -> bool:
        """Whether ours is still close enough."""
        passed = (self._times.now() - self._at).total_seconds()
        jumped = passed - (self._times.monotonic() - self._monotonic)
        return abs(self._skew + jumped) <= MAX_CLOCK_SKEW.total_seconds()


def find_plan(store: Store, plan_id: str) -> Plan:
    """The plan of that id. Raises UsageError naming the newest ones."""
    with store.transaction() as tx:
        return plan_in(tx, plan_id)


def plan_in(tx: Transaction, plan_id: str) -> Plan:
    """As `find_plan`, for who decides about it in the same transaction."""
    plan = tx.plan(plan_id)
    if plan is not None:
        return plan
    newest = [known.plan_id for known in tx.plans()][:4]
    known_ids = f"the newest are {', '.join(newest)}" if newest else "there is none yet: make one with `plan new`"
    raise UsageError(f"there is no plan {plan_id}; {known_ids}")


def why_not(plan: Plan, done: str) -> str:
    """Why nothing more comes of a plan in its state; `done`: what is not done with it, such as `applied`."""
    words = {
        PlanStatus.BUILDING: "its run stopped before it was whole; make a new one with `plan new`",
        PlanStatus.READ_ONLY: f"it was made as of another day: it can be read, not {done}",
        PlanStatus.BLOCKED: "a guardrail blocks it: " + "; ".join(plan.breaches),
        PlanStatus.AWAITING_REVIEW: f"nobody has approved it: `plan approve {plan.plan_id} --digest …`",
        PlanStatus.APPLIED: "it was applied already",
        PlanStatus.REJECTED: "it was rejected",
        PlanStatus.EXPIRED: "it has expired; make a new one with `plan new`",
        PlanStatus.SUPERSEDED: "a newer plan stands in its place",
    }
    return f"plan {plan.plan_id} is not {done}: {words[plan.status]}"


def _refuse_status(plan: Plan) -> None:
    if plan.status not in _RESUMABLE:
        raise BlockedError(why_not(plan, "applied"))


def refuse_wider(tx: Transaction, plan: Plan, policy: RetentionPolicy, done: str) -> None:
    """Refuse a plan whose policy, the one at hand, is wider than the one that a person approved last: what they took
    back no plan brings back (S19). `done`: what is not done with it, such as `applied`. Raises BlockedError."""
    wider = wider_than_approved(tx, policy)
    if wider:
        raise BlockedError(
            f"plan {plan.plan_id} is not {done}: its policy is wider than the one approved last ({'; '.join(wider)}). "
            "Make a new one with `plan new` under the policy approved last, or have a person approve this one first "
            "(`policy approve`)."
        )


def _refuse_setting(plan: Plan, permission: Permission) -> None:
    if permission.mode is Mode.OBSERVE:
        raise BlockedError(
            f"plan {plan.plan_id} is not applied: the mode is observe, nothing is ever written. "
            'Set mode = "review" in the service settings (or RETENTION_MODE=review).'
        )
    if not permission.allow_erase and any(count.action is Action.ERASE for count in plan.rules):
        raise BlockedError(
            f"plan {plan.plan_id} is not applied: it erases, and erasing is not allowed. "
            "Set allow_erase = true in the service settings (or RETENTION_ALLOW_ERASE=true)."
        )


def admit(store: Store, plan: Plan, policy: RetentionPolicy, permission: Permission, now: datetime) -> None:
    """Refuse a plan that is not approved, stale, not allowed, or whose policy was narrowed since. Raises BlockedError;
    nothing was written."""
    _refuse_status(plan)
    _refuse_setting(plan, permission)
    if plan.policy_digest != policy.digest:
        raise BlockedError(
            f"plan {plan.plan_id} is not applied: it was made under another policy "
            f"({plan.policy_digest[:12]}, now {policy.digest[:12]}). Make a new one with `plan new`."
        )
    with store.transaction() as tx:
        stopped = tx.kill_switch()
        if now > plan.expires_at:
            tx.save_plan(replace(plan, status=PlanStatus.EXPIRED))
            tx.audit(plan_entry(plan, Verb.EXPIRED, now))
        else:
            refuse_wider(tx, plan, policy, "applied")
    if now > plan.expires_at:
        raise BlockedError(
            f"plan {plan.plan_id} is not applied: it was made at {policy.civil.show(plan.built_at)} and has expired. "
            "Make a new one with `plan new`."
        )
    if stopped is not None:
        raise BlockedError(f"plan {plan.plan_id} is not applied: all disposals are stopped ({stopped})")


def check_portal(plan: Plan, details: PortalDetails) -> None:
    """Refuse if the token's portal is not the plan's, or the clocks disagree. Raises BlockedError."""
    if details.portal_id != plan.portal_id:
        raise BlockedError(
            f"plan {plan.plan_id} is not applied: it is for portal {plan.portal_id}, "
            f"the token belongs to portal {details.portal_id}"
        )
    check_clock(details, f"plan {plan.plan_id} is not applied")


def check_clock(details: PortalDetails, so_what: str) -> None:
    """Refuse if our clock and HubSpot's disagree (S13), with a message that begins by what that means. Raises
    BlockedError."""
    if not details.clocks_agree:
        raise BlockedError(
            f"{so_what}: our clock and HubSpot's differ by {details.clock_skew_seconds:.0f} seconds "
            f"(at most {MAX_CLOCK_SKEW.total_seconds():.0f}); set the clock"
        )
