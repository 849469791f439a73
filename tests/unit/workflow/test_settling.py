"""Obligations are settled by what became of the items of a plan."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

import pytest

from hubspot_retention.core.deadline.obligation import Obligation, ObligationState
from hubspot_retention.core.plan.model import Action, ItemState, Plan, PlanItem, PlanStatus
from hubspot_retention.core.plan.query import ItemFilter
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.errors import UsageError
from hubspot_retention.workflow.seal import DUE_RUN
from hubspot_retention.workflow.settling import Settlement
from tests.unit.core.deadline.lines import NOW, an_obligation
from tests.unit.core.plan.plans import a_plan, an_item

PLAN = a_plan(status=PlanStatus.APPLIED)


@dataclass(slots=True)
class Books:
    """A store and a ledger of obligations that only note what is asked of them."""

    items_of_plan: Sequence[PlanItem]
    known: Sequence[Obligation]
    plan_now: Plan | None = PLAN
    kind_of_run: str = DUE_RUN
    asked: list[tuple[ObjectType, int]] = field(default_factory=list)
    written: list[tuple[Obligation, Obligation]] = field(default_factory=list)

    def settle(self) -> None:
        """Settle the plan."""
        Settlement(cast(Any, self), cast(Any, self), lambda: NOW).settle(PLAN.plan_id)

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        yield self

    def plan(self, plan_id: str) -> Plan | None:
        assert plan_id == PLAN.plan_id
        return self.plan_now

    def plans(self) -> Sequence[Plan]:
        return ()

    def run_kind(self, run_id: int) -> str:
        assert run_id == PLAN.run_id
        return self.kind_of_run

    def items(self, plan_id: str, wanted: ItemFilter) -> Iterator[PlanItem]:
        assert plan_id == PLAN.plan_id
        assert wanted == ItemFilter(actions=(Action.ARCHIVE, Action.ERASE, Action.END_MARKETING))
        return iter(self.items_of_plan)

    def obligations_of(self, kind: ObjectType, ids: Sequence[RecordId]) -> dict[RecordId, Obligation]:
        self.asked.append((kind, len(ids)))
        found = {each.record.record_id: each for each in self.known if each.record.object_type is kind}
        return {key: found[key] for key in ids if key in found}

    def write(self, tx: Any, changes: Sequence[tuple[Obligation, Obligation]], now: datetime) -> None:
        assert (tx, now) == (self, NOW)
        self.written.extend(changes)


def done(record: str) -> PlanItem:
    return an_item(record)._replace(state=ItemState.DONE, state_code="read-back-absent")


def obliged(record: str, state: str = "open", **more: Any) -> Obligation:
    return an_obligation(state, record=RecordRef.parse(record), plan_id=PLAN.plan_id, **more)


def test_what_is_done_is_done_under_that_plan_from_now() -> None:
    known = obliged("contacts/101")
    books = Books([done("contacts/101")], [known])
    books.settle()
    [(before, after)] = books.written
    assert before == known
    assert (after.state, after.plan_id, after.settled_at) == (ObligationState.DONE, PLAN.plan_id, NOW)


def test_what_the_ledger_does_not_know_or_has_settled_hides_nothing_after_it() -> None:
    records = ("contacts/101", "contacts/102", "contacts/103")
    books = Books([done(each) for each in records], [obliged(records[1], "done", settled_at=NOW), obliged(records[2])])
    books.settle()
    assert [str(after.record) for _, after in books.written] == ["contacts/103"]


def test_they_are_settled_class_by_class_five_hundred_at_a_time() -> None:
    people, deal = [done(f"contacts/{number}") for number in range(1, 502)], done("deals/1")
    books = Books([*people, deal], [obliged("contacts/501"), obliged("deals/1")])
    books.settle()
    assert books.asked == [(ObjectType.CONTACT, 500), (ObjectType.CONTACT, 1), (ObjectType.DEAL, 1)]
    assert [str(after.record) for _, after in books.written] == ["contacts/501", "deals/1"]


OVER = (PlanStatus.APPLIED, PlanStatus.PARTLY_APPLIED, PlanStatus.EXPIRED, PlanStatus.REJECTED)


@pytest.mark.parametrize("status", PlanStatus)
@pytest.mark.parametrize("kind", [DUE_RUN, "plan"])
def test_what_a_plan_left_open_is_read_again_only_if_it_was_to_go_by_itself_and_is_over(
    status: PlanStatus, kind: str
) -> None:
    books = Books([an_item("contacts/101")], [obliged("contacts/101")], replace(PLAN, status=status), kind)
    books.settle()
    [(before, after)] = books.written
    read_again = before._replace(plan_id="", next_look_at=NOW)
    assert after == (read_again if status in OVER and kind == DUE_RUN else before)


def test_a_plan_that_there_is_not_cannot_be_settled() -> None:
    books = Books([done("contacts/101")], [obliged("contacts/101")], plan_now=None)
    with pytest.raises(UsageError, match="there is no plan"):
        books.settle()
    assert books.written == []
