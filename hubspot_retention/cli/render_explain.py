"""One record explained, as text for 80 columns and as JSON."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from hubspot_retention.cli.moments import shown, shown_day
from hubspot_retention.cli.plan_view import OBSERVED_WORDS
from hubspot_retention.cli.render_plan import ACTION_WORDS, indented, table
from hubspot_retention.core.audit.entry import Entry, read_entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.civil import Civil
from hubspot_retention.core.deadline.timing import BIN, call_by
from hubspot_retention.core.decision.explain import sentence
from hubspot_retention.core.decision.model import Decision, Outcome
from hubspot_retention.core.decision.trace import RuleTrace
from hubspot_retention.core.decision.weigh import End, Never
from hubspot_retention.core.decision.wire import decision_json
from hubspot_retention.core.facts.values import Unknown
from hubspot_retention.core.plan.model import Action, ItemState, Plan, PlanItem
from hubspot_retention.core.policy.model import Disposition
from hubspot_retention.core.portal import MergedInto
from hubspot_retention.core.record import RecordRef
from hubspot_retention.workflow.explain import Explanation, Present
from hubspot_retention.workflow.foreign import NEVER
from hubspot_retention.workflow.standing import SERVICE
from hubspot_retention.workflow.worth import Worth

PURGED_WITHIN: Final = timedelta(days=30)
"""HubSpot purges an erased contact within 30 days (semantics 7)."""

_STEPS: Final = (Verb.INTENDED, Verb.SENT, Verb.ABANDONED)
_MATCHED: Final = {True: "yes", False: "no"}


def explanation_json(found: Explanation, civil: Civil) -> dict[str, Any]:
    """The explanation as plain JSON: the same values as the text."""
    present = found.present
    here = present if isinstance(present, Present) else None
    merged = str(_winner(found.record, present)) if isinstance(present, MergedInto) else None
    return {
        "record": str(found.record),
        "as_of": civil.show(found.as_of),
        "in_view": here is not None,
        "merged_into": merged,
        "decision": None if here is None else decision_json(here.decision, civil),
        "sentences": [] if here is None else [sentence(reason, civil) for reason in here.decision.reasons],
        "next": next_date(found, civil),
        "facts": []
        if here is None
        else [{"fact": fact.fact, "value": fact.value, "source": fact.source} for fact in here.facts],
        "rules": [] if here is None else [_rule_json(rule, civil) for rule in here.rules],
        "plans": [_past_json(plan, item, civil) for plan, item in found.plans],
        "log": [json.loads(entry.body) for entry in found.log],
    }


def _rule_json(rule: RuleTrace, civil: Civil) -> dict[str, Any]:
    def end(value: End | None) -> str | None:
        return value.value if isinstance(value, Never) else None if value is None else civil.show(value)

    return {
        "rule": rule.rule,
        "matched": "unknown" if isinstance(rule.matched, Unknown) else _MATCHED[rule.matched],
        "keep_end": end(rule.keep_end),
        "effective": end(rule.effective),
        "verdict": rule.verdict,
    }


def _past_json(plan: Plan, item: PlanItem, civil: Civil) -> dict[str, Any]:
    return {
        "plan_id": plan.plan_id,
        "as_of": civil.show(plan.as_of),
        "status": plan.status.value,
        "outcome": item.decision.outcome.value,
        "rule": item.decision.rule,
        "action": item.action.value,
        "state": item.state.value,
        "state_code": item.state_code or None,
    }


def explanation_text(found: Explanation, civil: Civil) -> Group:
    """Past, present, next date, facts, rules."""
    parts: list[RenderableType] = [Text(str(found.record), "bold"), Text(f"As of {shown(found.as_of, civil)}.", "dim")]
    parts.extend((Text(), Text("Past", "bold"), *_past(found, civil)))
    parts.extend((Text(), Text("Present", "bold"), *_present(found, civil)))
    parts.extend((Text(), Text("Next", "bold"), indented(Text(next_date(found, civil)))))
    if isinstance(found.present, Present):
        parts.extend((Text(), Text("Facts", "bold"), indented(_facts(found.present))))
        parts.extend((Text(), Text("Rules", "bold"), *_rules(found.present.rules)))
    return Group(*parts)


def _past(found: Explanation, civil: Civil) -> Iterator[RenderableType]:
    lines = [*_plan_lines(found, civil), *_log_lines(found, civil)]
    if not lines:
        yield indented(Text("No plan held it, and the log says nothing of it."))
    for line in lines:
        yield indented(line)


def _plan_lines(found: Explanation, civil: Civil) -> Iterator[Text]:
    for plan, item in reversed(found.plans):
        what = item.decision.rule or item.decision.outcome.value
        state = f"{item.state.value}{f' ({item.state_code})' if item.state_code else ''}"
        if item.action is Action.NONE or item.state is ItemState.PENDING:
            state = f"plan {plan.status.value.replace('-', ' ')}"
        yield Text(f"{shown_day(plan.as_of, civil)} plan {plan.plan_id}: {ACTION_WORDS[item.action]}, {what}: {state}")


def _log_lines(found: Explanation, civil: Civil) -> Iterator[Text]:
    for entry in _entries(found):
        if entry.verb in _STEPS:
            continue
        about = dict(entry.facts).get("about") or dict(entry.facts).get("matter")
        words = [entry.kind.replace(".", " "), *([str(about)] if about else []), *([entry.code] if entry.code else [])]
        words.extend(_restorable(entry) if entry.subject is Subject.FOREIGN_DELETION else ())
        words.extend(_by_whom(entry))
        yield Text(f"{shown(entry.at, civil)} {', '.join(words)}")


def _by_whom(entry: Entry) -> Iterator[str]:
    """Who did it. Of what was only observed the entry's actor is who wrote it down, not who did it."""
    if entry.actor:
        observed = entry.verb is Verb.SEEN or entry.subject is Subject.OBLIGATION
        who = "the service" if entry.actor == SERVICE else entry.actor
        yield f"{'noted by' if observed else 'by'} {who}"


