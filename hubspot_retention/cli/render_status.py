"""How the service stands, as text for 80 columns and as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text

from hubspot_retention.bootstrap import Remembering
from hubspot_retention.cli.moments import shown
from hubspot_retention.cli.plan_view import last_call
from hubspot_retention.cli.render_alarms import alarms_json, alarms_table
from hubspot_retention.cli.render_anchors import anchors_json, anchors_text
from hubspot_retention.cli.render_plan import indented, status_text, table
from hubspot_retention.cli.render_registers import requests_json, requests_table
from hubspot_retention.cli.render_running import disposals_json, disposals_line, running_json, running_lines
from hubspot_retention.core.alarm import Tick
from hubspot_retention.core.civil import Civil
from hubspot_retention.core.counted import counted
from hubspot_retention.core.deadline.approval import StandingApproval
from hubspot_retention.core.deadline.obligation import ObligationCount, ObligationState
from hubspot_retention.core.plan.model import Action, Plan, RuleCount
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.policy.words import period_words
from hubspot_retention.core.request import SubjectRequest
from hubspot_retention.service.asking import Running
from hubspot_retention.service.figures import Figures

_STATES: Final[Mapping[ObligationState, str]] = {
    ObligationState.LOOK: "to be looked at",
    ObligationState.OPEN: "open",
    ObligationState.REVIEW: "waits for review",
    ObligationState.HELD: "held",
    ObligationState.RAISED: "needs a person",
}
_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """All that is shown. `stopped`: who stopped all disposals and why, or `None`; `anchors`: how old may be what each
    was last shown; `limits`: how old a tick's last success may be; `plans`: those that wait; `requests`: the open ones;
    `approvals`: those that stand; `people`: whether the erased are remembered, `tombstones`: how many; `may_be_cut`: is
    it approved that entries of the log go; `can_be_cut`: has that a key; `running`: the service, if it answers."""

    policy: RetentionPolicy
    figures: Figures
    stopped: str | None
    anchors: Mapping[str, timedelta]
    limits: Mapping[str, timedelta]
    plans: Sequence[Plan]
    requests: Sequence[SubjectRequest]
    approvals: Sequence[StandingApproval]
    people: tuple[Remembering, str]
    tombstones: int
    may_be_cut: bool
    can_be_cut: bool
    running: Running | None


def deadline_of(plan: Plan) -> datetime | None:
    """By when the calls of a plan must be made."""
    calls = (last_call(count.action, count.earliest_erase_by) for count in plan.to_do)
    return min((call for call in calls if call is not None), default=None)


def status_text_of(status: Status) -> Group:
    """The whole page."""
    civil = status.policy.civil
    parts: list[RenderableType] = []
    if status.stopped is not None:
        parts.append(Text(f"All disposals are stopped ({status.stopped}). `resume` lets them go on.", "bold red"))
    for heading, lines in (
        ("Alarms", [alarms_table(status.figures.alarms, civil)]),
        ("Service", running_lines(status.running)),
        ("Ticks", _ticks(status)),
        ("Deadlines", _deadlines(status, civil)),
        ("Requests", [requests_table(status.requests, status.policy, status.figures.at)]),
        ("Plans that wait", _plans(status, civil)),
        ("Standing approvals", _approvals(status, civil)),
        ("Webhooks", _webhooks(status)),
        ("Audit log", [_log(status)]),
        ("Anchors of the audit log", anchors_text(status.figures, status.anchors, civil)),
        ("Erased people", _people(status)),
    ):
        parts.append(Text(heading, "bold"))
        parts.extend(indented(line) for line in lines)
    return Group(*parts)


def _ticks(status: Status) -> Iterator[RenderableType]:
    if not status.figures.ticks:
        yield Text("The service has never run here: start it with `serve`.", "dim")
        return
    made = table("Tick", "Last success", "Took", "Last error")
    for name in status.limits:
        tick = status.figures.ticks.get(name)
        if tick is not None:
            style = "bold red" if _is_late(tick, status) else ""
            made.add_row(
                tick.name, Text(_ago(tick, status.figures.at), style), f"{tick.seconds:.1f} s", tick.last_error
            )
    yield made


def _ago(tick: Tick, at: datetime) -> str:
    if tick.is_ahead(at):
        return "by a clock that was ahead"
    return "never" if tick.last_done_at is None else f"{_span(at - tick.last_done_at)} ago"


def _is_late(tick: Tick, status: Status) -> bool:
    """As readiness says it."""
    done, at = tick.last_done_at, status.figures.at
    return done is None or tick.is_ahead(at) or at - done > status.limits[tick.name]


def _deadlines(status: Status, civil: Civil) -> Iterator[RenderableType]:
    figures = status.figures
    live = [count for count in figures.obligations if count.state in _STATES and count.total]
    if live:
        made = table("Rule", "State", "Records", "Past date", "Next call by")
        for column in (2, 3):
            made.columns[column].justify = "right"
        for count in sorted(live, key=_in_order):
            late = count.next_call_by is not None and count.next_call_by <= figures.at
            by = Text(shown(count.next_call_by, civil), "bold red" if late else "")
            made.add_row(_rule(count), _STATES[count.state], f"{count.total:,}", f"{count.overdue:,}", by)
        yield made
    debt = sum(figures.debt.values())
    oldest = _span(timedelta(seconds=figures.oldest_overdue_seconds))
    past = f"Past their date: {counted(debt, 'record')}, the oldest by {oldest}."
    yield Text(past if debt else "No record is past its date.")
    if figures.on_time_ratio is not None:
        yield Text(f"{figures.on_time_ratio:.1%} of what was done was done in time.")
    yield disposals_line(figures.disposals)
    yield Text(f"{figures.holds:,} matters hold records." if figures.holds else "There is no hold.")


def _in_order(count: ObligationCount) -> tuple[bool, float, str, str]:
    by = count.next_call_by
    return by is None, 0.0 if by is None else by.timestamp(), count.rule, count.state.value


def _rule(count: ObligationCount) -> str:
    return count.rule or "(not decided yet)"


def _plans(status: Status, civil: Civil) -> Iterator[RenderableType]:
    if not status.plans:
        yield Text("None.", "dim")
    for plan in status.plans:
        by = deadline_of(plan)
        style = "bold red" if by is not None and by <= status.figures.at else ""
        call = "" if by is None else f"calls by {shown(by, civil)}, "
        until = f"valid until {shown(plan.expires_at, civil)}"
        yield Text.assemble((plan.plan_id, "bold"), " ", status_text(plan), ": ", (call, style), until)
        yield Text("  " + ", ".join(_counts(plan.to_do)))


def _counts(rules: Sequence[RuleCount]) -> Iterator[str]:
    for count in rules:
        if count.action is not Action.END_MARKETING:
            yield f"{count.total:,} {count.rule}"
    opted_out = sum(count.total for count in rules if count.action is Action.END_MARKETING)
    if opted_out:
        yield f"{opted_out:,} who stay and are opted out"


def _approvals(status: Status, civil: Civil) -> Iterator[RenderableType]:
    if not status.approvals:
        yield Text("None: whatever is due waits for a person, unless its rule is in mode enforce.", "dim")
        return
    made = table("No", "Rule", "A day", "Left today", "Until", "By")
    today = civil.local_date(status.figures.at)
    for found in status.approvals:
        until = shown(found.until_at, civil)
        left = f"{found.left(today):,}"
        made.add_row(str(found.approval_id), found.rule, f"{found.max_per_day:,}", left, until, found.granted_by)
    yield made


def _webhooks(status: Status) -> Iterator[RenderableType]:
    figures = status.figures
    answers = "; ".join(f"{answer} {count:,}" for answer, count in sorted(figures.webhooks.items()))
    yield Text(answers or "None came yet.", "" if answers else "dim")
    if figures.inbox_waiting:
        yield Text(f"To be looked at: {counted(figures.inbox_waiting, 'event')}.")


def _log(status: Status) -> Text:
    length = period_words(status.policy.evidence.audit_log)
    if status.can_be_cut and status.may_be_cut:
        return Text(f"Entries are kept for {length}.")
    if status.can_be_cut:
        return Text(f"No entry goes after {length}: nobody has approved a policy that says so.", "yellow")
    return Text(
        f"Entries are kept for ever, though the policy says {length}: the settings have no [anchors] key to sign for"
        " what is removed.",
        "yellow",
    )


def _people(status: Status) -> Iterator[RenderableType]:
    word, text = status.people
    yield Text(f"{text}.", {Remembering.OFF: "yellow", Remembering.BROKEN: "bold red"}.get(word, ""))
    if status.tombstones:
        yield Text(f"Kept: {counted(status.tombstones, 'tombstone')}.")


def _span(length: timedelta) -> str:
    """`3 days`, `2 hours`, `5 min`, `12 s`."""
    if length >= 2 * _DAY:
        return f"{length // _DAY} days"
    if length >= 2 * _HOUR:
        return f"{length // _HOUR} hours"
    return f"{length // _MINUTE} min" if length >= 2 * _MINUTE else f"{max(0, int(length.total_seconds()))} s"


def status_json(status: Status) -> dict[str, Any]:
    """The same as plain JSON; instants are ISO 8601 in civil time with offset."""
    figures, civil = status.figures, status.policy.civil
    return {
        "at": civil.show(figures.at),
        "stopped": status.stopped,
        "service": running_json(status.running),
        "ticks": {tick.name: _tick_json(tick, status, civil) for tick in figures.ticks.values()},
        "obligations": [_count_json(count, civil) for count in figures.obligations],
        "debt": {state.value: count for state, count in figures.debt.items()},
        "oldest_overdue_seconds": figures.oldest_overdue_seconds,
        "next_deadline_seconds": figures.next_deadline_seconds,
        "on_time_ratio": figures.on_time_ratio,
        "disposals": disposals_json(figures.disposals),
        "holds": figures.holds,
        "tombstones": {"state": status.people[0].value, "kept": status.tombstones},
        "requests": requests_json(status.requests, status.policy, figures.at),
        "plans": [_plan_json(plan, civil) for plan in status.plans],
        "standing_approvals": [_approval_json(found, figures.at, civil) for found in status.approvals],
        "webhooks": dict(figures.webhooks),
        "audit_log": {
            "kept_for": str(status.policy.evidence.audit_log),
            "may_be_cut": status.may_be_cut,
            "can_be_cut": status.can_be_cut,
        },
        "anchors": anchors_json(figures, status.anchors, civil),
        "inbox_waiting": figures.inbox_waiting,
        "alarms": alarms_json(figures.alarms, civil),
    }


def _at(instant: datetime | None, civil: Civil) -> str | None:
    return None if instant is None else civil.show(instant)


def _tick_json(tick: Tick, status: Status, civil: Civil) -> dict[str, Any]:
    return {
        "last_success_at": _at(tick.last_done_at, civil),
        "late": tick.name in status.limits and _is_late(tick, status),
        "seconds": tick.seconds,
        "last_error": tick.last_error or None,
    }


def _count_json(count: ObligationCount, civil: Civil) -> dict[str, Any]:
    return {
        "rule": count.rule or None,
        "state": count.state.value,
        "disposition": None if count.disposition is None else count.disposition.value,
        "records": count.total,
        "past_date": count.overdue,
        "late": count.late,
        "oldest_due_at": _at(count.oldest_due_at, civil),
        "next_call_by": _at(count.next_call_by, civil),
    }


def _plan_json(plan: Plan, civil: Civil) -> dict[str, Any]:
    return {
        "plan_id": plan.plan_id,
        "status": plan.status.value,
        "records": sum(count.total for count in plan.to_do),
        "rules": sorted({count.rule for count in plan.to_do}),
        "call_by": _at(deadline_of(plan), civil),
        "expires_at": civil.show(plan.expires_at),
    }


def _approval_json(found: StandingApproval, now: datetime, civil: Civil) -> dict[str, Any]:
    return {
        "approval": found.approval_id,
        "rule": found.rule,
        "max_per_day": found.max_per_day,
        "left_today": found.left(civil.local_date(now)),
        "until_at": civil.show(found.until_at),
        "granted_by": found.granted_by,
    }
