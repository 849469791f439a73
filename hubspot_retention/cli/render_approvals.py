"""Standing approvals, as text for 80 columns and as JSON."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from hubspot_retention.cli.moments import shown
from hubspot_retention.cli.render_plan import table
from hubspot_retention.core.civil import Civil
from hubspot_retention.core.deadline.approval import StandingApproval


def approvals_json(
    approvals: Sequence[StandingApproval], why_not: Mapping[int, str], civil: Civil, now: datetime
) -> list[dict[str, Any]]:
    """Standing approvals as plain JSON. `why_not`: of each that is not revoked why it covers nothing now, if so."""
    today = civil.local_date(now)
    return [
        {
            "approval": each.approval_id,
            "rule": each.rule,
            "in_force": why_not.get(each.approval_id) == "",
            "why_not": why_not.get(each.approval_id) or None,
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
    approvals: Sequence[StandingApproval], why_not: Mapping[int, str], civil: Civil, now: datetime
) -> RenderableType:
    """Standing approvals, one a line; below them why those are not in force that might be."""
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
            _state(each, why_not, now),
        )
    words = [f"{each.approval_id}: {why_not[each.approval_id]}" for each in approvals if _is_idle(each, why_not, now)]
    return Group(made, *map(Text, words))


def _is_idle(approval: StandingApproval, why_not: Mapping[int, str], now: datetime) -> bool:
    """Whether it is neither revoked nor over, and covers nothing all the same."""
    return now < approval.until_at and bool(why_not.get(approval.approval_id))


def _state(approval: StandingApproval, why_not: Mapping[int, str], now: datetime) -> Text:
    if approval.revoked_at is not None:
        return Text(f"revoked by {approval.revoked_by}", "dim")
    if now >= approval.until_at:
        return Text("over", "dim")
    if _is_idle(approval, why_not, now):
        return Text("not in force", "yellow")
    return Text("in force", "green")
