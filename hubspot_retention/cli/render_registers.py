"""The registers of holds and requests, as text for 80 columns and as JSON."""

from collections.abc import Sequence
from datetime import datetime
from math import floor
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from hubspot_retention.cli.moments import shown, shown_day
from hubspot_retention.cli.render_plan import table
from hubspot_retention.core.civil import Civil
from hubspot_retention.core.counted import counted
from hubspot_retention.core.hold import Hold
from hubspot_retention.core.policy.model import RetentionPolicy, answer_by
from hubspot_retention.core.request import SubjectRequest

Holds = Sequence[tuple[Hold, str]]


def holds_json(holds: Holds, civil: Civil) -> list[dict[str, Any]]:
    """Holds as plain JSON."""
    return [
        {
            "hold": hold.hold_id,
            "record": str(hold.record),
            "matter": hold.matter,
            "reason": reason,
            "placed_by": hold.placed_by,
            "placed_at": civil.show(hold.placed_at),
            "review_on": None if hold.review_on is None else hold.review_on.isoformat(),
            "released_at": None if hold.released_at is None else civil.show(hold.released_at),
        }
        for hold, reason in holds
    ]


def holds_table(holds: Holds, civil: Civil) -> RenderableType:
    """Holds, one a line."""
    if not holds:
        return Text("There is no hold.")
    made = table("No", "Record", "Matter", "Placed", "By", "Review on", "Reason")
    made.columns[1].no_wrap = True
    for hold, reason in holds:
        ended = "" if hold.released_at is None else f"released {shown_day(hold.released_at, civil)}; "
        review = "" if hold.review_on is None else hold.review_on.isoformat()
        placed = shown_day(hold.placed_at, civil)
        made.add_row(
            str(hold.hold_id), str(hold.record), hold.matter, placed, hold.placed_by, review, Text(f"{ended}{reason}")
        )
    return made


def requests_json(requests: Sequence[SubjectRequest], policy: RetentionPolicy, now: datetime) -> list[dict[str, Any]]:
    """Requests as plain JSON."""
    civil = policy.civil
    return [
        {
            "request": request.request_id,
            "record": f"contacts/{request.contact_id}",
            "kind": request.kind.value,
            "received_at": civil.show(request.received_at),
            "answer_by": civil.show(answer_by(policy, request.received_at)),
            "days_left": None if request.closed_at is not None else days_left(request, policy, now),
            "recorded_by": request.recorded_by,
            "closed_at": None if request.closed_at is None else civil.show(request.closed_at),
            "end": None if request.end is None else request.end.value,
        }
        for request in requests
    ]


def days_left(request: SubjectRequest, policy: RetentionPolicy, now: datetime) -> int:
    """Whole days until the request's clock ends; negative when it has."""
    return floor((answer_by(policy, request.received_at) - now).total_seconds() / 86_400)


def requests_table(requests: Sequence[SubjectRequest], policy: RetentionPolicy, now: datetime) -> RenderableType:
    """Requests, one a line, with the end of each clock."""
    if not requests:
        return Text("There is no request.")
    made = table("No", "Record", "Kind", "Received", "Answer by", "Left")
    made.columns[1].no_wrap = True
    for request in requests:
        limit = shown(answer_by(policy, request.received_at), policy.civil)
        received = shown_day(request.received_at, policy.civil)
        made.add_row(
            str(request.request_id),
            f"contacts/{request.contact_id}",
            request.kind.value,
            received,
            limit,
            _left(request, policy, now),
        )
    return made


def _left(request: SubjectRequest, policy: RetentionPolicy, now: datetime) -> Text:
    if request.closed_at is not None:
        return Text(f"{request.end or 'closed'} {shown_day(request.closed_at, policy.civil)}", "dim")
    days = days_left(request, policy, now)
    if days < 0:
        return Text("overdue", "bold red")
    return Text(counted(days, "day"), "yellow" if days < 7 else "")
