"""What may go by itself in one due tick, counted: the mode, the stop switch, standing approvals and their caps."""

from dataclasses import dataclass, field
from datetime import date, datetime

from hubspot_retention.core.deadline.approval import StandingApproval
from hubspot_retention.core.deadline.obligation import Obligation
from hubspot_retention.core.plan.model import Action, PlanItem
from hubspot_retention.core.policy.model import Disposition, Mode, RetentionPolicy
from hubspot_retention.workflow.gate import Permission
from hubspot_retention.workflow.ports import Transaction
from hubspot_retention.workflow.standing import Ask, Basis, counts_from_opt_out, in_force, is_enforced

BEYOND_CAP = "beyond-cap"
"""Why something waits for a person that a standing approval would cover: the day's cap is used up."""


@dataclass(slots=True)
class Allowance:
    """What may go by itself now. `left`: how many more under each approval on the local day `day`."""

    ask: Ask
    allow_erase: bool
    stopped: bool
    day: date
    approvals: tuple[StandingApproval, ...]
    left: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, tx: Transaction, policy: RetentionPolicy, permission: Permission, now: datetime) -> "Allowance":
        """As the store has it now. Until a person has approved a policy, nothing goes by itself."""
        day = policy.civil.local_date(now)
        approvals = in_force(tx, policy, now)
        mode = permission.mode if tx.approved_policy() is not None else Mode.OBSERVE
        return cls(
            ask=Ask(policy=policy, mode=mode, granted=frozenset(found.rule for found in approvals)),
            allow_erase=permission.allow_erase,
            stopped=tx.kill_switch() is not None,
            day=day,
            approvals=approvals,
            left={found.approval_id: _left(found, day) for found in approvals},
        )

    @property
    def next_day(self) -> datetime:
        """When the caps begin anew."""
        return self.ask.policy.civil.end_of(self.day)

    def may_cover(self, obligation: Obligation) -> bool:
        """Whether it is worth reading a record afresh because it might go by itself: what the ledger alone can tell."""
        ask = self.ask
        if self.stopped or ask.mode is Mode.OBSERVE:
            return False
        if obligation.disposition is Disposition.ERASE and not self.allow_erase:
            return False
        ends_marketing = obligation.disposition is None
        by_others = not obligation.by_person and counts_from_opt_out(obligation.rule, ask.policy)
        if by_others and not ends_marketing:
            return False
        enforced = ask.mode is Mode.ENFORCE and (ends_marketing or is_enforced(obligation.rule, ask.policy))
        return enforced or any(self.left[found.approval_id] for found in self.approvals_of(obligation.rule))

    def approvals_of(self, rule: str) -> tuple[StandingApproval, ...]:
        """The approvals in force for a rule, in the order they were given."""
        return tuple(found for found in self.approvals if found.rule == rule)

    def basis(self, item: PlanItem, obligation: Obligation) -> Basis | None:
        """On what ground an item goes by itself, caps aside."""
        if self.stopped or (item.action is Action.ERASE and not self.allow_erase):
            return None
        return self.ask.basis(item, obligation.rule, by_person=obligation.by_person)

    def take_for(self, item: PlanItem, obligation: Obligation) -> tuple[StandingApproval, ...]:
        """One more under an approval of each rule that the item takes one for; none at all if one has none left."""
        rules = self.ask.to_be_granted(item, obligation.rule)
        if not all(any(self.left[found.approval_id] > 0 for found in self.approvals_of(rule)) for rule in rules):
            return ()
        return tuple(found for rule in rules if (found := self.take(rule)) is not None)

    def take(self, rule: str) -> StandingApproval | None:
        """One more under the first approval of a rule that has any left today."""
        for found in self.approvals_of(rule):
            if self.left[found.approval_id] > 0:
                self.left[found.approval_id] -= 1
                return found
        return None


def _left(approval: StandingApproval, day: date) -> int:
    """How many more may go today. A clock that was set back finds a later day counted: then none, until that day."""
    is_back = approval.used_on is not None and approval.used_on > day
    return 0 if is_back else approval.left(day)
