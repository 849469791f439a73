"""A plan's item as a row: what is filtered and ordered on in columns, the rest as compact JSON."""

from datetime import date, datetime
from typing import Final

import msgspec

from hubspot_retention.core.decision.model import Decision, Outcome, Reason, StartValue
from hubspot_retention.core.facts.values import ONGOING
from hubspot_retention.core.made import made
from hubspot_retention.core.plan.model import Action, Block, Bundle, ItemState, PlanItem
from hubspot_retention.core.policy.model import Disposition
from hubspot_retention.core.record import RecordId, RecordRef
from hubspot_retention.store.encoding import TYPE_NUMBERS, TYPES, to_micros

NO_DEADLINE: Final = 2**62
"""Sorts after every instant: the item has no `erase_by`."""

ItemRow = tuple[int, int, int, str, str, str, str, int, bytes]


class _Body(msgspec.Struct, array_like=True, frozen=True):
    """Stored by position, as `to_row` writes it: new fields go to the end and have a default."""

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
    due: tuple[tuple[str, datetime], ...] = ()
    may_go: tuple[tuple[int, int], ...] = ()
    marketing_observed: bool = False


_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(_Body)
_ONGOING: Final = ONGOING.value
_OUTCOMES: Final = {outcome.value: outcome for outcome in Outcome}
_ACTIONS: Final = {action.value: action for action in Action}
_STATES: Final = {state.value: state for state in ItemState}


def _read(text: str) -> StartValue:
    if text == _ONGOING:
        return ONGOING
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)


def to_row(plan_no: int, item: PlanItem) -> ItemRow:
    """The row, in the order of the table's columns."""
    decision = item.decision
    record = decision.record
    body = (
        decision.reasons,
        decision.rule,
        decision.disposition,
        decision.due_at,
        decision.erase_by,
        decision.until,
        decision.answer_by,
        decision.marketing_ends,
        decision.right,
        decision.starts,
        item.block,
        item.bundle,
        item.start_is_new,
        decision.due,
        [(TYPE_NUMBERS[letter.object_type], letter.record_id) for letter in item.may_go],
        decision.marketing_observed,
    )
    return (
        plan_no,
        TYPE_NUMBERS[record.object_type],
        record.record_id,
        decision.outcome.value,
        item.action.value,
        item.state.value,
        item.state_code,
        NO_DEADLINE if decision.erase_by is None else to_micros(decision.erase_by),
        _encode(body),
    )


def from_row(row: ItemRow) -> PlanItem:
    """The item that a row holds."""
    _, type_number, record_id, outcome, action, state, state_code, _, body_bytes = row
    body = _decoder.decode(body_bytes)
    decision = made(
        Decision,
        (
            RecordRef(TYPES[type_number], RecordId(record_id)),
            _OUTCOMES[outcome],
            body.reasons,
            body.rule,
            body.disposition,
            body.due_at,
            body.erase_by,
            body.until,
            body.answer_by,
            body.marketing_ends,
            body.right,
            tuple([(name, _read(text)) for name, text in body.starts]),
            body.due,
            body.marketing_observed,
        ),
    )
    return made(
        PlanItem,
        (
            decision,
            _ACTIONS[action],
            body.block,
            body.bundle,
            tuple([RecordRef(TYPES[kind], RecordId(number)) for kind, number in body.may_go]),
            body.start_is_new,
            _STATES[state],
            state_code,
        ),
    )
