"""What is known of a record that is gone by our own hand, at once or by a call that took effect late.

What can go wrong: an answer is lost, the record is still there when it is read back, and the call takes effect
afterwards; then nobody remembers that person, and the deletion looks like somebody else's. So as long as such a call
may take effect, what was written down before it stays, though it counts for nothing; and whoever finds the record gone
meanwhile settles it as that call's effect. A day later the call is over, and what was kept for it goes.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.decision.history import NOTHING_REMEMBERED, Remembered
from hubspot_retention.core.plan.model import FINAL_STATES, Action, ItemState, PlanItem
from hubspot_retention.core.record import RecordRef
from hubspot_retention.workflow.event_alarms import person_is_gone
from hubspot_retention.workflow.item_entry import item_entry
from hubspot_retention.workflow.ports import Transaction
from hubspot_retention.workflow.remembered import MAY_COME_FOR, settle_remembered
from hubspot_retention.workflow.standing import SERVICE

LATE: Final = "late-effect"
"""Why a record is done with that was there when it was read back, and is gone by now."""


def took_effect(tx: Transaction, record: RecordRef, at: datetime) -> str:
    """A record is gone. If a call for it whose answer was lost could take effect yet, it did: what was kept for that
    counts from now on. Answers the plan in which the record is done with by that; empty if there was no such call, or
    if it had been let go of in that plan meanwhile: then the log tells of the effect, and how it ended there stays.
    """
    plan_id = tx.late_call(record, at - MAY_COME_FOR)
    if plan_id is None:
        return ""
    plan, item = next(pair for pair in tx.items_of_record(record) if pair[0].plan_id == plan_id)
    tx.forget_late_call(record)
    is_open = item.state not in FINAL_STATES
    verb = Verb.DONE if is_open else Verb.VERIFIED
    tx.audit(item_entry(plan, item, verb, at, actor=SERVICE, code=LATE))
    if item.action is Action.ERASE and (receipts := settle_remembered(tx, item, ItemState.DONE, at)):
        facts, subject = (("number", str(receipts)),), Subject.CONSENT_RECEIPT
        tx.audit(item_entry(plan, item, Verb.STORED, at, actor=SERVICE, subject=subject, facts=facts))
    if not is_open:
        return ""
    tx.set_item_state(plan.plan_id, record, ItemState.DONE, LATE)
    tx.count("disposals", f"{item.decision.rule}/{ItemState.DONE.value}")
    note_done(tx, [item], at)
    return plan.plan_id


def note_done(tx: Transaction, items: Sequence[PlanItem], at: datetime) -> None:
    """What later runs shall know of records of one class and action that are done with; an erased person who was back
    as one of them is gone again."""
    kind, action = items[0].record.object_type, items[0].action
    ids = [item.record.record_id for item in items]
    known = tx.recall(kind, ids)
    before = [(record_id, known.get(record_id, NOTHING_REMEMBERED)) for record_id in ids]
    after = [(record_id, _remembered_after(action, memory), memory) for record_id, memory in before]
    tx.note(kind, [(record_id, noted) for record_id, noted, memory in after if noted != memory])
    if action in (Action.ARCHIVE, Action.ERASE):
        for item in items:
            person_is_gone(tx, item.record, at)
            if action is Action.ERASE:
                tx.forget_needs(item.record.record_id)


def _remembered_after(action: Action, known: Remembered) -> Remembered:
    """What later runs shall know of a record that is done with; of somebody erased, nothing."""
    match action:
        case Action.ARCHIVE:
            return known._replace(archived_by_us=True)
        case Action.END_MARKETING:
            return known._replace(marketing_ended=True)
        case _:
            return NOTHING_REMEMBERED
