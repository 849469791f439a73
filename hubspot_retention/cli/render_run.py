"""What a run found and what an application did, as text for 80 columns."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text

from hubspot_retention.cli.moments import shown
from hubspot_retention.cli.plan_view import BLOCK_WORDS, PlanView, plan_json
from hubspot_retention.cli.render_plan import headline, indented, plan_body, table
from hubspot_retention.core.civil import Civil
from hubspot_retention.core.decision.explain import words
from hubspot_retention.core.decision.model import Outcome, ReasonCode
from hubspot_retention.core.plan.model import ItemState, Plan, PlanStatus
from hubspot_retention.core.record import ObjectType

_OTHERS: Final[Mapping[Outcome, str]] = {
    Outcome.HELD: "Held",
    Outcome.UNDETERMINED: "Cannot be told",
    Outcome.REFER: "A person must look",
    Outcome.RETAIN: "Kept",
}
_STATE_WORDS: Final[Mapping[ItemState, str]] = {
    ItemState.SKIPPED: "skipped",
    ItemState.FAILED: "failed",
    ItemState.UNKNOWN: "answer lost",
    ItemState.SENT: "answer lost",
    ItemState.PENDING: "to be tried again",
    ItemState.PREPARED: "to be tried again",
}
_OPEN: Final = (ItemState.PENDING, ItemState.PREPARED)


def run_json(views: Sequence[PlanView], civil: Civil) -> dict[str, Any]:
    """The plans of a run as plain JSON, without their items."""
    plan = views[0].plan
    return {
        "run_id": plan.run_id,
        "portal": plan.portal_id,
        "as_of": civil.show(plan.as_of),
        "plans": [plan_json(view, civil) for view in views],
    }


def run_text(views: Sequence[PlanView], civil: Civil) -> Group:
    """The readable summary of a run: both plans, what they leave alone and why, what to do next."""
    plan = views[0].plan
    read = ", ".join(f"{count:,} {kind.value}" for kind, count in plan.population) or "nothing"
    parts: list[RenderableType] = [
        Text(f"Portal {plan.portal_id} by {plan.policy_name} ({plan.policy_digest[:12]})", "bold"),
        Text(f"As of {shown(plan.as_of, civil)}, {read} read."),
    ]
    for view in views:
        parts.extend((Text(), plan_body(view, civil)))
    parts.extend((Text(), Text("What stays, and why", "bold"), *others(view.plan for view in views)))
    parts.extend((Text(), *next_steps([view.plan for view in views])))
    return Group(*parts)


def others(plans: Iterable[Plan]) -> list[RenderableType]:
    """Records that are not disposed of, by outcome and reason."""
    counts: Counter[tuple[Outcome, str, ObjectType]] = Counter()
    for plan in plans:
        for found in plan.outcomes:
            counts[(Outcome(found.outcome), found.reason, found.object_type)] += found.total
    made = table("", "Records", "", "Why")
    made.columns[1].justify = "right"
    made.show_header = False
    for outcome, label in _OTHERS.items():
        rows = sorted((key, count) for key, count in counts.items() if key[0] is outcome)
        for number, ((_, reason, kind), count) in enumerate(rows):
            made.add_row(Text("" if number else label, "cyan"), f"{count:,}", kind.value, _because(reason))
    if not made.row_count:
        return [indented(Text("Nothing.", "dim"))]
    return [indented(made)]


def _because(reason: str) -> str:
    """A reason's code in words; a record that is kept is counted by the rule that keeps it."""
    known = {code.value: code for code in ReasonCode}
    return words(known[reason]) if reason in known else f"rule {reason}"


def next_steps(plans: Sequence[Plan]) -> list[Text]:
    """What a person may do with these plans."""
    steps = []
    for plan in plans:
        if plan.status is PlanStatus.BLOCKED:
            steps.append(f"hubspot-retention plan show {plan.plan_id}")
        elif plan.status is PlanStatus.AWAITING_REVIEW and plan.to_do:
            steps.append(f"hubspot-retention plan show {plan.plan_id}")
            steps.append(f"hubspot-retention plan approve {plan.plan_id} --digest <printed by plan show>")
    if plans and plans[0].status is PlanStatus.READ_ONLY:
        return [Text("Made as of another day than today: these plans can be read, not applied.")]
    if not steps:
        return [Text("Nothing to decide.")]
    return [Text("Next", "bold"), *[Text(f"  {step}") for step in steps]]


def outcome_json(view: PlanView) -> dict[str, Any]:
    """What became of a plan, as plain JSON."""
    return {
        "plan_id": view.plan.plan_id,
        "status": view.plan.status.value,
        "done": view.totals.states.get(ItemState.DONE, 0),
        "skipped": _codes(view, ItemState.SKIPPED),
        "failed": _codes(view, ItemState.FAILED),
        "answer_lost": _count(view, ItemState.SENT, ItemState.UNKNOWN),
        "waiting": _count(view, *_OPEN),
        "blocked": {block.value: count for block, count in view.totals.blocked.items()},
    }


def outcome_text(view: PlanView) -> Group:
    """What became of each item of a plan: done, skipped and failed by reason, sent and not settled yet, not begun."""
    totals = view.totals
    lines = [Text(f"  {totals.states.get(ItemState.DONE, 0):,} done")]
    coded: Counter[ItemState] = Counter()
    for (state, code), count in sorted(totals.codes.items()):
        coded[state] += count
        if state is not ItemState.DONE:
            lines.append(Text(f"  {count:,} {_STATE_WORDS[state]}: {code.replace('-', ' ')}"))
    sent = _count(view, ItemState.SENT) - coded[ItemState.SENT]
    if sent > 0:
        lines.append(Text(f"  {sent:,} sent, not read back yet: that comes first when it goes on"))
    begun = sum(coded[state] for state in _OPEN)
    waiting = _count(view, *_OPEN) - begun - sum(totals.blocked.values())
    if waiting > 0:
        lines.append(Text(f"  {waiting:,} waiting, not begun: nothing has happened to them"))
    lines.extend(Text(f"  {count:,} blocked: {BLOCK_WORDS[block]}") for block, count in totals.blocked.items())
    return Group(headline(view.plan), *lines)


def _count(view: PlanView, *states: ItemState) -> int:
    return sum(view.totals.states.get(state, 0) for state in states)


def _codes(view: PlanView, state: ItemState) -> dict[str, int]:
    return {code: count for (found, code), count in sorted(view.totals.codes.items()) if found is state}