def _restorable(entry: Entry) -> Iterator[str]:
    """Until when HubSpot's bin gives back what somebody else deleted, as far as that was looked into."""
    facts = dict(entry.facts)
    until = facts.get("restorable_until")
    if until == NEVER:
        yield "cannot be restored"
    elif until:
        yield f"restorable until {until}" + (", if it lies in the bin" if facts.get("in_bin") != "yes" else "")


def _present(found: Explanation, civil: Civil) -> Iterator[RenderableType]:
    present = found.present
    if isinstance(present, MergedInto):
        yield indented(Text(f"It was merged: HubSpot answers with {_winner(found.record, present)}."))
    elif isinstance(present, Present):
        yield indented(Text(_verdict(present.decision, civil), "bold"))
        for reason in present.decision.reasons:
            yield indented(Text(f"· {sentence(reason, civil)}"))
    else:
        yield indented(Text(_gone(found, civil)))
        for matter in found.matters:
            yield indented(Text(f"· a hold is placed on it, matter {matter}: it reaches nothing that hung on it"))


def _verdict(decision: Decision, civil: Civil) -> str:
    match decision.outcome:
        case Outcome.DISPOSE:
            return f"{str(decision.disposition).capitalize()}, due since {shown(decision.due_at, civil)}."
        case Outcome.RETAIN:
            return f"Kept until {shown(decision.until, civil)}." if decision.until else "Kept; no end is known."
        case Outcome.HELD:
            return "Held: nothing may happen to it."
        case Outcome.REFER:
            return "A person must look at it."
        case Outcome.UNDETERMINED:
            return "It cannot be told, so nothing happens to it."


def _taken(found: Explanation) -> Entry | None:
    """The last that the log tells of how the record went: our disposal, or somebody else's deletion."""
    taken = [
        entry
        for entry in _entries(found)
        if entry.subject is Subject.FOREIGN_DELETION or (entry.subject is Subject.DISPOSAL and entry.verb is Verb.DONE)
    ]
    return taken[-1] if taken else None


def _was_erased(found: Explanation, done: Entry) -> bool:
    """Whether that disposal was an erasure, as its plan tells."""
    return any(plan.plan_id == done.plan_id and item.action is Action.ERASE for plan, item in found.plans)


