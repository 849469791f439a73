"""Plans, their items, and the runs that make them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from hubspot_retention.core.decision.model import Outcome
from hubspot_retention.core.plan.model import Action, ItemState, PlanKind, PlanStatus
from hubspot_retention.core.plan.query import ALL_ITEMS, ItemFilter, ItemOrder
from hubspot_retention.core.record import ObjectType, PortalId
from hubspot_retention.store.database import SqlStore
from hubspot_retention.store.errors import StoreError
from tests.contract.store.values import NOW, PORTAL, a_plan, a_record, a_run, an_item, stored_plan, with_plan


def _numbers(store: SqlStore, plan_id: str, wanted: ItemFilter = ALL_ITEMS) -> list[int]:
    with store.transaction() as tx:
        return [item.record.record_id for item in tx.items(plan_id, wanted)]


def test_a_plan_that_is_not_there_is_none(store: SqlStore) -> None:
    with store.transaction() as tx:
        assert tx.plan("P1") is None
        assert tx.plan_status("P1") is None


def test_plans_come_newest_first_and_by_portal(store: SqlStore) -> None:
    with store.transaction() as tx:
        plans = [with_plan(tx, portal_id=PortalId(portal)) for portal in (1, 2, 1)]
        assert list(tx.plans()) == plans[::-1]
        assert list(tx.plans(PortalId(1))) == [plans[2], plans[0]]


def test_plans_of_some_statuses_come_newest_first_and_of_one_portal(store: SqlStore) -> None:
    statuses = (PlanStatus.APPLYING, PlanStatus.APPLIED, PlanStatus.REJECTED, PlanStatus.APPLYING)
    with store.transaction() as tx:
        plans = [replace(with_plan(tx, portal_id=PortalId(1)), status=status) for status in statuses]
        plans.append(replace(with_plan(tx, portal_id=PortalId(2)), status=PlanStatus.APPLYING))
        for plan in plans:
            tx.save_plan(plan)
        wanted = (PlanStatus.APPLYING, PlanStatus.REJECTED)
        assert list(tx.plans_of_status(PortalId(1), wanted)) == [plans[3], plans[2], plans[0]]
        assert [tx.plan_status(plan.plan_id) for plan in plans[:4]] == list(statuses)


def test_why_a_plan_was_rejected_can_be_taken_back(store: SqlStore) -> None:
    plan = stored_plan(store)
    with store.transaction() as tx:
        tx.save_plan(replace(plan, status=PlanStatus.REJECTED, why="too many at once"))
        tx.save_plan(replace(plan, status=PlanStatus.AWAITING_REVIEW))
        assert tx.plan(plan.plan_id) == replace(plan, status=PlanStatus.AWAITING_REVIEW)


def test_a_plan_that_was_never_added_cannot_be_saved_or_filled(store: SqlStore) -> None:
    with pytest.raises(StoreError, match="there is no plan P9"), store.transaction() as tx:
        tx.save_plan(a_plan(1, plan_id="P9"))
    with pytest.raises(StoreError, match="there is no plan P9"), store.transaction() as tx:
        tx.add_items("P9", [an_item()])


def test_an_item_is_added_once(store: SqlStore) -> None:
    plan = stored_plan(store, an_item(1))
    with pytest.raises(StoreError, match="the database refused"), store.transaction() as tx:
        tx.add_items(plan.plan_id, [an_item(2), an_item(1)])
    assert _numbers(store, plan.plan_id) == [1]


def test_a_thousand_and_more_items_come_in_order_and_each_once(store: SqlStore) -> None:
    plan = stored_plan(store, *[an_item(number) for number in range(1201)])
    assert _numbers(store, plan.plan_id) == list(range(1201))


def test_items_by_deadline_come_earliest_first_and_without_one_last(store: SqlStore) -> None:
    items = [an_item(number, erase_by=NOW + timedelta(seconds=(number * 7) % 1009)) for number in range(1100)]
    plan = stored_plan(store, an_item(5000), *items)
    due = {item.record.record_id: item.decision.erase_by or NOW for item in items}
    expected = sorted(due, key=lambda number: (due[number], number))
    assert _numbers(store, plan.plan_id, ItemFilter(order=ItemOrder.DEADLINE)) == [*expected, 5000]


def test_items_of_a_page_with_one_deadline_are_not_lost(store: SqlStore) -> None:
    plan = stored_plan(store, *[an_item(number, erase_by=NOW) for number in range(1100)])
    assert _numbers(store, plan.plan_id, ItemFilter(order=ItemOrder.DEADLINE)) == list(range(1100))


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (ItemFilter(actions=(Action.ARCHIVE,)), [2]),
        (ItemFilter(outcomes=(Outcome.HELD, Outcome.REFER)), [3, 4]),
        (ItemFilter(object_types=(ObjectType.DEAL,)), [2]),
        (ItemFilter(states=(ItemState.SENT, ItemState.UNKNOWN)), [5]),
        (ItemFilter(actions=(Action.ERASE,), states=(ItemState.PENDING,)), [1]),
    ],
)
def test_items_are_filtered(store: SqlStore, wanted: ItemFilter, numbers: list[int]) -> None:
    plan = stored_plan(
        store,
        an_item(1),
        an_item(2, ObjectType.DEAL, action=Action.ARCHIVE),
        an_item(3, action=Action.NONE, outcome=Outcome.HELD),
        an_item(4, action=Action.NONE, outcome=Outcome.REFER),
        an_item(5, state=ItemState.SENT),
    )
    assert _numbers(store, plan.plan_id, wanted) == numbers


@pytest.mark.parametrize("order", ItemOrder)
def test_items_read_on_while_their_states_change(store: SqlStore, order: ItemOrder) -> None:
    plan = stored_plan(store, *[an_item(number) for number in range(1100)])
    wanted = ItemFilter(states=(ItemState.PENDING,), order=order)
    seen = []
    with store.transaction() as tx:
        for item in tx.items(plan.plan_id, wanted):
            seen.append(item.record.record_id)
            tx.set_item_state(plan.plan_id, item.record, ItemState.DONE, "gone")
        assert tx.count_states(plan.plan_id) == {ItemState.DONE: 1100}
    assert seen == list(range(1100))


def test_items_read_on_after_their_transaction_and_within_others(store: SqlStore) -> None:
    plan = stored_plan(store, *[an_item(number) for number in range(1100)])
    with store.transaction() as tx:
        items = tx.items(plan.plan_id, ALL_ITEMS)
    seen = [next(items).record.record_id]
    with store.transaction() as tx:
        tx.set_item_state(plan.plan_id, a_record(700), ItemState.SENT)
        seen += [item.record.record_id for item in items]
    assert seen == list(range(1100))


def test_how_far_an_item_has_come(store: SqlStore) -> None:
    plan = stored_plan(store, an_item(1), an_item(2), an_item(3, action=Action.NONE), an_item(4, action=Action.OBSERVE))
    with store.transaction() as tx:
        tx.set_item_state(plan.plan_id, a_record(1), ItemState.SKIPPED, "newly-held")
    with store.transaction() as tx:
        [(_, item)] = tx.items_of_record(a_record(1))
        assert (item.state, item.state_code) == (ItemState.SKIPPED, "newly-held")
        assert tx.count_states(plan.plan_id) == {ItemState.SKIPPED: 1, ItemState.PENDING: 1}


def test_an_item_that_is_not_there_has_no_state(store: SqlStore) -> None:
    plan = stored_plan(store)
    with pytest.raises(StoreError, match=f"plan {plan.plan_id} has no item contacts/101"), store.transaction() as tx:
        tx.set_item_state(plan.plan_id, a_record(), ItemState.SENT)


def test_every_plan_that_holds_a_record_comes_newest_first(store: SqlStore) -> None:
    with store.transaction() as tx:
        older, newer = with_plan(tx, an_item(1)), with_plan(tx, an_item(1), an_item(2))
        with_plan(tx, an_item(1, ObjectType.DEAL))
        assert [plan for plan, _ in tx.items_of_record(a_record(1))] == [newer, older]


def test_the_population_is_that_of_the_last_run_that_was_done(store: SqlStore) -> None:
    with store.transaction() as tx:
        for outcome, count in (("done", 10), ("done", 20), ("no-answer", 5)):
            plan = with_plan(tx, population=((ObjectType.CONTACT, count),))
            tx.finish_run(plan.run_id, NOW, outcome)
        unfinished = with_plan(tx, population=((ObjectType.CONTACT, 1),)).run_id
        assert tx.last_population(PORTAL, unfinished) == {ObjectType.CONTACT: 20}
        assert tx.last_population(PORTAL, 2) == {ObjectType.CONTACT: 10}
        assert tx.last_population(PORTAL, 1) == {}
        assert tx.last_population(PortalId(1), unfinished) == {}


def test_a_run_that_never_began_cannot_end(store: SqlStore) -> None:
    with pytest.raises(StoreError, match="there is no run 7"), store.transaction() as tx:
        tx.finish_run(7, NOW, "done")


def test_runs_are_numbered_upwards(store: SqlStore) -> None:
    with store.transaction() as tx:
        first = tx.start_run(a_run())
        tx.add_plan(a_plan(first, kind=PlanKind.RIGHTS))
        assert tx.start_run(a_run()) > first
