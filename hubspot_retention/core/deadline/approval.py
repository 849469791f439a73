"""A standing approval: a person lets one rule act by itself, so many times a day, until a day."""

from dataclasses import dataclass
from datetime import date, datetime

from hubspot_retention.core.policy.model import Mode, RetentionRule, ReviewKind


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingApproval:
    """Who allowed which rule to act by itself. `until_at` is the first instant at which it no longer stands.

    `used` counts the disposals of the local day `used_on` that were let go under it.
    """

    approval_id: int
    rule: str
    max_per_day: int
    until_at: datetime
    granted_by: str
    granted_at: datetime
    policy_digest: str
    revoked_at: datetime | None = None
    revoked_by: str = ""
    used_on: date | None = None
    used: int = 0

    def left(self, day: date) -> int:
        """How many more may go on a local day."""
        return max(0, self.max_per_day - (self.used if self.used_on == day else 0))

    def stands(self, now: datetime) -> bool:
        """Whether it is neither revoked nor over. (What the policy says is asked elsewhere.)"""
        return self.revoked_at is None and self.granted_at <= now < self.until_at


def why_not_granted(rule: RetentionRule | None) -> str | None:
    """Why no standing approval can be given for a rule, in words; `None` if one can. A rule that asks for a look at
    each record cannot be waved through beforehand, and one that is only observed not at all."""
    if rule is None:
        return "the policy has no such rule"
    if rule.dispose is None:
        return "it keeps records, it disposes of none"
    if rule.dispose.review is not ReviewKind.NOBODY:
        return f"the policy wants each of its disposals looked at ({rule.dispose.review.value})"
    if rule.mode is Mode.OBSERVE:
        return "its mode is observe: plans show what is due by it, and nothing is ever written"
    return None
