"""Choose: of what is due by a fresh decision, what goes by itself now, what a plan binds already, what is left."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from hubspot_retention.core.deadline.ledger import LOOK_AGAIN, by_deadline, put_off, waits
from hubspot_retention.core.plan.model import Action
from hubspot_retention.core.record import RecordRef
from hubspot_retention.workflow.allowance import BEYOND_CAP, Allowance
from hubspot_retention.workflow.due_plans import Chosen
from hubspot_retention.workflow.due_reading import Candidate
from hubspot_retention.workflow.obligations import Change
from hubspot_retention.workflow.ports import Transaction
from hubspot_retention.workflow.standing import Basis
from hubspot_retention.workflow.triage import Fate, Triage


@dataclass(slots=True)
class Choice:
    """`chosen` goes by itself. `bound` stays in the plan that holds it. `rest` needs a plan that a person approves;
    `beyond_cap` are those of it that a standing approval would cover on another day."""

    chosen: list[Chosen] = field(default_factory=list)
    bound: list[Change] = field(default_factory=list)
    rest: list[Candidate] = field(default_factory=list)
    beyond_cap: set[RecordRef] = field(default_factory=set)


def choose(tx: Transaction, candidates: Iterable[Candidate], allowance: Allowance, triage: Triage) -> Choice:
    """Choose among candidates. What is being carried out, or what a person or a guardrail forbids, is left alone. A cap
    that is short goes to the earliest deadlines. What is only observed is shown by the plans of full runs: none is made
    for it here."""
    choice = Choice()
    for each in sorted(candidates, key=lambda each: by_deadline(each.obligation)):
        was = each.obligation
        fate = triage.fate(tx, was)
        basis = None if fate in (Fate.GOES, Fate.STUCK) else allowance.basis(each.item, was)
        approvals = allowance.take_for(each.item, was) if basis is Basis.APPROVAL else ()
        if basis is not None and (basis is Basis.POLICY or approvals):
            choice.chosen.append((each, basis, approvals))
            continue
        if basis is Basis.APPROVAL:
            choice.beyond_cap.add(was.record)
        held_by_plan = triage.bound(tx, was)
        if each.item.action is Action.OBSERVE:
            choice.bound.append((was, held_by_plan or put_off(was, triage.now + LOOK_AGAIN)))
        elif held_by_plan is None:
            choice.rest.append(each)
        elif was.record in choice.beyond_cap:
            tomorrow = allowance.next_day
            choice.bound.append((was, waits(was, was.plan_id, BEYOND_CAP, min(held_by_plan.next_look_at, tomorrow))))
        else:
            choice.bound.append((was, held_by_plan))
    return choice
