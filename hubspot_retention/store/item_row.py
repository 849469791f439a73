"""A plan's item as a row: what is filtered and ordered on in columns, the rest as compact JSON."""

from datetime import date, datetime
from typing import Final

import msgspec

from hubspot_retention.core.decision.model import Decision, Outcome, Reason, StartValue
from hubspot_retention.core.facts.values import ONGOING, Ongoing
from hubspot_retention.core.plan.model import Action, Block, Bundle, ItemState, PlanItem
from hubspot_retention.core.policy.model import Disposition
from hubspot_retention.core.record import RecordId, RecordRef
from hubspot_retention.store.encoding import TYPE_NUMBERS, TYPES, to_micros

NO_DEADLINE: Final = 2**62
"""Sorts after every instant: the item has no `erase_by`."""

ItemRow = tuple[int, int, int, str, str, str, str, int, bytes]


class _Body(msgspec.Struct, array_like=True, frozen=True):
    """Stored by position: new fields go to the end and have a default."""

    reasons: tuple[Reason, ...]
    rule: str | None
    disposition: Disposition | None
    due_at: datetime | None
    erase_by: datetime | None
    until: datetime | None
    answer_by: datetime | None
    marketing_ends: bool
    right: bool
    starts: tuple[tuple[str, str], ...]
    block: Block | None
    bundle: Bundle | None
    start_is_new: bool


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Body)


def _written(start: StartValue) -> str:
    return start.value if isinstance(start, Ongoing) else start.isoformat()


def _read(text: str) -> StartValue:
    if text == ONGOING.value:
        return ONGOING
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)


def to_row(plan_no: int, item: PlanItem) -> ItemRow:
    """The row, in the order of the table's columns."""
    decision = item.decision
    body = _Body(
        reasons=decision.reasons,
        rule=decision.rule,
        disposition=decision.disposition,
        due_at=decision.due_at,
        erase_by=decision.erase_by,
        until=decision.until,
        answer_by=decision.answer_by,
        marketing_ends=decision.marketing_ends,
        right=decision.right,
        starts=tuple((name, _written(start)) for name, start in decision.starts),
        block=item.block,
        bundle=item.bundle,
        start_is_new=item.start_is_new,
    )
    record = decision.record
    deadline = NO_DEADLINE if decision.erase_by is None else to_micros(decision.erase_by)
    kinds = (decision.outcome.value, item.action.value, item.state.value, item.state_code)
    return (
        plan_no,
        TYPE_NUMBERS[record.object_type],
        record.record_id,
        *kinds,
        deadline,
        _encoder.encode(body),
    )


def from_row(row: ItemRow) -> PlanItem:
    """The item that a row holds."""
    _, type_number, record_id, outcome, action, state, state_code, _, body_bytes = row
    body = _decoder.decode(body_bytes)
    decision = Decision(
        record=RecordRef(TYPES[type_number], RecordId(record_id)),
        outcome=Outcome(outcome),
        reasons=body.reasons,
        rule=body.rule,
        disposition=body.disposition,
        due_at=body.due_at,
        erase_by=body.erase_by,
        until=body.until,
        answer_by=body.answer_by,
        marketing_ends=body.marketing_ends,
        right=body.right,
        starts=tuple((name, _read(text)) for name, text in body.starts),
    )
    return PlanItem(
        decision=decision,
        action=Action(action),
        block=body.block,
        bundle=body.bundle,
        start_is_new=body.start_is_new,
        state=ItemState(state),
        state_code=state_code,
    )
