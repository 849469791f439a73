"""Standing approvals, as text for 80 columns and as JSON."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from hubspot_retention.cli.moments import shown
from hubspot_retention.cli.render_plan import table
from hubspot_retention.core.civil import Civil
from hubspot_retention.core.deadline.approval import StandingApproval


def approvals_json(
    approvals: Sequence[StandingApproval], in_force: Collection[int], civil: Civil, now: datetime
) -> list[dict[str, Any]]:
    """Standing approvals as plain JSON."""
    today = civil.local_date(now)
    return [
        {
            "approval": each.approval_id,
            "rule": each.rule,
            "in_force": each.approval_id in in_force,
            "max_per_day": each.max_per_day,
            "left_today": each.left(today),
            "until": civil.show(each.until_at),
            "granted_by": each.granted_by,
            "granted_at": civil.show(each.granted_at),
            "policy_digest": each.policy_digest,
            "revoked_by": each.revoked_by or None,
            "revoked_at": None if each.revoked_at is None else civil.show(each.revoked_at),
        }
        for each in approvals
    ]


def approvals_table(
    approvals: Sequence[StandingApproval], in_force: Collection[int], civil: Civil, now: datetime
) -> RenderableType:
    """Standing approvals, one a line."""
    if not approvals:
        return Text("There is no standing approval.")
    made = table("No", "Rule", "A day", "Left", "Until", "By", "State")
    for each in approvals:
        made.add_row(
            str(each.approval_id),
            each.rule,
            str(each.max_per_day),
            str(each.left(civil.local_date(now))),
            shown(each.until_at, civil),
            each.granted_by,
            _state(each, in_force, now),
        )
    return made


def _state(approval: StandingApproval, in_force: Collection[int], now: datetime) -> Text:
    if approval.revoked_at is not None:
        return Text(f"revoked by {approval.revoked_by}", "dim")
    if now >= approval.until_at:
        return Text("over", "dim")
    if approval.approval_id in in_force:
        return Text("in force", "green")
    return Text("approve the policy", "yellow")