def _gone(found: Explanation, civil: Civil) -> str:
    done = _taken(found)
    if done is None:
        return "It is not in view, and this service did not dispose of it."
    if done.subject is Subject.FOREIGN_DELETION:
        return (
            "It is not in view, and this service did not dispose of it: "
            f"that it was deleted in HubSpot was noted on {shown(done.at, civil)}."
        )
    what = "erased" if _was_erased(found, done) else "archived"
    return (
        f"It is not in view: this service {what} it on {shown(done.at, civil)} by rule {done.rule}, "
        f"under plan {done.plan_id}."
    )


def next_date(found: Explanation, civil: Civil) -> str:
    """The next date that matters, as a sentence."""
    present = found.present
    if isinstance(present, MergedInto):
        return f"Ask for {_winner(found.record, present)}."
    if isinstance(present, Present):
        return _next_of(present, civil)
    done = _taken(found)
    if done is None:
        return "If it lies in HubSpot's bin, restore it: it is held." if found.matters else "None."
    if done.subject is Subject.FOREIGN_DELETION:
        return _next_of_deleted(found, done)
    if _was_erased(found, done):
        return f"HubSpot has purged it by {shown_day(done.at + PURGED_WITHIN, civil)} at the latest."
    held = "It is held: restore it. " if found.matters else ""
    return f"{held}It can be restored in HubSpot until {shown_day(done.at + BIN, civil)}; then it is gone."


def _next_of_deleted(found: Explanation, deleted: Entry) -> str:
    facts = dict(deleted.facts)
    until = facts.get("restorable_until")
    if until == NEVER:
        return "None: it was erased in HubSpot for good."
    held = "It is held: restore it. " if found.matters or facts.get("was") == Worth.HELD else ""
    if facts.get("in_bin") != "yes":
        return f"{held}If it lies in HubSpot's bin, it can be restored there until {until}; it was not found in it."
    return f"{held}It can be restored in HubSpot until {until}; then it is gone."


def _next_of(present: Present, civil: Civil) -> str:
    said, decision = [], present.decision
    if decision.erase_by is not None:
        said.append(_limit(decision, decision.erase_by, civil))
    if decision.until is not None:
        said.append(f"{shown(decision.until, civil)}: its time is over then, as far as is known today.")
    if decision.answer_by is not None:
        said.append(f"The person must be answered by {shown(decision.answer_by, civil)}.")
    if decision.marketing_ends and decision.outcome is not Outcome.DISPOSE:
        said.append("Marketing to it ends.")
    if present.observed:
        said.append(f"That is only observed: {OBSERVED_WORDS}.")
    return " ".join(said) or "No date: it is decided afresh at every run."


def _limit(decision: Decision, erase_by: datetime, civil: Civil) -> str:
    by = shown(erase_by, civil)
    if decision.disposition is not Disposition.ARCHIVE:
        return f"To be erased by {by}."
    call = shown(call_by(decision.disposition, erase_by), civil)
    return f"To be archived by {call}, so that it is gone from HubSpot's bin by {by}."


def _facts(present: Present) -> RenderableType:
    made = table("Fact", "Value", "From")
    made.columns[1].no_wrap = True
    for fact in present.facts:
        style = {"none": "dim", "no": "dim", "unknown": "yellow"}.get(fact.value, "")
        made.add_row(fact.fact, Text(fact.value, style), Text(fact.source, style))
    return made


def _rules(rules: tuple[RuleTrace, ...]) -> Iterator[RenderableType]:
    for rule in rules:
        style = "dim" if rule.matched is False else "bold"
        yield indented(Text.assemble((rule.rule, style), ("  " + rule.title, "dim")))
        yield Padding(Text(rule.verdict, "dim" if rule.matched is False else ""), (0, 0, 0, 4), expand=False)


def _entries(found: Explanation) -> Iterator[Entry]:
    return (read_entry(stored.body) for stored in found.log)


def _winner(record: RecordRef, merged: MergedInto) -> RecordRef:
    return RecordRef(record.object_type, merged.winner)
